//! CORS: browsers block cross-origin reads unless origins are configured.

use std::{str::FromStr, time::Duration};

use axum::{
    Router,
    http::{HeaderName, HeaderValue, Method, header},
};
use tower_http::cors::{AllowHeaders, AllowOrigin, CorsLayer};
use url::Url;

use super::rate_limit;

/// Origins whose pages may read responses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cors(pub Vec<Origin>);

/// One origin, or all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Every origin. This is safe because browsers do not attach the token: pages set its header
    /// themselves.
    Any,
    /// This origin, as browsers serialise it.
    One(HeaderValue),
}

/// Time for which browsers may cache a preflight response.
const MAX_AGE: Duration = Duration::from_secs(3600);

impl FromStr for Origin {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const EXPECTED: &str = "expected * or an origin without path, such as https://app.example or http://localhost:5173";
        if text == "*" {
            return Ok(Self::Any);
        }
        let url = Url::parse(text).map_err(|_| EXPECTED)?;
        let origin = url.origin();
        // Browsers send the normalised origin: the host in lower case, without the scheme's default
        // port.
        let has_more = url.path() != "/"
            || url.query().is_some()
            || url.fragment().is_some()
            || !url.username().is_empty()
            || url.password().is_some();
        if has_more || !matches!(url.scheme(), "http" | "https") || text.contains('*') {
            return Err(EXPECTED);
        }
        HeaderValue::from_str(&origin.ascii_serialization())
            .map(Self::One)
            .map_err(|_| EXPECTED)
    }
}

impl Cors {
    /// Responds to preflight requests, and adds CORS headers for the configured origins. Without
    /// any origin, it adds nothing, so that browsers block reads.
    pub(super) fn apply(&self, router: Router) -> Router {
        if self.0.is_empty() {
            return router;
        }
        let origins = if self.0.contains(&Origin::Any) {
            AllowOrigin::any()
        } else {
            AllowOrigin::list(self.0.iter().filter_map(|origin| match origin {
                Origin::One(origin) => Some(origin.clone()),
                Origin::Any => None,
            }))
        };
        let exposed = [
            HeaderName::from_static("x-request-id"),
            header::RETRY_AFTER,
            header::WWW_AUTHENTICATE,
        ];
        let layer = CorsLayer::new()
            .allow_origin(origins)
            .allow_methods([Method::GET, Method::POST])
            .allow_headers(AllowHeaders::mirror_request())
            .expose_headers(
                exposed
                    .into_iter()
                    .chain(rate_limit::HEADERS)
                    .collect::<Vec<_>>(),
            )
            .max_age(MAX_AGE);
        router.layer(layer)
    }
}

#[cfg(test)]
mod tests {
    use super::Origin;

    #[test]
    fn origins_are_normalized_as_browsers_do() {
        for (text, origin) in [
            ("https://app.example", "https://app.example"),
            ("https://app.example/", "https://app.example"),
            ("http://localhost:5173", "http://localhost:5173"),
            ("HTTPS://App.Example", "https://app.example"),
            ("https://app.example:443", "https://app.example"),
            (
                "https://m\u{fc}nchen.example",
                "https://xn--mnchen-3ya.example",
            ),
        ] {
            assert_eq!(
                text.parse(),
                Ok(Origin::One(origin.parse().unwrap())),
                "{text}"
            );
        }
        assert_eq!("*".parse(), Ok(Origin::Any));
        for text in [
            "",
            "app.example",
            "https://app.example/path",
            "https://app.example?x",
            "https://me@app.example",
            "file:///x",
            "null",
            "https://*.example.com",
        ] {
            assert!(text.parse::<Origin>().is_err(), "{text}");
        }
    }
}
