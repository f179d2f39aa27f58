//! Requests that exceed the time limit, and their statements.

use std::time::{Duration, Instant};

use axum::http::StatusCode;
use sea_orm::{ConnectionTrait, TransactionTrait};
use serde_json::json;

use super::{CODE, LOOK_UP, error, error_of, fill, invite, sessions};
use crate::support::{
    Backend, Gateway, metric_in,
    process::{Server, eventually, log_lines},
    run,
    wire::Request,
};

/// [`LOOK_UP`] with an operation name.
const NAMED: &str = r#"query Held { inviteCode(code: "AbC-123") { databaseId } }"#;

/// The request times out before the lock does.
const ONE_SECOND: [&str; 2] = ["--request-timeout=1", "--database-lock-timeout=60000"];

#[tokio::test]
async fn a_timeout_cancels_the_request_and_its_statement() {
    run(Backend::Postgres, async |gateway: Gateway| {
        fill(&gateway).await;
        let server = Server::with(&gateway.database_url, &ONE_SECOND).await;
        let lock = gateway.database.begin().await.expect("a transaction");
        lock.execute_unprepared("LOCK TABLE invite_codes")
            .await
            .expect("a lock");
        let began = Instant::now();
        let response = server.graphql(None, LOOK_UP, json!({})).await;
        assert!(began.elapsed() >= Duration::from_millis(900));
        assert_eq!(response.status, StatusCode::GATEWAY_TIMEOUT);
        let message = "The request exceeded the time limit of 1 s.";
        assert_eq!(error(&response), (&json!(message), &json!("TIMEOUT")));
        assert_eq!(response.json.get("data"), None);

        let expected = json!({ "detail": "The request took too long, try again later." });
        let response = server.get(None, CODE).await;
        assert_eq!(
            (response.status, &response.json),
            (StatusCode::GATEWAY_TIMEOUT, &expected)
        );
        eventually("no statement that waits", async || {
            (sessions(&gateway, "wait_event_type = 'Lock'").await == 0).then_some(())
        })
        .await;
        // Cancelled requests do not delay others.
        assert_eq!(error_of(&server, &invite()).await, None);
        lock.commit().await.expect("the end of the lock");
        assert_eq!(error_of(&server, LOOK_UP).await, None);
    })
    .await;
}

