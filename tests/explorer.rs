//! GraphiQL: how the gateway serves the page and, in a browser, how the page behaves.

use std::{
    collections::HashSet,
    env, fs,
    path::{Path, PathBuf},
};

use axum::http::StatusCode;
use serde_json::{Value, json};
use tempfile::TempDir;
use url::Url;

use crate::support::{
    Backend, Gateway, Response,
    node::node,
    process::{Process, Server},
    run,
    wire::Request,
};

/// Starts the demo. If the build has no GraphiQL, there is nothing to test.
async fn demo() -> Server {
    assert!(
        ::explorer::is_built(),
        "the build has no GraphiQL: its warnings say why"
    );
    Server::demo(&[]).await.0
}

fn base(server: &Server) -> String {
    format!("http://{}", server.address)
}

/// Returns the output of `demo --describe`.
async fn description() -> Value {
    let ended = Process::run(&["demo", "--describe"]).await;
    serde_json::from_str(&ended.stdout).expect("JSON")
}

/// Returns the nonce in a page's policy.
fn nonce(page: &Response) -> &str {
    let policy = page.header("content-security-policy");
    let (_, rest) = policy.split_once("'nonce-").expect("a nonce");
    rest.split_once('\'').expect("the nonce's end").0
}

#[tokio::test]
async fn each_page_has_a_strict_policy_with_a_nonce_of_its_own() {
    let server = demo().await;
    let mut nonces = HashSet::new();
    // The last request is conditional. The response is never 304, since its policy has a new nonce.
    for known in ["", "", "*"] {
        let mut request = Request::get("/graphiql");
        if !known.is_empty() {
            request = request.header("if-none-match", known);
        }
        let page = server.send(&request).await;
        assert_eq!(page.status, StatusCode::OK);
        let nonce = nonce(&page);
        let policy = format!(
            "default-src 'none'; script-src 'self'; worker-src 'self'; connect-src 'self'; \
             img-src 'self' data:; font-src 'self'; style-src 'self' 'unsafe-inline'; \
             style-src-elem 'self' 'nonce-{nonce}'; style-src-attr 'unsafe-inline'; \
             base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        );
        assert_eq!(page.header("content-security-policy"), policy);
        for (name, value) in [
            ("content-type", "text/html; charset=utf-8"),
            ("cache-control", "no-cache"),
            ("etag", ""),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
        ] {
            assert_eq!(page.header(name), value, "{name}");
        }
        assert!(page.text.contains(&format!("nonce=\"{nonce}\"")));
        assert!(!page.text.contains("CSP-NONCE"));
        assert!(!page.text.contains("<script>"), "{}", page.text);
        assert!(nonce.len() >= 22, "{nonce}");
        assert!(nonces.insert(nonce.to_owned()), "{nonce} again");
    }
}

#[tokio::test]
async fn files_are_encoded_as_requested_and_cached() {
    let server = demo().await;
    let files = node("explorer/assets.mjs", &[&base(&server)]).await;
    let files = files.as_array().expect("a list");
    let found: HashSet<_> = files
        .iter()
        .map(|file| file["path"].as_str().expect("a path"))
        .collect();
    let built: Vec<_> = ::explorer::assets()
        .filter(|asset| asset.is_hashed)
        .map(|asset| format!("graphiql/{}", asset.name))
        .collect();
    for path in &built {
        assert!(found.contains(path.as_str()), "nothing leads to {path}");
    }
    assert!(built.len() > 10, "{built:?}");

    for file in files {
        let path = &file["path"];
        let forms = file["forms"].as_array().expect("a list");
        let plain = &forms[4];
        let mut tags = HashSet::new();
        for (form, encoding) in forms
            .iter()
            .zip(["br", "gzip", "br", "gzip", "identity", "gzip", "br"])
        {
            let headers = &form["headers"];
            let accepted = &form["accepted"];
            assert_eq!(form["status"], 200, "{path}");
            assert_eq!(form["encoding"], encoding, "{path} {accepted}");
            assert_eq!(form["digest"], plain["digest"], "{path} {accepted}");
            let vary = headers["vary"].as_str().expect("a list");
            assert!(vary.split(", ").any(|it| it == "accept-encoding"), "{path}");
            assert_eq!(headers["x-content-type-options"], "nosniff", "{path}");
            assert_eq!(headers["referrer-policy"], "no-referrer", "{path}");
            assert_eq!(
                headers["content-security-policy"],
                "default-src 'none'; script-src 'self'"
            );
            assert_eq!(
                headers["cache-control"], "public, max-age=31536000, immutable",
                "{path}"
            );
            let unchanged = json!({ "status": 304, "etag": headers["etag"], "length": 0 });
            assert_eq!(form["again"], unchanged, "{path} {accepted}");
            tags.insert(headers["etag"].to_string());
        }
        assert_eq!(tags.len(), 3, "one tag for each encoding: {path} {tags:?}");
        let length = |at: usize| forms[at]["length"].as_u64().expect("a number");
        assert!(length(0) < length(1) && length(1) < length(4), "{path}");
    }
}

#[tokio::test]
async fn unknown_files_are_404_and_files_without_a_hash_revalidate() {
    let server = demo().await;
    for path in [
        "/graphiql/nothing.js",
        "/graphiql/index.html",
        "/graphiql/..%2fCargo.toml",
        "/graphiql/a/b",
    ] {
        let response = server.get(None, path).await;
        assert_eq!(response.status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(
            response.json["errors"][0]["extensions"]["code"],
            "BAD_REQUEST"
        );
    }
    let licences = server.get(None, "/graphiql/licenses.md").await;
    assert_eq!(licences.header("cache-control"), "no-cache");
    assert!(licences.text.contains("## monaco-editor - 0.52.2 (MIT)"));
    let slash = server.get(None, "/graphiql/").await;
    assert_eq!(slash.status, StatusCode::TEMPORARY_REDIRECT);
    assert_eq!(slash.header("location"), "../graphiql");
}

#[tokio::test]
async fn the_root_redirects_browsers_and_points_programs_to_the_page() {
    let server = demo().await;
    let response = server
        .send(&Request::get("/").header("accept", BROWSER))
        .await;
    assert_eq!(response.status, StatusCode::TEMPORARY_REDIRECT);
    assert_eq!(response.header("location"), "graphiql");
    assert_eq!(response.header("vary"), "accept");
    for accepted in ["*/*", "application/json", "text/html;q=0, application/json"] {
        let response = server
            .send(&Request::get("/").header("accept", accepted))
            .await;
        assert_eq!(response.json["graphiql"], "/graphiql", "{accepted}");
    }
}

/// `Accept` of a browser that opens a page.
const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

#[tokio::test]
async fn the_endpoint_redirects_browsers_to_the_page_and_executes_what_others_send() {
    let server = demo().await;
    let get = async |path, accepted| {
        let request = Request::get(path).header("accept", accepted);
        server.send(&request).await
    };
    for (path, accepted) in [
        ("/graphql", BROWSER),
        ("/graphql", "text/html"),
        ("/graphql?utm_source=mail", BROWSER),
    ] {
        let response = get(path, accepted).await;
        assert_eq!(response.status, StatusCode::SEE_OTHER, "{path} {accepted}");
        assert_eq!(response.header("location"), "graphiql");
        assert_eq!(response.header("vary"), "accept");
        assert_eq!(response.header("cache-control"), "no-store");
        assert_eq!(response.text, "");
    }
    for (path, accepted, status) in [
        ("/graphql", "*/*", 400),
        ("/graphql", "application/json", 400),
        ("/graphql", "application/json, text/html", 400),
        ("/graphql", "text/html;q=0.5, application/json", 400),
        ("/graphql", "text/html;q=0, */*", 400),
        ("/graphql", "image/png", 406),
        ("/graphql?query=%7B__typename%7D", BROWSER, 200),
        ("/graphql?query=%7B__typename%7D", "text/html", 406),
        ("/graphql?query=", BROWSER, 200),
        ("/graphql?documentId=x", BROWSER, 200),
    ] {
        let response = get(path, accepted).await;
        assert_eq!(response.status, status, "{path} {accepted}");
        assert!(
            response.header("content-type").contains("json"),
            "{path} {accepted}"
        );
    }
    let post = Request::post_json("/graphql", r#"{"query":"{ __typename }"}"#);
    let response = server.send(&post.header("accept", BROWSER)).await;
    assert_eq!(response.json["data"]["__typename"], "Query");
}

#[tokio::test]
async fn switched_off_the_page_is_not_served() {
    run(Backend::Sqlite, async |gateway: Gateway| {
        let on = Server::new(&gateway.database_url).await;
        assert_eq!(on.get(None, "/graphiql").await.status, StatusCode::OK);
        let off = Server::with(&gateway.database_url, &["--graphiql=off"]).await;
        let unknown = off.get(None, "/nothing").await;
        for path in [
            "/graphiql",
            "/graphiql/",
            "/graphiql/config.json",
            "/graphiql/licenses.md",
        ] {
            let response = off.get(None, path).await;
            assert_eq!(response.status, StatusCode::NOT_FOUND, "{path}");
            assert_eq!(response.json, unknown.json, "{path}");
        }
        for (accepted, status, expected) in [
            (BROWSER, 400, "as the parameter \"query\""),
            ("text/html", 406, "or application/json"),
        ] {
            let request = Request::get("/graphql").header("accept", accepted);
            let response = off.send(&request).await;
            assert_eq!(response.status, status, "{accepted}");
            let message = &response.json["errors"][0]["message"];
            let message = message.as_str().expect("a message");
            assert!(message.contains(expected), "{message}");
        }
        let index = off
            .send(&Request::get("/").header("accept", "text/html"))
            .await;
        assert_eq!(index.json["graphql"], "/graphql");
        assert_eq!(index.json.get("graphiql"), None);
    })
    .await;
    let (_, banner) = Server::demo(&["--graphiql=off"]).await;
    assert!(!banner.contains("raphiql"), "{banner}");
}

#[tokio::test]
async fn outside_of_the_demo_examples_have_placeholders_and_no_personas() {
    run(Backend::Sqlite, async |gateway: Gateway| {
        let server = Server::new(&gateway.database_url).await;
        let config = server.get(None, "/graphiql/config.json").await;
        assert_eq!(config.header("cache-control"), "no-store");
        assert_eq!(config.header("x-content-type-options"), "nosniff");
        assert_eq!(config.json["personas"], json!([]));
        let examples = config.json["examples"].as_array().expect("a list");
        assert_eq!(examples.len(), 14);
        let description = description().await;
        for persona in description["personas"].as_array().expect("a list") {
            for name in [&persona["name"], &persona["username"], &persona["story"]] {
                // Texts as a whole, since a slug may contain a name.
                assert!(!config.text.contains(&name.to_string()), "{name}");
            }
        }
        for example in examples {
            let query = example["query"].as_str().expect("a query");
            let variables = example["variables"].clone();
            assert!(!variables.to_string().contains("2026"), "{variables}");
            // Each example is true: its data is null, or requires sign-in.
            let response = server.graphql(None, query, variables).await;
            for error in response.json["errors"].as_array().into_iter().flatten() {
                assert_eq!(
                    error["extensions"]["code"], "UNAUTHENTICATED",
                    "{}",
                    response.text
                );
            }
        }
    })
    .await;
}

/// Folder of a test's screenshots, removed afterwards.
fn folder() -> (TempDir, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().to_str().expect("text").to_owned();
    (folder, path)
}

/// Asserts that a visit sent requests only to the gateway, and that the browser logged only these
/// complaints.
fn sent_no_foreign_request(output: &Value, server: &Server, complaints: &[&str]) {
    let origin = base(server);
    let requests = output["requests"].as_array().expect("a list");
    let foreign: Vec<_> = requests
        .iter()
        .filter_map(Value::as_str)
        .filter(|url| !url.starts_with(&format!("{origin}/")) && !url.starts_with("data:"))
        .collect();
    assert_eq!(foreign, [""; 0]);
    assert!(requests.len() > 5, "{requests:?}");
    assert_eq!(output["complaints"], json!(complaints));
    let workers = output["workers"].to_string();
    assert!(workers.contains("/graphiql/graphql.worker-"), "{workers}");
}

#[tokio::test]
async fn a_newcomer_sees_contracts_and_denials_and_no_token_is_stored() {
    let server = demo().await;
    let (_screenshots, folder) = folder();
    let output = node("explorer/newcomer.mjs", &[&base(&server), &folder]).await;
    // The two requests with invalid tokens.
    let refused =
        "Failed to load resource: the server responded with a status of 401 (Unauthorized)";
    sent_no_foreign_request(&output, &server, &[refused; 2]);
    assert_eq!(output["opened"], format!("{}/graphiql", base(&server)));

    // Every example is a tab, with its variables and its persona's token.
    let description = description().await;
    let examples = description["examples"].as_array().expect("a list");
    let tabs = output["tabs"].as_array().expect("a list");
    assert_eq!(tabs.len(), examples.len());
    for (tab, example) in tabs.iter().zip(examples) {
        // The page formats documents.
        let bare = |query: &Value| -> String {
            let query = query.as_str().expect("text").chars();
            query
                .filter(|it| !it.is_whitespace() && *it != ',')
                .collect()
        };
        assert_eq!(bare(&tab["query"]), bare(&example["query"]));
        let json = |text: &Value| match text.as_str().expect("text") {
            "" => json!({}),
            text => serde_json::from_str(text).expect("JSON"),
        };
        assert_eq!(json(&tab["variables"]), example["variables"], "{tab}");
        let personas = description["personas"].as_array().expect("a list");
        let persona = personas
            .iter()
            .find(|persona| persona["name"] == example["persona"]);
        let headers = match persona.map(|persona| persona["token"].as_str().expect("a token")) {
            Some(token) => json!({ "authorization": format!("Bearer {token}") }),
            None => json!({}),
        };
        assert_eq!(json(&tab["headers"]), headers, "{tab}");
    }

    assert_eq!(output["first"]["data"]["inviteCode"]["status"], "PENDING");
    assert_eq!(
        output["denied"]["errors"][0]["extensions"]["code"],
        "FORBIDDEN"
    );
    assert_eq!(
        output["tabCount"],
        tabs.len(),
        "an example opens in the tab that it has"
    );
    assert_eq!(
        output["allowed"]["data"]["course"]["invitees"]["totalCount"],
        2000
    );
    assert_eq!(output["stranger"], output["denied"]);
    assert_eq!(output["anonymous"], json!({ "data": { "course": null } }));

    let again = &output["again"];
    assert_eq!(again["tabCount"], tabs.len());
    assert_eq!(again["active"], "Course");
    assert_eq!(again["persona"], "course-manager");
    assert_eq!(
        again["answer"]["data"]["course"]["invitees"]["totalCount"],
        2000
    );

    assert!(output["history"].as_str().expect("text").contains("Pasted"));
    for stored in [&output["stored"], &output["storedLater"]] {
        let stored = stored.as_object().expect("an object");
        assert!(stored.len() >= 3, "{stored:?}");
        for (key, value) in stored {
            for secret in ["eyJ", "Bearer", "an-opaque-secret"] {
                assert!(!value.to_string().contains(secret), "{key}: {value}");
            }
        }
    }

    // The README's picture. Update it with `UPDATE_SCREENSHOT=1 scripts/test --test gateway
    // newcomer`.
    if env::var_os("UPDATE_SCREENSHOT").is_some() {
        let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
        fs::create_dir_all(&docs).expect("a folder");
        fs::copy(
            PathBuf::from(folder).join("light.png"),
            docs.join("graphiql.png"),
        )
        .expect("a screenshot");
    }
}

#[tokio::test]
async fn documentation_completion_validation_and_both_themes_work_under_the_policy() {
    let server = demo().await;
    let (_screenshots, folder) = folder();
    let output = node("explorer/tools.mjs", &[&base(&server), &folder]).await;
    sent_no_foreign_request(&output, &server, &[]);
    assert!(
        output["workers"]
            .to_string()
            .contains("/graphiql/json.worker-")
    );

    let documentation = output["documentation"].as_str().expect("text");
    for text in ["inviteCode(", "workspaceInvites(", "Root of all queries."] {
        assert!(documentation.contains(text), "{documentation}");
    }
    let wrong = output["wrongQuery"].as_str().expect("text");
    assert!(wrong.contains("Cannot query field \"nothing\""), "{wrong}");
    let wrong = output["wrongVariables"].as_str().expect("text");
    assert!(wrong.contains("alue expected"), "{wrong}");
    assert!(output["completions"].to_string().contains("inviteCodes"));
    assert!(
        output["pretty"]
            .as_str()
            .expect("text")
            .contains("  viewer {\n")
    );

    let [light, dark] = ["Light", "Dark"].map(|theme| &output["themes"][theme]);
    assert_eq!(light["page"], "rgb(255, 255, 255)");
    assert_eq!(dark["page"], "rgb(33, 42, 59)");
    assert_ne!(light["keyword"], dark["keyword"]);
}

#[tokio::test]
async fn a_link_opens_its_query_in_the_first_tab_and_carries_no_token() {
    let server = demo().await;
    let token = "eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.c2lnbmF0dXJl";
    let output = node("explorer/links.mjs", &[&base(&server), token]).await;
    sent_no_foreign_request(&output, &server, &[]);
    let page = format!("{}/graphiql", base(&server));
    let variables = json!({ "code": "WELCOME-2026" });
    // The token is removed from the link.
    let shared = json!({ "code": "WELCOME-2026", "pasted": "" });
    let count = description().await["examples"]
        .as_array()
        .map_or(0, Vec::len)
        + 1;

    for (visit, count, variables) in [
        ("first", count, &variables),
        ("second", count + 1, &shared),
        ("again", count + 1, &shared),
    ] {
        let tab = &output[visit];
        assert_eq!(
            (&tab["position"], &tab["count"]),
            (&json!(0), &json!(count)),
            "{visit}"
        );
        assert_eq!(tab["title"], "Second", "{visit}");
        assert_eq!(tab["headers"], "", "{visit}");
        assert_eq!(tab["response"], "", "a link runs nothing: {visit}");
        assert_eq!(tab["address"], page, "{visit}");
        let shown = tab["variables"].as_str().expect("text");
        assert_eq!(
            &serde_json::from_str::<Value>(shown).expect("JSON"),
            variables
        );
    }
    // Only the introspection.
    assert_eq!(output["before"], json!([null]));
    assert_eq!(
        output["answer"],
        json!({ "data": { "inviteCode": { "status": "PENDING" } } })
    );
    for visit in ["query", "title", "position", "count"] {
        assert_eq!(output["reloaded"][visit], output["again"][visit]);
    }

    let parameters = |link: &Value| -> Vec<(String, String)> {
        let link = Url::parse(link.as_str().expect("text")).expect("a URL");
        assert_eq!(link.as_str().split_once('?').expect("parameters").0, page);
        link.query_pairs().into_owned().collect()
    };
    let copied = parameters(&output["copied"]);
    let names: Vec<_> = copied.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["query", "variables", "operationName"]);
    assert_eq!(copied[0].1, output["first"]["query"]);
    assert_eq!(copied[1].1, shared.to_string());
    assert_eq!(copied[2].1, "Second");
    for secret in ["eyJ", "Bearer", "authorization"] {
        let link = output["copied"].as_str().expect("text");
        assert!(!link.contains(secret), "{link}");
    }
    let query = ("query".to_owned(), "query Single { __typename }".to_owned());
    assert_eq!(parameters(&output["single"]), [query]);

    let attacked = &output["attacked"];
    assert_eq!(attacked["query"], attacked["variables"]);
    assert!(
        attacked["query"]
            .as_str()
            .expect("text")
            .contains("onerror")
    );
    assert_eq!(attacked["headers"], "");
    assert_eq!(attacked["images"], 0);
    assert_eq!(attacked["pageTitle"], "GraphiQL \u{b7} Invite Gateway");
    assert_eq!(output["without"]["query"], attacked["query"]);
    assert_eq!(
        output["without"]["count"], attacked["count"],
        "variables alone open no tab"
    );
    assert_eq!(parameters(&output["shown"])[0].0, "query");
}

#[tokio::test]
async fn panes_open_at_their_top_and_are_stacked_in_a_narrow_window() {
    let server = demo().await;
    let (_screenshots, folder) = folder();
    let output = node("explorer/panes.mjs", &[&base(&server), &folder]).await;
    sent_no_foreign_request(&output, &server, &[]);
    assert_eq!(
        (&output["scrolled"], &output["opened"]),
        (&json!(400), &json!(0))
    );

    let edge = |window: &str, pane: usize, edge: &str| {
        let pane = &output[window]["panes"][pane];
        pane[edge].as_f64().expect("a number")
    };
    for (before, after) in [(0, 1), (1, 2)] {
        assert!(edge("wide", before, "right") <= edge("wide", after, "left"));
        assert!(edge("narrow", before, "bottom") <= edge("narrow", after, "top"));
    }
    let width = output["narrow"]["width"].as_f64().expect("a number");
    assert_eq!(
        (width, &output["narrow"]["scrolls"]),
        (390.0, &json!(false))
    );
    for pane in 0..3 {
        let (left, right) = (edge("narrow", pane, "left"), edge("narrow", pane, "right"));
        assert!(left >= 0.0 && right <= width, "{pane}: {left} to {right}");
        assert!(right - left > 0.9 * width, "{pane}: {left} to {right}");
    }
    assert!(output["answer"]["data"]["viewer"].is_object());
    assert_eq!(output["isReadable"], true);
    assert_eq!(output["isScrolled"], true);
    let offset = output["offset"].as_f64().expect("a number");
    assert!((0.0..50.0).contains(&offset), "{offset}");
}
