//! Bearer tokens: HS256, verified for every request, under the gateway's rules.

use axum::http::{HeaderMap, header::AUTHORIZATION};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use serde::Deserialize;

use crate::answer::Refusal;

/// How far the issuer's clock may be off, in seconds.
const LEEWAY: u64 = 30;

/// Verifies tokens.
pub(crate) struct Tokens {
    key: DecodingKey,
    validation: Validation,
}

/// Whom a token speaks of.
pub(crate) struct Viewer {
    pub(crate) id: i64,
    /// Whether the token makes them staff.
    pub(crate) has_staff_scope: bool,
}

#[derive(Deserialize)]
struct Claims {
    sub: String,
    #[serde(default)]
    scope: String,
}

impl Tokens {
    pub(crate) fn signed_with(secret: &[u8]) -> Self {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.leeway = LEEWAY;
        validation.validate_nbf = true;
        Self {
            key: DecodingKey::from_secret(secret),
            validation,
        }
    }

    /// Who is asking.
    pub(crate) fn viewer(&self, headers: &HeaderMap) -> Result<Viewer, Refusal> {
        let token = headers
            .get(AUTHORIZATION)
            .and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "))
            .ok_or(Refusal::Unauthenticated)?;
        let claims = decode::<Claims>(token, &self.key, &self.validation)
            .map_err(|_| Refusal::Unauthenticated)?
            .claims;
        Ok(Viewer {
            id: claims.sub.parse().map_err(|_| Refusal::Unauthenticated)?,
            has_staff_scope: claims
                .scope
                .split(' ')
                .any(|scope| scope == "invites:admin"),
        })
    }
}
