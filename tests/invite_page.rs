//! The example `invite-page`, from its own dev server in Chromium, over the demo.

use serde_json::{Value, json};

use crate::{
    demo,
    support::{global_id, node::node, process::Server},
};

/// Where the app is told that invites are accepted.
const ACCEPT: &str = "https://product.example/accept";

const NOT_FOUND: &str = "We cannot find this invite";

/// A screen, who visits it, and what they are told.
struct Visit {
    address: String,
    persona: Option<&'static str>,
    heading: &'static str,
    says: &'static [&'static str],
    /// Whether there is a button that accepts the invite.
    accept: bool,
}

/// What a visitor is told who is signed out.
fn anybody(
    address: impl Into<String>,
    heading: &'static str,
    says: &'static [&'static str],
) -> Visit {
    Visit {
        address: address.into(),
        persona: None,
        heading,
        says,
        accept: false,
    }
}

impl Visit {
    /// The same visit by somebody signed in.
    fn by(self, persona: &'static str) -> Self {
        let persona = Some(persona);
        Self { persona, ..self }
    }

    /// The invite can be accepted.
    fn open(self) -> Self {
        Self {
            accept: true,
            ..self
        }
    }
}

fn workspace_invite(number: u32) -> String {
    format!("/i/workspace/d0000000-0000-4000-8000-{number:012}")
}

fn course_invite(id: i64) -> String {
    format!("/i/course/{}", global_id("CourseInvite", id))
}

fn codes() -> Vec<Visit> {
    let community = "The community";
    let pending = "Waiting for your answer. You can accept until 31 December 2099.";
    let by_amara = "Amara Okafor invites you to join";
    let tags = "You get the tags / Mentor / Rust";
    vec![
        anybody(
            "/i/code/WELCOME-2026",
            community,
            &[
                by_amara,
                pending,
                "You join as / Member",
                "Jonas Weber",
                tags,
            ],
        )
        .open(),
        anybody(
            "/i/code/NEVER-EXPIRES",
            community,
            &["Waiting for your answer. This invite does not expire."],
        )
        .open(),
        anybody(
            "/i/code/INVITER-DELETED",
            community,
            &["You are invited to join", pending],
        )
        .open(),
        // Of its four tags, the one that can be given and is shown.
        anybody(
            "/i/code/TAGGED-2026",
            community,
            &["You get the tags / Mentor / Accept the invite"],
        )
        .open(),
        anybody(
            "/i/code/USED-2026",
            community,
            &["Accepted on 9 March 2026."],
        ),
        anybody(
            "/i/code/EXPIRED-2026",
            community,
            &["Expired on 1 February 2026. Ask Amara Okafor for a new invite."],
        ),
        anybody(
            "/i/code/CANCELLED-2026",
            community,
            &["Withdrawn before it was accepted."],
        ),
        anybody("/i/code/Welcome-2026", NOT_FOUND, &["letter case counts"]),
        anybody("/i/code/%25", NOT_FOUND, &[]),
    ]
}

fn workspace_invites() -> Vec<Visit> {
    let atlas = "Atlas Research";
    let pending = "Waiting for your answer. You can accept until 31 December 2099.";
    vec![
        anybody(
            workspace_invite(1),
            atlas,
            &[
                "Ingrid Sørensen invites you to join",
                "Where the people of Atlas Research work together.",
                pending,
                "You join as / Member",
                "We would love to have you with us",
            ],
        )
        .open(),
        // A role that has no name, and a workspace without a logo.
        anybody(workspace_invite(8), atlas, &["You join as / Time keeper"]).open(),
        anybody(workspace_invite(10), "Tidewater Lab 🌊", &["T🌊"]).open(),
        anybody(workspace_invite(7), atlas, &["You are invited to join"]).open(),
        anybody(workspace_invite(2), atlas, &["Accepted on 4 March 2026."]),
        anybody(
            workspace_invite(3),
            atlas,
            &["Withdrawn before it was accepted."],
        ),
        anybody(
            workspace_invite(5),
            atlas,
            &["Expired on 1 February 2026. Ask Ingrid Sørensen for a new invite."],
        ),
        anybody(workspace_invite(9), NOT_FOUND, &[]),
        anybody(workspace_invite(99), NOT_FOUND, &[]),
        anybody("/i/workspace/not-a-token", NOT_FOUND, &[]),
    ]
}

