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

use super::accept::{quality_of, ranges};

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
pub(super) struct ContentEncoding(Option<HeaderValue>);

impl ContentEncoding {
    /// Chooses by the headers of a request.
    pub(super) fn negotiate(headers: &mut HeaderMap) -> Self {
        choose(headers);
        Self(headers.get(header::ACCEPT_ENCODING).cloned())
    }

    /// Does to one answer what [`compressed`] does to all: most are short, and pass without what it
    /// takes to compress.
    pub(super) async fn compress(self, response: Response) -> Response {
        if !is_long().should_compress(&response) {
            return response;
        }
        let mut request = Request::new(());
        if let Some(encoding) = self.0 {
            request
                .headers_mut()
                .insert(header::ACCEPT_ENCODING, encoding);
        }
        let mut response = Some(response);
        // It is asked once.
        let service =
            service_fn(move |_| ready(Ok::<_, Infallible>(response.take().unwrap_or_default())));
        let Ok(response) = compression().layer(service).oneshot(request).await;
        response.map(Body::new)
    }
}

/// Leaves of the encodings that a client takes the one that it gets.
fn choose(headers: &mut HeaderMap) {
    if !headers.contains_key(header::ACCEPT_ENCODING) {
        return;
    }
    let accepted = ranges(headers, &header::ACCEPT_ENCODING);
    let quality = |encoding: &str| quality_of(&accepted, encoding).unwrap_or_default();
    let prefers_identity_to = |quality: u16| {
        let identity = accepted.iter().find(|range| range.is("identity"));
        identity.is_some_and(|range| range.quality > quality)
    };
    let best = ENCODINGS
        .into_iter()
        .rev()
        .max_by_key(|encoding| quality(encoding))
        .filter(|encoding| quality(encoding) > 0)
        .filter(|encoding| !prefers_identity_to(quality(encoding)));
    match best {
        Some(encoding) => {
            headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(encoding));
        }
        None => {
            headers.remove(header::ACCEPT_ENCODING);
        }
    }
}
