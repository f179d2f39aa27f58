//! Compression of answers, by `Accept-Encoding` (RFC 9110, section 12.5.3).

use std::{convert::Infallible, future::ready};

use axum::{
    Router,
    body::Body,
    extract::Request,
    http::{HeaderMap, HeaderValue, header},
    response::Response,
};
use tower::{Layer, ServiceBuilder, ServiceExt, service_fn};
use tower_http::compression::{
    CompressionLayer,
    predicate::{DefaultPredicate, Predicate, SizeAbove},
};

use super::quality::{quality_of, ranges};

/// Shortest body that is compressed, in bytes: below, it would hardly get shorter.
const MIN_LENGTH: u64 = 1024;

/// Supported encodings, preferred first.
const ENCODINGS: [&str; 2] = ["br", "gzip"];

/// Compresses what is long enough. What a client does not take for itself is sent as it is.
pub(super) fn compressed(router: Router) -> Router {
    let choose = |mut request: Request| {
        choose(request.headers_mut());
        request
    };
    router.layer(
        ServiceBuilder::new()
            .map_request(choose)
            .layer(compression()),
    )
}

fn compression() -> CompressionLayer<impl Predicate> {
    CompressionLayer::new().compress_when(is_long())
}

fn is_long() -> impl Predicate {
    DefaultPredicate::new().and(SizeAbove::new(MIN_LENGTH))
}

/// The encoding that a client gets; none is as it is.
pub(super) struct Chosen(Option<HeaderValue>);

impl Chosen {
    /// Chooses by the headers of a request.
    pub(super) fn by(headers: &mut HeaderMap) -> Self {
        choose(headers);
        Self(headers.get(header::ACCEPT_ENCODING).cloned())
    }

    /// Does to one answer what [`compressed`] does to all: most are short, and pass without what it
    /// takes to compress.
    pub(super) async fn compress(self, answer: Response) -> Response {
        if !is_long().should_compress(&answer) {
            return answer;
        }
        let mut request = Request::new(());
        if let Some(encoding) = self.0 {
            request
                .headers_mut()
                .insert(header::ACCEPT_ENCODING, encoding);
        }
        let mut answer = Some(answer);
        // It is asked once.
        let service =
            service_fn(move |_| ready(Ok::<_, Infallible>(answer.take().unwrap_or_default())));
        let Ok(answer) = compression().layer(service).oneshot(request).await;
        answer.map(Body::new)
    }
}

/// Leaves of the encodings that a client takes the one that it gets.
fn choose(headers: &mut HeaderMap) {
    if !headers.contains_key(header::ACCEPT_ENCODING) {
        return;
    }
    let liked = ranges(headers, &header::ACCEPT_ENCODING);
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
    match best {
        Some(encoding) => {
            headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(encoding));
        }
        None => {
            headers.remove(header::ACCEPT_ENCODING);
        }
    }
}
