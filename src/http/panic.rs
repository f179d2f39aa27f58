//! Responds to requests whose handler panics; other requests are not affected.

use std::panic::AssertUnwindSafe;

use axum::{extract::Request, middleware::Next, response::Response};
use futures_util::FutureExt;

use super::internal_error;
use crate::rest::ErrorFormat;

/// Responds with an internal error, in the format of the endpoint, if `response` panics.
pub(super) async fn catch(
    error_format: Option<ErrorFormat>,
    response: impl Future<Output = Response>,
) -> Response {
    // Unwind-safe: shared state changes in short critical sections, which no panic leaves
    // incomplete.
    let result = AssertUnwindSafe(response).catch_unwind().await;
    result.unwrap_or_else(|_| internal_error(error_format))
}

/// [`catch`] for routes outside of the REST contracts.
pub(super) async fn layer(request: Request, next: Next) -> Response {
    catch(None, next.run(request)).await
}
