//! The example `invite-page`: its dev server, in Chromium, over the demo.

mod changes;
mod visits;

use serde_json::{Value, json};

use crate::{
    demo,
    support::{node::node, process::Server},
};
use visits::Visit;

/// Returns error responses, each with the heading that visitors see and the way forward.
fn bad_answers() -> Value {
    let coded = |status: u16, code: &str| {
        let error = json!({ "message": "Not now.", "extensions": { "code": code } });
        json!({
            "status": status,
            "contentType": "application/json",
            "body": json!({ "errors": [error] }).to_string(),
        })
    };
    json!([
        coded(503, "SERVICE_UNAVAILABLE"),
        coded(200, "INTERNAL_SERVER_ERROR"),
        { "status": 429, "contentType": "text/plain", "body": "Slow down." },
        { "status": 502, "contentType": "text/html", "body": "<h1>Bad gateway</h1>" },
    ])
}

/// Returns `inviteCounts` as the page shows them.
fn counts(counts: &Value) -> Value {
    json!({
        "Pending": counts["pending"],
        "Accepted": counts["accepted"],
        "Expired": counts["expired"],
        "Withdrawn": counts["cancelled"],
        "Declined": counts["declined"],
    })
}

/// Returns the first column of a list on these pages, in order.
fn rows(pages: &Value) -> Vec<&Value> {
    let mut rows = Vec::new();
    for page in pages.as_array().expect("pages") {
        rows.extend(page["rows"].as_array().expect("rows"));
    }
    rows
}

#[tokio::test]
async fn every_screen_shows_what_its_visitor_may_see() {
    let (server, _) = Server::demo(&[]).await;
    let visits = visits::all();
    let plan = json!({
        "visits": visits
            .iter()
            .map(|visit| json!({ "address": visit.address, "persona": visit.persona }))
            .collect::<Vec<_>>(),
        "bad": bad_answers(),
    });
    let url = format!("http://{}", server.address);
    let program = env!("CARGO_BIN_EXE_invite-gateway");
    let built = node("invite-page/build.mjs", &[]).await;
    let seen = node("invite-page/page.mjs", &[&url, program, &plan.to_string()]).await;

    let screens = seen["screens"].as_array().expect("screens");
    assert_eq!(screens.len(), visits.len());
    for (screen, visit) in screens.iter().zip(&visits) {
        assert_screen(screen, visit);
    }
    assert_workspace_list(&seen["workspace"], &server).await;
    assert_course_list(&seen["course"], &server).await;
    assert_troubles(&seen);

    // After the lists were compared with what the gateway has.
    let plan = changes::plan().to_string();
    let changed = node("invite-page/changes.mjs", &[&url, program, &plan]).await;
    changes::assert(&changed);

    // The build has the screens, but nothing of the demo.
    assert_eq!(built, json!({ "queries": true, "demo": false }));
    // Codes and tokens are in no requested URL, and no other host learns of them. Pictures load
    // only from the configured origin, and the demo's avatars from none.
    for seen in [seen, changed] {
        assert_eq!(
            seen["noticed"],
            json!({
                "errors": [],
                "foreign": ["https://logos.example.com/1.svg"],
                "graphqlMethods": ["POST"],
            })
        );
    }
}

fn assert_screen(screen: &Value, visit: &Visit) {
    let who = format!("{} by {:?}", visit.address, visit.persona);
    assert_eq!(screen["heading"], visit.heading, "{who}: {screen:#}");
    let lines = screen["text"].as_str().expect("text").lines();
    let lines: Vec<_> = lines.filter(|line| !line.is_empty()).collect();
    let text = lines.join(" / ");
    for says in visit.says {
        assert!(text.contains(says), "{who}: {says:?} is not in {text:?}");
    }
    let accept = screen["accept"].as_array().expect("buttons");
    let is_signed_in = visit.persona.is_some();
    assert_eq!(
        !accept.is_empty(),
        visit.accept && is_signed_in,
        "{who}: {screen:#}"
    );
    let signs_in_first = u8::from(visit.accept && !is_signed_in);
    assert_eq!(screen["signInFirst"], signs_in_first, "{who}: {screen:#}");
    for picture in screen["pictures"].as_array().expect("pictures") {
        assert_eq!(picture, "https://logos.example.com/1.svg", "{who}");
    }
    // For screen readers, keyboards and phones.
    assert_ne!(screen["title"], "", "{who}");
    assert_eq!(screen["headings"], 1, "{who}");
    assert_eq!(screen["unlabelled"], 0, "{who}");
    assert_eq!(screen["overflows"], false, "{who}");
}

