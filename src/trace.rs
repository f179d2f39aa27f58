//! OpenTelemetry traces of requests, operations, batches and statements, sent by OTLP over HTTP.
//! Spans hold counts and the gateway's own names, never data of clients or rows.
//!
//! Without a collector no span is created: nothing subscribes to [`TARGET`], and `tracing` caches
//! this for each call site.

use std::{
    fmt,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use futures_util::future::BoxFuture;
use opentelemetry::{
    KeyValue,
    propagation::{Extractor, TextMapPropagator},
    trace::{TraceContextExt, TracerProvider},
};
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{
    ExporterBuildError, Protocol, SpanExporter, WithExportConfig, WithHttpConfig,
};
use opentelemetry_sdk::{
    Resource,
    propagation::TraceContextPropagator,
    resource::EnvResourceDetector,
    trace::{SdkTracer, SdkTracerProvider},
};
use reqwest::{Client, redirect};
use tokio::runtime::Handle;
use tracing::{Level, Metadata, Span, field::Empty, level_filters::LevelFilter};
use tracing_opentelemetry::{OpenTelemetryLayer, OpenTelemetrySpanExt};
use tracing_subscriber::{filter::FilterFn, registry::LookupSpan};
use url::Url;

/// Target of all traced spans, and only of these.
const TARGET: &str = "trace";

/// Attribute that names the service.
const SERVICE_NAME: &str = "service.name";

/// Default name of the service.
const SERVICE: &str = env!("CARGO_PKG_NAME");

/// Path at which a collector accepts traces.
const PATH: &str = "v1/traces";

/// Time limit for sending spans.
const EXPORT_TIMEOUT: Duration = Duration::from_secs(10);

/// Header that names the client's trace (W3C Trace Context).
pub const TRACEPARENT: &str = "traceparent";

/// Reasons why traces cannot be sent.
#[derive(Debug, thiserror::Error)]
pub enum TraceError {
    /// The HTTP client cannot be created.
    #[error("cannot create the HTTP client for traces: {0}")]
    Client(#[from] reqwest::Error),
    /// A setting of OpenTelemetry is invalid.
    #[error("cannot send traces: {0}")]
    Exporter(#[from] ExporterBuildError),
}

/// The trace exporter.
pub struct Traces(SdkTracerProvider);

impl Traces {
    /// Starts to send traces to the collector at `endpoint`. Requires a tokio runtime.
    ///
    /// # Errors
    /// See [`TraceError`].
    pub fn start(endpoint: &Url, service_name: Option<&str>) -> Result<Self, TraceError> {
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(Sender::new(endpoint)?)
            .with_endpoint(traces_url(endpoint))
            .with_protocol(Protocol::HttpBinary)
            .build()?;
        let resource = Resource::builder_empty()
            .with_attributes([
                KeyValue::new(SERVICE_NAME, SERVICE),
                KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
            ])
            .with_detector(Box::new(EnvResourceDetector::new()))
            .with_attributes(service_name.map(|name| KeyValue::new(SERVICE_NAME, name.to_owned())))
            .build();
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(exporter)
            .with_resource(resource)
            .build();
        Ok(Self(provider))
    }

    /// Returns the layer that records traced spans.
    pub fn layer<S>(&self) -> (OpenTelemetryLayer<S, SdkTracer>, FilterFn)
    where
        S: tracing::Subscriber + for<'span> LookupSpan<'span>,
    {
        let layer = tracing_opentelemetry::layer()
            .with_tracer(self.0.tracer(SERVICE))
            .with_location(false)
            .with_threads(false)
            .with_level(false)
            .with_target(false)
            .with_tracked_inactivity(false);
        let is_traced: fn(&Metadata<'_>) -> bool =
            |metadata| metadata.is_span() && metadata.target() == TARGET;
        let filter = FilterFn::new(is_traced).with_max_level_hint(LevelFilter::INFO);
        (layer, filter)
    }

    /// Sends the remaining spans, and stops.
    pub async fn finish(self) {
        // Shutdown blocks until the runtime has sent the spans, so that it must not block a worker
        // of the runtime.
        let finished = tokio::task::spawn_blocking(move || self.0.shutdown()).await;
        if !matches!(finished, Ok(Ok(()))) {
            tracing::warn!("cannot send the last traces");
        }
    }
}

/// Returns the URL at which the collector accepts traces.
fn traces_url(endpoint: &Url) -> String {
    format!("{}/{PATH}", endpoint.as_str().trim_end_matches('/'))
}

/// Sends spans on the process's runtime, and logs when sending starts to fail and recovers.
struct Sender {
    client: Client,
    runtime: Handle,
    is_failing: AtomicBool,
}

impl fmt::Debug for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sender")
    }
}

impl Sender {
    fn new(endpoint: &Url) -> reqwest::Result<Self> {
        let client = Client::builder()
            .user_agent(concat!("invite-gateway/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            .referer(false)
            .timeout(EXPORT_TIMEOUT);
        // An unencrypted connection needs no trusted certificates, which a small container may
        // lack.
        let client = match endpoint.scheme() {
            "http" => client.tls_certs_only([]),
            _ => client.https_only(true),
        };
        Ok(Self {
            client: client.build()?,
            runtime: Handle::current(),
            is_failing: AtomicBool::new(false),
        })
    }

    fn report<T>(&self, sent: &Result<Response<T>, reqwest::Error>) {
        let reason = match sent {
            Ok(response) if response.status().is_success() => {
                if self.is_failing.swap(false, Ordering::Relaxed) {
                    tracing::info!("the collector accepts traces again");
                }
                return;
            }
            Ok(response) => response.status().to_string(),
            Err(error) if error.is_timeout() => "timeout".to_owned(),
            Err(error) if error.is_connect() => "no connection".to_owned(),
            Err(_) => "the connection broke".to_owned(),
        };
        if !self.is_failing.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                reason,
                "the collector does not accept traces; they are lost"
            );
        }
    }
}

async fn send(client: Client, request: Request<Bytes>) -> reqwest::Result<Response<Bytes>> {
    let response = client.execute(request.try_into()?).await?;
    let status = response.status();
    let body = response.bytes().await?;
    let mut response = Response::new(body);
    *response.status_mut() = status;
    Ok(response)
}

impl HttpClient for Sender {
    fn send_bytes<'sender, 'sent>(
        &'sender self,
        request: Request<Bytes>,
    ) -> BoxFuture<'sent, Result<Response<Bytes>, HttpError>>
    where
        'sender: 'sent,
        Self: 'sent,
    {
        Box::pin(async move {
            // The exporter's own thread has no tokio runtime.
            let sending = self.runtime.spawn(send(self.client.clone(), request));
            let sent = sending.await?;
            self.report(&sent);
            Ok(sent?)
        })
    }
}

/// Exposes only the `traceparent` header. Baggage and trace state are unbounded, and not forwarded.
struct Traceparent<'a>(Option<&'a str>);

impl Extractor for Traceparent<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.filter(|_| key.eq_ignore_ascii_case(TRACEPARENT))
    }

    fn keys(&self) -> Vec<&str> {
        vec![TRACEPARENT]
    }
}

