//! Responses: JSON, or an error status.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

use crate::json::Json;

/// Error of a request.
#[derive(Debug)]
pub(crate) enum RequestError {
    /// The token is missing or not valid.
    Unauthenticated,
    /// The object does not exist, or the token's user may not see it.
    Forbidden,
    /// The body is not what the route expects.
    Malformed,
    /// The database failed.
    Failed,
}

impl From<tokio_postgres::Error> for RequestError {
    fn from(_: tokio_postgres::Error) -> Self {
        Self::Failed
    }
}

impl IntoResponse for RequestError {
    fn into_response(self) -> Response {
        match self {
            Self::Unauthenticated => StatusCode::UNAUTHORIZED,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::Malformed => StatusCode::BAD_REQUEST,
            Self::Failed => StatusCode::INTERNAL_SERVER_ERROR,
        }
        .into_response()
    }
}

impl IntoResponse for Json {
    fn into_response(self) -> Response {
        let json = HeaderValue::from_static("application/json");
        ([(header::CONTENT_TYPE, json)], self.into_bytes()).into_response()
    }
}