async fn assert_workspace_list(seen: &Value, server: &Server) {
    let query = "{ workspace(id: 2) {
        inviteCounts { pending accepted expired cancelled declined }
        all: invites(first: 100) { totalCount nodes { email } }
        expired: invites(first: 100, filter: { status: [EXPIRED] },
            orderBy: { field: CREATED_AT, direction: ASC }) { nodes { email } }
    } }";
    let admin = demo::authorization(
        &demo::description().await,
        &json!({ "persona": "workspace-admin" }),
    );
    let response = server
        .graphql(admin.as_deref(), query, json!({}))
        .await
        .json;
    let workspace = &response["data"]["workspace"];
    let emails = |list: &str| -> Vec<&Value> {
        let nodes = workspace[list]["nodes"].as_array().expect("nodes");
        nodes.iter().map(|node| &node["email"]).collect()
    };
    let all = emails("all");
    assert_eq!(workspace["all"]["totalCount"], 73);

    assert_eq!(seen["before"], "Sign in to manage invites");
    assert_eq!(seen["heading"], "Invites to Tidewater Lab 🌊");
    assert_eq!(workspace["inviteCounts"]["expired"], 8);
    assert_eq!(seen["counts"], counts(&workspace["inviteCounts"]));
    for (list, pages, last) in [
        ("first", 8, "3 of 73 shown"),
        ("fifty", 2, "23 of 73 shown"),
    ] {
        let forward = &seen[list]["forward"];
        assert_eq!(rows(forward), all, "{list}");
        assert_eq!(forward.as_array().map(Vec::len), Some(pages), "{list}");
        assert_eq!(forward[pages - 1]["says"], last, "{list}");
        // Going back shows the same pages.
        let mut backward = seen[list]["backward"].as_array().expect("pages").clone();
        backward.reverse();
        assert_eq!(&Value::from(backward), forward, "{list}");
    }
    let oldest: Vec<_> = all.iter().rev().take(50).copied().collect();
    assert_eq!(rows(&json!([seen["oldest"]])), oldest);
    let expired = emails("expired");
    assert_eq!(rows(&json!([seen["expired"]])), expired);
    assert_eq!(expired.len(), 8);
    assert_eq!(seen["expired"]["says"], "8 of 8 shown");
    // An empty search result is not an empty list, and not a denial.
    let nothing = seen["nothing"]["text"].as_str().expect("text");
    assert!(nothing.contains("No invite matches."), "{nothing}");
    // Signing out clears the screen.
    assert_eq!(seen["meanwhile"], "Loading…");
    let signed_out = seen["signedOut"].as_str().expect("text");
    assert!(
        signed_out.starts_with("Sign in to see this"),
        "{signed_out}"
    );
    assert!(!signed_out.contains("Tidewater"), "{signed_out}");
}

async fn assert_course_list(seen: &Value, server: &Server) {
    let query = r#"{ course(id: "rust-from-zero") {
        inviteCounts { pending accepted expired cancelled declined }
        invitees(first: 100, filter: { search: "maria" }, orderBy: { field: USERNAME, direction: ASC }) {
            totalCount
            nodes { fullName }
        }
    } }"#;
    let manager = demo::authorization(
        &demo::description().await,
        &json!({ "persona": "course-manager" }),
    );
    let response = server
        .graphql(manager.as_deref(), query, json!({}))
        .await
        .json;
    let course = &response["data"]["course"];
    let found = &course["invitees"];
    let nodes = found["nodes"].as_array().expect("nodes");
    let names: Vec<_> = nodes.iter().map(|node| &node["fullName"]).collect();
    let total = &found["totalCount"];

    assert_eq!(seen["heading"], "Invited to Rust from Zero");
    assert_eq!(course["inviteCounts"]["pending"], 2000);
    assert_eq!(seen["counts"], counts(&course["inviteCounts"]));
    assert_eq!(seen["all"]["says"], "10 of 2000 shown");
    assert_eq!(seen["found"]["says"], format!("10 of {total} shown"));
    assert_eq!(seen["ordered"]["says"], format!("{total} of {total} shown"));
    assert_eq!(rows(&json!([seen["ordered"]])), names);
}

fn assert_troubles(seen: &Value) {
    let away = "We cannot reach the invites just now";
    assert_eq!(
        seen["outage"],
        json!({ "away": away, "stillAway": away, "back": "The community", "focused": "main" })
    );
    let error_page = |heading: &str| json!({ "heading": heading, "buttons": ["Try again"] });
    assert_eq!(
        seen["answers"],
        json!([
            error_page(away),
            error_page("That did not work"),
            error_page("That was a little too fast"),
            error_page(away),
        ])
    );
    assert_eq!(
        seen["refusedToken"],
        json!({ "refused": "Your sign-in is no longer valid", "then": "The community" })
    );
}
