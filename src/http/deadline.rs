//! Time limit of requests.

use std::time::Duration;

use axum::{http::StatusCode, response::Response};
use tokio::time::timeout;

use super::error_in;
use crate::{graphql::Code, rest::ErrorFormat};

/// Responds with a timeout error, in the format of the endpoint, if `response` takes longer than
/// `limit`. The database ends the request's statements after the same time.
pub(super) async fn enforce(
    limit: Duration,
    error_format: Option<ErrorFormat>,
    response: impl Future<Output = Response>,
) -> Response {
    if let Ok(response) = timeout(limit, response).await {
        return response;
    }
    let seconds = limit.as_secs_f64();
    tracing::warn!(seconds, "a request exceeded the time limit");
    let message = format!("The request exceeded the time limit of {seconds} s.");
    error_in(
        error_format,
        StatusCode::GATEWAY_TIMEOUT,
        Code::Timeout,
        &message,
    )
}
