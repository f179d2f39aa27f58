//! One line a request: what was asked, how it went, how long it took. Never a path or a query (they
//! may hold a code or token), a header, a variable or a body.

use std::time::Instant;

use axum::{
    extract::{MatchedPath, Request},
    http::{HeaderName, HeaderValue},
    middleware::Next,
    response::Response,
};
use tracing::Instrument;
use uuid::Uuid;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Longest id that is taken over from a client or proxy.
const MAX_ID: usize = 64;

/// The name of the operation that a response answers, for the log.
#[derive(Clone)]
pub(super) struct OperationName(pub(super) String);

/// Gives the request an id, which the answer and every line about it carry.
pub(super) async fn layer(request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = request
        .headers()
        .get(REQUEST_ID)
        .and_then(|id| id.to_str().ok())
        .filter(|id| is_plain(id))
        .map_or_else(|| Uuid::new_v4().simple().to_string(), str::to_owned);
    let method = request.method().clone();
    // The pattern, not the path: that holds codes and tokens.
    let route = request.extensions().get::<MatchedPath>().cloned();

    let span = tracing::info_span!("request", id);
    let mut response = next.run(request).instrument(span.clone()).await;

    span.in_scope(|| {
        tracing::info!(
            method = %method,
            route = route.as_ref().map_or("none", MatchedPath::as_str),
            operation = response.extensions().get::<OperationName>().map(|name| name.0.as_str()),
            status = response.status().as_u16(),
            milliseconds = started.elapsed().as_micros() as f64 / 1000.0,
            "answered"
        );
    });
    if let Ok(id) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    response
}

/// Whether an id that a client sent can stand in a log line.
fn is_plain(id: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    !id.is_empty() && id.len() <= MAX_ID && id.bytes().all(is_plain)
}
