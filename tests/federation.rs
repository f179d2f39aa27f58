//! The gateway as a subgraph: its schema composes, and the gateway serves the printed schema.

use std::{fs, path::PathBuf};

use serde_json::{Value, json};

use crate::support::{
    KINDS, Viewer, any_database, data,
    node::node,
    process::{Process, Server},
};

fn project(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Returns the output of `schema` with these arguments.
async fn printed(arguments: &[&str]) -> String {
    let ended = Process::run(&[&["schema"], arguments].concat()).await;
    assert_eq!((ended.status, ended.stderr.as_str()), (Some(0), ""));
    ended.stdout
}

/// Returns the composers' results for the schema printed with these arguments, together with the
/// `others` of `examples/supergraph/supergraph.yaml`.
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
async fn the_subgraph_composes_without_warnings() {
    for (arguments, others) in [
        (&[][..], &["accounts", "objects"][..]),
        (&["--node-in-subgraph=off"], &["accounts", "objects"]),
        (&["--node-in-subgraph=on"], &["accounts"]),
        (&["--auth-directives=on"], &["accounts", "objects"]),
    ] {
        let output = composed(arguments, others).await;
        for composer in COMPOSERS {
            let output = &output[composer];
            assert_eq!(output["complaints"], json!([]), "{composer} {arguments:?}");
            let fields = output["fields"].as_array().expect("fields");
            for field in ["Query.inviteCode", "User.extId", "User.biography"] {
                assert!(fields.contains(&json!(field)), "{composer} lacks {field}");
            }
            let node = fields.iter().filter(|field| **field == "Query.node");
            assert_eq!(node.count(), 1, "{composer} {arguments:?}");
        }
        // A router requires these.
        let demands = output["apollo"]["demands"].as_array().expect("demands");
        let expected: &[&str] = match arguments {
            ["--auth-directives=on"] => &["authenticated"],
            _ => &[],
        };
        assert_eq!(demands, expected, "{arguments:?}");
        // Every mutation is among those that require authentication, in a supergraph of Apollo's format.
        for composer in ["apollo", "guild"] {
            let output = &output[composer];
            let names = |list: &str| -> Vec<String> {
                serde_json::from_value(output[list].clone()).expect("names")
            };
            let marked = names("authenticated");
            let mut mutations = names("fields");
            mutations.retain(|field| field.starts_with("Mutation."));
            assert_eq!(mutations.len(), 11, "{composer}: {mutations:?}");
            mutations.retain(|field| !marked.contains(field));
            let unmarked = if expected.is_empty() { 11 } else { 0 };
            assert_eq!(
                mutations.len(),
                unmarked,
                "{composer} {arguments:?}: {mutations:?}"
            );
            assert_eq!(
                marked.is_empty(),
                expected.is_empty(),
                "{composer}: {marked:?}"
            );
        }
    }
}

#[tokio::test]
async fn two_owners_of_node_do_not_compose() {
    let output = composed(&["--node-in-subgraph=on"], &["accounts", "objects"]).await;
    for composer in COMPOSERS {
        let complaints = output[composer]["complaints"].to_string();
        assert!(complaints.contains("node"), "{composer}: {complaints}");
    }
}

#[tokio::test]
async fn the_setting_decides_the_owner_of_node() {
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
async fn every_kind_has_its_keys_and_descriptions() {
    let schema = printed(&["--subgraph"]).await;
    for kind in KINDS {
        let head = schema
            .lines()
            .find(|line| line.starts_with(&format!("type {kind} ")))
            .expect(kind);
        assert!(
            head.contains(r#" @key(fields: "id") @key(fields: "databaseId") @key(fields: "source externalId")"#),
            "{head}"
        );
    }
    assert!(schema.contains(
        "\"\"\"\nA label that an invite code grants to the person who uses it.\n\"\"\"\ntype Tag "
    ));
    assert!(!schema.contains("_entities") && !schema.contains("_Any"));
}

any_database! {
    async fn a_router_gets_the_printed_schema(gateway) {
        for settings in [
            &[][..],
            &["--node-in-subgraph=on"],
            &["--node-in-subgraph=off", "--auth-directives=on"],
        ] {
            let server = Server::with(&gateway.database_url, settings).await;
            let response = server.graphql(None, "{ _service { sdl } }", json!({})).await;
            let expected = printed(&[&["--subgraph"], settings].concat()).await;
            assert_eq!(response.json, json!({ "data": { "_service": { "sdl": expected } } }));

            let document = r#"{ node(id: "x") { id } nodes(ids: []) { id } }"#;
            let response = server.graphql(None, document, json!({})).await;
            if settings.contains(&"--node-in-subgraph=off") {
                let code = &response.json["errors"][0]["extensions"]["code"];
                assert_eq!(code, "GRAPHQL_VALIDATION_FAILED", "{}", response.json);
            } else {
                assert_eq!(response.json, json!({ "data": { "node": null, "nodes": [] } }));
            }
        }
    }

    async fn introspection_equals_the_public_schema(gateway) {
        for settings in [&[][..], &["--node-in-subgraph=off"]] {
            let server = Server::with(&gateway.database_url, settings).await;
            let folder = tempfile::tempdir().expect("a folder");
            let file = folder.path().join("schema.graphql");
            fs::write(&file, printed(settings).await).expect("a file");
            let url = format!("http://{}/graphql", server.address);
            let file = file.to_str().expect("UTF-8");
            let difference = node("federation/introspect.mjs", &[&url, file]).await;
            assert_eq!(difference, json!([]), "{settings:?}");
        }
    }

    async fn authenticated_fields_deny_anonymous_viewers(gateway) {
        let schema = printed(&["--subgraph", "--auth-directives=on"]).await;
        assert_eq!(schema.matches(" @authenticated").count(), 21);
        let unmarked = printed(&["--subgraph"]).await;
        assert!(!unmarked.contains("authenticated"), "{unmarked}");

        gateway.add(data::workspace(1)).await;
        gateway.add(data::user(1, "inviter")).await;
        gateway.add(entity::workspace_invite::Model {
            inviter_id: Some(1),
            ..data::workspace_invite(1, 1)
        }).await;
        let token = data::token(1);
        for (path, document) in [
            ("inviteCodes", "{ inviteCodes { totalCount } }".to_owned()),
            ("workspaceInvites", "{ workspaceInvites { totalCount } }".to_owned()),
            ("groupInvites", "{ groupInvites { totalCount } }".to_owned()),
            ("users", "{ users { totalCount } }".to_owned()),
            ("workspaceInvite", format!(
                "{{ workspaceInvite(token: \"{token}\") {{ inviter {{ sentInvites {{ totalCount }} }} }} }}"
            )),
            ("workspaceInvite", format!(
                "{{ workspaceInvite(token: \"{token}\") {{ inviter {{ receivedInvites {{ totalCount }} }} }} }}"
            )),
            ("workspaceInvite", format!(
                "{{ workspaceInvite(token: \"{token}\") {{ workspace {{ invites {{ totalCount }} }} }} }}"
            )),
        ] {
            let response = gateway.graphql(Viewer::Anonymous, &document).await;
            let error = &response["errors"][0];
            assert_eq!(error["extensions"]["code"], "UNAUTHENTICATED", "{response}");
            assert_eq!(error["path"][0], path);
        }
        // The others are on groups and courses, which anonymous viewers do not reach.
        for marked in ["  ): CourseInviteConnection", "  ): CourseInviteeConnection", "  invite: GroupInvite"] {
            let line = format!("{marked} @authenticated @tag(name: \"signed-in\")\n");
            assert!(schema.contains(&line), "{marked}");
        }
    }
}
