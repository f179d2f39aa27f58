//! Whether the process lives, and whether it can serve.

use std::sync::Arc;

use axum::{Json, Router, extract::State, http::StatusCode, routing::get};
use serde_json::{Value, json};

use crate::{database::Readiness, loader::Loaders};

pub(super) fn router(loaders: Arc<Loaders>) -> Router {
    Router::new()
        .route("/health/live", get(live))
        .route("/health/ready", get(ready))
        .with_state(loaders)
}

/// The process lives; nothing else is asked, so that a database that is away restarts nobody.
async fn live() -> Json<Value> {
    Json(json!({ "status": "ok" }))
}

/// The database is reachable and migrated.
async fn ready(State(loaders): State<Arc<Loaders>>) -> (StatusCode, Json<Value>) {
    let (status, word) = match loaders.readiness().await {
        Readiness::Ready => (StatusCode::OK, "ready"),
        Readiness::Unreachable => (StatusCode::SERVICE_UNAVAILABLE, "database unreachable"),
        Readiness::NotMigrated => (StatusCode::SERVICE_UNAVAILABLE, "database not migrated"),
    };
    (status, Json(json!({ "status": word })))
}
