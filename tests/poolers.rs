//! PgBouncer with stock settings, which each mode of pooling either serves rightly, or not at all.

use axum::http::StatusCode;
use futures_util::future::join_all;
use serde_json::json;

use crate::support::{
    Backend, Gateway, Response, data,
    pgbouncer::PgBouncer,
    process::{Server, eventually},
    run,
};

/// Sends requests of several kinds at once, on connections of their own, and returns the wrong responses.
async fn wrong_responses(server: &Server) -> Vec<String> {
    let requests = (0..400).map(async |at| {
        let code = format!("CODE-{}", at % 5);
        let (fields, found) = match at % 3 {
            0 => ("code", json!({ "code": code })),
            1 => (
                "code inviter { username }",
                json!({ "code": code, "inviter": null }),
            ),
            _ => ("code tags { name }", json!({ "code": code, "tags": [] })),
        };
        let document = format!("{{ inviteCode(code: \"{code}\") {{ {fields} }} }}");
        let response = server.graphql(None, &document, json!({})).await;
        let expected = json!({ "data": { "inviteCode": found } });
        (response.json != expected).then_some(response.text)
    });
    let mut wrong = Vec::new();
    let mut requests: Vec<_> = requests.collect();
    while !requests.is_empty() {
        let some = requests.split_off(requests.len().saturating_sub(40));
        wrong.extend(join_all(some).await.into_iter().flatten());
    }
    wrong
}

async fn fill(gateway: &Gateway) {
    for at in 0..5 {
        gateway
            .add(data::invite_code(at + 1, &format!("CODE-{at}")))
            .await;
    }
}

/// Returns the readiness once the database has responded, which may take long on a busy machine.
async fn decided(server: &Server) -> Response {
    eventually("a response of the database", async || {
        let ready = server.get(None, "/health/ready").await;
        let is_decided = ready.status == StatusCode::OK || ready.text.contains("pooler");
        is_decided.then_some(ready)
    })
    .await
}

#[tokio::test]
async fn pooling_by_session_serves_all_requests() {
    run(Backend::Postgres, async |gateway: Gateway| {
        fill(&gateway).await;
        let pooler = PgBouncer::before(&gateway.database_url, "session").await;
        let server = Server::new(&pooler.url(&gateway.database_url)).await;
        let ready = decided(&server).await;
        assert_eq!(ready.status, StatusCode::OK, "{}", ready.text);
        assert_eq!(wrong_responses(&server).await, [""; 0]);
    })
    .await;
}

#[tokio::test]
async fn pooling_by_transaction_serves_rightly_or_not_at_all() {
    run(Backend::Postgres, async |gateway: Gateway| {
        fill(&gateway).await;
        let pooler = PgBouncer::before(&gateway.database_url, "transaction").await;
        let server = Server::new(&pooler.url(&gateway.database_url)).await;
        let ready = decided(&server).await;
        // PgBouncer 1.21 and later can keep prepared statements apart.
        if ready.status == StatusCode::OK {
            assert_eq!(wrong_responses(&server).await, [""; 0]);
            return;
        }
        let status = json!({ "status": "database pooler mixes prepared statements" });
        assert_eq!(ready.json, status);
        eventually("a line that names the cause", async || {
            let (_, log) = server.process.written();
            log.contains("pool by session").then_some(())
        })
        .await;
        eventually("a refusal", async || {
            let document = r#"{ inviteCode(code: "CODE-1") { code } }"#;
            let response = server.graphql(None, document, json!({})).await;
            let code = &response.json["errors"][0]["extensions"]["code"];
            (code == "SERVICE_UNAVAILABLE").then_some(())
        })
        .await;
        let wrong = wrong_responses(&server).await;
        let is_refused = |response: &String| response.contains("SERVICE_UNAVAILABLE");
        assert!(
            wrong.len() == 400 && wrong.iter().all(is_refused),
            "{wrong:?}"
        );
    })
    .await;
}
