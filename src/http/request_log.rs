//! Logs, traces and measures each request: its route, operation, status and duration. Paths and
//! queries are omitted, since they may hold a code or token; so are headers, variables and bodies.

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

/// Maximum length of a request id from a client or proxy.
const MAX_ID: usize = 64;

/// Name of the executed operation, for the log. It is set as soon as it is known, so that it is
/// logged even if the request is cancelled.
#[derive(Clone, Default)]
pub(super) struct OperationName(Arc<OnceLock<Arc<str>>>);

impl OperationName {
    /// Sets the name; the first of several stays.
    pub(super) fn set(&self, name: Arc<str>) {
        self.0.get_or_init(|| name);
    }

    fn get(&self) -> Option<&str> {
        self.0.get().map(|name| &**name)
    }
}

/// Assigns a request id, which the response and every log line contain.
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
    // The route's pattern, since the path may hold codes and tokens.
    let route = request.extensions().get::<MatchedPath>().cloned();
    let route = route.as_ref().map(MatchedPath::as_str);

    // At this level, lines of every level have the ids, whatever `--log-level` is.
    let span = tracing::error_span!("request", request_id = id, trace_id = Empty);
    // Inside the log's span, so that nested spans find the traced one first.
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
        tracing::debug!(parent: &span, method, route, operation, status, milliseconds, "request completed");
    } else {
        tracing::info!(parent: &span, method, route, operation, status, milliseconds, "request completed");
    }
    if let Ok(id) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    response
}

/// Returns true for requests that are logged at level `debug` only: those refused by a quota and
/// successful health checks. No quota bounds their number.
fn is_quiet(route: &str, status: u16) -> bool {
    status == StatusCode::TOO_MANY_REQUESTS.as_u16()
        || status == StatusCode::OK.as_u16() && route.starts_with("/health/")
}

/// Returns the method if it is standard. Clients may send any word.
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

/// Returns true if a client's request id is safe to log.
fn is_plain(id: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    !id.is_empty() && id.len() <= MAX_ID && id.bytes().all(is_plain)
}
