//! Liveness and readiness.

use axum::http::StatusCode;
use sea_orm::ConnectionTrait;
use serde_json::json;

use tokio::net::TcpListener;

use crate::support::{
    Gateway, Viewer, each_database,
    process::{Ended, Process, Server},
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
        let expected = json!({ "status": "database not migrated" });
        assert_eq!(ready, (StatusCode::SERVICE_UNAVAILABLE, expected));
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
