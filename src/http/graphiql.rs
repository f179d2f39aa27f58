//! GraphiQL: the page at `/graphiql`, its assets, and its configuration.
//!
//! Every response of the page has its own nonce, in the content security policy and in the page. It
//! has no `ETag`, because a 304 would pair a new nonce with an old page.

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

/// Path of the page.
pub(super) const PATH: &str = "/graphiql";

/// Configuration of the page: example queries and personas. `explorer/web/src/config.ts` declares
/// its shape.
#[derive(Clone, Debug)]
pub struct GraphiqlConfig(Bytes);

impl GraphiqlConfig {
    /// Serialises the configuration.
    ///
    /// # Errors
    /// Serialisation fails.
    pub fn new(offer: &impl Serialize) -> Result<Self, serde_json::Error> {
        serde_json::to_vec(offer).map(|json| Self(json.into()))
    }

    /// Returns true if the build includes the page; otherwise its path explains how to build it.
    pub fn has_page() -> bool {
        explorer::is_built()
    }
}

/// Routes of the page, its configuration and its assets.
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

/// Redirects to a relative target, so that a proxy may serve the gateway below a path.
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

/// Allows only same-origin resources and nothing inline, except the styles that Monaco creates:
/// elements with the nonce, and attributes.
fn page_policy(nonce: &str) -> String {
    format!(
        "default-src 'none'; script-src 'self'; worker-src 'self'; connect-src 'self'; \
         img-src 'self' data:; font-src 'self'; style-src 'self' 'unsafe-inline'; \
         style-src-elem 'self' 'nonce-{nonce}'; style-src-attr 'unsafe-inline'; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
}

/// Policy of assets. A worker inherits it from its script's response, and may load scripts of this
/// origin.
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
            tracing::error!(%error, name, "cannot decompress an asset of GraphiQL");
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

/// Returns the encoding with the highest quality, or the shortest of several. If the client accepts
/// none, the bytes are sent uncompressed.
fn encoding_for(asset: &Asset, headers: &HeaderMap) -> Encoding {
    let accepted = ranges(headers, &header::ACCEPT_ENCODING);
    let quality = |encoding: Encoding| {
        // Uncompressed is always acceptable unless excluded, but any encoding that the client lists
        // is preferred.
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

/// Returns true if the client has this representation (`If-None-Match`).
fn is_cached(tag: &str, headers: &HeaderMap) -> bool {
    headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
}
