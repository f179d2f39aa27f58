//! Error responses in the OpenAPI document. Their examples are the bodies that the gateway sends.

use std::collections::BTreeMap;

use axum::http::{StatusCode, header};
use utoipa::{
    IntoResponses, ToSchema,
    openapi::{ContentBuilder, HeaderBuilder, Object, Ref, RefOr, ResponseBuilder, Type, response},
};

use super::error::{ArenaError, Body, DetailError, ErrorFormat};

/// Errors of endpoints that do not require authentication.
pub(super) struct PublicErrors;

impl IntoResponses for PublicErrors {
    fn responses() -> BTreeMap<String, RefOr<response::Response>> {
        let unauthorized = described(
            ErrorFormat::Drf,
            StatusCode::UNAUTHORIZED,
            "The bearer token is not valid.",
            &Body::invalid_token(ErrorFormat::Drf),
        );
        by_status(
            ErrorFormat::Drf,
            &[
                (
                    StatusCode::NOT_FOUND,
                    "The resource is unknown, malformed, deleted or hidden; these look the same.",
                ),
                RATE_LIMITED,
                FAILED,
                UNAVAILABLE,
                TIMED_OUT,
            ],
        )
        .into_iter()
        .chain([unauthorized])
        .collect()
    }
}

/// Errors of endpoints for managers, in the format of Django REST framework.
pub(super) struct ManagerErrors;

impl IntoResponses for ManagerErrors {
    fn responses() -> BTreeMap<String, RefOr<response::Response>> {
        by_status(ErrorFormat::Drf, &MANAGERS)
    }
}

/// Errors of endpoints for managers, in the format of Are.na.
pub(super) struct ArenaManagerErrors;

impl IntoResponses for ArenaManagerErrors {
    fn responses() -> BTreeMap<String, RefOr<response::Response>> {
        by_status(ErrorFormat::Arena, &MANAGERS)
    }
}

type Meaning = (StatusCode, &'static str);

const FAILED: Meaning = (
    StatusCode::INTERNAL_SERVER_ERROR,
    "The gateway failed. The log has the reason.",
);
const UNAVAILABLE: Meaning = (
    StatusCode::SERVICE_UNAVAILABLE,
    "The database is unavailable. Retry later.",
);
const TIMED_OUT: Meaning = (
    StatusCode::GATEWAY_TIMEOUT,
    "The request exceeded its time limit. Retry later.",
);
const RATE_LIMITED: Meaning = (
    StatusCode::TOO_MANY_REQUESTS,
    "The client exceeded its rate limit. Retry later.",
);
const MANAGERS: [Meaning; 7] = [
    (
        StatusCode::UNAUTHORIZED,
        "The bearer token is missing or not valid. This is checked before anything else.",
    ),
    (
        StatusCode::FORBIDDEN,
        "The resource exists, and the viewer does not manage it.",
    ),
    (
        StatusCode::NOT_FOUND,
        "The resource is unknown, malformed, deleted or hidden; these look the same.",
    ),
    RATE_LIMITED,
    FAILED,
    UNAVAILABLE,
    TIMED_OUT,
];

fn by_status(
    format: ErrorFormat,
    meanings: &[Meaning],
) -> BTreeMap<String, RefOr<response::Response>> {
    meanings
        .iter()
        .map(|&(status, meaning)| described(format, status, meaning, &Body::new(format, status)))
        .collect()
}

fn described(
    format: ErrorFormat,
    status: StatusCode,
    meaning: &str,
    body: &Body,
) -> (String, RefOr<response::Response>) {
    let schema = match format {
        ErrorFormat::Drf => DetailError::name(),
        ErrorFormat::Arena => ArenaError::name(),
    };
    let content = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name(schema)))
        .example(serde_json::to_value(body).ok())
        .build();
    let mut response = ResponseBuilder::new()
        .description(meaning)
        .content("application/json", content);
    let mut header = |name: header::HeaderName, of: Type, text: &str| {
        let header = HeaderBuilder::new()
            .schema(Some(Object::with_type(of)))
            .description(Some(text))
            .build();
        response = std::mem::take(&mut response).header(name.as_str(), header);
    };
    match status {
        StatusCode::UNAUTHORIZED => header(
            header::WWW_AUTHENTICATE,
            Type::String,
            "Authentication scheme: `Bearer`.",
        ),
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => header(
            header::RETRY_AFTER,
            Type::Integer,
            "Seconds after which to retry.",
        ),
        _ => {}
    }
    (status.as_str().to_owned(), response.build().into())
}
