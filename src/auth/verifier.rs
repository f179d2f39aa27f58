//! From a token's text to claims that can be relied on.

use std::sync::Arc;

use jsonwebtoken::{Header, decode_header, errors::ErrorKind};
use tracing::warn;

use super::{
    AuthError, InvalidToken, SettingsError, TokenSettings,
    claims::{ClaimRules, Claims},
    key::VerifyingKey,
    key_source::KeySource,
};
use crate::clock::Clock;

/// Verifies tokens against the keys that are configured.
pub(super) struct Verifier {
    keys: Keys,
    rules: ClaimRules,
    clock: Clock,
}

enum Keys {
    None,
    Secret(Arc<VerifyingKey>),
    Published(KeySource),
}

impl Verifier {
    pub(super) fn new(settings: TokenSettings, clock: Clock) -> Result<Self, SettingsError> {
        let rules = ClaimRules::new(&settings);
        let keys = match (settings.secret, settings.jwks) {
            (Some(_), Some(_)) => return Err(SettingsError::SecretAndJwks),
            (Some(secret), None) => Keys::Secret(Arc::new(VerifyingKey::shared(&secret))),
            (None, Some(location)) => Keys::Published(KeySource::new(location, clock.clone())?),
            (None, None) => Keys::None,
        };
        if matches!(keys, Keys::Published(_)) && settings.issuer.is_none() {
            // RFC 8725 §3.8: identity providers share keys among their tenants.
            warn!("a JWKS is configured without an issuer: whoever it signs for is trusted");
        }
        Ok(Self { keys, rules, clock })
    }

    /// The claims of `token`, once its signature and they themselves are checked.
    pub(super) async fn verify(&self, token: &str) -> Result<Claims, AuthError> {
        let key = match &self.keys {
            Keys::None => return Err(InvalidToken::NotAccepted.into()),
            Keys::Secret(key) => {
                header(token)?;
                Arc::clone(key)
            }
            Keys::Published(source) => {
                let header = header(token)?;
                source.key(header.kid.as_deref(), header.alg).await?
            }
        };
        let claims = key.open(token)?;
        self.rules.check(&claims, self.clock.now())?;
        Ok(claims)
    }
}

/// The token's header (RFC 7515 §4.1), of which nothing is proven.
///
/// Its `jwk`, `jku`, `x5u` and `x5c`, by which a token could bring its own key, are never looked
/// at (RFC 8725 §3.10).
fn header(token: &str) -> Result<Header, InvalidToken> {
    let header = decode_header(token).map_err(|error| match error.kind() {
        // JSON, but not of a header that can be: `"alg": "none"` among others.
        ErrorKind::Json(error) if error.is_data() => InvalidToken::Unverified,
        _ => InvalidToken::Malformed,
    })?;
    if header.crit.is_some() {
        return Err(InvalidToken::Extension);
    }
    if !header.typ.as_deref().is_none_or(is_access_token) {
        return Err(InvalidToken::Type);
    }
    Ok(header)
}

/// RFC 7519 §5.1, RFC 9068 §2.1; RFC 7515 §4.1.9 lets `application/` be left out, and RFC 2045
/// compares media types without regard to case.
fn is_access_token(typ: &str) -> bool {
    let typ = typ.to_ascii_lowercase();
    matches!(
        typ.strip_prefix("application/").unwrap_or(&typ),
        "jwt" | "at+jwt"
    )
}