/// Returns true if spans are recorded.
fn is_on() -> bool {
    tracing::span_enabled!(target: TARGET, Level::INFO)
}

/// Returns the current traced span, or none without a collector.
pub fn current() -> Span {
    if is_on() {
        Span::current()
    } else {
        Span::none()
    }
}

/// Creates the span of a request, in the trace that its `traceparent` names.
pub fn request<'a>(
    method: &'static str,
    route: Option<&str>,
    traceparent: impl FnOnce() -> Option<&'a str>,
) -> Span {
    let span = tracing::info_span!(
        target: TARGET,
        "request",
        otel.kind = "server",
        otel.name = Empty,
        otel.status_code = Empty,
        http.request.method = method,
        http.route = route,
        http.response.status_code = Empty,
    );
    if !span.is_disabled() {
        span.record("otel.name", format!("{method} {}", route.unwrap_or("none")));
        let parent = TraceContextPropagator::new().extract(&Traceparent(traceparent()));
        // This fails only for spans that have started or are not traced.
        let _ = span.set_parent(parent);
    }
    span
}

/// Records the status of a response.
pub fn record_response(request: &Span, status: u16) {
    request.record("http.response.status_code", status);
    if status >= 500 {
        request.record("otel.status_code", "ERROR");
    }
}

/// Returns the id of a span's trace in hexadecimal, if it is traced.
pub fn trace_id(span: &Span) -> Option<String> {
    if span.is_disabled() {
        return None;
    }
    let context = span.context();
    let span = context.span();
    let context = span.span_context();
    context.is_valid().then(|| context.trace_id().to_string())
}

