//! Compression of answers, by `Accept-Encoding` (RFC 9110, section 12.5.3).

use axum::{
    Router,
    extract::Request,
    http::{HeaderValue, header},
};
use tower::ServiceBuilder;
use tower_http::compression::{
    CompressionLayer,
    predicate::{DefaultPredicate, Predicate, SizeAbove},
};

use super::quality::{quality_of, ranges};

/// Shortest body that is compressed, in bytes: below, it would hardly get shorter.
const MIN_LENGTH: u64 = 1024;

/// What there is, best first. Clients are about that say that they read zstd and do not: it is for
/// those that like it better, or read nothing else.
const ENCODINGS: [&str; 3] = ["br", "gzip", "zstd"];

/// Compresses what is long enough. What a client does not take for itself is sent as it is.
pub(super) fn compressed(router: Router) -> Router {
    let is_long = DefaultPredicate::new().and(SizeAbove::new(MIN_LENGTH));
    router.layer(
        ServiceBuilder::new()
            .map_request(choose)
            .layer(CompressionLayer::new().compress_when(is_long)),
    )
}

/// Leaves of the encodings that a client takes the one that it gets.
fn choose(mut request: Request) -> Request {
    if !request.headers().contains_key(header::ACCEPT_ENCODING) {
        return request;
    }
    let liked = ranges(request.headers(), &header::ACCEPT_ENCODING);
    let quality = |encoding: &str| quality_of(&liked, encoding).unwrap_or_default();
    let is_plain_liked_above = |quality: u16| {
        let plain = liked.iter().find(|range| range.is("identity"));
        plain.is_some_and(|range| range.quality > quality)
    };
    let best = ENCODINGS
        .into_iter()
        .rev()
        .max_by_key(|encoding| quality(encoding))
        .filter(|encoding| quality(encoding) > 0)
        .filter(|encoding| !is_plain_liked_above(quality(encoding)));
    let headers = request.headers_mut();
    match best {
        Some(encoding) => {
            headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(encoding));
        }
        None => {
            headers.remove(header::ACCEPT_ENCODING);
        }
    }
    request
}
