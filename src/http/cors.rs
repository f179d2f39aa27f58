//! CORS: browsers block cross-origin reads unless origins are configured.

use std::{
    collections::HashSet,
    str::FromStr,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use axum::{
    Router,
    http::{HeaderMap, HeaderName, HeaderValue, Method, header},
};
use tower_http::cors::{AllowHeaders, AllowOrigin, CorsLayer};
use url::{Host, Url};

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
    /// Every origin of this machine, for development.
    Loopback,
}

/// Time for which browsers may cache a preflight response.
const MAX_AGE: Duration = Duration::from_secs(3600);

/// Most origins whose refusal is logged. Clients can send any.
const MAX_LOGGED: usize = 50;

/// Longest origin that is logged, in bytes: that of a host name of 253, with scheme and port.
const MAX_LOGGED_LENGTH: usize = 300;

/// Origins whose refusal was logged. Browsers only tell the page's developer, so the log tells the
/// operator how to allow the origin.
#[derive(Default)]
pub(super) struct RefusedOrigins(Mutex<HashSet<String>>);

impl RefusedOrigins {
    /// Logs `origin` if the response to its preflight does not allow it. Logs each origin once.
    pub(super) fn record(&self, origin: &HeaderValue, response: &HeaderMap) {
        let is_allowed = response.contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN);
        let Ok(origin) = origin.to_str() else {
            return;
        };
        if is_allowed || origin.len() > MAX_LOGGED_LENGTH {
            return;
        }
        let mut logged = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if logged.len() < MAX_LOGGED && logged.insert(origin.to_owned()) {
            tracing::warn!(
                origin,
                "refused the requests of a page; --cors-origin allows its origin"
            );
        }
    }
}

impl FromStr for Origin {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const EXPECTED: &str = "expected * or an origin without path, such as https://app.example, \
            http://localhost:5173 or capacitor://localhost";
        if text == "*" {
            return Ok(Self::Any);
        }
        let url = Url::parse(text).map_err(|_| EXPECTED)?;
        // Browsers send the normalised origin: the host in lower case, without the scheme's default
        // port.
        let has_more = !matches!(url.path(), "" | "/")
            || url.query().is_some()
            || url.fragment().is_some()
            || !url.username().is_empty()
            || url.password().is_some();
        let (scheme, host) = (url.scheme(), url.host_str().unwrap_or_default());
        if has_more || host.is_empty() || text.contains('*') {
            return Err(EXPECTED);
        }
        let origin = match scheme {
            "http" | "https" => url.origin().ascii_serialization(),
            // Pages of apps, such as capacitor:, ionic: and tauri:. For the URL standard they have no origin.
            scheme if url.origin().is_tuple() || scheme == "file" => return Err(EXPECTED),
            scheme => match url.port() {
                Some(port) => format!("{scheme}://{host}:{port}"),
                None => format!("{scheme}://{host}"),
            },
        };
        HeaderValue::from_str(&origin)
            .map(Self::One)
            .map_err(|_| EXPECTED)
    }
}

impl Origin {
    fn allows(&self, origin: &HeaderValue) -> bool {
        match self {
            Self::Any => true,
            Self::One(one) => one == origin,
            Self::Loopback => {
                let url = origin.to_str().ok().and_then(|text| Url::parse(text).ok());
                url.and_then(|url| match url.host()? {
                    Host::Domain(name) => Some(name == "localhost" || name.ends_with(".localhost")),
                    Host::Ipv4(address) => Some(address.is_loopback()),
                    Host::Ipv6(address) => Some(address.is_loopback()),
                })
                .unwrap_or(false)
            }
        }
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
            let allowed = self.0.clone();
            AllowOrigin::predicate(move |origin, _| allowed.iter().any(|it| it.allows(origin)))
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
    fn loopback_is_this_machine() {
        for (origin, expected) in [
            ("http://localhost:5173", true),
            ("http://app.localhost", true),
            ("http://127.0.0.1:8080", true),
            ("http://[::1]:8080", true),
            ("http://localhost.example", false),
            ("https://app.example", false),
            ("null", false),
        ] {
            let origin = origin.parse().unwrap();
            assert_eq!(Origin::Loopback.allows(&origin), expected, "{origin:?}");
        }
    }

    #[test]
    fn origins_are_normalized_as_browsers_do() {
        for (text, origin) in [
            ("https://app.example", "https://app.example"),
            ("https://app.example/", "https://app.example"),
            ("http://localhost:5173", "http://localhost:5173"),
            ("HTTPS://App.Example", "https://app.example"),
            ("https://app.example:443", "https://app.example"),
            ("capacitor://localhost", "capacitor://localhost"),
            ("ionic://localhost", "ionic://localhost"),
            ("tauri://localhost/", "tauri://localhost"),
            ("chrome-extension://abcdef", "chrome-extension://abcdef"),
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
            "data:text/html",
            "capacitor://",
            "capacitor://localhost/path",
            "ftp://app.example",
            "https://*.example.com",
        ] {
            assert!(text.parse::<Origin>().is_err(), "{text}");
        }
    }
}
