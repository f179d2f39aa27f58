//! What is answered where the gateway panicked: whoever asked is told, and nobody else notices.

use std::panic::AssertUnwindSafe;

use axum::{extract::Request, middleware::Next, response::Response};
use futures_util::FutureExt;

use super::internal_error;
use crate::rest;

/// Answers for a request that panicked, in the manner of the endpoint that was asked.
pub(super) async fn layer(request: Request, next: Next) -> Response {
    let manner = rest::manner_of(request.uri().path());
    // What it shared with others is locked by short critical sections, which no panic leaves half-changed.
    let answer = AssertUnwindSafe(next.run(request)).catch_unwind().await;
    answer.unwrap_or_else(|_| internal_error(manner))
}
