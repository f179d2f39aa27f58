//! Routes for operators: Prometheus metrics and health checks.

use axum::{
    Router,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};

use super::no_sniffing;
use crate::metrics::{MEDIA_TYPE, Metrics};

/// `/metrics` and the health checks, for an address that clients do not reach.
pub(super) fn router(health: Router, metrics: Metrics) -> Router {
    health.merge(self::metrics(metrics)).layer(no_sniffing())
}

/// `/metrics`.
pub(super) fn metrics(metrics: Metrics) -> Router {
    Router::new()
        .route("/metrics", get(answer))
        .with_state(metrics)
}

async fn answer(State(metrics): State<Metrics>) -> Response {
    match metrics.text() {
        Ok(text) => ([(header::CONTENT_TYPE, MEDIA_TYPE)], text).into_response(),
        Err(error) => {
            tracing::error!(%error, "cannot format the metrics");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
