//! How long a request may take. Whoever waits longer is told so, and what they wait for is given up.

use std::time::Duration;

use axum::{
    extract::{Request, State},
    http::StatusCode,
    middleware::Next,
    response::Response,
};
use tokio::time::timeout;

use super::error_in;
use crate::{graphql::Code, rest};

/// Answers for a request that takes longer than `limit`, in the manner of the endpoint that was
/// asked. The statements that were sent for it are ended by the database, after the same time.
pub(super) async fn layer(State(limit): State<Duration>, request: Request, next: Next) -> Response {
    let manner = rest::manner_of(request.uri().path());
    if let Ok(response) = timeout(limit, next.run(request)).await {
        return response;
    }
    tracing::warn!(
        seconds = limit.as_secs_f64(),
        "gave up a request that took too long"
    );
    let message = format!(
        "The request took longer than {} s and was given up.",
        limit.as_secs_f64()
    );
    error_in(manner, StatusCode::GATEWAY_TIMEOUT, Code::Timeout, &message)
}
