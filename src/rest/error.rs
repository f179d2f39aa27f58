//! Errors, worded as each contract words them.

use std::collections::BTreeMap;

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::Response,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::answer;
use crate::{access::AccessError, loader::LoadError};

/// What a client is told that sent no token where one is needed.
const SIGN_IN: HeaderValue = HeaderValue::from_static(r#"Bearer realm="invite-gateway""#);
/// What a client is told whose token is not valid.
const BAD_TOKEN: HeaderValue =
    HeaderValue::from_static(r#"Bearer realm="invite-gateway", error="invalid_token""#);
/// After how many seconds a database that is away is worth asking again.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("1");

/// How a contract shapes its errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// `{"detail": "…"}`, as Django REST framework has it.
    Detail,
    /// `{"error": "…", "code": …, "details": {"message": "…"}}`, as Are.na has it.
    Arena,
}

/// An error of a contract of that manner: 401 with a `WWW-Authenticate` header, 503 with
/// `Retry-After`, and every one with `Cache-Control: no-store`.
pub fn error_response(manner: Manner, status: StatusCode) -> Response {
    let mut response = answer(status, &Body::of(manner, status));
    match status {
        StatusCode::UNAUTHORIZED => {
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, SIGN_IN);
        }
        StatusCode::SERVICE_UNAVAILABLE => {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, RETRY_AFTER);
        }
        _ => {}
    }
    response
}

/// The 401 of a contract of that manner for a token that is not valid: unlike
/// [`error_response`], it does not say that none was sent.
pub fn bad_token_response(manner: Manner) -> Response {
    let mut response = answer(StatusCode::UNAUTHORIZED, &Body::of_bad_token(manner));
    response
        .headers_mut()
        .insert(header::WWW_AUTHENTICATE, BAD_TOKEN);
    response
}

/// Why a resource is not shown.
#[derive(Debug)]
pub(super) enum Refusal {
    /// Unknown, malformed, deleted or hidden: all look the same.
    NotFound,
    /// Only for signed-in viewers.
    Unauthenticated,
    /// Visible, but not for this viewer.
    Forbidden,
    /// The client has asked for as much as it may for now.
    RateLimited,
    /// Parameters that cannot be read.
    Parameters(ParameterErrors),
    /// The rows could not be loaded.
    Load(LoadError),
}

impl Refusal {
    /// The refusal as an answer; tells the operator what the client is not told.
    pub(super) fn respond(self, manner: Manner) -> Response {
        let status = match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Unauthenticated => StatusCode::UNAUTHORIZED,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::RateLimited => StatusCode::TOO_MANY_REQUESTS,
            Self::Parameters(errors) => return answer(StatusCode::BAD_REQUEST, &errors),
            // Logged where it failed.
            Self::Load(LoadError::Unavailable(_)) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Load(LoadError::TimedOut(_)) => StatusCode::GATEWAY_TIMEOUT,
            Self::Load(LoadError::Failed(_)) => StatusCode::INTERNAL_SERVER_ERROR,
        };
        error_response(manner, status)
    }
}

impl From<LoadError> for Refusal {
    fn from(error: LoadError) -> Self {
        Self::Load(error)
    }
}

impl From<AccessError> for Refusal {
    fn from(error: AccessError) -> Self {
        match error {
            AccessError::Unauthenticated => Self::Unauthenticated,
            AccessError::Forbidden => Self::Forbidden,
            AccessError::RateLimited(_) => Self::RateLimited,
            AccessError::Load(error) => Self::Load(error),
        }
    }
}

/// What is wrong with the query parameters, by their name.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(super) struct ParameterErrors(pub(super) BTreeMap<String, Vec<String>>);

/// An error, as Django REST framework has it.
#[derive(Serialize, ToSchema)]
pub(super) struct DetailError {
    /// What went wrong.
    #[schema(value_type = String)]
    detail: &'static str,
}

/// An error, as Are.na has it.
#[derive(Serialize, ToSchema)]
pub(super) struct ArenaError {
    /// Name of the HTTP status.
    #[schema(value_type = String)]
    error: &'static str,
    /// The HTTP status.
    code: u16,
    /// More about the error.
    details: ArenaErrorDetails,
}

/// More about an error.
#[derive(Serialize, ToSchema)]
pub(super) struct ArenaErrorDetails {
    /// What went wrong.
    #[schema(value_type = String)]
    message: &'static str,
}

/// What an error's answer says.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Body {
    Detail(DetailError),
    Arena(ArenaError),
}

