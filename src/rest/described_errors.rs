//! Errors, as the OpenAPI document describes them: its examples are what is answered.

use std::collections::BTreeMap;

use axum::http::{StatusCode, header};
use utoipa::{
    IntoResponses, ToSchema,
    openapi::{ContentBuilder, HeaderBuilder, Object, Ref, RefOr, ResponseBuilder, Type, response},
};

use super::error::{ArenaError, Body, DetailError, Manner};

/// The errors of what anybody may ask for, described.
pub(super) struct PublicErrors;

impl IntoResponses for PublicErrors {
    fn responses() -> BTreeMap<String, RefOr<response::Response>> {
        let unauthorized = described(
            Manner::Detail,
            StatusCode::UNAUTHORIZED,
            "A bearer token was sent, and it is not valid.",
            &Body::of_bad_token(Manner::Detail),
        );
        by_status(
            Manner::Detail,
            &[
                (
                    StatusCode::NOT_FOUND,
                    "Unknown, malformed, deleted and hidden look the same.",
                ),
                LIMITED,
                FAILED,
                AWAY,
                LATE,
            ],
        )
        .into_iter()
        .chain([unauthorized])
        .collect()
    }
}

/// The errors of what managers may ask for, described in the manner of Django REST framework.
pub(super) struct ManagersErrors;

impl IntoResponses for ManagersErrors {
    fn responses() -> BTreeMap<String, RefOr<response::Response>> {
        by_status(Manner::Detail, &MANAGERS)
    }
}

/// The errors of what managers may ask for, described in the manner of Are.na.
pub(super) struct ArenaManagersErrors;

impl IntoResponses for ArenaManagersErrors {
    fn responses() -> BTreeMap<String, RefOr<response::Response>> {
        by_status(Manner::Arena, &MANAGERS)
    }
}

type Meaning = (StatusCode, &'static str);

const FAILED: Meaning = (
    StatusCode::INTERNAL_SERVER_ERROR,
    "The gateway failed; the reason is in its log.",
);
const AWAY: Meaning = (
    StatusCode::SERVICE_UNAVAILABLE,
    "The database is away; asking again later can succeed.",
);
const LATE: Meaning = (
    StatusCode::GATEWAY_TIMEOUT,
    "It took longer than a request may; asking again later can succeed.",
);
const LIMITED: Meaning = (
    StatusCode::TOO_MANY_REQUESTS,
    "The client asked too much; asking again later can succeed.",
);
const MANAGERS: [Meaning; 7] = [
    (
        StatusCode::UNAUTHORIZED,
        "No bearer token was sent, or it is not valid: told before anything else.",
    ),
    (
        StatusCode::FORBIDDEN,
        "It exists, and the viewer does not manage it.",
    ),
    (
        StatusCode::NOT_FOUND,
        "Unknown, malformed, deleted and hidden look the same.",
    ),
    LIMITED,
    FAILED,
    AWAY,
    LATE,
];

fn by_status(manner: Manner, meanings: &[Meaning]) -> BTreeMap<String, RefOr<response::Response>> {
    meanings
        .iter()
        .map(|&(status, meaning)| described(manner, status, meaning, &Body::of(manner, status)))
        .collect()
}

fn described(
    manner: Manner,
    status: StatusCode,
    meaning: &str,
    body: &Body,
) -> (String, RefOr<response::Response>) {
    let schema = match manner {
        Manner::Detail => DetailError::name(),
        Manner::Arena => ArenaError::name(),
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
            "How to sign in: `Bearer`.",
        ),
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => header(
            header::RETRY_AFTER,
            Type::Integer,
            "After how many seconds to ask again.",
        ),
        _ => {}
    }
    (status.as_str().to_owned(), response.build().into())
}
