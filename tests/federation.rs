//! The gateway as a subgraph: its schema composes, and real gateways answer across it.

use std::{fs, path::PathBuf};

use serde_json::{Value, json};

use crate::support::{
    Viewer, data, each_database, global_id,
    node::node,
    process::{Process, Server, authorization},
};

fn project(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// What `schema` prints with these arguments.
async fn printed(arguments: &[&str]) -> String {
    let ended = Process::run(&[&["schema"], arguments].concat()).await;
    assert_eq!((ended.status, ended.stderr.as_str()), (Some(0), ""));
    ended.stdout
}

/// What the composers say of our schema, as printed with these arguments, beside the `others` of
/// `examples/supergraph/supergraph.yaml`.
async fn composed(arguments: &[&str], others: &[&str]) -> Value {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("invites.graphql");
    let schema = printed(&[&["--subgraph"], arguments].concat()).await;
    fs::write(&file, schema).expect("a file");
    let file = file.to_str().expect("UTF-8");
    node("federation/compose.mjs", &[&[file], others].concat()).await
}

const COMPOSERS: [&str; 3] = ["apollo", "guild", "wundergraph"];

#[tokio::test]
async fn the_subgraph_composes_without_a_word_of_complaint() {
    for (arguments, others) in [
        (&[][..], &["accounts", "objects"][..]),
        (&["--node-in-subgraph=off"], &["accounts", "objects"]),
        (&["--node-in-subgraph=on"], &["accounts"]),
        (&["--auth-directives=on"], &["accounts", "objects"]),
    ] {
        let told = composed(arguments, others).await;
        for composer in COMPOSERS {
            let told = &told[composer];
            assert_eq!(told["complaints"], json!([]), "{composer} {arguments:?}");
            let fields = told["fields"].as_array().expect("fields");
            for field in ["Query.inviteCode", "User.extId", "User.biography"] {
                assert!(fields.contains(&json!(field)), "{composer} lacks {field}");
            }
            let node = fields.iter().filter(|field| **field == "Query.node");
            assert_eq!(node.count(), 1, "{composer} {arguments:?}");
        }
        // What a router must know by itself, or else refuses to start.
        let demands = told["apollo"]["demands"].as_array().expect("demands");
        let expected: &[&str] = match arguments {
            ["--auth-directives=on"] => &["authenticated"],
            _ => &[],
        };
        assert_eq!(demands, expected, "{arguments:?}");
    }
}

#[tokio::test]
async fn two_owners_of_node_do_not_compose() {
    let told = composed(&["--node-in-subgraph=on"], &["accounts", "objects"]).await;
    for composer in COMPOSERS {
        let complaints = told[composer]["complaints"].to_string();
        assert!(complaints.contains("node"), "{composer}: {complaints}");
    }
}

#[tokio::test]
async fn node_is_where_the_setting_says() {
    let has_node = |schema: &str| {
        let both = ["\n  node(", "\n  nodes("].map(|field| schema.contains(field));
        assert_eq!(both[0], both[1]);
        both[0]
    };
    for (arguments, public, subgraph) in [
        (&[][..], true, false),
        (&["--node-in-subgraph=on"], true, true),
        (&["--node-in-subgraph=off"], false, false),
    ] {
        assert_eq!(has_node(&printed(arguments).await), public, "{arguments:?}");
        let schema = printed(&[&["--subgraph"], arguments].concat()).await;
        assert_eq!(has_node(&schema), subgraph, "{arguments:?}");
    }
    let by_variable = [("GATEWAY_NODE_IN_SUBGRAPH", "on")];
    let ended = Process::run_in(&by_variable, &["schema", "--subgraph"]).await;
    assert!(has_node(&ended.stdout));
}

#[tokio::test]
async fn the_guide_shows_the_files_that_compose() {
    let guide = fs::read_to_string(project("docs/federation.md")).expect("a guide");
    let mut shown = 0;
    for entry in fs::read_dir(project("examples/supergraph")).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name").to_string_lossy();
        let text = fs::read_to_string(&path).expect("a file");
        assert!(
            guide.contains(&format!("\n{}\n```\n", text.trim_end())),
            "{name}"
        );
        shown += 1;
    }
    assert_eq!(shown, 7);
}

