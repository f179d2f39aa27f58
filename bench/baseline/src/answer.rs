//! An answer as HTTP: the JSON, or why there is none.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

use crate::json::Json;

/// Why a request is not answered.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// There is no good token.
    Unauthenticated,
    /// The token's user may not see it, or it is not there.
    Forbidden,
    /// The database failed.
    Failed,
}

impl From<tokio_postgres::Error> for Refusal {
    fn from(_: tokio_postgres::Error) -> Self {
        Self::Failed
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        match self {
            Self::Unauthenticated => StatusCode::UNAUTHORIZED,
            Self::Forbidden => StatusCode::FORBIDDEN,
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
