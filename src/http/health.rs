//! Liveness and readiness checks.

use std::sync::Arc;

use axum::{Json, Router, extract::State, http::StatusCode, routing::get};
use serde_json::{Value, json};

use super::shedding::LoadShedder;
use crate::{database::Readiness, loader::Loaders};

pub(super) fn router(loaders: Arc<Loaders>, shedder: Arc<LoadShedder>) -> Router {
    Router::new()
        .route("/health/live", get(live))
        .route("/health/ready", get(ready))
        .with_state((loaders, shedder))
}

/// Always succeeds. It does not check the database, whose outage must not restart the process.
async fn live() -> Json<Value> {
    Json(json!({ "status": "ok" }))
}

/// Succeeds if the database is reachable and migrated, and requests of signed-in viewers are not
/// being shed.
async fn ready(
    State((loaders, shedder)): State<(Arc<Loaders>, Arc<LoadShedder>)>,
) -> (StatusCode, Json<Value>) {
    let (status, word) = match loaders.readiness().await {
        Readiness::Ready if shedder.is_overloaded() => {
            (StatusCode::SERVICE_UNAVAILABLE, "too many requests")
        }
        Readiness::Ready => (StatusCode::OK, "ready"),
        Readiness::Unreachable => (StatusCode::SERVICE_UNAVAILABLE, "database unreachable"),
        Readiness::NotMigrated => (StatusCode::SERVICE_UNAVAILABLE, "database not migrated"),
    };
    (status, Json(json!({ "status": word })))
}
