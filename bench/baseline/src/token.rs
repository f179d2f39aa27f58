//! Verifies bearer tokens (HS256) on every request, with the gateway's rules.

use axum::http::{HeaderMap, header::AUTHORIZATION};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use serde::Deserialize;

use crate::response::RequestError;

/// Tolerated difference of the issuer's clock, in seconds.
const LEEWAY: u64 = 30;

/// Verifier of tokens.
pub(crate) struct Tokens {
    key: DecodingKey,
    validation: Validation,
}

/// Subject of a token.
pub(crate) struct Viewer {
    pub(crate) id: i64,
    /// True if the token has the staff scope.
    pub(crate) has_staff_scope: bool,
}

#[derive(Deserialize)]
struct Claims {
    sub: String,
    #[serde(default)]
    scope: String,
}

impl Tokens {
    pub(crate) fn new(secret: &[u8]) -> Self {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.leeway = LEEWAY;
        validation.validate_nbf = true;
        Self {
            key: DecodingKey::from_secret(secret),
            validation,
        }
    }

    /// Returns the viewer of a request.
    ///
    /// # Errors
    /// The token is missing or not valid.
    pub(crate) fn viewer(&self, headers: &HeaderMap) -> Result<Viewer, RequestError> {
        let token = headers
            .get(AUTHORIZATION)
            .and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "))
            .ok_or(RequestError::Unauthenticated)?;
        let claims = decode::<Claims>(token, &self.key, &self.validation)
            .map_err(|_| RequestError::Unauthenticated)?
            .claims;
        Ok(Viewer {
            id: claims
                .sub
                .parse()
                .map_err(|_| RequestError::Unauthenticated)?,
            has_staff_scope: claims
                .scope
                .split(' ')
                .any(|scope| scope == "invites:admin"),
        })
    }
}
