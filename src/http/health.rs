//! Liveness and readiness checks.

use std::sync::Arc;

use axum::{Json, Router, extract::State, http::StatusCode, routing::get};
use serde_json::{Value, json};

use super::{Gateway, shedding::LoadShedder};
use crate::{
    auth::Authenticator,
    database::{Purpose, Readiness},
    loader::Loaders,
    metrics::{Metrics, ReadinessResult},
};

/// Parts that readiness depends on.
#[derive(Clone)]
struct Checked {
    loaders: Arc<Loaders>,
    authenticator: Authenticator,
    shedder: Arc<LoadShedder>,
    purpose: Purpose,
    metrics: Metrics,
}

/// The routes of a gateway.
pub(super) fn router(gateway: &Gateway, shedder: Arc<LoadShedder>) -> Router {
    let purpose = Purpose {
        mutations: gateway.lifecycle.is_some(),
        accounts: gateway.authenticator.makes_accounts(),
    };
    Router::new()
        .route("/health/live", get(live))
        .route("/health/ready", get(ready))
        .with_state(Checked {
            loaders: gateway.loaders.clone(),
            authenticator: gateway.authenticator.clone(),
            shedder,
            purpose,
            metrics: gateway.metrics.clone(),
        })
}

/// Always succeeds. It does not check the database, whose outage must not restart the process.
async fn live() -> Json<Value> {
    Json(json!({ "status": "ok" }))
}

/// Succeeds if the database is reachable, migrated and lets the gateway write what it is to write, if the key
/// set has been loaded, and if requests of signed-in viewers are not being shed.
async fn ready(State(checked): State<Checked>) -> (StatusCode, Json<Value>) {
    let readiness = checked.loaders.readiness(checked.purpose).await;
    // The log has details and remedies.
    let unready = match readiness {
        readiness if !readiness.is_ready() => Some(readiness.summary()),
        _ if checked.shedder.is_overloaded() => Some("too many requests".into()),
        _ if !checked.authenticator.is_ready() => Some("key set never loaded: see the log".into()),
        _ => None,
    };
    checked.metrics.readiness_checked(match unready {
        None => ReadinessResult::Ready,
        Some(_) => ReadinessResult::Unready,
    });
    if let Some(reason) = unready {
        let status = StatusCode::SERVICE_UNAVAILABLE;
        return (status, Json(json!({ "status": reason })));
    }
    let mut body = json!({ "status": readiness.summary() });
    if readiness == Readiness::Newer {
        body["note"] = "database newer than this version".into();
    }
    (StatusCode::OK, Json(body))
}
