//! Answers: their status, media type and body.

use async_graphql::{Response as GraphqlResponse, ServerError};
use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;

use super::{
    super::graphql_error,
    bounded::{self, NotWritten},
    media::Media,
};
use crate::graphql::{Code, Limit, Met, exceeded};

/// What came of a request for one operation.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Outcome {
    /// It was executed, and has `data`.
    Executed(GraphqlResponse),
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

    /// The answer to a request for this operation alone.
    pub(super) fn answer(&self, media: Media, max_answer: usize) -> Response {
        write(self.status(media), media, self, max_answer)
    }
}

/// The answer to a batch: what came of each operation, in their order.
pub(super) fn answer_batch(outcomes: &[Outcome], media: Media, max_answer: usize) -> Response {
    write(StatusCode::OK, media, outcomes, max_answer)
}

/// The answer to what is no GraphQL request, as far as HTTP goes.
pub(super) fn refuse(status: StatusCode, media: Media, message: &str) -> Response {
    typed(graphql_error(status, Code::BadRequest, message), media)
}

/// The answer to a request that goes beyond a limit, before it is known to be one of GraphQL.
pub(super) fn refuse_beyond_limit(
    status: StatusCode,
    media: Media,
    error: ServerError,
) -> Response {
    let errors = vec![error];
    typed(
        (status, Json(Outcome::Refused { errors })).into_response(),
        media,
    )
}

/// Writes a body of at most `most` bytes. One that would be longer was executed in vain: its answer
/// says so, and has no data.
fn write<T: Serialize + ?Sized>(
    status: StatusCode,
    media: Media,
    body: &T,
    most: usize,
) -> Response {
    match bounded::write(body, most) {
        Ok(body) => typed((status, body).into_response(), media),
        Err(NotWritten::TooLong) => {
            let most = most as u64;
            let error = exceeded(Limit::Answer, most, Met::MoreThan(most));
            let body = serde_json::json!({ "data": null, "errors": [error] });
            typed((status, Json(body)).into_response(), media)
        }
        Err(NotWritten::Failed(error)) => {
            tracing::error!(%error, "the response could not be written");
            typed(super::super::internal_error(), media)
        }
    }
}

fn typed(mut response: Response, media: Media) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, media.header_value());
    headers.insert(header::VARY, HeaderValue::from_static("accept"));
    response
}
