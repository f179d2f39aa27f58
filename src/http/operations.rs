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

/// Routes of the `--metrics-listen` address: `/metrics` and the health checks.
pub(super) fn router(health: Router, metrics: Metrics) -> Router {
    health.merge(self::metrics(metrics)).layer(no_sniffing())
}

/// `/metrics`.
pub(super) fn metrics(metrics: Metrics) -> Router {
    Router::new()
        .route("/metrics", get(metrics_text))
        .with_state(metrics)
}

async fn metrics_text(State(metrics): State<Metrics>) -> Response {
    match metrics.text() {
        Ok(text) => ([(header::CONTENT_TYPE, MEDIA_TYPE)], text).into_response(),
        Err(error) => {
            tracing::error!(%error, "cannot format the metrics");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
