//! Liveness and readiness.

use axum::http::StatusCode;
use sea_orm::ConnectionTrait;
use serde_json::json;

use tokio::net::TcpListener;
use url::Url;

use crate::support::{
    Backend, Gateway, Viewer,
    cluster::run_over_cluster,
    each_database,
    process::{Ended, Process, Server, eventually},
    run,
};

async fn health(gateway: &Gateway, path: &str) -> (StatusCode, serde_json::Value) {
    let response = gateway.get(Viewer::Anonymous, path).await;
    (response.status, response.json)
}

const LESS: &str = "DELETE FROM seaql_migrations WHERE version =
    (SELECT max(version) FROM seaql_migrations)";

/// Runs `invite-gateway health`, and returns its status, output and errors.
async fn ask(settings: &[(&str, &str)], arguments: &[&str]) -> (Option<i32>, String, String) {
    let arguments = [&["health"], arguments].concat();
    let Ended {
        status,
        stdout,
        stderr,
    } = Process::run_in(settings, &arguments).await;
    (status, stdout, stderr)
}

fn printed(status: i32, text: &str) -> (Option<i32>, String, String) {
    (Some(status), text.to_owned(), String::new())
}

each_database! {
    async fn the_command_requests_the_checks_of_a_running_gateway(gateway) {
        let server = Server::new(&gateway.database_url).await;
        let ready = printed(0, "{\"status\":\"ready\"}\n");
        let address = server.address.to_string();
        assert_eq!(ask(&[], &["--listen", &address]).await, ready);
        let wildcard = format!("0.0.0.0:{}", server.address.port());
        // A proxy does not apply to this machine.
        let settings = [("GATEWAY_LISTEN", wildcard.as_str()), ("HTTP_PROXY", "http://127.0.0.1:1")];
        assert_eq!(ask(&settings, &[]).await, ready);

        gateway.database.execute_unprepared(LESS).await.expect("one migration less");
        let (status, stdout, stderr) = ask(&settings, &["ready"]).await;
        assert_eq!((status, stderr.as_str()), (Some(1), ""));
        assert!(stdout.contains("migrat"), "{stdout}");
        assert_eq!(ask(&settings, &["live"]).await, printed(0, "{\"status\":\"ok\"}\n"));
    }

    async fn a_migrated_database_is_ready(gateway) {
        let ready = health(&gateway, "/health/ready").await;
        assert_eq!(ready, (StatusCode::OK, json!({ "status": "ready" })));
    }

    async fn a_database_that_lacks_a_migration_is_not_ready(gateway) {
        gateway.database.execute_unprepared(LESS).await.expect("one migration less");
        let ready = health(&gateway, "/health/ready").await;
        let expected = json!({ "status": "database lacks a migration" });
        assert_eq!(ready, (StatusCode::SERVICE_UNAVAILABLE, expected));
        gateway.database.execute_unprepared("DELETE FROM seaql_migrations").await.expect("no migrations");
        let ready = health(&gateway, "/health/ready").await;
        let expected = json!({ "status": "database not migrated" });
        assert_eq!(ready, (StatusCode::SERVICE_UNAVAILABLE, expected));
    }

    async fn a_database_of_a_later_version_is_ready_and_noted(gateway) {
        let later = "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m20990101_000099_later', 0)";
        gateway.database.execute_unprepared(later).await.expect("a migration more");
        let ready = health(&gateway, "/health/ready").await;
        let expected = json!({ "status": "ready", "note": "database newer than this version" });
        assert_eq!(ready, (StatusCode::OK, expected));
        let server = Server::new(&gateway.database_url).await;
        let (_, log) = server.process.written();
        assert!(log.contains("migrations of a later version"), "{log}");
    }

    async fn liveness_does_not_depend_on_the_database(gateway) {
        gateway.database.clone().close().await.expect("a closed database");
        let live = health(&gateway, "/health/live").await;
        assert_eq!(live, (StatusCode::OK, json!({ "status": "ok" })));
        let ready = health(&gateway, "/health/ready").await;
        let expected = json!({ "status": "database unreachable" });
        assert_eq!(ready, (StatusCode::SERVICE_UNAVAILABLE, expected));
    }
}

