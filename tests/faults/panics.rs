//! A panic fails only its own request.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use axum::http::StatusCode;
use invite_gateway::{clock::Clock, graphql::INTERNAL_MESSAGE, loader::Loaders};
use serde_json::json;

use super::{CODE, LOOK_UP, error, fill, invite};
use crate::support::{Backend, Gateway, Response, Viewer, each_database, run};
use axum::{body::Body, http::header};

async fn send(gateway: &Gateway, document: &str) -> Response {
    let body = json!({ "query": document }).to_string();
    let request = gateway
        .request(Viewer::Anonymous, axum::http::Method::POST, "/graphql")
        .header(header::CONTENT_TYPE, "application/json");
    let request = request.body(Body::from(body)).expect("a request");
    gateway.send(request).await
}

each_database! {
    async fn a_panic_in_a_request_fails_only_that_request(gateway) {
        fill(&gateway).await;
        let panics = Arc::new(AtomicBool::new(true));
        let (flag, clock) = (panics.clone(), gateway.clock());
        let gateway = gateway.with(move |parts| {
            // Authentication reads it, in the request's own task.
            parts.clock = Clock::new(move || {
                assert!(!flag.swap(false, Ordering::SeqCst), "not to be read by clients");
                clock.now()
            });
        });
        let response = send(&gateway, LOOK_UP).await;
        assert_eq!(response.status, StatusCode::INTERNAL_SERVER_ERROR);
        let expected = (&json!(INTERNAL_MESSAGE), &json!("INTERNAL_SERVER_ERROR"));
        assert_eq!(error(&response), expected);
        panics.store(true, Ordering::SeqCst);
        let response = gateway.get(Viewer::Anonymous, CODE).await;
        let expected = json!({ "detail": "A server error occurred." });
        assert_eq!((response.status, response.json), (StatusCode::INTERNAL_SERVER_ERROR, expected));
        for _ in 0..2 {
            let response = send(&gateway, LOOK_UP).await;
            assert_eq!(response.json["data"]["inviteCode"]["databaseId"], "5", "{}", response.text);
        }
    }
}

#[tokio::test]
async fn a_panic_in_a_statement_fails_only_its_waiters() {
    run(Backend::Sqlite, async |gateway: Gateway| {
        fill(&gateway).await;
        let panics = Arc::new(AtomicBool::new(true));
        let mut database = gateway.database.clone();
        let flag = panics.clone();
        database.set_metric_callback(move |info| {
            let is_of_codes = info.statement.sql.contains("\"invite_codes\"");
            assert!(
                !is_of_codes || !flag.load(Ordering::SeqCst),
                "not to be read by clients"
            );
        });
        let gateway =
            gateway.with(|parts| parts.loaders = Arc::new(Loaders::new(database, &parts.metrics)));
        let other = invite();
        let other = other.strip_prefix('{').expect("a document");
        let both = format!(r#"{{ inviteCode(code: "AbC-123") {{ databaseId }} {other}"#);
        let expected = (&json!(INTERNAL_MESSAGE), &json!("INTERNAL_SERVER_ERROR"));
        for _ in 0..3 {
            let response = send(&gateway, &both).await;
            assert_eq!(error(&response), expected);
            assert_eq!(
                response.json["data"],
                json!({ "inviteCode": null,
                    "workspaceInvite": { "workspace": { "name": "Workspace 1" } } })
            );
        }
        panics.store(false, Ordering::SeqCst);
        let response = send(&gateway, &both).await;
        assert_eq!(response.json["data"]["inviteCode"]["databaseId"], "5");
    })
    .await;
}
