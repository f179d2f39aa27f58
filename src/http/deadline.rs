//! How long a request may take. Whoever waits longer is told so, and what they wait for is given up.

use std::time::Duration;

use axum::{http::StatusCode, response::Response};
use tokio::time::timeout;

use super::error_in;
use crate::{graphql::Code, rest::ErrorFormat};

/// Answers for a request whose `answering` takes longer than `limit`, in the error_format of the endpoint
/// that was asked. The statements that were sent for it are ended by the database, after the same
/// time.
pub(super) async fn enforce(
    limit: Duration,
    error_format: Option<ErrorFormat>,
    response: impl Future<Output = Response>,
) -> Response {
    if let Ok(response) = timeout(limit, response).await {
        return response;
    }
    let seconds = limit.as_secs_f64();
    tracing::warn!(seconds, "gave up a request that took too long");
    let message = format!("The request took longer than {seconds} s and was given up.");
    error_in(
        error_format,
        StatusCode::GATEWAY_TIMEOUT,
        Code::Timeout,
        &message,
    )
}