/// Returns the URL with another host, port, database or password.
fn changed(url: &str, change: impl FnOnce(&mut Url)) -> String {
    let mut url: Url = url.parse().expect("a URL");
    change(&mut url);
    url.into()
}

#[tokio::test]
async fn the_reasons_of_an_unreachable_database_are_told_apart() {
    run(Backend::Postgres, async |gateway: Gateway| {
        let url = &gateway.database_url;
        let reasons = [
            (
                changed(url, |url| {
                    url.set_host(Some("hunter2.invalid")).expect("a host");
                }),
                "database host not found",
                "the database's host has no address",
            ),
            (
                changed(url, |url| url.set_port(Some(1)).expect("a port")),
                "database refuses connections",
                "the database refuses connections",
            ),
            (
                changed(url, |url| url.set_path("hunter2")),
                "database does not exist",
                "the server has no database of that name",
            ),
            (
                changed(url, |url| url.set_username("hunter2").expect("a user")),
                "database rejects the role or password",
                "the database rejects the role or its password",
            ),
        ];
        for (url, word, sentence) in reasons {
            let server = Server::new(&url).await;
            let ready = server.get(None, "/health/ready").await;
            let expected = (StatusCode::SERVICE_UNAVAILABLE, json!({ "status": word }));
            assert_eq!((ready.status, ready.json), expected);
            let (_, log) = server.process.written();
            assert!(log.contains(sentence), "{log}");
            let ended = Process::run(&["export", "users", "--database-url", &url]).await;
            assert_eq!((ended.status, ended.stdout.as_str()), (Some(1), ""));
            let message = format!("error: {sentence}");
            assert!(ended.stderr.starts_with(&message), "{}", ended.stderr);
            assert!(!ended.stderr.contains("hunter2"), "{}", ended.stderr);
            let ended = Process::run(&["migrate", "status", "--database-url", &url]).await;
            assert_eq!((ended.status, ended.stdout.as_str()), (Some(3), ""));
            assert!(ended.stderr.starts_with(&message), "{}", ended.stderr);
        }
    })
    .await;
}

#[tokio::test]
async fn a_wrong_password_is_told_apart() {
    run_over_cluster(async |cluster, gateway| {
        let database = &gateway.database;
        let locked = "CREATE ROLE locked LOGIN PASSWORD 'right'; DO $$ BEGIN EXECUTE format(
            'COPY (VALUES (''host all locked all scram-sha-256''), (''host all all all trust'')) TO %L',
            current_setting('hba_file')); END $$; SELECT pg_reload_conf()";
        database.execute_unprepared(locked).await.expect("a role with a password");
        let right = cluster.url_of("locked:right");
        eventually("the change", async || {
            let status = ["migrate", "status", "--database-url", &right];
            let ended = Process::run(&status).await;
            ended.stderr.contains("may not read").then_some(())
        })
        .await;
        let server = Server::new(&cluster.url_of("locked:hunter2")).await;
        let ready = server.get(None, "/health/ready").await;
        let expected = json!({ "status": "database rejects the role or password" });
        assert_eq!((ready.status, ready.json), (StatusCode::SERVICE_UNAVAILABLE, expected));
        let (_, log) = server.process.written();
        assert!(log.contains("password authentication failed"), "{log}");
        assert!(!log.contains("hunter2"), "{log}");
    })
    .await;
}

#[tokio::test]
async fn the_command_fails_without_a_response() {
    let silent = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = silent.local_addr().expect("an address").to_string();
    for (address, status, message) in [
        (address.as_str(), 1, "does not respond within 3 seconds"),
        (
            "127.0.0.1:1",
            1,
            "cannot connect to the gateway at 127.0.0.1:1",
        ),
        ("127.0.0.1:0", 2, "expected the gateway's port"),
        ("localhost", 2, "expected an IP address and a port"),
    ] {
        let (ended, stdout, stderr) = ask(&[("GATEWAY_LISTEN", address)], &[]).await;
        assert_eq!((ended, stdout.as_str()), (Some(status), ""), "{stderr}");
        assert!(stderr.contains(message), "{stderr}");
    }
}
