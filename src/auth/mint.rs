//! Signs tokens with the shared secret, for development and the demo.

use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde::Serialize;

use super::{InvalidSecret, Secret};

/// Claims of a new token. Their order is that in the token.
#[derive(Clone, Debug, Serialize)]
pub struct NewClaims<'a> {
    /// The user.
    pub sub: &'a str,
    /// Time of issue, in seconds since 1970.
    pub iat: i64,
    /// Expiry, in seconds since 1970.
    pub exp: i64,
    /// The issuer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iss: Option<&'a str>,
    /// The audience.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aud: Option<&'a str>,
    /// The scopes, separated by spaces.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<&'a str>,
}

/// Reasons why no token was made.
#[derive(Debug, thiserror::Error)]
pub enum MintError {
    /// The secret is not accepted.
    #[error(transparent)]
    Secret(#[from] InvalidSecret),
    /// Signing failed, for which HS256 has no known reason.
    #[error("the token could not be signed: {0}")]
    Signing(#[from] jsonwebtoken::errors::Error),
}

/// Signs a token with HS256. Equal claims give equal tokens.
///
/// # Errors
/// Signing fails.
pub fn mint(secret: &Secret, claims: &NewClaims<'_>) -> Result<String, MintError> {
    let key = EncodingKey::from_secret(secret.as_bytes());
    Ok(encode(&Header::new(Algorithm::HS256), claims, &key)?)
}
