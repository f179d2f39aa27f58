//! GraphQL over HTTP (the specification's draft): from a request to its answer.

mod answer;
mod media;
mod parameters;
mod persisted;

use std::sync::Arc;

use axum::{
    Extension,
    body::Bytes,
    extract::{RawQuery, State, rejection::BytesRejection},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::Response,
    routing::{MethodRouter, get},
};
use futures_util::future::join_all;

pub use persisted::{Manifest, ManifestError, PersistedDocuments, Registered};

use self::{
    answer::{Outcome, answer_batch, refuse},
    media::{Media, is_encoded, is_json},
    parameters::{Body, Parameters},
};
use super::request_log::OperationName;
use crate::{
    access::Access,
    graphql::{Code, Executor, Prepared, Refusal, Request},
};

/// Longest operation name that is logged, in characters.
const MAX_LOGGED_NAME: usize = 64;

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

/// `POST` and `GET`; other methods are not allowed.
pub(super) fn route(graphql: Graphql) -> MethodRouter {
    get(answer_get).post(answer_post).with_state(graphql)
}

async fn answer_post(
    State(graphql): State<Graphql>,
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
            let message = "The request's body is too large.";
            return refuse(StatusCode::PAYLOAD_TOO_LARGE, media, message);
        }
        Err(_) => {
            let message = "The request's body broke off.";
            return refuse(StatusCode::BAD_REQUEST, media, message);
        }
    };
    match Body::read(&body) {
        Ok(Body::One(parameters)) if !parameters.names_a_document() => {
            refuse(StatusCode::BAD_REQUEST, media, NO_DOCUMENT)
        }
        Ok(Body::One(parameters)) => match graphql.prepare(parameters, &Method::POST) {
            Ok(prepared) => graphql.answer(prepared, access, media).await,
            Err(refusal) => refused(refusal, media),
        },
        Ok(Body::Batch(batch)) => graphql.answer_batch(batch, access, media).await,
        Err(message) => refuse(StatusCode::BAD_REQUEST, media, &message),
    }
}

async fn answer_get(
    State(graphql): State<Graphql>,
    Extension(access): Extension<Arc<Access>>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    let Some(media) = Media::negotiate(&headers) else {
        return not_acceptable();
    };
    let parameters = match Parameters::read_query_string(query.as_deref().unwrap_or_default()) {
        Ok(parameters) => parameters,
        Err(message) => return refuse(StatusCode::BAD_REQUEST, media, &message),
    };
    if !parameters.names_a_document() {
        return refuse(StatusCode::BAD_REQUEST, media, NO_DOCUMENT);
    }
    match graphql.prepare(parameters, &Method::GET) {
        Ok(prepared) => graphql.answer(prepared, access, media).await,
        Err(refusal) => refused(refusal, media),
    }
}

/// The answer to a request that is not executed.
fn refused(refusal: Refusal, media: Media) -> Response {
    let is_unsafe = matches!(refusal, Refusal::UnsafeOperation);
    let errors = refusal.into_errors();
    let mut response = Outcome::Refused { errors }.answer(media);
    if is_unsafe {
        *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
        let allowed = HeaderValue::from_static("POST");
        response.headers_mut().insert(header::ALLOW, allowed);
    }
    response
}

const NO_DOCUMENT: &str = "Send the document as the string \"query\".";

/// The client takes nothing that there is; it is told so in JSON, which people can read.
fn not_acceptable() -> Response {
    let message = format!("Answers are {}: let Accept allow one.", Media::AVAILABLE);
    refuse(StatusCode::NOT_ACCEPTABLE, Media::Json, &message)
}

impl Graphql {
    /// Finds, reads and validates what a request asks for. Nothing of it is executed.
    fn prepare(&self, parameters: Parameters, method: &Method) -> Result<Prepared, Refusal> {
        let named = self.persisted.find(&parameters)?;
        let query = named.document.or(parameters.query);
        let request = Request {
            query: query.ok_or_else(|| Refusal::new(Code::BadRequest, NO_DOCUMENT))?,
            operation_name: parameters.operation_name,
            variables: parameters.variables,
            is_safe: method.is_safe(),
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
        let mut response = Outcome::Executed(response).answer(media);
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
        let most = self.max_batch;
        let message = match batch.len() {
            _ if most == 0 => {
                "Send one operation as a JSON object: lists are not taken here.".into()
            }
            0 => "The list has no operation.".into(),
            length if length > most => format!("A list has at most {most} operations."),
            _ => {
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
                return answer_batch(&join_all(outcomes).await, media);
            }
        };
        refuse(StatusCode::BAD_REQUEST, media, &message)
    }
}
