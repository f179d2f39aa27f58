//! GraphQL over HTTP (the specification's draft).

mod json_shape;
mod media;
mod parameters;
mod persisted;
mod response;
mod telemetry;

use std::{sync::Arc, time::Instant};

use axum::{
    Extension,
    body::Body as Incoming,
    extract::{RawQuery, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{MethodRouter, get},
};
use futures_util::future::join_all;
use graphql_documents::{Limit, LimitExceeded, Measured, Operation, Request, check_length};
use tracing::{Instrument, Span};

pub use persisted::{Manifest, ManifestError, PersistedDocuments, Registered};

use self::{
    json_shape::JsonShape,
    media::{Media, is_encoded, is_json},
    parameters::{Body, ParameterError, Parameters, is_list, names_a_parameter},
    response::{Outcome, ResponseWriter, refuse, refuse_with},
    telemetry::OperationTelemetry,
};
use super::{
    request_log::OperationName,
    slot::{NotReceived, Slot},
};
use crate::{
    access::{Access, Viewer},
    graphql::{Code, Executor, Refusal},
    metrics::{self, Metrics, Share},
    rate_limit::{Client, Demand, RateLimited},
    trace,
};

/// Longest operation name in logs and traces, in bytes.
const MAX_LOGGED_NAME: usize = 64;

/// Returns the nesting depth of brackets.
#[cfg(feature = "fuzzing")]
pub(super) fn nesting(json: &[u8]) -> usize {
    JsonShape::measure(json).nesting
}

/// The way in which an operation was sent.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Transport {
    /// By `GET`, which must change nothing.
    Get,
    /// By itself in a `POST`.
    Post,
    /// In a list, whose operations are executed at the same time.
    List,
}

/// Settings of the GraphQL endpoint.
#[derive(Clone)]
pub struct Graphql {
    /// Executes operations.
    pub executor: Executor,
    /// Persisted documents.
    pub persisted: PersistedDocuments,
    /// Most operations in a batch; 0 disables batching.
    pub max_batch: usize,
    /// Metrics.
    pub metrics: Metrics,
}

#[derive(Clone)]
struct Served {
    graphql: Graphql,
    max_body: usize,
    has_page: bool,
}

/// Routes `POST` and `GET`. Bodies are limited to `max_body` bytes. If `has_page` is true, browsers
/// that name no document are redirected to GraphiQL.
pub(super) fn route(graphql: Graphql, max_body: usize, has_page: bool) -> MethodRouter {
    let served = Served {
        graphql,
        max_body,
        has_page,
    };
    get(handle_get).post(handle_post).with_state(served)
}

async fn handle_post(
    State(Served {
        graphql, max_body, ..
    }): State<Served>,
    Extension(access): Extension<Arc<Access>>,
    Extension(log_name): Extension<OperationName>,
    Extension(slot): Extension<Slot>,
    headers: HeaderMap,
    body: Incoming,
) -> Response {
    let Some(media) = Media::negotiate(&headers) else {
        return not_acceptable();
    };
    if !is_json(&headers) || is_encoded(&headers) {
        let message = "The body must be application/json in UTF-8, without a content encoding.";
        return refuse(StatusCode::UNSUPPORTED_MEDIA_TYPE, media, message);
    }
    let body = match slot.receive(&headers, body, max_body).await {
        Ok(body) => body,
        Err(reason) => return graphql.not_received(reason, max_body, media),
    };
    let shape = JsonShape::measure(&body);
    let beyond_limit = |exceeded| {
        let writer = graphql.writer(media);
        writer.refuse_beyond_limit(StatusCode::BAD_REQUEST, exceeded)
    };
    if let Err(exceeded) = shape.check_nesting(graphql.executor.limits()) {
        return beyond_limit(exceeded);
    }
    if is_list(&body)
        && let Some(refused) = graphql.refused_batch(shape.length, media)
    {
        return refused;
    }
    if let Err(error) = shape.check_values() {
        return beyond_limit(error);
    }
    if let Err(limited) = access.client().spend(shape.nodes()).await {
        return graphql.write(Completed::rate_limited(limited), media);
    }
    match Body::read(&body) {
        Ok(Body::One(parameters)) if !parameters.names_a_document() => {
            refuse(StatusCode::BAD_REQUEST, media, NO_DOCUMENT)
        }
        Ok(Body::One(parameters)) => {
            let execution = graphql.execute(parameters, Transport::Post, access, Some(&log_name));
            let completed = execution.await;
            graphql.write(completed, media)
        }
        Ok(Body::Batch(batch)) => graphql.execute_batch(batch, access, media).await,
        Err(message) => refuse(StatusCode::BAD_REQUEST, media, &message),
    }
}