fn group_invites() -> Vec<Visit> {
    let studio = "/i/group/research-studio/abc123xyz";
    let managers_alone = "only the group’s managers can see";
    vec![
        anybody(
            studio,
            "You are invited to a group",
            &["Sign in to see which"],
        ),
        anybody(studio, "Join Research Studio", &[managers_alone])
            .by("nobody")
            .open(),
        anybody(
            studio,
            "Research Studio",
            &["Open. The link is for many", "You join as / Member"],
        )
        .by("group-manager")
        .open(),
        anybody(
            "/i/group/research-studio/an-older-code",
            "This link no longer joins Research Studio",
            &["show the current link"],
        )
        .by("group-manager"),
        anybody(
            "/i/group/open-lab/an-older-code",
            "This link no longer joins Open Lab",
            &["The group has no join link now."],
        )
        .by("group-manager"),
        anybody(
            "/i/group/night-shift/night-shift-2026",
            "Join Nachtschicht ☾",
            &[managers_alone],
        )
        .by("group-manager")
        .open(),
        anybody("/i/group/old-guild/old-guild-2024", NOT_FOUND, &[]).by("group-manager"),
    ]
}

fn course_invites() -> Vec<Visit> {
    let rust = "Rust from Zero";
    vec![
        anybody(course_invite(1), "You are invited to a course", &[]),
        anybody(
            course_invite(1),
            rust,
            &[
                "Amara Okafor invites you",
                "You join as / Participant",
                "For / 田中 芽衣",
            ],
        )
        .by("invitee")
        .open(),
        anybody(course_invite(1), NOT_FOUND, &[]).by("nobody"),
        anybody(course_invite(2), rust, &["Accepted on 8 March 2026."]).by("staff"),
        anybody(
            course_invite(3),
            rust,
            &["Withdrawn before it was accepted."],
        )
        .by("staff"),
    ]
}

/// Lists of who may see them, who may not, and who has nothing to see.
fn lists() -> Vec<Visit> {
    let course = "/manage/course/rust-from-zero";
    let sign_in = "Sign in to see this";
    let hidden = "There is nothing here for you";
    vec![
        anybody("/received", "Sign in to see your invites", &[]),
        anybody("/received", "Your invites", &["No invites."]).by("nobody"),
        anybody(
            "/received",
            "Your invites",
            &[
                "The community",
                "Atlas Research",
                "夜警 Night Watch",
                "5 of 5 shown",
            ],
        )
        .by("invitee")
        .open(),
        anybody("/manage/codes", sign_in, &["Bearer token"]),
        anybody(
            "/manage/codes",
            "Invite codes",
            &["There are no invites here yet."],
        )
        .by("nobody"),
        anybody("/manage/codes", "Invite codes", &["10 of 44 shown"]).by("course-manager"),
        anybody(course, sign_in, &[]),
        anybody(
            course,
            "This is not yours to see",
            &["Only those who manage it"],
        )
        .by("nobody"),
        anybody("/manage/course/night-watch", hidden, &[]).by("nobody"),
        anybody("/manage/workspace/1", sign_in, &[]),
        anybody("/manage/workspace/1", hidden, &[]).by("nobody"),
        anybody(
            "/manage",
            "What you manage",
            &["signed in as Noor Haddad", "Open Lab (no join link)"],
        )
        .by("group-manager"),
        anybody("/", "Were you invited?", &["Invite code"]),
        anybody("/nowhere", "There is no such page", &[]),
    ]
}

/// Answers that are no success, the heading that a visitor reads, and the way on.
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

/// The values of one column of all rows of a list, in order.
fn rows(pages: &Value) -> Vec<&Value> {
    let pages = pages.as_array().expect("pages");
    let rows = |page| Value::as_array(&page["rows"]).expect("rows");
    pages.iter().flat_map(rows).collect()
}

