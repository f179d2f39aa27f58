//! Types of GraphQL Code Generator's client preset, and an application that reads responses only
//! through them.

use std::{collections::BTreeMap, fs};

use serde_json::{Value, json};
use tokio::sync::OnceCell;

use super::{CODE, GROUP, MANAGER, OTHER, created_rows, folder, invites, link, token, url, write};
use crate::support::{
    Backend, any_database, data, node::node, process::Server, run, wire::Request,
};

/// Returns the folder of the built application, and the digests of its generated files.
async fn application() -> &'static (String, Value) {
    static BUILT: OnceCell<(String, Value)> = OnceCell::const_new();
    BUILT
        .get_or_init(async || {
            let folder = folder("codegen");
            let generated = node("codegen/build.mjs", &[&folder]).await;
            (folder, generated)
        })
        .await
}

async fn visit(server: &Server, user: i64) -> Value {
    let (folder, _) = application().await;
    let script = format!("{folder}/visit.js");
    node(&script, &[&url(server), &token(user), CODE, GROUP]).await
}

#[tokio::test]
async fn introspection_and_the_committed_schema_generate_the_same() {
    run(Backend::Sqlite, async |gateway| {
        let server = Server::new(&gateway.database_url).await;
        let folder = folder("codegen-by-introspection");
        let generated = node("codegen/introspect.mjs", &[&folder, &url(&server)]).await;
        let (_, expected) = application().await;
        assert_eq!(&generated, expected);
    })
    .await;
}

any_database! {
    async fn responses_match_their_types(gateway) {
        let server = invites(&gateway).await;
        let seen = visit(&server, MANAGER).await;
        let expected = json!({
            "card": "pending, to the community, by Full manager, 2026-01-01",
            "databaseId": "4",
            "tags": ["Weaver"],
        });
        assert_eq!(seen["code"], expected);
        let sent = seen["sent"].as_array().expect("a list");
        assert_eq!(sent.len(), 10);
        assert_eq!(
            sent[0],
            "WorkspaceInvite pending, to Workspace 1, by Full manager, 2026-01-01"
        );
        assert_eq!(
            sent[5],
            "InviteCode withdrawn, to the community, by Full manager, 2026-01-01"
        );
        assert_eq!(seen["role"], "Member");
        assert_eq!(seen["first"], "2");
        assert_eq!(seen["link"], link(&server));
        let names = [
            "AcceptInvite", "CancelInvites", "CourseInvitees", "CourseInvites", "CreateWorkspaceInvites",
            "GroupLink", "InviteBehindCode", "InviteBehindLink", "InviteBehindToken",
            "PendingWorkspaceInvites", "People", "SentInvites", "WorkspaceInvites",
        ];
        assert_eq!(seen["persisted"], json!(names));
    }

    async fn mutations_take_and_return_their_types(gateway) {
        let server = invites(&gateway).await;
        let script = format!("{}/write.js", application().await.0);
        assert_eq!(write(&script, &server).await, json!({
            "created": created_rows(),
            "way": ["token"],
            "accepted": [
                { "joined": null, "codes": ["WRONG_ACCOUNT"] },
                { "joined": "Workspace as editor", "codes": [] },
            ],
            // Inputs that do not compile: two ways, none, null, and an unknown one.
            "refused": [["BAD_USER_INPUT"], ["BAD_USER_INPUT"], ["BAD_USER_INPUT"], ["BAD_USER_INPUT"]],
            "cancelled": [["ALREADY_ACCEPTED"]],
        }));
    }

    async fn a_refusal_has_a_code(gateway) {
        let server = invites(&gateway).await;
        assert_eq!(visit(&server, OTHER).await["link"], json!(["FORBIDDEN"]));
    }

    async fn generated_manifests_are_of_trusted_documents(gateway) {
        gateway.add(data::invite_code(1, CODE)).await;
        let (folder, _) = application().await;
        let manifest = format!("{folder}/gql/persisted-documents.json");
        let documents: BTreeMap<String, String> =
            serde_json::from_str(&fs::read_to_string(&manifest).expect("a file")).expect("a manifest");
        let server = Server::with(&gateway.database_url, &["--trusted-documents", &manifest]).await;
        let (id, _) = documents
            .iter()
            .find(|(_, document)| document.contains("query InviteBehindCode"))
            .expect("a document of that name");
        let ask = async |body: Value| {
            let body = body.to_string();
            server.send(&Request::post_json("/graphql", &body)).await.json
        };
        let response = ask(json!({ "documentId": id, "variables": { "code": CODE } })).await;
        assert_eq!(response["data"]["inviteCode"]["status"], "PENDING");
        let response = ask(json!({ "query": "{ __typename }" })).await;
        assert_eq!(response["errors"][0]["extensions"]["code"], "PERSISTED_QUERY_NOT_IN_LIST");
    }
}
