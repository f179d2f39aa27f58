//! Error responses in the OpenAPI document. Their examples are the bodies that the gateway sends.

use std::collections::BTreeMap;

use axum::http::{StatusCode, header};
use utoipa::{
    IntoResponses, ToSchema,
    openapi::{ContentBuilder, HeaderBuilder, Object, Ref, RefOr, ResponseBuilder, Type, response},
};

use super::error::{ArenaError, Body, DetailError, ErrorFormat};

type Responses = BTreeMap<String, RefOr<response::Response>>;

/// Errors of endpoints that do not require authentication.
pub(super) struct PublicErrors;

impl IntoResponses for PublicErrors {
    fn responses() -> Responses {
        let format = ErrorFormat::Drf;
        let meaning = "The bearer token is not valid.";
        let body = Body::invalid_token(format);
        let unauthorized = described(format, StatusCode::UNAUTHORIZED, meaning, &body);
        by_status(format, SHARED).chain([unauthorized]).collect()
    }
}

/// Errors of endpoints for managers, in the format of Django REST framework.
pub(super) struct ManagerErrors;

impl IntoResponses for ManagerErrors {
    fn responses() -> Responses {
        managers(ErrorFormat::Drf)
    }
}

/// Errors of endpoints for managers, in the format of Are.na.
pub(super) struct ArenaManagerErrors;

impl IntoResponses for ArenaManagerErrors {
    fn responses() -> Responses {
        managers(ErrorFormat::Arena)
    }
}

type Meaning = (StatusCode, &'static str);

/// Errors of every endpoint.
const SHARED: [Meaning; 5] = [
    (
        StatusCode::NOT_FOUND,
        "The resource is unknown, malformed, deleted or hidden; these look the same.",
    ),
    (
        StatusCode::TOO_MANY_REQUESTS,
        "The client exceeded its rate limit. Retry later.",
    ),
    (
        StatusCode::INTERNAL_SERVER_ERROR,
        "The gateway failed. The log has the reason.",
    ),
    (
        StatusCode::SERVICE_UNAVAILABLE,
        "The database is unavailable. Retry later.",
    ),
    (
        StatusCode::GATEWAY_TIMEOUT,
        "The request exceeded its time limit. Retry later.",
    ),
];

fn managers(format: ErrorFormat) -> Responses {
    let own = [
        (
            StatusCode::UNAUTHORIZED,
            "The bearer token is missing or not valid. This is checked before anything else.",
        ),
        (
            StatusCode::FORBIDDEN,
            "The resource exists, and the viewer does not manage it; or the viewer has no account.",
        ),
    ];
    by_status(format, own)
        .chain(by_status(format, SHARED))
        .collect()
}

fn by_status(
    format: ErrorFormat,
    meanings: impl IntoIterator<Item = Meaning>,
) -> impl Iterator<Item = (String, RefOr<response::Response>)> {
    meanings.into_iter().map(move |(status, meaning)| {
        described(format, status, meaning, &Body::new(format, status))
    })
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
    let header = match status {
        StatusCode::UNAUTHORIZED => Some((
            header::WWW_AUTHENTICATE,
            Type::String,
            "Authentication scheme: `Bearer`.",
        )),
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => Some((
            header::RETRY_AFTER,
            Type::Integer,
            "Seconds after which to retry.",
        )),
        _ => None,
    };
    if let Some((name, of, text)) = header {
        let header = HeaderBuilder::new()
            .schema(Some(Object::with_type(of)))
            .description(Some(text));
        response = response.header(name.as_str(), header.build());
    }
    (status.as_str().to_owned(), response.build().into())
}
