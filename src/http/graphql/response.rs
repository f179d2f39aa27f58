//! Responses: their status, media type and body.

use async_graphql::ServerError;
use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use graphql_documents::{Limit, LimitExceeded, check_length};
use serde_json::{json, to_writer};

use super::{super::graphql_error, media::Media};
use crate::{
    graphql::{Code, Executed, limit_error},
    metrics::Metrics,
};

/// Outcome of an operation.
pub(super) enum Outcome {
    /// The operation was executed, and has `data`.
    Executed(Executed),
    /// The operation was refused, and has no `data`.
    Refused { errors: Vec<ServerError> },
}

impl Outcome {
    /// Returns the response's status.
    ///
    /// With `application/json`, it is 200 for all GraphQL errors, as older clients expect. For
    /// `application/graphql-response+json`, the draft of 2025 also recommends 422 for failed
    /// validation or variables, and 294 for `data` with `errors`. Proxies and clients do not know
    /// these statuses yet, so that the gateway does not use them.
    fn status(&self, media: Media) -> StatusCode {
        match (self, media) {
            (Self::Refused { .. }, Media::GraphqlResponse) => StatusCode::BAD_REQUEST,
            _ => StatusCode::OK,
        }
    }

    fn write(&self, body: &mut Vec<u8>) -> serde_json::Result<()> {
        match self {
            Self::Executed(executed) => executed.write(body),
            Self::Refused { errors } => to_writer(body, &json!({ "errors": errors })),
        }
    }
}

/// Responds to a request that is not a GraphQL request.
pub(super) fn refuse(status: StatusCode, media: Media, message: &str) -> Response {
    refuse_with(status, Code::BadRequest, media, message)
}

/// [`refuse`] with another code.
pub(super) fn refuse_with(status: StatusCode, code: Code, media: Media, message: &str) -> Response {
    typed(graphql_error(status, code, message), media)
}

/// Writes the responses to a request.
pub(super) struct ResponseWriter<'a> {
    pub(super) media: Media,
    /// Longest response, in bytes.
    pub(super) max: usize,
    /// Counts refusals by limits.
    pub(super) metrics: &'a Metrics,
}

impl ResponseWriter<'_> {
    /// Writes the response to a single operation.
    pub(super) fn write_one(&self, outcome: &Outcome) -> Response {
        self.write(outcome.status(self.media), |body| {
            self.append(outcome, body)
        })
    }

    /// Writes the response to a batch, with outcomes in order.
    pub(super) fn write_batch(&self, outcomes: &[Outcome]) -> Response {
        self.write(StatusCode::OK, |body| {
            body.push(b'[');
            for (index, outcome) in outcomes.iter().enumerate() {
                if index > 0 {
                    body.push(b',');
                }
                self.append(outcome, body)?;
            }
            body.push(b']');
            Ok(())
        })
    }

    /// Writes the response to a request that exceeds a limit before it is parsed.
    pub(super) fn refuse_beyond_limit(
        &self,
        status: StatusCode,
        exceeded: LimitExceeded,
    ) -> Response {
        self.metrics.limit_refused(exceeded.limit);
        let body = json!({ "errors": [limit_error(exceeded)] });
        typed((status, Json(body)).into_response(), self.media)
    }

    /// Appends an outcome, or an error without data if the response would exceed its limit.
    fn append(&self, outcome: &Outcome, body: &mut Vec<u8>) -> serde_json::Result<()> {
        let beyond = match outcome {
            Outcome::Executed(executed) => executed.exceeded(),
            Outcome::Refused { errors } => {
                let exceeded = errors.iter().filter_map(LimitExceeded::from_error);
                exceeded.for_each(|exceeded| self.metrics.limit_refused(exceeded.limit));
                None
            }
        };
        if let Some(limit) = beyond {
            self.metrics.limit_refused(limit);
        }
        let start = body.len();
        outcome.write(body)?;
        match check_length(Limit::Response, self.max, body.len()) {
            Ok(()) => Ok(()),
            Err(exceeded) => {
                // Not counted twice if execution already exceeded the limit.
                if beyond.is_none() {
                    self.metrics.limit_refused(exceeded.limit);
                }
                body.truncate(start);
                let error = limit_error(exceeded);
                to_writer(body, &json!({ "data": null, "errors": [error] }))
            }
        }
    }

    /// Builds the response with the body that `write` appends.
    fn write(
        &self,
        status: StatusCode,
        write: impl FnOnce(&mut Vec<u8>) -> serde_json::Result<()>,
    ) -> Response {
        let mut body = Vec::new();
        match write(&mut body) {
            Ok(()) => typed((status, body).into_response(), self.media),
            Err(error) => {
                tracing::error!(%error, "cannot write a response");
                typed(super::super::internal_error(None), self.media)
            }
        }
    }
}

fn typed(mut response: Response, media: Media) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, media.header_value());
    headers.insert(header::VARY, HeaderValue::from_static("accept"));
    response
}
