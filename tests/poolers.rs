//! Poolers and proxies in front of PostgreSQL, with stock settings, which either serve rightly, or not at all.

use std::time::Duration;

use axum::http::StatusCode;
use futures_util::future::join_all;
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use serde_json::json;

use crate::support::{
    Backend, Gateway, Response, data,
    haproxy::HaProxy,
    pgbouncer::PgBouncer,
    pgpool::Pgpool,
    process::{Process, Server, eventually, scoped},
    proxy::Proxy,
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

async fn execute(gateway: &Gateway, sql: &str) {
    let done = gateway.database.execute_unprepared(sql).await;
    done.expect("a statement that succeeds");
}

async fn fill(gateway: &Gateway) {
    gateway.add(data::user(1, "ada")).await;
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

/// Creates an invite code, and returns the errors.
async fn create(server: &Server) -> String {
    let document = r#"mutation { createInviteCodes(input: { invitees: [{ name: "Sid" }] }) {
        results { invite { code } userErrors { code } } userErrors { code } } }"#;
    let token = scoped("1", Some("invites:codes"));
    let response = server.graphql(Some(&token), document, json!({})).await;
    let code = &response.json["data"]["createInviteCodes"]["results"][0]["invite"]["code"];
    code.as_str().map_or(response.text, |_| String::new())
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
        assert_eq!(create(&server).await, "");
    })
    .await;
}

#[tokio::test]
async fn pgpool_serves_all_requests() {
    run(Backend::Postgres, async |gateway: Gateway| {
        fill(&gateway).await;
        let pooler = Pgpool::before(&gateway.database_url).await;
        let server = Server::new(&pooler.url(&gateway.database_url)).await;
        let ready = decided(&server).await;
        assert_eq!(ready.status, StatusCode::OK, "{}", ready.text);
        assert_eq!(wrong_responses(&server).await, [""; 0]);
        assert_eq!(create(&server).await, "");
    })
    .await;
}

#[tokio::test]
async fn a_proxy_that_closes_idle_connections_loses_no_request() {
    run(Backend::Postgres, async |gateway: Gateway| {
        fill(&gateway).await;
        let urls = [gateway.database_url.clone()];
        let proxy = HaProxy::over(&urls, "1s").await;
        let server = Server::new(&proxy.url(&gateway.database_url)).await;
        let ready = decided(&server).await;
        assert_eq!(ready.status, StatusCode::OK, "{}", ready.text);
        for _ in 0..3 {
            assert_eq!(wrong_responses(&server).await, [""; 0]);
            assert_eq!(create(&server).await, "");
            tokio::time::sleep(Duration::from_millis(1500)).await;
            assert_eq!(create(&server).await, "");
        }
    })
    .await;
}

#[tokio::test]
async fn a_proxy_over_several_addresses_survives_the_loss_of_one() {
    run(Backend::Postgres, async |gateway: Gateway| {
        fill(&gateway).await;
        let url = &gateway.database_url;
        let ways = [Proxy::before(url).await, Proxy::before(url).await];
        let proxy = HaProxy::over(&[ways[0].url(url), ways[1].url(url)], "1m").await;
        let server = Server::new(&proxy.url(url)).await;
        for way in &ways {
            let ready = decided(&server).await;
            assert_eq!(ready.status, StatusCode::OK, "{}", ready.text);
            way.cut();
            eventually("requests served by the other", async || {
                wrong_responses(&server).await.is_empty().then_some(())
            })
            .await;
            assert_eq!(create(&server).await, "");
            way.heal();
            // HAProxy checks them at intervals.
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_pooler_that_ignores_the_search_path_is_refused() {
    run(Backend::Postgres, async |gateway: Gateway| {
        let settings = "pool_mode = session\nignore_startup_parameters = options";
        let pooler = PgBouncer::with(&gateway.database_url, settings).await;
        execute(&gateway, "CREATE SCHEMA invites").await;
        let url = format!("{}?schema=invites", pooler.url(&gateway.database_url));
        let up = ["migrate", "up", "--database-url", &url];
        let tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'invites'";
        let ended = Process::run(&up).await;
        assert_eq!(ended.status, Some(1), "{}", ended.stderr);
        let remedy = "ALTER ROLE … SET search_path";
        assert!(ended.stderr.contains(remedy), "{}", ended.stderr);
        let server = Server::new(&url).await;
        eventually("the reason", async || {
            let ready = server.get(None, "/health/ready").await;
            let status = json!({ "status": "database pooler ignores the search path" });
            (ready.json == status).then_some(())
        })
        .await;
        let set = "DO $$ BEGIN EXECUTE format('ALTER ROLE %I IN DATABASE %I SET search_path = invites', \
                   current_user, current_database()); END $$";
        execute(&gateway, set).await;
        // The pooler's connections have the role's settings of before.
        drop(pooler);
        let pooler = PgBouncer::with(&gateway.database_url, settings).await;
        let url = format!("{}?schema=invites", pooler.url(&gateway.database_url));
        let ended = Process::run(&["migrate", "up", "--database-url", &url]).await;
        assert_eq!(ended.status, Some(0), "{}", ended.stderr);
        let found: i64 = {
            let statement = Statement::from_string(DbBackend::Postgres, tables);
            let row = gateway.database.query_one_raw(statement).await;
            row.expect("a response").expect("a row").try_get_by_index(0).expect("a number")
        };
        assert!(found > 10, "{found} tables");
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
