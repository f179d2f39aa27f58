//! Compresses responses by `Accept-Encoding` (RFC 9110, section 12.5.3).

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

/// Shortest body that is compressed, in bytes. Shorter ones hardly shrink.
const MIN_LENGTH: u64 = 1024;

/// Available encodings, best first.
const ENCODINGS: [&str; 2] = ["br", "gzip"];

/// Compresses the router's long responses, unless the client accepts no encoding.
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

/// The negotiated encoding; `None` means uncompressed.
pub(super) struct ContentEncoding(Option<HeaderValue>);

impl ContentEncoding {
    /// Negotiates the encoding by the request's headers.
    pub(super) fn negotiate(headers: &mut HeaderMap) -> Self {
        choose(headers);
        Self(headers.get(header::ACCEPT_ENCODING).cloned())
    }

    /// Compresses one response as [`compressed`] does. Short responses, which are most, skip the
    /// set-up.
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
        // Called once.
        let service =
            service_fn(move |_| ready(Ok::<_, Infallible>(response.take().unwrap_or_default())));
        let Ok(response) = compression().layer(service).oneshot(request).await;
        response.map(Body::new)
    }
}

/// Replaces `Accept-Encoding` by the negotiated encoding.
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