/// Waits until the operation of [`NAMED`] is counted as cancelled, and as nothing else.
async fn was_given_up(server: &Server) {
    eventually("an operation that was given up", async || {
        let metrics = server.get(None, "/metrics").await.text;
        let counted = |outcome| {
            let labels = format!("{{operation=\"Held\",outcome=\"{outcome}\"}}");
            let name = format!("invite_gateway_graphql_requests_total{labels}");
            metrics.contains(&name).then(|| metric_in(&metrics, &name))
        };
        let counts = ["given_up", "ok", "errors"].map(counted);
        (counts == [Some(1.0), Some(0.0), Some(0.0)]).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_cancelled_operation_is_counted_and_logged_by_name() {
    run(Backend::Postgres, async |gateway: Gateway| {
        fill(&gateway).await;
        let options = [&ONE_SECOND[..], &["--metrics=on"]].concat();
        let server = Server::with(&gateway.database_url, &options).await;
        let lock = gateway.database.begin().await.expect("a transaction");
        lock.execute_unprepared("LOCK TABLE invite_codes")
            .await
            .expect("a lock");
        let response = server.graphql(None, NAMED, json!({})).await;
        assert_eq!(response.status, StatusCode::GATEWAY_TIMEOUT);
        was_given_up(&server).await;
        eventually("a line that names it", async || {
            let (_, log) = server.process.written();
            let lines = log_lines(&log).into_iter();
            let mut answered = lines.filter(|line| line["message"] == "request completed");
            answered.find(|line| line["status"] == 504 && line["operation"] == "Held")
        })
        .await;

        // A client that disconnects before the time limit.
        let options = [
            "--request-timeout=600",
            "--database-lock-timeout=60000",
            "--metrics=on",
        ];
        let server = Server::with(&gateway.database_url, &options).await;
        let mut wire = server.connect().await;
        let body = json!({ "query": NAMED }).to_string();
        wire.write(&Request::post_json("/graphql", &body).text())
            .await;
        eventually("a statement that waits", async || {
            (sessions(&gateway, "wait_event_type = 'Lock'").await > 0).then_some(())
        })
        .await;
        drop(wire);
        was_given_up(&server).await;
        lock.commit().await.expect("the end of the lock");
    })
    .await;
}

#[tokio::test]
async fn a_cancelled_statement_fails_only_its_fields() {
    run(Backend::Postgres, async |gateway: Gateway| {
        fill(&gateway).await;
        let server = Server::with(&gateway.database_url, &["--database-lock-timeout=60000"]).await;
        let lock = gateway.database.begin().await.expect("a transaction");
        lock.execute_unprepared("LOCK TABLE invite_codes")
            .await
            .expect("a lock");
        let other = invite();
        let other = other.strip_prefix('{').expect("a document");
        let both = format!(r#"{{ inviteCode(code: "AbC-123") {{ databaseId }} {other}"#);
        let cancel = "SELECT pg_cancel_backend(pid) FROM pg_stat_activity \
            WHERE datname = current_database() AND wait_event_type = 'Lock'";
        let (response, ()) = tokio::join!(server.graphql(None, &both, json!({})), async {
            eventually("a statement that waits", async || {
                (sessions(&gateway, "wait_event_type = 'Lock'").await > 0).then_some(())
            })
            .await;
            super::execute(&gateway, cancel).await;
        });
        let message = "This took too long; try again later, or ask for less.";
        assert_eq!(error(&response), (&json!(message), &json!("TIMEOUT")));
        assert_eq!(
            response.json["data"],
            json!({ "inviteCode": null, "workspaceInvite": { "workspace": { "name": "Workspace 1" } } })
        );
        lock.commit().await.expect("the end of the lock");
    })
    .await;
}

#[tokio::test]
async fn a_body_that_does_not_arrive_times_out() {
    run(Backend::Sqlite, async |gateway: Gateway| {
        let server = Server::with(&gateway.database_url, &["--request-timeout=1"]).await;
        let mut wire = server.connect().await;
        let request = Request::post_json("/graphql", r#"{"query":"{ __typename }"}"#);
        wire.write(&request.head()).await;
        let response = wire.response().await;
        assert_eq!(response.status, StatusCode::GATEWAY_TIMEOUT);
        assert_eq!(error(&response).1, "TIMEOUT");
    })
    .await;
}

#[tokio::test]
async fn statements_of_a_killed_gateway_end() {
    run(Backend::Postgres, async |gateway: Gateway| {
        fill(&gateway).await;
        let more = ["--request-timeout=600", "--database-lock-timeout=60000"];
        let server = Server::with(&gateway.database_url, &more).await;
        let lock = gateway.database.begin().await.expect("a transaction");
        lock.execute_unprepared("LOCK TABLE invite_codes")
            .await
            .expect("a lock");
        let mut wire = server.connect().await;
        let body = json!({ "query": LOOK_UP }).to_string();
        wire.write(&Request::post_json("/graphql", &body).text())
            .await;
        let waits = "wait_event_type = 'Lock'";
        eventually("a statement that waits", async || {
            (sessions(&gateway, waits).await > 0).then_some(())
        })
        .await;
        let began = Instant::now();
        server.process.signal("KILL");
        eventually("no statement that waits", async || {
            (sessions(&gateway, waits).await == 0).then_some(())
        })
        .await;
        // Long before the lock or the request would time out.
        assert!(began.elapsed() < Duration::from_secs(30));
        lock.commit().await.expect("the end of the lock");
    })
    .await;
}