impl Body {
    /// Of an error of that status.
    pub(super) fn of(manner: Manner, status: StatusCode) -> Self {
        Self::new(manner, status, message(manner, status))
    }

    /// Of the 401 for a token that is not valid.
    pub(super) fn of_bad_token(manner: Manner) -> Self {
        let message = match manner {
            Manner::Detail => "Invalid token.",
            Manner::Arena => "The access token is not valid.",
        };
        Self::new(manner, StatusCode::UNAUTHORIZED, message)
    }

    fn new(manner: Manner, status: StatusCode, message: &'static str) -> Self {
        match manner {
            Manner::Detail => Self::Detail(DetailError { detail: message }),
            Manner::Arena => Self::Arena(ArenaError {
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

fn message(manner: Manner, status: StatusCode) -> &'static str {
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
    match manner {
        Manner::Detail => detail,
        Manner::Arena => arena,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use axum::{
        http::{HeaderMap, StatusCode, header},
        response::Response,
    };
    use http_body_util::BodyExt;
    use sea_orm::DbErr;
    use serde_json::{Value, json};

    use super::{Manner, Refusal, bad_token_response, error_response};
    use crate::loader::LoadError;

    async fn read(response: Response) -> (StatusCode, HeaderMap, Value) {
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.expect("a body").to_bytes();
        let body = serde_json::from_slice(&bytes).expect("JSON");
        (parts.status, parts.headers, body)
    }

    #[tokio::test]
    async fn each_manner_words_its_errors() {
        for (status, detail, error) in [
            (
                StatusCode::NOT_FOUND,
                json!({"detail": "Not found."}),
                json!({"error": "Not Found", "code": 404, "details": {
                    "message": "The resource you are looking for does not exist."}}),
            ),
            (
                StatusCode::UNAUTHORIZED,
                json!({"detail": "Authentication credentials were not provided."}),
                json!({"error": "Unauthorized", "code": 401, "details": {
                    "message": "You must be signed in to access this resource."}}),
            ),
            (
                StatusCode::FORBIDDEN,
                json!({"detail": "You do not have permission to perform this action."}),
                json!({"error": "Forbidden", "code": 403, "details": {
                    "message": "You do not have permission to access this resource."}}),
            ),
            (
                StatusCode::PAYLOAD_TOO_LARGE,
                json!({"detail": "Payload Too Large"}),
                json!({"error": "Payload Too Large", "code": 413, "details": {
                    "message": "Payload Too Large"}}),
            ),
        ] {
            for (manner, expected) in [(Manner::Detail, detail), (Manner::Arena, error)] {
                let (got, headers, body) = read(error_response(manner, status)).await;
                assert_eq!((got, body), (status, expected));
                assert_eq!(headers[header::CACHE_CONTROL], "no-store");
                assert_eq!(headers[header::CONTENT_TYPE], "application/json");
                let challenge = headers.get(header::WWW_AUTHENTICATE);
                assert_eq!(challenge.is_some(), status == StatusCode::UNAUTHORIZED);
            }
        }
    }

    #[tokio::test]
    async fn a_bad_token_is_not_called_a_missing_one() {
        for (manner, expected) in [
            (Manner::Detail, json!({"detail": "Invalid token."})),
            (
                Manner::Arena,
                json!({"error": "Unauthorized", "code": 401, "details": {
                    "message": "The access token is not valid."}}),
            ),
        ] {
            let (status, headers, body) = read(bad_token_response(manner)).await;
            assert_eq!((status, body), (StatusCode::UNAUTHORIZED, expected));
            assert_eq!(
                headers[header::WWW_AUTHENTICATE],
                r#"Bearer realm="invite-gateway", error="invalid_token""#
            );
        }
    }

    #[tokio::test]
    async fn what_the_database_says_is_never_shown() {
        let reason = || Arc::new(DbErr::Custom("a secret".to_owned()));
        for (error, status, retry_after) in [
            (
                LoadError::Unavailable(reason()),
                StatusCode::SERVICE_UNAVAILABLE,
                Some("1"),
            ),
            (
                LoadError::Failed(reason()),
                StatusCode::INTERNAL_SERVER_ERROR,
                None,
            ),
        ] {
            for manner in [Manner::Detail, Manner::Arena] {
                let refusal = Refusal::from(error.clone());
                let (got, headers, body) = read(refusal.respond(manner)).await;
                assert_eq!(got, status);
                let after = headers.get(header::RETRY_AFTER);
                assert_eq!(after.and_then(|value| value.to_str().ok()), retry_after);
                assert!(!body.to_string().contains("secret"), "{body}");
            }
        }
    }
}
