//! GraphiQL: the page at `/graphiql`, its assets below it, and what it offers.
//!
//! Every answer of the page has a nonce of its own, in the content security policy and in the page.
//! So it has no `ETag`: a 304 would pair the policy of a new nonce with a page of an old one.

use axum::{
    Router,
    body::Bytes,
    extract::Path,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header},
    response::{IntoResponse, Response},
    routing::get,
};
use explorer::{Asset, Encoding};
use serde::Serialize;
use uuid::Uuid;

use super::{
    accept::{quality_of, ranges},
    internal_error, not_found,
};

/// Where the page is.
pub(super) const PATH: &str = "/graphiql";

/// What the page offers beside the schema: example queries, and whom to sign in as. Its shape is
/// that of `explorer/web/src/config.ts`.
#[derive(Clone, Debug)]
pub struct GraphiqlConfig(Bytes);

impl GraphiqlConfig {
    /// Takes what the page is to read.
    ///
    /// # Errors
    /// It cannot be written as JSON.
    pub fn new(offer: &impl Serialize) -> Result<Self, serde_json::Error> {
        serde_json::to_vec(offer).map(|json| Self(json.into()))
    }

    /// Whether the build has the page itself; without, its address says how to get it.
    pub fn has_page() -> bool {
        explorer::is_built()
    }
}

/// The page and what belongs to it.
pub(super) fn router(config: GraphiqlConfig) -> Router {
    let config = move || async move {
        let json = [(header::CONTENT_TYPE, "application/json")];
        (json, GUARDS, config.0)
    };
    Router::new()
        .route(PATH, get(page))
        .route("/graphiql/", get(async || redirect("../graphiql")))
        .route("/graphiql/config.json", get(config))
        .route("/graphiql/{asset}", get(asset))
}

/// Sends a browser elsewhere; the place is relative, so that a proxy may serve all this below a path
/// of its own.
pub(super) fn redirect(target: &'static str) -> Response {
    let to = [(header::LOCATION, target)];
    (StatusCode::TEMPORARY_REDIRECT, to).into_response()
}

async fn page() -> Response {
    // 122 random bits.
    let nonce = Uuid::new_v4().simple().to_string();
    let Ok(policy) = HeaderValue::try_from(page_policy(&nonce)) else {
        return internal_error(None);
    };
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/html; charset=utf-8"),
        ),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        (header::CONTENT_SECURITY_POLICY, policy),
    ];
    (headers, GUARDS, explorer::page(&nonce)).into_response()
}

/// Nothing from elsewhere and nothing inline, but the styles that Monaco makes: as elements with the
/// nonce, and as attributes.
fn page_policy(nonce: &str) -> String {
    format!(
        "default-src 'none'; script-src 'self'; worker-src 'self'; connect-src 'self'; \
         img-src 'self' data:; font-src 'self'; style-src 'self' 'unsafe-inline'; \
         style-src-elem 'self' 'nonce-{nonce}'; style-src-attr 'unsafe-inline'; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
}

/// The policy of a worker is that of its script's answer: it may load scripts of ours.
const ASSET_POLICY: &str = "default-src 'none'; script-src 'self'";

const GUARDS: [(HeaderName, &str); 1] = [(header::REFERRER_POLICY, "no-referrer")];

async fn asset(Path(name): Path<String>, uri: Uri, headers: HeaderMap) -> Response {
    let Some(asset) = explorer::asset(&name) else {
        return not_found(uri).await;
    };
    let encoding = encoding_for(asset, &headers);
    let tag = format!("\"{}-{}\"", asset.hash, encoding.name());
    let cache = if asset.is_hashed {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    let cache_headers = [
        (header::ETAG, tag.as_str()),
        (header::CACHE_CONTROL, cache),
        (header::VARY, "accept-encoding"),
        (header::CONTENT_SECURITY_POLICY, ASSET_POLICY),
    ];
    if is_cached(&tag, &headers) {
        return (StatusCode::NOT_MODIFIED, cache_headers, GUARDS).into_response();
    }
    let bytes = match asset.bytes(encoding) {
        Ok(bytes) => bytes,
        Err(error) => {
            tracing::error!(%error, name, "an asset of GraphiQL cannot be unpacked");
            return internal_error(None);
        }
    };
    let content_type = [(header::CONTENT_TYPE, asset.content_type)];
    let mut response = (
        cache_headers,
        GUARDS,
        content_type,
        Bytes::from_static(bytes),
    )
        .into_response();
    if encoding != Encoding::Identity {
        let encoding = HeaderValue::from_static(encoding.name());
        response
            .headers_mut()
            .insert(header::CONTENT_ENCODING, encoding);
    }
    response
}

/// The encoding that the client likes best, and of those that it likes equally the shortest. Where
/// it takes none of them, it gets the bytes as they are.
fn encoding_for(asset: &Asset, headers: &HeaderMap) -> Encoding {
    let accepted = ranges(headers, &header::ACCEPT_ENCODING);
    let quality = |encoding: Encoding| {
        // As it is, it is always good, unless it is said otherwise; just not as good as what is
        // asked for.
        let default = u16::from(encoding == Encoding::Identity);
        quality_of(&accepted, encoding.name()).unwrap_or(default)
    };
    let mut best = (Encoding::Identity, 0);
    for &encoding in asset.encodings() {
        if quality(encoding) > best.1 {
            best = (encoding, quality(encoding));
        }
    }
    best.0
}

/// Whether the client has this very representation already (`If-None-Match`).
fn is_cached(tag: &str, headers: &HeaderMap) -> bool {
    headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
}
