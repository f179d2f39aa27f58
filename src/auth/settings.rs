//! Which tokens are trusted, and how they name their users.

use std::time::Duration;

use clap::ValueEnum;

use super::{JwksLocation, Secret};

/// Which tokens are trusted. Without a secret and without a key set, none are.
#[derive(Clone, Debug)]
pub struct TokenSettings {
    /// Verifies HS256. Excludes `jwks`.
    pub secret: Option<Secret>,
    /// Where the keys are that verify RS256, ES256 and EdDSA. Excludes `secret`.
    pub jwks: Option<JwksLocation>,
    /// What `iss` must be; anything when absent.
    pub issuer: Option<String>,
    /// What `aud` must be or hold. When absent, a token that names an audience is refused: it is
    /// meant for somebody else (RFC 7519 §4.1.3).
    pub audience: Option<String>,
    /// How far the issuer's clock may be from ours, for `exp` and `nbf`.
    pub leeway: Duration,
    /// What `sub` is.
    pub subject: SubjectClaim,
}

/// By which of a user's columns a token's `sub` names them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum SubjectClaim {
    /// The key in the source, `users.id`
    #[default]
    Id,
    /// The id in the customer's own system, `users.ext_id`
    ExtId,
    /// The sign-in name, `users.username`
    Username,
}

/// Why no authenticator can be made of the settings.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// It would be open which of them verifies a token.
    #[error(
        "both a JWT secret and a JWKS are configured; choose one: the secret for HS256, or the JWKS for RS256, ES256 and EdDSA"
    )]
    SecretAndJwks,
    /// TLS is not to be had, such as where the machine trusts no certificate at all.
    #[error("the JWKS cannot be fetched over TLS from this machine: {0}")]
    Client(#[source] reqwest::Error),
}
