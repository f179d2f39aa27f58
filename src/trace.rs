//! OpenTelemetry traces: a span for each request, operation, batch and statement, sent by OTLP over
//! HTTP. A leaf: others call it. Spans hold counts and the gateway's own names, never what a client sent
//! or a row holds.
//!
//! While no collector is configured, no span is made: nothing wants those of [`TARGET`], which is
//! known at each place without asking.

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

/// The target of all spans that are traced, and of nothing else.
const TARGET: &str = "trace";

/// The attribute that names the service.
const SERVICE_NAME: &str = "service.name";

/// What the service is called unless it is said otherwise.
const SERVICE: &str = env!("CARGO_PKG_NAME");

/// Where a collector takes traces, below its own address.
const PATH: &str = "v1/traces";

/// How long a collector may take to accept spans.
const EXPORT_TIMEOUT: Duration = Duration::from_secs(10);

/// The header that names the trace of whoever asks (W3C Trace Context).
pub const TRACEPARENT: &str = "traceparent";

/// Why traces cannot be sent.
#[derive(Debug, thiserror::Error)]
pub enum TraceError {
    /// The HTTP client cannot be made.
    #[error("the client that sends traces cannot be made: {0}")]
    Client(#[from] reqwest::Error),
    /// A setting of OpenTelemetry's own cannot be used.
    #[error("traces cannot be sent: {0}")]
    Exporter(#[from] ExporterBuildError),
}

/// Traces that are collected and sent.
pub struct Traces(SdkTracerProvider);

impl Traces {
    /// Sends traces to the collector at `endpoint` from now on. Needs a tokio runtime.
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

    /// Makes spans of what is traced.
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

    /// Sends what is not sent yet, and ends.
    pub async fn finish(self) {
        // It waits for the runtime to send, so that it must not keep it from that.
        let finished = tokio::task::spawn_blocking(move || self.0.shutdown()).await;
        if !matches!(finished, Ok(Ok(()))) {
            tracing::warn!("the last traces could not be sent");
        }
    }
}

/// Where the collector at `endpoint` takes traces.
fn traces_url(endpoint: &Url) -> String {
    format!("{}/{PATH}", endpoint.as_str().trim_end_matches('/'))
}

/// Sends spans over the process's own runtime, and tells when that begins to fail, or no longer
/// does.
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
        // What is not encrypted needs no trusted certificates, which a small container may lack.
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
                    tracing::info!("traces are accepted again");
                }
                return;
            }
            Ok(response) => response.status().to_string(),
            Err(error) if error.is_timeout() => "it took too long".to_owned(),
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
    let mut answer = Response::new(body);
    *answer.status_mut() = status;
    Ok(answer)
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
            // Spans are exported by a thread of their own, which has no runtime.
            let sending = self.runtime.spawn(send(self.client.clone(), request));
            let sent = sending.await?;
            self.report(&sent);
            Ok(sent?)
        })
    }
}

/// Shows of a request's headers the one that is continued. What else may come with a trace is not
/// bounded, and not ours to keep.
struct Traceparent<'a>(Option<&'a str>);

impl Extractor for Traceparent<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.filter(|_| key.eq_ignore_ascii_case(TRACEPARENT))
    }

    fn keys(&self) -> Vec<&str> {
        vec![TRACEPARENT]
    }
}

/// Whether spans are made at all.
fn is_on() -> bool {
    tracing::span_enabled!(target: TARGET, Level::INFO)
}

/// The span that what happens here belongs to, which is one of these; none while nothing is traced.
pub fn current() -> Span {
    if is_on() {
        Span::current()
    } else {
        Span::none()
    }
}

/// A request that somebody makes, as part of the trace that its `traceparent` names.
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
        // It fails for spans alone that have begun, or that nobody traces.
        let _ = span.set_parent(parent);
    }
    span
}

/// The request was answered with that status.
pub fn record_response(request: &Span, status: u16) {
    request.record("http.response.status_code", status);
    if status >= 500 {
        request.record("otel.status_code", "ERROR");
    }
}

/// The trace that a span belongs to, in hexadecimal digits; none where it is not traced.
pub fn trace_id(span: &Span) -> Option<String> {
    if span.is_disabled() {
        return None;
    }
    let context = span.context();
    let span = context.span();
    let context = span.span_context();
    context.is_valid().then(|| context.trace_id().to_string())
}

/// An operation, from its document to its response.
pub fn operation() -> Span {
    tracing::info_span!(
        target: TARGET,
        "operation",
        graphql.operation.name = Empty,
        graphql.operation.outcome = Empty,
        graphql.operation.errors = Empty,
    )
}

/// What came of an operation. `name` is a name of GraphQL.
pub fn record_operation(operation: &Span, name: Option<&str>, outcome: &str, errors: usize) {
    if !operation.is_disabled() {
        operation.record("graphql.operation.name", name);
        operation.record("graphql.operation.outcome", outcome);
        operation.record("graphql.operation.errors", errors);
    }
}

/// Keys of a kind that are loaded together, for those who asked for them: it belongs to the first,
/// and is linked to the others.
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

/// A statement that is sent to a server.
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

/// What came of a statement: how many rows, or what kind of error.
pub fn returned(statement: &Span, outcome: Result<usize, &'static str>) {
    match outcome {
        Ok(rows) => {
            statement.record("db.response.returned_rows", rows);
        }
        Err(kind) => {
            statement.record("error.type", kind);
            statement.record("otel.status_code", "ERROR");
        }
    }
}