#[tokio::test]
async fn every_kind_has_both_keys_and_its_descriptions() {
    let schema = printed(&["--subgraph"]).await;
    for kind in KINDS {
        let head = schema
            .lines()
            .find(|line| line.starts_with(&format!("type {kind} ")))
            .expect(kind);
        assert!(
            head.contains(r#" @key(fields: "id") @key(fields: "databaseId")"#),
            "{head}"
        );
    }
    assert!(
        schema.contains("\"A label that an invite code gives to whoever uses it.\"\ntype Tag ")
    );
    assert!(!schema.contains("_entities") && !schema.contains("_Any"));
}

each_database! {
    async fn a_router_is_served_what_is_printed(gateway) {
        for settings in [
            &[][..],
            &["--node-in-subgraph=on"],
            &["--node-in-subgraph=off", "--auth-directives=on"],
        ] {
            let server = Server::with(&gateway.url, settings).await;
            let answer = server.graphql(None, "{ _service { sdl } }", json!({})).await;
            let expected = printed(&[&["--subgraph"], settings].concat()).await;
            assert_eq!(answer.json, json!({ "data": { "_service": { "sdl": expected } } }));

            let document = r#"{ node(id: "x") { id } nodes(ids: []) { id } }"#;
            let answer = server.graphql(None, document, json!({})).await;
            if settings.contains(&"--node-in-subgraph=off") {
                let code = &answer.json["errors"][0]["extensions"]["code"];
                assert_eq!(code, "GRAPHQL_VALIDATION_FAILED", "{}", answer.json);
            } else {
                assert_eq!(answer.json, json!({ "data": { "node": null, "nodes": [] } }));
            }
        }
    }

    async fn introspection_tells_what_the_public_schema_tells(gateway) {
        for settings in [&[][..], &["--node-in-subgraph=off"]] {
            let server = Server::with(&gateway.url, settings).await;
            let folder = tempfile::tempdir().expect("a folder");
            let file = folder.path().join("schema.graphql");
            fs::write(&file, printed(settings).await).expect("a file");
            let url = format!("http://{}/graphql", server.address);
            let file = file.to_str().expect("UTF-8");
            let difference = node("federation/introspect.mjs", &[&url, file]).await;
            assert_eq!(difference, json!([]), "{settings:?}");
        }
    }

    async fn fields_that_are_marked_deny_the_anonymous(gateway) {
        let schema = printed(&["--subgraph", "--auth-directives=on"]).await;
        assert_eq!(schema.matches(" @authenticated").count(), 6);
        let unmarked = printed(&["--subgraph"]).await;
        assert!(!unmarked.contains("authenticated"), "{unmarked}");

        gateway.add(data::workspace(1)).await;
        gateway.add(data::workspace_invite(1, 1)).await;
        let token = data::token(1);
        for (path, document) in [
            ("inviteCodes", "{ inviteCodes { totalCount } }".to_owned()),
            ("workspaceInvites", "{ workspaceInvites { totalCount } }".to_owned()),
            ("groupInvites", "{ groupInvites { totalCount } }".to_owned()),
            ("workspaceInvite", format!(
                "{{ workspaceInvite(token: \"{token}\") {{ workspace {{ invites {{ totalCount }} }} }} }}"
            )),
        ] {
            let answer = gateway.graphql(Viewer::Anonymous, &document).await;
            let error = &answer["errors"][0];
            assert_eq!(error["extensions"]["code"], "UNAUTHENTICATED", "{answer}");
            assert_eq!(error["path"][0], path);
        }
        // The other two are at groups and courses, which the anonymous do not reach.
        for marked in ["  ): CourseInviteeConnection", "  invite: GroupInvite"] {
            let line = format!("{marked} @authenticated @tag(name: \"signed-in\")\n");
            assert!(schema.contains(&line), "{marked}");
        }
    }

    async fn real_gateways_answer_across_subgraphs(gateway) {
        // As the accounts of tests/clients/federation/others.mjs have them.
        for (id, username) in [(1, "grace"), (2, "ada"), (3, "maria")] {
            gateway.add(data::user(id, username)).await;
        }
        gateway.add(data::course(1, "compilers", 1)).await;
        for user_id in [2, 3] {
            gateway.add(entity::course_invite::Model {
                invited_by_id: Some(1),
                ..data::course_invite(user_id, 1, user_id)
            }).await;
        }
        gateway.add(entity::invite_code::Model {
            invited_by_id: Some(1),
            ..data::invite_code(1, "CODE")
        }).await;
        let server = Server::over(&gateway.url).await;
        let url = format!("http://{}/graphql", server.address);
        let journeys = journeys();
        let requests: Vec<_> = journeys.iter().map(|journey| json!({
            "query": journey.query,
            "authorization": journey.viewer.map(authorization),
        })).collect();
        let requests = json!(requests).to_string();
        for name in ["apollo", "hive"] {
            let told = node("federation/ask.mjs", &[name, &url, &requests]).await;
            let told = told.as_array().expect("a list");
            assert_eq!(told.len(), journeys.len());
            for (journey, told) in journeys.iter().zip(told) {
                journey.check(name, told);
            }
        }
    }
}

/// A query through a supergraph, and what comes of it in each gateway.
struct Journey {
    query: String,
    /// Whose token is forwarded.
    viewer: Option<i64>,
    data: Value,
    /// The error that comes first, by its path and code.
    denied: Option<(Value, &'static str)>,
    /// How many requests our subgraph received, and what was in all of them.
    calls: usize,
    asked: &'static str,
}

impl Journey {
    #[track_caller]
    fn check(&self, gateway: &str, told: &Value) {
        let Value::Object(calls) = &told["calls"] else {
            panic!("{gateway}: {told}");
        };
        let answer = &told["answer"];
        assert_eq!(answer["data"], self.data, "{gateway}: {answer:#}");
        let first = answer
            .get("errors")
            .map(|errors| (&errors[0]["path"], &errors[0]["extensions"]["code"]));
        let denied = self.denied.as_ref();
        let denied = denied.map(|(path, code)| (path, json!(code)));
        let denied = denied.as_ref().map(|(path, code)| (*path, code));
        assert_eq!(first, denied, "{gateway}: {answer:#}");
        let received = calls["invites"].as_array().expect("requests");
        assert_eq!(received.len(), self.calls, "{gateway}: {received:#?}");
        for document in received {
            let document = document.as_str().expect("a document");
            assert!(document.contains(self.asked), "{gateway}: {document}");
        }
    }
}

fn journeys() -> Vec<Journey> {
    let [user, course, code] =
        ["User", "Course", "InviteCode"].map(|type_name| global_id(type_name, 1));
    vec![
        // From an invite to what another subgraph knows of its inviter.
        Journey {
            query: r#"{ inviteCode(code: "CODE") { inviter { username biography } } }"#.to_owned(),
            viewer: None,
            data: json!({ "inviteCode": { "inviter": { "username": "grace", "biography": "Compilers." } } }),
            denied: None,
            calls: 1,
            asked: "inviteCode(code:",
        },
        // A manager's page.
        Journey {
            query: r#"{ course(id: "compilers") { invitees {
                totalCount nodes { username extId biography }
            } } }"#
                .to_owned(),
            viewer: Some(1),
            data: json!({ "course": { "invitees": { "totalCount": 2, "nodes": [
                { "username": "ada", "extId": "ext-2", "biography": "Engines." },
                { "username": "maria", "extId": "ext-3", "biography": "Insects." },
            ] } } }),
            denied: None,
            calls: 1,
            asked: "course(id:",
        },
        // From an account, by the database id of a course.
        Journey {
            query: r#"{ account(username: "grace") { biography recommendedCourse {
                name invitees { nodes { fullName } }
            } } }"#
                .to_owned(),
            viewer: Some(1),
            data: json!({ "account": { "biography": "Compilers.", "recommendedCourse": {
                "name": "Course compilers",
                "invitees": { "nodes": [{ "fullName": "Full ada" }, { "fullName": "Full maria" }] },
            } } }),
            denied: None,
            calls: 1,
            asked: "...on Course{",
        },
        // From an account, by either key.
        Journey {
            query: r#"{ account(username: "maria") { fullName isVerified } }"#.to_owned(),
            viewer: Some(2),
            data: json!({ "account": { "fullName": "Full maria", "isVerified": true } }),
            denied: None,
            calls: 1,
            asked: "...on User{",
        },
        // From another's `node`, by global id.
        Journey {
            query: format!(
                r#"{{ node(id: "{course}") {{ __typename id ... on Course {{ slug }} }} }}"#
            ),
            viewer: Some(1),
            data: json!({ "node": { "__typename": "Course", "id": course, "slug": "compilers" } }),
            denied: None,
            calls: 1,
            asked: "_entities(representations:",
        },
        Journey {
            query: format!(
                r#"{{ node(id: "{user}") {{ ... on User {{ username fullName biography }} }} }}"#
            ),
            viewer: Some(3),
            data: json!({ "node": {
                "username": "grace", "fullName": "Full grace", "biography": "Compilers.",
            } }),
            denied: None,
            calls: 1,
            asked: "_entities(representations:",
        },
        // Another's invite code is hidden from its inviter's invitee.
        Journey {
            query: format!(r#"{{ node(id: "{code}") {{ id ... on InviteCode {{ email }} }} }}"#),
            viewer: Some(3),
            data: json!({ "node": { "id": code, "email": null } }),
            denied: None,
            calls: 1,
            asked: "_entities(representations:",
        },
        // Denied: to who does not manage the course, and to the anonymous.
        Journey {
            query: r#"{ account(username: "grace") { recommendedCourse {
                name invitees { totalCount }
            } } }"#
                .to_owned(),
            viewer: Some(3),
            data: json!({ "account": { "recommendedCourse": {
                "name": "Course compilers", "invitees": null,
            } } }),
            denied: Some((
                json!(["account", "recommendedCourse", "invitees"]),
                "FORBIDDEN",
            )),
            calls: 1,
            asked: "_entities(representations:",
        },
        Journey {
            query: r#"{ inviteCodes { totalCount } account(username: "grace") { biography } }"#
                .to_owned(),
            viewer: None,
            data: json!({ "inviteCodes": null, "account": { "biography": "Compilers." } }),
            denied: Some((json!(["inviteCodes"]), "UNAUTHENTICATED")),
            calls: 1,
            asked: "inviteCodes{",
        },
    ]
}

const KINDS: [&str; 9] = [
    "InviteCode",
    "WorkspaceInvite",
    "GroupInvite",
    "CourseInvite",
    "User",
    "Tag",
    "Workspace",
    "Group",
    "Course",
];
