//! Makes tokens where the secret is at hand: for development, and for the demo.

use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde::Serialize;

use super::{Secret, SecretTooShort};

/// What a new token says. In declaration order, which is part of the token.
#[derive(Clone, Debug, Serialize)]
pub struct NewClaims<'a> {
    /// What the user is called.
    pub sub: &'a str,
    /// When it was made, in seconds since 1970.
    pub iat: i64,
    /// When it expires, in seconds since 1970.
    pub exp: i64,
    /// Who makes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iss: Option<&'a str>,
    /// Whom it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aud: Option<&'a str>,
    /// What it allows, separated by spaces.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<&'a str>,
}

/// Why no token was made.
#[derive(Debug, thiserror::Error)]
pub enum MintError {
    /// The secret is none.
    #[error(transparent)]
    Secret(#[from] SecretTooShort),
    /// The cryptography refuses to sign, for which HS256 has no reason.
    #[error("the token could not be signed: {0}")]
    Signing(#[from] jsonwebtoken::errors::Error),
}

/// A token with those claims, signed by HS256. The same claims make the same token.
///
/// # Errors
/// The cryptography refuses to sign.
pub fn mint(secret: &Secret, claims: &NewClaims<'_>) -> Result<String, MintError> {
    let key = EncodingKey::from_secret(secret.as_bytes());
    Ok(encode(&Header::new(Algorithm::HS256), claims, &key)?)
}
