//! Error responses in the format and wording of each contract.

use std::collections::BTreeMap;

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::Response,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::json_response;
use crate::{access::AccessError, loader::LoadError};

/// Challenge for a request without a required token.
const CHALLENGE: HeaderValue = HeaderValue::from_static(r#"Bearer realm="invite-gateway""#);
/// Seconds after which a client should retry if the database is unavailable.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("1");

/// Error format of a contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ErrorFormat {
    /// `{"detail": "…"}`, the format of Django REST framework.
    Drf,
    /// `{"error": "…", "code": …, "details": {"message": "…"}}`, the format of Are.na.
    Arena,
}

/// Builds an error response. A 401 has `WWW-Authenticate`, a 503 has `Retry-After`, and every error
/// has `Cache-Control: no-store`.
pub(crate) fn error_response(format: ErrorFormat, status: StatusCode) -> Response {
    let mut response = json_response(status, &Body::new(format, status));
    let header = match status {
        StatusCode::UNAUTHORIZED => Some((header::WWW_AUTHENTICATE, CHALLENGE)),
        StatusCode::SERVICE_UNAVAILABLE => Some((header::RETRY_AFTER, RETRY_AFTER)),
        _ => None,
    };
    response.headers_mut().extend(header);
    response
}

/// Builds the 401 for an invalid token, to which the caller adds the challenge. The 401 of
/// [`error_response`] is for a missing token.
pub(crate) fn bad_token_response(format: ErrorFormat) -> Response {
    json_response(StatusCode::UNAUTHORIZED, &Body::invalid_token(format))
}

/// Reason that an endpoint does not return its resource.
#[derive(Debug)]
pub(super) enum RestError {
    /// The resource is unknown, malformed, deleted or hidden. All four give the same response.
    NotFound,
    /// Query parameters are invalid.
    Parameters(ParameterErrors),
    /// The viewer or the database does not permit it.
    Access(AccessError),
}

impl RestError {
    /// Builds the response. It never contains an error of the database, which the loader logged.
    pub(super) fn respond(self, format: ErrorFormat) -> Response {
        let status = match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Parameters(errors) => return json_response(StatusCode::BAD_REQUEST, &errors),
            Self::Access(AccessError::Unauthenticated) => StatusCode::UNAUTHORIZED,
            Self::Access(AccessError::NoAccount | AccessError::Forbidden) => StatusCode::FORBIDDEN,
            Self::Access(AccessError::RateLimited(_)) => StatusCode::TOO_MANY_REQUESTS,
            Self::Access(AccessError::Load(error)) => match error {
                LoadError::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
                LoadError::TimedOut(_) => StatusCode::GATEWAY_TIMEOUT,
                LoadError::Failed(_) => StatusCode::INTERNAL_SERVER_ERROR,
            },
        };
        error_response(format, status)
    }
}

impl<E: Into<AccessError>> From<E> for RestError {
    fn from(error: E) -> Self {
        Self::Access(error.into())
    }
}

/// Invalid query parameters: the errors of each, by its name.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(super) struct ParameterErrors(pub(super) BTreeMap<String, Vec<String>>);

/// An error in the format of Django REST framework.
#[derive(Serialize, ToSchema)]
pub(super) struct DetailError {
    /// Error message.
    #[schema(value_type = String)]
    detail: &'static str,
}

/// An error in the format of Are.na.
#[derive(Serialize, ToSchema)]
pub(super) struct ArenaError {
    /// Name of the HTTP status.
    #[schema(value_type = String)]
    error: &'static str,
    /// The HTTP status.
    code: u16,
    /// Details of the error.
    details: ArenaErrorDetails,
}

/// Details of an error.
#[derive(Serialize, ToSchema)]
pub(super) struct ArenaErrorDetails {
    /// Error message.
    #[schema(value_type = String)]
    message: &'static str,
}

/// Body of an error response.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Body {
    Drf(DetailError),
    Arena(ArenaError),
}

impl Body {
    pub(super) fn new(format: ErrorFormat, status: StatusCode) -> Self {
        Self::with_message(format, status, message(format, status))
    }

    /// Body of the 401 for an invalid token.
    pub(super) fn invalid_token(format: ErrorFormat) -> Self {
        let message = match format {
            ErrorFormat::Drf => "Invalid token.",
            ErrorFormat::Arena => "The access token is not valid.",
        };
        Self::with_message(format, StatusCode::UNAUTHORIZED, message)
    }

    fn with_message(format: ErrorFormat, status: StatusCode, message: &'static str) -> Self {
        match format {
            ErrorFormat::Drf => Self::Drf(DetailError { detail: message }),
            ErrorFormat::Arena => Self::Arena(ArenaError {
                error: reason(status),
                code: status.as_u16(),
                details: ArenaErrorDetails { message },
            }),
        }
    }
}

fn reason(status: StatusCode) -> &'static str {
    status.canonical_reason().unwrap_or("Error")
}

fn message(format: ErrorFormat, status: StatusCode) -> &'static str {
    let (detail, arena) = match status {
        StatusCode::UNAUTHORIZED => (
            "Authentication credentials were not provided.",
            "You must be signed in to access this resource.",
        ),
        StatusCode::FORBIDDEN => (
            "You do not have permission to perform this action.",
            "You do not have permission to access this resource.",
        ),
        StatusCode::NOT_FOUND => (
            "Not found.",
            "The resource you are looking for does not exist.",
        ),
        StatusCode::METHOD_NOT_ALLOWED => (
            "Method not allowed.",
            "This resource does not support this method.",
        ),
        StatusCode::TOO_MANY_REQUESTS => (
            "Request was throttled.",
            "You have sent too many requests. Try again later.",
        ),
        StatusCode::INTERNAL_SERVER_ERROR => {
            ("A server error occurred.", "A server error occurred.")
        }
        StatusCode::SERVICE_UNAVAILABLE => (
            "Service temporarily unavailable, try again later.",
            "The service is temporarily unavailable. Try again later.",
        ),
        StatusCode::GATEWAY_TIMEOUT => (
            "The request took too long, try again later.",
            "The request took too long. Try again later.",
        ),
        other => (reason(other), reason(other)),
    };
    match format {
        ErrorFormat::Drf => detail,
        ErrorFormat::Arena => arena,
    }
}

#[cfg(test)]
mod tests {
    use axum::http::StatusCode;

    use super::{ErrorFormat, message};

    #[test]
    fn a_status_without_wording_of_its_own_has_its_name() {
        for format in [ErrorFormat::Drf, ErrorFormat::Arena] {
            let message = message(format, StatusCode::PAYLOAD_TOO_LARGE);
            assert_eq!(message, "Payload Too Large");
        }
    }
}
