//! Answers: their status, media type and body.

use async_graphql::ServerError;
use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{json, to_writer};

use super::{super::graphql_error, media::Media};
use crate::{
    graphql::{Code, Executed, LimitExceeded, check_length},
    metrics::{Limit, Metrics},
};

/// What came of a request for one operation.
pub(super) enum Outcome {
    /// It was executed, and has `data`.
    Executed(Executed),
    /// It was not, and has no `data`.
    Refused { errors: Vec<ServerError> },
}

impl Outcome {
    /// The status by which the outcome is told.
    ///
    /// `application/json` says nothing by its status that its body does not say, as old clients
    /// expect. The draft of 2025 goes further than this for `application/graphql-response+json`:
    /// it recommends 422 where validation or the variables fail, and 294 where there are both
    /// `data` and `errors`. Both are only recommended, and unknown to proxies and clients of today.
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

/// The answer to what is no GraphQL request, as far as HTTP goes.
pub(super) fn refuse(status: StatusCode, media: Media, message: &str) -> Response {
    refuse_with(status, Code::BadRequest, media, message)
}

/// As [`refuse`], with another code.
pub(super) fn refuse_with(status: StatusCode, code: Code, media: Media, message: &str) -> Response {
    typed(graphql_error(status, code, message), media)
}

/// How the answers to a request are written.
pub(super) struct ResponseWriter<'a> {
    pub(super) media: Media,
    /// Longest answer, in bytes.
    pub(super) max: usize,
    /// Counts what is refused by a limit.
    pub(super) metrics: &'a Metrics,
}

impl ResponseWriter<'_> {
    /// The answer to a request for this operation alone.
    pub(super) fn write_one(&self, outcome: &Outcome) -> Response {
        self.write(outcome.status(self.media), |body| {
            self.append(outcome, body)
        })
    }

    /// The answer to a batch: what came of each operation, in their order.
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

    /// The answer to a request that goes beyond a limit, before it is known to be one of GraphQL.
    pub(super) fn refuse_beyond_limit(
        &self,
        status: StatusCode,
        exceeded: LimitExceeded,
    ) -> Response {
        self.metrics.limit_refused(exceeded.limit);
        let body = json!({ "errors": [ServerError::from(exceeded)] });
        typed((status, Json(body)).into_response(), self.media)
    }

    /// Appends an outcome. One that makes the body longer than is allowed was executed in vain:
    /// there is an error in its place, without data.
    fn append(&self, outcome: &Outcome, body: &mut Vec<u8>) -> serde_json::Result<()> {
        let beyond = match outcome {
            Outcome::Executed(executed) => executed.beyond(),
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
        match check_length(Limit::Answer, self.max, body.len()) {
            Ok(()) => Ok(()),
            Err(exceeded) => {
                // Once, if it was too long before it was written to its end.
                if beyond.is_none() {
                    self.metrics.limit_refused(exceeded.limit);
                }
                body.truncate(start);
                let error = ServerError::from(exceeded);
                to_writer(body, &json!({ "data": null, "errors": [error] }))
            }
        }
    }

    /// The answer with the body that `write` appends.
    fn write(
        &self,
        status: StatusCode,
        write: impl FnOnce(&mut Vec<u8>) -> serde_json::Result<()>,
    ) -> Response {
        let mut body = Vec::new();
        match write(&mut body) {
            Ok(()) => typed((status, body).into_response(), self.media),
            Err(error) => {
                tracing::error!(%error, "the response could not be written");
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
