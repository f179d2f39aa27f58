//! Faults that the gateway survives: of its database, of its machine, and its own.

mod clock;
mod cluster;
mod locks;
mod panics;
mod sessions;
mod sqlite;
mod stopping;
mod time_limit;

use std::time::{Duration, Instant};

use axum::http::StatusCode;
use serde_json::{Value, json};
use tokio::{task::JoinSet, time::timeout};

use crate::support::{
    Gateway, Response, data,
    process::{Server, eventually},
    wire::{self, Wire},
};

/// Maximum time of a response, whatever the fault: 2 seconds, and a margin for a busy machine.
const SOON: Duration = Duration::from_secs(8);

const LOOK_UP: &str = r#"{ inviteCode(code: "AbC-123") { databaseId } }"#;
const CODE: &str = "/api/v2/invite_code/AbC-123/";

/// Adds a code, and a workspace with an invite: their tables are unrelated.
async fn fill(gateway: &Gateway) {
    gateway.add(data::invite_code(5, "AbC-123")).await;
    gateway.add(data::workspace(1)).await;
    gateway.add(data::workspace_invite(3, 1)).await;
}

/// Returns a query for the invite of [`fill`].
fn invite() -> String {
    format!(
        r#"{{ workspaceInvite(token: "{}") {{ workspace {{ name }} }} }}"#,
        data::token(3)
    )
}

/// Returns the outcome of an anonymous GraphQL request: none for success, or the error code. Panics
/// on any other response, and if it takes too long.
fn outcome(response: &Response) -> Option<String> {
    let Some(errors) = response.json.get("errors") else {
        assert_eq!(response.status, StatusCode::OK, "{}", response.text);
        let data = response.json["data"].as_object().expect("data");
        assert!(data.values().all(|value| !value.is_null()), "{data:?}");
        return None;
    };
    let code = errors[0]["extensions"]["code"].as_str();
    Some(code.expect("a coded error").to_owned())
}

async fn error_of(server: &Server, document: &str) -> Option<String> {
    let request = timeout(SOON, server.graphql(None, document, json!({})));
    let response = request.await.expect("a response in time");
    outcome(&response)
}

const AWAY: &str = "SERVICE_UNAVAILABLE";

async fn is_ready(server: &Server) -> bool {
    let ready = timeout(SOON, server.get(None, "/health/ready")).await;
    ready.expect("a response in time").status == StatusCode::OK
}

/// Sends all kinds of requests, some of them concurrently, while the database is unavailable.
async fn is_away(server: &Server) {
    eventually("not ready", async || {
        (!is_ready(server).await).then_some(())
    })
    .await;
    let mut many = JoinSet::new();
    for _ in 0..50 {
        let address = server.address;
        many.spawn(async move {
            let body = json!({ "query": LOOK_UP }).to_string();
            let mut wire = Wire::connect(address).await.expect("a connection");
            wire.write(&wire::Request::post_json("/graphql", &body).text())
                .await;
            outcome(
                &timeout(SOON, wire.response())
                    .await
                    .expect("a response in time"),
            )
        });
    }
    for outcome in many.join_all().await {
        assert_eq!(outcome.as_deref(), Some(AWAY));
    }
    let rest = timeout(SOON, server.get(None, CODE)).await;
    let rest = rest.expect("a response in time");
    assert_eq!(rest.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(
        rest.json["detail"],
        "Service temporarily unavailable, try again later."
    );
    let live = timeout(SOON, server.get(None, "/health/live")).await;
    assert_eq!(live.expect("a response in time").status, StatusCode::OK);
}

/// Waits until the gateway is ready. Then all requests must succeed.
async fn recovers(server: &Server) {
    eventually("ready", async || is_ready(server).await.then_some(())).await;
    assert_eq!(error_of(server, LOOK_UP).await, None);
    assert_eq!(error_of(server, &invite()).await, None);
    let rest = server.get(None, CODE).await;
    assert_eq!((rest.status, &rest.json["id"]), (StatusCode::OK, &json!(5)));
}

/// Repeats a request with the given concurrency until stopped. Returns the outcome of each
/// response.
struct Load {
    clients: JoinSet<Vec<Option<String>>>,
    enough: tokio::sync::watch::Sender<bool>,
}

impl Load {
    fn on(server: &Server, clients: usize, document: &str) -> Self {
        let enough = tokio::sync::watch::Sender::new(false);
        let body = json!({ "query": document }).to_string();
        let mut all = JoinSet::new();
        for _ in 0..clients {
            let (address, body, enough) = (server.address, body.clone(), enough.subscribe());
            all.spawn(async move {
                let mut outcomes = Vec::new();
                while !*enough.borrow() {
                    let mut wire = Wire::connect(address).await.expect("a connection");
                    wire.write(&wire::Request::post_json("/graphql", &body).text())
                        .await;
                    let response = timeout(SOON, wire.response()).await;
                    outcomes.push(outcome(&response.expect("a response in time")));
                }
                outcomes
            });
        }
        Self {
            clients: all,
            enough,
        }
    }

    async fn end(self) -> Vec<Option<String>> {
        self.enough.send_replace(true);
        self.clients.join_all().await.concat()
    }
}

/// Returns the number of the gateway's database sessions that match a condition.
async fn sessions(gateway: &Gateway, condition: &str) -> i64 {
    use sea_orm::{ConnectionTrait, DbBackend, Statement};
    let sql = format!(
        "SELECT count(*) AS sessions FROM pg_stat_activity \
         WHERE datname = current_database() AND pid <> pg_backend_pid() AND ({condition})"
    );
    let count = Statement::from_string(DbBackend::Postgres, sql);
    let row = gateway.database.query_one_raw(count).await;
    let row = row.expect("pg_stat_activity").expect("a count");
    row.try_get("", "sessions").expect("a number")
}

fn counted(outcomes: &[Option<String>], code: Option<&str>) -> usize {
    outcomes
        .iter()
        .filter(|outcome| outcome.as_deref() == code)
        .count()
}

async fn execute(gateway: &Gateway, sql: &str) {
    use sea_orm::ConnectionTrait;
    let done = gateway.database.execute_unprepared(sql).await;
    done.expect("a statement that succeeds");
}

/// Waits while a load runs. No assertion depends on the time.
async fn meanwhile(least: Duration) {
    let began = Instant::now();
    eventually("time passed", async || {
        (began.elapsed() >= least).then_some(())
    })
    .await;
}

/// Returns the message and code of the only error of a GraphQL response.
fn error(response: &Response) -> (&Value, &Value) {
    let errors = response.json["errors"].as_array().expect("errors");
    assert_eq!(errors.len(), 1, "{}", response.text);
    (&errors[0]["message"], &errors[0]["extensions"]["code"])
}
