//! Persisted documents: automatically registered, or trusted.

use std::{fs, path::PathBuf};

use axum::http::{Method, StatusCode, header};
use invite_gateway::http::{PersistedDocuments, Registered};
use sea_orm::{EntityTrait, PaginatorTrait};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use crate::support::{
    Gateway, Response, Viewer, any_database, data,
    process::{Ended, Process, Server, authorization},
    wire::Request,
};

const QUERY: &str = "query LookUp($code: String!) { inviteCode(code: $code) { databaseId } }";

fn hash(document: &str) -> String {
    let digest = Sha256::digest(document);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn extension(hash: &str) -> Value {
    json!({ "persistedQuery": { "version": 1, "sha256Hash": hash } })
}

/// Invites a person to a workspace.
const MUTATION: &str = "mutation ($input: CreateWorkspaceInvitesInput!) {
    createWorkspaceInvites(input: $input) { results { userErrors { code } } } }";

const OWNER: Viewer<'static> = Viewer::User(1);

/// Returns the variables that invite the person `n`.
fn input(n: i64) -> Value {
    json!({ "input": { "workspace": "1", "invitees": [{ "email": format!("n{n}@x.io") }] } })
}

fn created() -> Value {
    json!({ "data": { "createWorkspaceInvites": { "results": [{ "userErrors": [] }] } } })
}

/// Adds a workspace, and its owner.
async fn fill(gateway: &Gateway) {
    gateway.add(data::user(1, "olga")).await;
    gateway.add(data::workspace(1)).await;
    gateway.add(data::workspace_member(1, 1, "owner")).await;
}

async fn invites(gateway: &Gateway) -> u64 {
    let found = entity::workspace_invite::Entity::find();
    found.count(&gateway.database).await.expect("a number")
}

async fn post(gateway: &Gateway, body: Value) -> Response {
    post_as(gateway, Viewer::Anonymous, body).await
}

async fn post_as(gateway: &Gateway, viewer: Viewer<'_>, body: Value) -> Response {
    let request = gateway
        .request(viewer, Method::POST, "/graphql")
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::ACCEPT, "application/graphql-response+json");
    gateway
        .send(request.body(body.to_string().into()).expect("a request"))
        .await
}

#[track_caller]
fn refused(response: &Response, code: &str, message: &str) {
    assert_eq!(
        response.status,
        StatusCode::BAD_REQUEST,
        "{}",
        response.text
    );
    let error = &response.json["errors"][0];
    assert_eq!(error["extensions"]["code"], code, "{}", response.text);
    let text = error["message"].as_str().expect("a message");
    assert!(text.contains(message), "{text}");
    assert_eq!(response.json.get("data"), None);
}

async fn registering(gateway: Gateway) -> Gateway {
    gateway.add(data::invite_code(1, "CODE")).await;
    gateway.with(|parts| {
        parts.graphql.persisted = PersistedDocuments::Automatic(Registered::default());
    })
}