async fn handle_get(
    State(Served {
        graphql, has_page, ..
    }): State<Served>,
    Extension(access): Extension<Arc<Access>>,
    Extension(log_name): Extension<OperationName>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    let query = query.as_deref().unwrap_or_default();
    if has_page && Media::prefers_page(&headers) && !names_a_parameter(query) {
        return to_page();
    }
    let Some(media) = Media::negotiate(&headers) else {
        return not_acceptable();
    };
    let limits = graphql.executor.limits();
    let parameters = match Parameters::read_query_string(query, |json| {
        let shape = JsonShape::measure(json);
        shape.check_nesting(limits)?;
        shape.check_values()
    }) {
        Ok(parameters) => parameters,
        Err(ParameterError::Malformed(message)) => {
            return refuse(StatusCode::BAD_REQUEST, media, &message);
        }
        Err(ParameterError::BeyondLimit(error)) => {
            let writer = graphql.writer(media);
            return writer.refuse_beyond_limit(StatusCode::BAD_REQUEST, error);
        }
    };
    if !parameters.names_a_document() {
        return refuse(StatusCode::BAD_REQUEST, media, NO_DOCUMENT_IN_URL);
    }
    let execution = graphql.execute(parameters, Transport::Get, access, Some(&log_name));
    let completed = execution.await;
    graphql.write(completed, media)
}

/// Result of an operation.
struct Completed {
    outcome: Outcome,
    /// Status of the response, if it is not the default.
    status: Option<StatusCode>,
}

impl Completed {
    fn rate_limited(limited: RateLimited) -> Self {
        Self {
            outcome: Outcome::Refused {
                errors: Refusal::from(limited).into_errors(),
            },
            status: Some(StatusCode::TOO_MANY_REQUESTS),
        }
    }
}

/// Returns the share to which the operation's name is charged.
fn share_of(access: &Access) -> Share {
    match access.viewer() {
        Viewer::Anonymous | Viewer::Stranger => Share::Anonymous,
        Viewer::User { .. } => Share::SignedIn,
    }
}

/// Message of the error of a mutation in a list of operations.
const MUTATION_IN_LIST: &str = "Send a mutation by itself, not in a list of operations.";

const NO_DOCUMENT: &str = "Send the document as the string \"query\".";

const NO_DOCUMENT_IN_URL: &str =
    "Send the document as the parameter \"query\", or by POST as the string \"query\" in JSON.";

/// Redirects a browser to GraphiQL, by a relative path, so that a proxy may serve both below a path.
fn to_page() -> Response {
    let headers = [(header::LOCATION, "graphiql"), (header::VARY, "accept")];
    (StatusCode::SEE_OTHER, headers).into_response()
}

/// Responds in JSON, which people can read, to a client that accepts no available type.
fn not_acceptable() -> Response {
    let message = format!(
        "Responses are {}; Accept must allow one of them.",
        Media::AVAILABLE
    );
    refuse(StatusCode::NOT_ACCEPTABLE, Media::Json, &message)
}