/// Creates the span of an operation, from its document to its response.
pub fn operation() -> Span {
    tracing::info_span!(
        target: TARGET,
        "operation",
        graphql.operation.name = Empty,
        graphql.operation.outcome = Empty,
        graphql.operation.errors = Empty,
    )
}

/// Records the outcome of an operation. `name` must be a GraphQL name.
pub fn record_operation(operation: &Span, name: Option<&str>, outcome: &str, errors: usize) {
    if !operation.is_disabled() {
        operation.record("graphql.operation.name", name);
        operation.record("graphql.operation.outcome", outcome);
        operation.record("graphql.operation.errors", errors);
    }
}

/// Creates the span of a mutation, a field of the schema.
pub fn mutation(field: &str) -> Span {
    tracing::info_span!(
        target: TARGET,
        "mutation",
        otel.status_code = Empty,
        mutation.field = field,
        mutation.outcome = Empty,
        mutation.rows = Empty,
        mutation.refused_rows = Empty,
    )
}

/// Records the outcome of a mutation, and if it has an outcome for each row of its input, the number of
/// rows and of those refused.
pub fn record_mutation(
    mutation: &Span,
    outcome: &'static str,
    is_fault: bool,
    rows: Option<(usize, usize)>,
) {
    mutation.record("mutation.outcome", outcome);
    if is_fault {
        mutation.record("otel.status_code", "ERROR");
    }
    if let Some((rows, refused)) = rows {
        mutation.record("mutation.rows", rows);
        mutation.record("mutation.refused_rows", refused);
    }
}

/// Creates the span of a write: a command to `rows` invites of a kind.
pub fn write(kind: &'static str, command: &'static str, rows: usize) -> Span {
    tracing::info_span!(
        target: TARGET,
        "write",
        otel.status_code = Empty,
        write.kind = kind,
        write.command = command,
        write.rows = rows,
        write.done = Empty,
        error.type = Empty,
    )
}

/// Records the outcome of a write: the number of rows for which it was carried out, now or before, or the
/// kind of error.
pub fn written(write: &Span, outcome: Result<usize, &'static str>) {
    record_rows(write, "write.done", outcome);
}

/// Creates the span of a batch. It belongs to the first of the requesting spans, and is linked to
/// the others.
pub fn batch<'a>(kind: &str, keys: usize, requested_by: impl Iterator<Item = &'a Span>) -> Span {
    if !is_on() {
        return Span::none();
    }
    let mut requested_by = requested_by.filter(|span| !span.is_disabled());
    let batch = tracing::info_span!(
        target: TARGET,
        parent: requested_by.next().and_then(Span::id),
        "batch",
        loader.kind = kind,
        loader.keys = keys,
        loader.waiting = Empty,
    );
    let mut waiting = 1;
    for other in requested_by {
        batch.follows_from(other);
        waiting += 1;
    }
    batch.record("loader.waiting", waiting);
    batch
}

/// Creates the span of a statement.
pub fn statement(system: &'static str, server: &'static str) -> Span {
    tracing::info_span!(
        target: TARGET,
        "statement",
        otel.kind = "client",
        otel.status_code = Empty,
        db.system.name = system,
        db.server = server,
        db.response.returned_rows = Empty,
        error.type = Empty,
    )
}

/// Records the outcome of a statement: the number of rows, or the kind of error.
pub fn returned(statement: &Span, outcome: Result<usize, &'static str>) {
    record_rows(statement, "db.response.returned_rows", outcome);
}

/// Records a number of rows in a field of the span, or the kind of error.
fn record_rows(span: &Span, field: &'static str, outcome: Result<usize, &'static str>) {
    match outcome {
        Ok(rows) => {
            span.record(field, rows);
        }
        Err(kind) => {
            span.record("error.type", kind);
            span.record("otel.status_code", "ERROR");
        }
    }
}
