//! GraphQL over HTTP (the specification's draft): from a request to its answer.

mod answer;
mod extent;
mod media;
mod parameters;
mod persisted;

use std::sync::Arc;

use async_graphql::ServerError;
use axum::{
    Extension,
    body::Bytes,
    extract::{DefaultBodyLimit, RawQuery, State, rejection::BytesRejection},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::Response,
    routing::{MethodRouter, get},
};
use futures_util::future::join_all;

pub use persisted::{Manifest, ManifestError, PersistedDocuments, Registered};

use self::{
    answer::{Outcome, answer_batch, refuse, refuse_beyond_limit},
    extent::Extent,
    media::{Media, is_encoded, is_json},
    parameters::{Body, Parameters, Unreadable, is_list},
};
use super::request_log::OperationName;
use crate::{
    access::Access,
    graphql::{Code, Executor, Limit, Met, Prepared, Refusal, Request, exceeded, hold_length},
};

/// Longest operation name that is logged, in characters.
const MAX_LOGGED_NAME: usize = 64;

/// How deep brackets are nested in what may be JSON.
#[cfg(feature = "fuzzing")]
pub(super) fn nesting(json: &[u8]) -> usize {
    Extent::of(json).nesting
}

/// How GraphQL is served.
#[derive(Clone)]
pub struct Graphql {
    /// Executes what is asked.
    pub executor: Executor,
    /// Which documents may be named instead of sent, or must be.
    pub persisted: PersistedDocuments,
    /// Most operations in one request; 0 takes no lists of them.
    pub max_batch: usize,
}

#[derive(Clone)]
struct Served {
    graphql: Graphql,
    max_body: usize,
}

/// `POST` and `GET`; other methods are not allowed. Bodies are held to `max_body` bytes.
pub(super) fn route(graphql: Graphql, max_body: usize) -> MethodRouter {
    let limit = DefaultBodyLimit::max(max_body);
    let served = Served { graphql, max_body };
    get(answer_get)
        .post(answer_post)
        .with_state(served)
        .layer(limit)
}

async fn answer_post(
    State(Served { graphql, max_body }): State<Served>,
    Extension(access): Extension<Arc<Access>>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let Some(media) = Media::negotiate(&headers) else {
        return not_acceptable();
    };
    if !is_json(&headers) || is_encoded(&headers) {
        let message = "Send the request as application/json in UTF-8, without a content encoding.";
        return refuse(StatusCode::UNSUPPORTED_MEDIA_TYPE, media, message);
    }
    let body = match body {
        Ok(body) => body,
        Err(rejection) if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE => {
            return refuse_beyond_limit(
                StatusCode::PAYLOAD_TOO_LARGE,
                media,
                long_body(&headers, max_body),
            );
        }
        Err(_) => {
            let message = "The request's body broke off.";
            return refuse(StatusCode::BAD_REQUEST, media, message);
        }
    };
    let extent = Extent::of(&body);
    if let Err(error) = extent.hold(graphql.executor.limits()) {
        return refuse_beyond_limit(StatusCode::BAD_REQUEST, media, error);
    }
    if is_list(&body)
        && let Some(refused) = graphql.refused_batch(extent.length, media)
    {
        return refused;
    }
    match Body::read(&body) {
        Ok(Body::One(parameters)) if !parameters.names_a_document() => {
            refuse(StatusCode::BAD_REQUEST, media, NO_DOCUMENT)
        }
        Ok(Body::One(parameters)) => match graphql.prepare(parameters, &Method::POST) {
            Ok(prepared) => graphql.answer(prepared, access, media).await,
            Err(refusal) => graphql.refused(refusal, media),
        },
        Ok(Body::Batch(batch)) => graphql.answer_batch(batch, access, media).await,
        Err(message) => refuse(StatusCode::BAD_REQUEST, media, &message),
    }
}