impl Graphql {
    fn writer(&self, media: Media) -> ResponseWriter<'_> {
        ResponseWriter {
            media,
            max: self.executor.limits().response,
            metrics: &self.metrics,
        }
    }

    /// Builds the response to a request whose body was not received.
    fn not_received(&self, reason: NotReceived, most: usize, media: Media) -> Response {
        match reason {
            NotReceived::TooLong(declared) => {
                let measured = declared.map_or(Measured::MoreThan(most as u64), Measured::Exactly);
                let exceeded = LimitExceeded::new(Limit::Body, most as u64, measured);
                let writer = self.writer(media);
                writer.refuse_beyond_limit(StatusCode::PAYLOAD_TOO_LARGE, exceeded)
            }
            NotReceived::Disconnected => {
                let message = "The connection broke before the request body was complete.";
                refuse(StatusCode::BAD_REQUEST, media, message)
            }
            NotReceived::TooSlow => {
                let message = "The request body arrived too slowly.";
                refuse_with(StatusCode::REQUEST_TIMEOUT, Code::Timeout, media, message)
            }
            NotReceived::CapacityExceeded => {
                let message = "The server is at capacity; try again in a second.";
                let status = StatusCode::SERVICE_UNAVAILABLE;
                refuse_with(status, Code::ServiceUnavailable, media, message)
            }
        }
    }

    /// Writes the response to a single operation.
    fn write(&self, completed: Completed, media: Media) -> Response {
        let mut response = self.writer(media).write_one(&completed.outcome);
        if let Some(status) = completed.status {
            *response.status_mut() = status;
        }
        if completed.status == Some(StatusCode::METHOD_NOT_ALLOWED) {
            let allowed = HeaderValue::from_static("POST");
            response.headers_mut().insert(header::ALLOW, allowed);
        }
        response
    }

    /// Finds, parses and validates the document, and charges the client. Executes nothing. An
    /// unknown document is charged before it is parsed, so that refused ones cost something too.
    async fn prepare(
        &self,
        parameters: Parameters,
        transport: Transport,
        client: &Client,
        span: &Span,
    ) -> Result<Operation, Refusal> {
        let named = self.persisted.find(&parameters, &self.metrics)?;
        let query = named.document.or(parameters.query);
        let request = Request {
            query: query.ok_or_else(|| Refusal::new(Code::BadRequest, NO_DOCUMENT))?,
            operation_name: parameters.operation_name,
            variables: parameters.variables,
            is_safe: transport != Transport::Post,
        };
        client
            .spend(self.executor.reading_cost(&request.query))
            .await?;
        let prepared = span.in_scope(|| self.executor.prepare(request))?;
        let demand = Demand {
            cost: prepared.cost.saturating_add(prepared.surcharge),
            mutations: prepared.writes.mutations,
            written_rows: prepared.writes.rows,
        };
        client.admit(demand).await?;
        if let Some(registration) = named.registration {
            registration.keep(&self.metrics);
        }
        Ok(prepared)
    }

    /// Executes one operation, and records metrics and a span. Sets `log_name` to its name, if any,
    /// before execution.
    async fn execute(
        &self,
        parameters: Parameters,
        transport: Transport,
        access: Arc<Access>,
        log_name: Option<&OperationName>,
    ) -> Completed {
        let started = Instant::now();
        let span = trace::operation();
        let operations = self.metrics.operations();
        let known = parameters.operation_name.as_deref();
        let known = known.and_then(|name| operations.known(name));
        let with_cost = parameters.asks_for_cost();
        let prepared = self.prepare(parameters, transport, access.client(), &span);
        match prepared.await {
            Ok(prepared) => {
                let name = prepared.name.as_deref();
                let operation =
                    known.unwrap_or_else(|| operations.executed(name, share_of(&access)));
                let name = name.filter(|name| name.len() <= MAX_LOGGED_NAME);
                let name: Option<Arc<str>> = name.map(Arc::from);
                if let (Some(log_name), Some(name)) = (log_name, &name) {
                    log_name.set(name.clone());
                }
                let telemetry = OperationTelemetry::start(operation, name, &span, started);
                // Boxed, since futures that contain it are moved.
                let execution = Box::pin(self.executor.execute(prepared, access, with_cost));
                let response = execution.instrument(span.clone()).await;
                telemetry.completed(&response);
                Completed {
                    outcome: Outcome::Executed(response),
                    status: None,
                }
            }
            Err(refusal) => {
                let refusal = match refusal {
                    Refusal::UnsafeOperation if transport == Transport::List => {
                        Refusal::new(Code::BadRequest, MUTATION_IN_LIST)
                    }
                    refusal => refusal,
                };
                let status = match refusal {
                    Refusal::UnsafeOperation => Some(StatusCode::METHOD_NOT_ALLOWED),
                    Refusal::RateLimited(_) => Some(StatusCode::TOO_MANY_REQUESTS),
                    Refusal::Errors(_) => None,
                };
                let errors = refusal.into_errors();
                let operation = known.unwrap_or_else(|| operations.other());
                let refused = metrics::Outcome::Refused;
                operation.answered(refused, started.elapsed());
                trace::record_operation(&span, None, refused.name(), errors.len());
                Completed {
                    outcome: Outcome::Refused { errors },
                    status,
                }
            }
        }
    }

    /// Executes the operations of a batch concurrently, with shared statements.
    async fn execute_batch(
        &self,
        batch: Vec<Parameters>,
        access: Arc<Access>,
        media: Media,
    ) -> Response {
        if batch.is_empty() {
            let message = "The batch is empty; send at least one operation.";
            return refuse(StatusCode::BAD_REQUEST, media, message);
        }
        let outcomes = batch.into_iter().map(async |parameters| {
            let completed = self.execute(parameters, Transport::List, access.clone(), None);
            completed.await.outcome
        });
        let outcomes = join_all(outcomes).await;
        self.writer(media).write_batch(&outcomes)
    }

    /// Returns the refusal of a batch that is too long.
    fn refused_batch(&self, length: usize, media: Media) -> Option<Response> {
        let most = self.max_batch;
        if most == 0 {
            let message = "Batching is disabled; send one operation as a JSON object.";
            return Some(refuse(StatusCode::BAD_REQUEST, media, message));
        }
        let exceeded = check_length(Limit::Batch, most, length).err()?;
        let writer = self.writer(media);
        Some(writer.refuse_beyond_limit(StatusCode::BAD_REQUEST, exceeded))
    }
}
