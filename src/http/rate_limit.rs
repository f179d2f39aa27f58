//! Rate limit headers of responses: `RateLimit`, `RateLimit-Policy`
//! (draft-ietf-httpapi-ratelimit-headers) and, after a refusal, `Retry-After`.

use std::fmt::Write;

use axum::{
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::Response,
};

use super::{error_in, graphql_errors};
use crate::{
    graphql::{Code, rate_limited_error},
    rate_limit::{Client, RateLimit, RateLimited, RateLimits, WINDOW},
    rest::ErrorFormat,
};

const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// Headers that pages of other origins may read.
pub(super) const HEADERS: [HeaderName; 2] = [RATE_LIMIT, POLICY];

/// Formats the quotas for `RateLimit-Policy`, if there are any.
pub(super) fn policy(limits: &RateLimits) -> Option<HeaderValue> {
    let quotas = limits.quotas().map(|(limit, most)| {
        let (name, window) = (limit.name(), WINDOW.as_secs());
        format!(r#""{name}";q={most};w={window}"#)
    });
    let quotas: Vec<_> = quotas.collect();
    let policy = HeaderValue::try_from(quotas.join(", ")).ok();
    policy.filter(|_| !quotas.is_empty())
}

/// Adds the rest of the client's quota and, after a refusal, the time to retry.
pub(super) fn add_headers(client: &Client, policy: &Option<HeaderValue>, headers: &mut HeaderMap) {
    let Some(policy) = policy else {
        return;
    };
    headers.insert(POLICY, policy.clone());
    let mut remaining = String::with_capacity(64);
    if let Some(requests) = client.remaining() {
        item(
            &mut remaining,
            RateLimit::Requests,
            requests.units,
            requests.reset.as_millis().div_ceil(1000) as u64,
        );
    }
    if let Some(refused) = client.refused() {
        item(&mut remaining, refused.limit, 0, refused.retry_after);
        headers.insert(header::RETRY_AFTER, refused.retry_after.into());
    }
    if !remaining.is_empty()
        && let Ok(remaining) = HeaderValue::try_from(remaining)
    {
        headers.insert(RATE_LIMIT, remaining);
    }
}

/// Appends the rest of a quota. After `seconds`, it is full again or, if exhausted, has room.
fn item(list: &mut String, limit: RateLimit, units: u64, seconds: u64) {
    let comma = if list.is_empty() { "" } else { ", " };
    let name = limit.name();
    // Writing to a `String` cannot fail.
    let _ = write!(list, r#"{comma}"{name}";r={units};t={seconds}"#);
}

/// Builds the 429 response, in the format of the endpoint.
pub(super) fn refusal(limited: RateLimited, error_format: Option<ErrorFormat>) -> Response {
    const STATUS: StatusCode = StatusCode::TOO_MANY_REQUESTS;
    match error_format {
        Some(_) => error_in(error_format, STATUS, Code::RateLimited, ""),
        None => graphql_errors(STATUS, &[rate_limited_error(limited)]),
    }
}
