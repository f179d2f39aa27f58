//! Whether the process lives, and whether it can serve.

use std::sync::Arc;

use axum::{Json, Router, extract::State, http::StatusCode, routing::get};
use serde_json::{Value, json};

use super::shedding::Shares;
use crate::{database::Readiness, loader::Loaders};

pub(super) fn router(loaders: Arc<Loaders>, shares: Arc<Shares>) -> Router {
    Router::new()
        .route("/health/live", get(live))
        .route("/health/ready", get(ready))
        .with_state((loaders, shares))
}

/// The process lives; nothing else is asked, so that a database that is away restarts nobody.
async fn live() -> Json<Value> {
    Json(json!({ "status": "ok" }))
}

/// The database is reachable and migrated, and there is room for who is signed in.
async fn ready(
    State((loaders, shares)): State<(Arc<Loaders>, Arc<Shares>)>,
) -> (StatusCode, Json<Value>) {
    let (status, word) = match loaders.readiness().await {
        Readiness::Ready if shares.are_strained() => {
            (StatusCode::SERVICE_UNAVAILABLE, "too many requests")
        }
        Readiness::Ready => (StatusCode::OK, "ready"),
        Readiness::Unreachable => (StatusCode::SERVICE_UNAVAILABLE, "database unreachable"),
        Readiness::NotMigrated => (StatusCode::SERVICE_UNAVAILABLE, "database not migrated"),
    };
    (status, Json(json!({ "status": word })))
}
