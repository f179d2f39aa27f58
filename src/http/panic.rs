//! What is answered where the gateway panicked: whoever asked is told, and nobody else notices.

use std::panic::AssertUnwindSafe;

use axum::{extract::Request, middleware::Next, response::Response};
use futures_util::FutureExt;

use super::internal_error;
use crate::rest::ErrorFormat;

/// Answers for a request whose `answering` panics, in the error_format of the endpoint that was asked.
pub(super) async fn catch(
    error_format: Option<ErrorFormat>,
    response: impl Future<Output = Response>,
) -> Response {
    // What it shared with others is locked by short critical sections, which no panic leaves half-changed.
    let result = AssertUnwindSafe(response).catch_unwind().await;
    result.unwrap_or_else(|_| internal_error(error_format))
}

/// The same for what belongs to no contract.
pub(super) async fn layer(request: Request, next: Next) -> Response {
    catch(None, next.run(request)).await
}