async fn answer_get(
    State(Served { graphql, .. }): State<Served>,
    Extension(access): Extension<Arc<Access>>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    let Some(media) = Media::negotiate(&headers) else {
        return not_acceptable();
    };
    let limits = graphql.executor.limits();
    let query = query.as_deref().unwrap_or_default();
    let parameters =
        match Parameters::read_query_string(query, |json| Extent::of(json).hold(limits)) {
            Ok(parameters) => parameters,
            Err(Unreadable::Malformed(message)) => {
                return refuse(StatusCode::BAD_REQUEST, media, &message);
            }
            Err(Unreadable::BeyondLimit(error)) => {
                return refuse_beyond_limit(StatusCode::BAD_REQUEST, media, error);
            }
        };
    if !parameters.names_a_document() {
        return refuse(StatusCode::BAD_REQUEST, media, NO_DOCUMENT);
    }
    match graphql.prepare(parameters, &Method::GET) {
        Ok(prepared) => graphql.answer(prepared, access, media).await,
        Err(refusal) => graphql.refused(refusal, media),
    }
}

/// The error of a body that is longer than is taken.
fn long_body(headers: &HeaderMap, most: usize) -> ServerError {
    let said = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse().ok());
    let met = said.map_or(Met::MoreThan(most as u64), Met::Exactly);
    exceeded(Limit::Body, most as u64, met)
}

const NO_DOCUMENT: &str = "Send the document as the string \"query\".";

/// The client takes nothing that there is; it is told so in JSON, which people can read.
fn not_acceptable() -> Response {
    let message = format!("Answers are {}: let Accept allow one.", Media::AVAILABLE);
    refuse(StatusCode::NOT_ACCEPTABLE, Media::Json, &message)
}

impl Graphql {
    /// The answer to a request that is not executed.
    fn refused(&self, refusal: Refusal, media: Media) -> Response {
        let is_unsafe = matches!(refusal, Refusal::UnsafeOperation);
        let errors = refusal.into_errors();
        let mut response = Outcome::Refused { errors }.answer(media, self.max_answer());
        if is_unsafe {
            *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
            let allowed = HeaderValue::from_static("POST");
            response.headers_mut().insert(header::ALLOW, allowed);
        }
        response
    }

    /// Longest answer, in bytes.
    fn max_answer(&self) -> usize {
        self.executor.limits().answer
    }

    /// Finds, reads and validates what a request asks for. Nothing of it is executed.
    fn prepare(&self, parameters: Parameters, method: &Method) -> Result<Prepared, Refusal> {
        let named = self.persisted.find(&parameters)?;
        let tells_cost = parameters.asks_for_cost();
        let query = named.document.or(parameters.query);
        let request = Request {
            query: query.ok_or_else(|| Refusal::new(Code::BadRequest, NO_DOCUMENT))?,
            operation_name: parameters.operation_name,
            variables: parameters.variables,
            is_safe: method.is_safe(),
            tells_cost,
        };
        let prepared = self.executor.prepare(request)?;
        if let Some(registration) = named.registration {
            registration.keep();
        }
        Ok(prepared)
    }

    async fn answer(&self, prepared: Prepared, access: Arc<Access>, media: Media) -> Response {
        let name = prepared
            .operation_name()
            .filter(|name| name.chars().count() <= MAX_LOGGED_NAME)
            .map(|name| OperationName(name.to_owned()));
        let response = self.executor.execute(prepared, access).await;
        let mut response = Outcome::Executed(response).answer(media, self.max_answer());
        if let Some(name) = name {
            response.extensions_mut().insert(name);
        }
        response
    }

    /// Executes several operations beside each other; their statements are shared.
    async fn answer_batch(
        &self,
        batch: Vec<Parameters>,
        access: Arc<Access>,
        media: Media,
    ) -> Response {
        if batch.is_empty() {
            let message = "The list has no operation.";
            return refuse(StatusCode::BAD_REQUEST, media, message);
        }
        let outcomes = batch.into_iter().map(async |parameters| {
            match self.prepare(parameters, &Method::POST) {
                Ok(prepared) => {
                    Outcome::Executed(self.executor.execute(prepared, access.clone()).await)
                }
                Err(refusal) => Outcome::Refused {
                    errors: refusal.into_errors(),
                },
            }
        });
        let outcomes = join_all(outcomes).await;
        answer_batch(&outcomes, media, self.max_answer())
    }

    /// The answer to a list of more operations than are taken.
    fn refused_batch(&self, length: usize, media: Media) -> Option<Response> {
        let most = self.max_batch;
        if most == 0 {
            let message = "Send one operation as a JSON object: lists are not taken here.";
            return Some(refuse(StatusCode::BAD_REQUEST, media, message));
        }
        let error = hold_length(Limit::Batch, most, length).err()?;
        Some(refuse_beyond_limit(StatusCode::BAD_REQUEST, media, error))
    }
}