any_database! {
    async fn a_document_is_registered_with_its_hash_and_then_sent_by_hash(gateway) {
        let gateway = registering(gateway).await;
        let variables = json!({ "code": "CODE" });
        let named = json!({ "variables": variables, "extensions": extension(&hash(QUERY)) });
        let found = json!({ "data": { "inviteCode": { "databaseId": "1" } } });

        let response = post(&gateway, named.clone()).await;
        refused(&response, "PERSISTED_QUERY_NOT_FOUND", "PersistedQueryNotFound");

        let mut registration = named.clone();
        registration["query"] = json!(QUERY);
        assert_eq!(post(&gateway, registration).await.json, found);
        assert_eq!(post(&gateway, named).await.json, found);

        let upper = json!({ "variables": variables, "extensions": extension(&hash(QUERY).to_uppercase()) });
        assert_eq!(post(&gateway, upper).await.json, found);

        // Apollo's clients send it by GET.
        let mut url = url::Url::parse("http://gateway/graphql").expect("a URL");
        url.query_pairs_mut()
            .append_pair("operationName", "LookUp")
            .append_pair("variables", &variables.to_string())
            .append_pair("extensions", &extension(&hash(QUERY)).to_string());
        let path = format!("/graphql?{}", url.query().expect("a query"));
        assert_eq!(gateway.get(Viewer::Anonymous, &path).await.json, found);
    }

    async fn a_registered_mutation_is_executed_by_post_alone(gateway) {
        let gateway = registering(gateway).await;
        fill(&gateway).await;
        let by_get = |document: &str| {
            let mut url = url::Url::parse("http://gateway/graphql").expect("a URL");
            url.query_pairs_mut()
                .append_pair("variables", &input(1).to_string())
                .append_pair("extensions", &extension(&hash(document)).to_string());
            format!("/graphql?{}", url.query().expect("a query"))
        };
        let named = |n: i64| json!({ "variables": input(n), "extensions": extension(&hash(MUTATION)) });
        refused(&post_as(&gateway, OWNER, named(1)).await, "PERSISTED_QUERY_NOT_FOUND", "PersistedQueryNotFound");
        let mut registration = named(1);
        registration["query"] = json!(MUTATION);
        assert_eq!(post_as(&gateway, OWNER, registration).await.json, created());
        // Each time that it is named, it is executed.
        assert_eq!(post_as(&gateway, OWNER, named(2)).await.json, created());
        assert_eq!(invites(&gateway).await, 2);

        let response = gateway.get(OWNER, &by_get(MUTATION)).await;
        assert_eq!(response.status, StatusCode::METHOD_NOT_ALLOWED, "{}", response.text);
        assert_eq!(response.header("allow"), "POST");
        assert_eq!(response.json["errors"][0]["extensions"]["code"], "BAD_REQUEST");
        assert_eq!(invites(&gateway).await, 2);

        // `GET` registers no mutation, either.
        let other = format!("{MUTATION} ");
        let path = format!("{}&{}", by_get(&other), url::form_urlencoded::Serializer::new(String::new())
            .append_pair("query", &other).finish());
        assert_eq!(gateway.get(OWNER, &path).await.status, StatusCode::METHOD_NOT_ALLOWED);
        let named = json!({ "variables": input(3), "extensions": extension(&hash(&other)) });
        refused(&post_as(&gateway, OWNER, named).await, "PERSISTED_QUERY_NOT_FOUND", "PersistedQueryNotFound");
        assert_eq!(invites(&gateway).await, 2);
    }

    async fn a_trusted_mutation_is_executed_by_post_alone(gateway) {
        fill(&gateway).await;
        let folder = TempDir::new().expect("a folder");
        let path = write(&folder, &json!({ "create": MUTATION }).to_string());
        let trust = ["--trusted-documents", path.to_str().expect("a path")];
        let server = Server::with(&gateway.database_url, &trust).await;
        let authorization = authorization(1);
        for n in 1..=2 {
            let body = json!({ "documentId": "create", "variables": input(n) }).to_string();
            let request = Request::post_json("/graphql", &body).authorized(Some(&authorization));
            assert_eq!(server.send(&request).await.json, created());
        }
        let mut url = url::Url::parse("http://gateway/graphql").expect("a URL");
        url.query_pairs_mut()
            .append_pair("documentId", "create")
            .append_pair("variables", &input(3).to_string());
        let path = format!("/graphql?{}", url.query().expect("a query"));
        let response = server.get(Some(&authorization), &path).await;
        assert_eq!(response.status, StatusCode::METHOD_NOT_ALLOWED, "{}", response.text);
        assert_eq!(invites(&gateway).await, 2);
    }

    async fn a_wrong_hash_registers_nothing(gateway) {
        let gateway = registering(gateway).await;
        for (wrong, expected) in [
            (hash("{ __typename }"), "must be the SHA-256"),
            ("x".to_owned(), "64 hexadecimal digits"),
            ("+".repeat(64), "64 hexadecimal digits"),
            ("é".repeat(32), "64 hexadecimal digits"),
        ] {
            let response = post(&gateway, json!({ "query": QUERY, "extensions": extension(&wrong) })).await;
            refused(&response, "BAD_REQUEST", expected);
        }
        let response = post(&gateway, json!({ "extensions": extension(&hash("{ __typename }")) })).await;
        refused(&response, "PERSISTED_QUERY_NOT_FOUND", "PersistedQueryNotFound");
        let version = json!({ "persistedQuery": { "version": 2, "sha256Hash": hash(QUERY) } });
        refused(&post(&gateway, json!({ "query": QUERY, "extensions": version })).await, "BAD_REQUEST", "must be 1");
    }

    async fn an_invalid_document_is_not_registered(gateway) {
        let gateway = registering(gateway).await;
        for document in ["{ nothing }", "{", "query ($it: Nothing) { viewer { user { id } } }"] {
            let extensions = extension(&hash(document));
            let response = post(&gateway, json!({ "query": document, "extensions": extensions })).await;
            assert_eq!(response.status, StatusCode::BAD_REQUEST);
            let response = post(&gateway, json!({ "extensions": extensions })).await;
            refused(&response, "PERSISTED_QUERY_NOT_FOUND", "PersistedQueryNotFound");
        }
    }

    async fn persisted_documents_are_off_by_default(gateway) {
        gateway.add(data::invite_code(1, "CODE")).await;
        let response = post(&gateway, json!({ "extensions": extension(&hash(QUERY)) })).await;
        refused(&response, "PERSISTED_QUERY_NOT_SUPPORTED", "PersistedQueryNotSupported");
        let response = post(&gateway, json!({ "documentId": "x" })).await;
        refused(&response, "PERSISTED_QUERY_NOT_SUPPORTED", "PersistedQueryNotSupported");
        // A document that is sent is executed, whatever its extensions.
        let sent = json!({ "query": QUERY, "variables": { "code": "CODE" }, "extensions": extension(&hash(QUERY)) });
        assert_eq!(post(&gateway, sent).await.json["data"]["inviteCode"]["databaseId"], "1");
    }

    async fn only_trusted_documents_are_executed(gateway) {
        gateway.add(data::invite_code(1, "CODE")).await;
        let folder = TempDir::new().expect("a folder");
        let apollo = json!({
            "format": "apollo-persisted-query-manifest",
            "version": 1,
            "operations": [{ "id": hash(QUERY), "name": "LookUp", "type": "query", "body": QUERY }],
        });
        let relay = json!({ hash(QUERY): QUERY });
        let found = json!({ "data": { "inviteCode": { "databaseId": "1" } } });
        for manifest in [apollo, relay] {
            let path = write(&folder, &manifest.to_string());
            let trusted = path.to_str().expect("a path");
            let trust = ["--trusted-documents", trusted];
            let server = Server::with(&gateway.database_url, &trust).await;
            let ask = async |mut body: Value| {
                body["variables"] = json!({ "code": "CODE" });
                let body = body.to_string();
                let request = Request::post_json("/graphql", &body)
                    .header("accept", "application/graphql-response+json");
                server.send(&request).await
            };
            for named in [
                json!({ "extensions": extension(&hash(QUERY)) }),
                json!({ "documentId": hash(QUERY) }),
                json!({ "doc_id": hash(QUERY) }),
                json!({ "id": hash(QUERY) }),
                json!({ "query": QUERY }),
                json!({ "query": QUERY, "documentId": hash(QUERY) }),
            ] {
                assert_eq!(ask(named.clone()).await.json, found, "{named}");
            }
            for other in [
                json!({ "query": "{ __typename }" }),
                json!({ "query": format!("{QUERY} ") }),
                json!({ "query": "{ __schema { types { name } } }" }),
                json!({ "query": "{ __typename }", "documentId": hash(QUERY) }),
                json!({ "documentId": "unknown" }),
                json!({ "extensions": extension(&hash("{ __typename }")) }),
            ] {
                let response = ask(other.clone()).await;
                refused(&response, "PERSISTED_QUERY_NOT_IN_LIST", "manifest");
            }
        }
    }
}

