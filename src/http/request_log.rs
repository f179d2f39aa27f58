//! One line of the log, a span and metrics for each request: its route and operation, its status, how
//! long it took. Never a path or a query (they may hold a code or token), a header, a variable or a
//! body.

use std::{
    sync::{Arc, OnceLock},
    time::Instant,
};

use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderName, HeaderValue, Method, StatusCode},
    middleware::Next,
    response::Response,
};
use tracing::{Instrument, field::Empty};
use uuid::Uuid;

use crate::{metrics::Metrics, trace};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Longest id that is taken over from a client or proxy.
const MAX_ID: usize = 64;

/// The name of the operation that a request executes, for the log: told where it is known, so that it
/// is there even if the request is given up.
#[derive(Clone, Default)]
pub(super) struct OperationName(Arc<OnceLock<Arc<str>>>);

impl OperationName {
    /// Of several names the first is told.
    pub(super) fn set(&self, name: Arc<str>) {
        self.0.get_or_init(|| name);
    }

    fn get(&self) -> Option<&str> {
        self.0.get().map(|name| &**name)
    }
}

/// Gives the request an id, which the answer and every line about it carry.
pub(super) async fn layer(
    State(metrics): State<Metrics>,
    mut request: Request,
    next: Next,
) -> Response {
    let started = Instant::now();
    let in_flight = metrics.http().begun();
    let id = request
        .headers()
        .get(REQUEST_ID)
        .and_then(|id| id.to_str().ok())
        .filter(|id| is_plain(id))
        .map_or_else(|| Uuid::new_v4().simple().to_string(), str::to_owned);
    let method = method(&request);
    // The pattern, not the path: that holds codes and tokens.
    let route = request.extensions().get::<MatchedPath>().cloned();
    let route = route.as_ref().map(MatchedPath::as_str);

    let span = tracing::info_span!("request", id, trace_id = Empty);
    // Within that of the log, so that what belongs to a trace finds it first.
    let traced = span.in_scope(|| {
        let traceparent = || request.headers().get(trace::TRACEPARENT)?.to_str().ok();
        trace::request(method, route, traceparent)
    });
    if let Some(trace_id) = trace::trace_id(&traced) {
        span.record("trace_id", trace_id);
    }
    let operation = OperationName::default();
    request.extensions_mut().insert(operation.clone());
    let response = next.run(request).instrument(traced.clone());
    let mut response = response.instrument(span.clone()).await;

    let elapsed = started.elapsed();
    let status = response.status().as_u16();
    drop(in_flight);
    metrics.http().answered(route, status, elapsed);
    trace::record_response(&traced, status);
    let route = route.unwrap_or("none");
    let milliseconds = elapsed.as_micros() as f64 / 1000.0;
    let operation = operation.get();
    if is_quiet(route, status) {
        tracing::debug!(parent: &span, method, route, operation, status, milliseconds, "answered");
    } else {
        tracing::info!(parent: &span, method, route, operation, status, milliseconds, "answered");
    }
    if let Ok(id) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    response
}

/// Whether a request has a line at the level `debug` alone. Clients send as many as they like of those
/// that no quota bounds: those that a quota refused, and health checks that found nothing wrong.
fn is_quiet(route: &str, status: u16) -> bool {
    status == StatusCode::TOO_MANY_REQUESTS.as_u16()
        || status == StatusCode::OK.as_u16() && route.starts_with("/health/")
}

/// The method, if it is one of HTTP's own: clients may send any word.
fn method(request: &Request) -> &'static str {
    match *request.method() {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        _ => "other",
    }
}

/// Whether an id that a client sent can stand in a log line.
fn is_plain(id: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    !id.is_empty() && id.len() <= MAX_ID && id.bytes().all(is_plain)
}