#[tokio::test]
async fn every_screen_says_what_its_visitor_may_know() {
    let (server, _) = demo::start().await;
    let mut visits = Vec::new();
    visits.extend(codes());
    visits.extend(workspace_invites());
    visits.extend(group_invites());
    visits.extend(course_invites());
    visits.extend(lists());
    let plan = json!({
        "visits": visits
            .iter()
            .map(|visit| json!({ "address": visit.address, "persona": visit.persona }))
            .collect::<Vec<_>>(),
        "bad": bad_answers(),
    });
    let url = format!("http://{}", server.address);
    let program = env!("CARGO_BIN_EXE_invite-gateway");
    let seen = node("invite-page/page.mjs", &[&url, program, &plan.to_string()]).await;

    let screens = seen["screens"].as_array().expect("screens");
    assert_eq!(screens.len(), visits.len());
    for (screen, visit) in screens.iter().zip(&visits) {
        assert_screen(screen, visit);
    }
    assert_workspace_list(&seen["workspace"], &server).await;
    assert_course_list(&seen["course"], &server).await;
    assert_troubles(&seen);

    // What is built has the screens, and nothing of the demo.
    assert_eq!(seen["built"], json!({ "queries": true, "demo": false }));
    // Codes and tokens are in no URL that is asked, and no other host learns of them: pictures come
    // from the one origin that the app was told, and the demo's avatars from none.
    assert_eq!(
        seen["noticed"],
        json!({
            "errors": [],
            "foreign": ["https://logos.example.com/1.svg"],
            "graphqlMethods": ["POST"],
        })
    );
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
    let accept = screen["accept"].as_array().expect("links");
    assert_eq!(!accept.is_empty(), visit.accept, "{who}: {screen:#}");
    if let Some(address) = visit.address.strip_prefix("/i/").filter(|_| visit.accept) {
        assert_eq!(accept[0], format!("{ACCEPT}/{address}"), "{who}");
    }
    for picture in screen["pictures"].as_array().expect("pictures") {
        assert_eq!(picture, "https://logos.example.com/1.svg", "{who}");
    }
    // For readers of screens, for keyboards, and for phones.
    assert_ne!(screen["title"], "", "{who}");
    assert_eq!(screen["headings"], 1, "{who}");
    assert_eq!(screen["unlabelled"], 0, "{who}");
    assert_eq!(screen["overflows"], false, "{who}");
}

async fn assert_workspace_list(seen: &Value, server: &Server) {
    let query = "{ workspace(id: 2) {
        all: invites(first: 100) { totalCount nodes { email } }
        expired: invites(first: 100, filter: { status: [EXPIRED] },
            orderBy: { field: CREATED_AT, direction: ASC }) { nodes { email } }
    } }";
    let admin = demo::authorization(
        &demo::description().await,
        &json!({ "persona": "workspace-admin" }),
    );
    let answer = server
        .graphql(admin.as_deref(), query, json!({}))
        .await
        .json;
    let workspace = &answer["data"]["workspace"];
    let emails = |list: &str| -> Vec<&Value> {
        let nodes = workspace[list]["nodes"].as_array().expect("nodes");
        nodes.iter().map(|node| &node["email"]).collect()
    };
    let all = emails("all");
    assert_eq!(workspace["all"]["totalCount"], 73);

    assert_eq!(seen["before"], "Sign in to manage invites");
    assert_eq!(seen["heading"], "Invites to Tidewater Lab 🌊");
    for (list, pages, last) in [
        ("first", 8, "3 of 73 shown"),
        ("fifty", 2, "23 of 73 shown"),
    ] {
        let forward = &seen[list]["forward"];
        assert_eq!(rows(forward), all, "{list}");
        assert_eq!(forward.as_array().map(Vec::len), Some(pages), "{list}");
        assert_eq!(forward[pages - 1]["says"], last, "{list}");
        // The way back shows the same pages.
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
    // Nothing fits is not nothing there, and not a denial.
    let nothing = seen["nothing"]["text"].as_str().expect("text");
    assert!(nothing.contains("No invite fits."), "{nothing}");
    // Nothing stays on the screen of who has signed out.
    let signed_out = seen["signedOut"].as_str().expect("text");
    assert!(
        signed_out.starts_with("Sign in to see this"),
        "{signed_out}"
    );
    assert!(!signed_out.contains("Tidewater"), "{signed_out}");
}

async fn assert_course_list(seen: &Value, server: &Server) {
    let query = r#"{ course(id: "rust-from-zero") {
        invitees(first: 100, filter: { search: "maria" }, orderBy: { field: USERNAME, direction: ASC }) {
            totalCount
            nodes { fullName }
        }
    } }"#;
    let manager = demo::authorization(
        &demo::description().await,
        &json!({ "persona": "course-manager" }),
    );
    let answer = server
        .graphql(manager.as_deref(), query, json!({}))
        .await
        .json;
    let found = &answer["data"]["course"]["invitees"];
    let nodes = found["nodes"].as_array().expect("nodes");
    let names: Vec<_> = nodes.iter().map(|node| &node["fullName"]).collect();
    let total = &found["totalCount"];

    assert_eq!(seen["heading"], "Invited to Rust from Zero");
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
    let told = |heading: &str| json!({ "heading": heading, "buttons": ["Try again"] });
    assert_eq!(
        seen["answers"],
        json!([
            told(away),
            told("That did not work"),
            told("That was a little too fast"),
            told(away),
        ])
    );
    assert_eq!(
        seen["refusedToken"],
        json!({ "refused": "Your sign-in is no longer good", "then": "The community" })
    );
}
