//! Liveness and readiness.

use axum::http::StatusCode;
use sea_orm::ConnectionTrait;
use serde_json::json;

use crate::support::{Gateway, Viewer, each_database};

async fn health(gateway: &Gateway, path: &str) -> (StatusCode, serde_json::Value) {
    let response = gateway.get(Viewer::Anonymous, path).await;
    (response.status, response.json)
}

each_database! {
    async fn a_migrated_database_is_ready(gateway) {
        let ready = health(&gateway, "/health/ready").await;
        assert_eq!(ready, (StatusCode::OK, json!({ "status": "ready" })));
    }

    async fn a_database_that_lacks_a_migration_is_not_ready(gateway) {
        let last = "DELETE FROM seaql_migrations WHERE version =
            (SELECT max(version) FROM seaql_migrations)";
        gateway.database.execute_unprepared(last).await.expect("one migration less");
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
