//! Liveness and readiness checks.

use std::sync::Arc;

use axum::{Json, Router, extract::State, http::StatusCode, routing::get};
use serde_json::{Value, json};

use super::{Gateway, shedding::LoadShedder};
use crate::{
    auth::Authenticator,
    database::{Purpose, Readiness},
    loader::Loaders,
};

/// Parts that readiness depends on.
#[derive(Clone)]
struct Checked {
    loaders: Arc<Loaders>,
    authenticator: Authenticator,
    shedder: Arc<LoadShedder>,
    purpose: Purpose,
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
        })
}

/// Always succeeds. It does not check the database, whose outage must not restart the process.
async fn live() -> Json<Value> {
    Json(json!({ "status": "ok" }))
}

/// Succeeds if the database is reachable, migrated and lets the gateway write what it is to write, if the key
/// set has been loaded, and if requests of signed-in viewers are not being shed.
async fn ready(State(checked): State<Checked>) -> (StatusCode, Json<Value>) {
    let (status, word) = match checked.loaders.readiness(checked.purpose).await {
        Readiness::Ready if checked.shedder.is_overloaded() => {
            (StatusCode::SERVICE_UNAVAILABLE, "too many requests")
        }
        // The log has the reason.
        Readiness::Ready if !checked.authenticator.is_ready() => (
            StatusCode::SERVICE_UNAVAILABLE,
            "key set never loaded: see the log",
        ),
        Readiness::Ready => (StatusCode::OK, "ready"),
        Readiness::Unreachable => (StatusCode::SERVICE_UNAVAILABLE, "database unreachable"),
        // The log has the remedy.
        Readiness::MixedStatements => (
            StatusCode::SERVICE_UNAVAILABLE,
            "database pooler mixes prepared statements",
        ),
        Readiness::NotMigrated => (StatusCode::SERVICE_UNAVAILABLE, "database not migrated"),
        Readiness::Unreadable => (
            StatusCode::SERVICE_UNAVAILABLE,
            "database role may not read the tables",
        ),
        Readiness::ReadOnly => (StatusCode::SERVICE_UNAVAILABLE, "database read-only"),
        // The log names the privilege.
        Readiness::MissingPrivilege(privilege) => {
            let script = privilege.script();
            let word = format!("database role may not write: run {script}");
            let status = StatusCode::SERVICE_UNAVAILABLE;
            return (status, Json(json!({ "status": word })));
        }
    };
    (status, Json(json!({ "status": word })))
}
