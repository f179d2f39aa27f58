//! Liveness and readiness.

use axum::http::StatusCode;

use crate::support::{Viewer, each_database};

each_database! {
    async fn a_migrated_database_is_ready(gateway) {
        let answer = gateway.get(Viewer::Anonymous, "/health/ready").await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.json["status"], "ready");
    }
}
