//! Verifies tokens, and caches verified signatures.

use std::sync::Arc;

use jsonwebtoken::{Algorithm, Header, decode_header, errors::ErrorKind};
use quick_cache::sync::Cache;
use sha2::{Digest, Sha256};
use tracing::warn;

use super::{
    AuthError, GrantSettings, InvalidToken, KeysFound, ProfileClaims, SettingsError, TokenSettings,
    claims::{ClaimRules, Claims},
    grants,
    key::VerifyingKey,
    key_source::KeySource,
};
use crate::{clock::Clock, metrics::Metrics};

/// Most verified tokens in the cache.
const MAX_OPENED: usize = 4096;

/// Verifies tokens with the configured keys.
pub(super) struct Verifier {
    keys: Keys,
    rules: ClaimRules,
    grants: GrantSettings,
    /// Claims that accounts are made of, if they are made.
    profile: Option<ProfileClaims>,
    clock: Clock,
    /// By the SHA-256 of a token, so that no token is kept.
    opened: Cache<[u8; 32], Opened>,
    metrics: Metrics,
}

/// A token with a verified signature. Its key and claims are checked for every request: the key may
/// have been withdrawn, and the token may have expired.
#[derive(Clone)]
struct Opened {
    kid: Option<Arc<str>>,
    algorithm: Algorithm,
    key: Arc<VerifyingKey>,
    claims: Arc<Claims>,
}

enum Keys {
    None,
    Secret(Arc<VerifyingKey>),
    Published(KeySource),
}

impl Verifier {
    pub(super) fn new(
        settings: TokenSettings,
        clock: Clock,
        metrics: &Metrics,
    ) -> Result<Self, SettingsError> {
        let rules = ClaimRules::new(&settings);
        let keys = match (settings.secret, settings.jwks) {
            (Some(_), Some(_)) => return Err(SettingsError::SecretAndJwks),
            (Some(secret), None) => Keys::Secret(Arc::new(VerifyingKey::shared(&secret))),
            (None, Some(location)) => {
                Keys::Published(KeySource::new(location, clock.clone(), metrics)?)
            }
            (None, None) => Keys::None,
        };
        if matches!(keys, Keys::Published(_)) && settings.issuer.is_none() {
            // RFC 8725 §3.8: identity providers share keys among their tenants.
            warn!(
                "a JWKS is configured without an issuer: tokens of every tenant that it signs for are accepted"
            );
        }
        Ok(Self {
            keys,
            rules,
            grants: settings.grants,
            profile: settings.profile,
            clock,
            opened: Cache::new(MAX_OPENED),
            metrics: metrics.clone(),
        })
    }

    /// Returns true unless a published key set has never been loaded.
    pub(super) fn has_keys(&self) -> bool {
        match &self.keys {
            Keys::None | Keys::Secret(_) => true,
            Keys::Published(source) => source.is_loaded(),
        }
    }

    /// Returns true if accounts are made of claims.
    pub(super) fn makes_accounts(&self) -> bool {
        self.profile.is_some()
    }

    /// Verifies a token's signature and claims, and returns the claims.
    pub(super) async fn verify(&self, token: &str) -> Result<Arc<Claims>, AuthError> {
        let hash = Sha256::digest(token).into();
        let cache = self.metrics.token_cache();
        let claims = match self.opened.get(&hash) {
            Some(opened) if self.is_key(&opened).await? => {
                cache.count(true);
                opened.claims
            }
            _ => {
                cache.count(false);
                let opened = self.open(token).await?;
                self.opened.insert(hash, opened.clone());
                opened.claims
            }
        };
        self.rules.check(&claims, self.clock.now())?;
        Ok(claims)
    }

    /// Returns true if the token would be verified with the same key now.
    async fn is_key(&self, opened: &Opened) -> Result<bool, AuthError> {
        let keys = self.keys(opened.kid.as_deref(), opened.algorithm).await?;
        Ok(keys.iter().any(|key| Arc::ptr_eq(key, &opened.key)))
    }

    /// Loads the keys.
    pub(super) async fn find_keys(&self) -> KeysFound {
        match &self.keys {
            Keys::None => KeysFound::None,
            Keys::Secret(_) => KeysFound::Secret,
            Keys::Published(source) => match source.count().await {
                Ok(count) => KeysFound::Published(count),
                Err(error) => KeysFound::Unavailable(error),
            },
        }
    }

    async fn open(&self, token: &str) -> Result<Opened, AuthError> {
        if matches!(self.keys, Keys::None) {
            return Err(InvalidToken::NotAccepted.into());
        }
        let header = header(token)?;
        let keys = self.keys(header.kid.as_deref(), header.alg).await?;
        let (key, mut claims) = first_to_open(keys, token)?;
        if let Some(stated) = grants::claims(token) {
            claims.grants = self.grants.of_claims(&stated);
            let profile = self.profile.as_ref();
            claims.profile = profile.and_then(|names| names.of_claims(&stated, claims.name()));
        }
        Ok(Opened {
            claims: Arc::new(claims),
            kid: header.kid.map(Arc::from),
            algorithm: header.alg,
            key,
        })
    }

    async fn keys(
        &self,
        kid: Option<&str>,
        algorithm: Algorithm,
    ) -> Result<Vec<Arc<VerifyingKey>>, AuthError> {
        match &self.keys {
            Keys::None => Err(InvalidToken::NotAccepted.into()),
            Keys::Secret(key) => Ok(vec![Arc::clone(key)]),
            Keys::Published(source) => source.keys(kid, algorithm).await,
        }
    }
}

/// Tries keys in turn, and returns the one that verifies the token, with the claims.
fn first_to_open(
    keys: Vec<Arc<VerifyingKey>>,
    token: &str,
) -> Result<(Arc<VerifyingKey>, Claims), InvalidToken> {
    for key in keys {
        match key.open(token) {
            Ok(claims) => return Ok((key, claims)),
            Err(InvalidToken::Unverified) => {}
            Err(error) => return Err(error),
        }
    }
    Err(InvalidToken::Unverified)
}

/// Parses a token's header (RFC 7515 §4.1), which is not authenticated.
///
/// Ignores `jwk`, `jku`, `x5u` and `x5c`, by which a token could bring its own key (RFC 8725
/// §3.10).
fn header(token: &str) -> Result<Header, InvalidToken> {
    let header = decode_header(token).map_err(|error| match error.kind() {
        // JSON with invalid values, such as `"alg": "none"`.
        ErrorKind::Json(error) if error.is_data() => InvalidToken::Unverified,
        _ => InvalidToken::Malformed,
    })?;
    if demands_extension(&header) {
        return Err(InvalidToken::Extension);
    }
    if !header.typ.as_deref().is_none_or(is_access_token) {
        return Err(InvalidToken::Type);
    }
    Ok(header)
}

/// Returns true if the claims must not be read as they are. Headers that say so are `crit`, `b64`
/// (which RFC 7797 §6 wants in `crit`, but which counts without it), and those of encrypted tokens
/// (RFC 7516 §4.1).
fn demands_extension(header: &Header) -> bool {
    header.crit.is_some()
        || header.enc.is_some()
        || header.zip.is_some()
        || header.extras.inner().contains_key("b64")
}

/// RFC 7519 §5.1, RFC 9068 §2.1. RFC 7515 §4.1.9 allows omitting `application/`, and RFC 2045 makes
/// media types case-insensitive.
fn is_access_token(typ: &str) -> bool {
    let typ = typ.to_ascii_lowercase();
    matches!(
        typ.strip_prefix("application/").unwrap_or(&typ),
        "jwt" | "at+jwt"
    )
}