fn write(folder: &TempDir, text: &str) -> PathBuf {
    let path = folder.path().join("manifest.json");
    fs::write(&path, text).expect("a file");
    path
}

#[tokio::test]
async fn an_invalid_manifest_is_a_startup_error() {
    let folder = TempDir::new().expect("a folder");
    let start = async |more: &[&str]| -> Ended {
        let demo = ["demo", "--listen=127.0.0.1:0"];
        Process::run(&[&demo, more].concat()).await
    };
    let path = write(&folder, "[]");
    let path = path.to_str().expect("a path");
    let ended = start(&["--trusted-documents", path]).await;
    assert_eq!(ended.status, Some(2));
    assert!(
        ended.stderr.contains("--trusted-documents") && ended.stderr.contains("Relay"),
        "{}",
        ended.stderr
    );
    let ended = start(&["--trusted-documents", "/nothing/there.json"]).await;
    assert_eq!(ended.status, Some(2));
    assert!(ended.stderr.contains("cannot be read"), "{}", ended.stderr);
    let both = [
        "--trusted-documents",
        path,
        "--automatic-persisted-queries=on",
    ];
    let ended = start(&both).await;
    assert_eq!(ended.status, Some(2));
    assert!(
        ended.stderr.contains("exclude each other"),
        "{}",
        ended.stderr
    );
}

#[tokio::test]
async fn a_trusted_document_that_is_invalid_is_logged_as_a_warning() {
    let folder = TempDir::new().expect("a folder");
    let path = write(
        &folder,
        r#"{"one": "{ nothing }", "two": "{ __typename }"}"#,
    );
    let path = path.to_str().expect("a path");
    let demo = [
        "demo",
        "--listen=127.0.0.1:0",
        "--log-format=json",
        "--trusted-documents",
        path,
    ];
    let process = Process::start(&demo);
    let warning = process
        .logged("a trusted document is invalid for this schema")
        .await;
    assert_eq!(warning["id"], "one");
}
