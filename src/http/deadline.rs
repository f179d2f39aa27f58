//! How long a request may take. Whoever waits longer is told so, and what they wait for is given up.

use std::time::Duration;

use axum::{
    extract::{Request, State},
    http::StatusCode,
    middleware::Next,
    response::Response,
};
use tokio::time::timeout;

use super::graphql_error;
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
    let status = StatusCode::GATEWAY_TIMEOUT;
    match manner {
        Some(manner) => rest::error_response(manner, status),
        None => {
            let seconds = limit.as_secs_f64();
            let message = format!("The request took longer than {seconds} s and was given up.");
            graphql_error(status, Code::Timeout, &message)
        }
    }
}
