//! Bearer tokens of the demo: the same ones every time, so that documents can print them.

use jsonwebtoken::{Algorithm, EncodingKey, Header, encode, errors::Error};
use serde::Serialize;

/// The HS256 key that signs the demo's bearer tokens.
///
/// **It is public**: printed here, in every build. Only `invite-gateway demo`, whose data is made
/// up, may trust it; a real installation must never.
pub const SECRET: &str = "PUBLIC demo secret of invite-gateway: anybody can sign with it";

/// Who issues the demo's tokens.
pub const ISSUER: &str = "invite-gateway-demo";

/// Whom the demo's tokens are for.
pub const AUDIENCE: &str = "invite-gateway-demo";

/// The scope that makes its bearer staff.
pub const STAFF_SCOPE: &str = "invites:admin";

/// 2026-01-01T00:00:00Z. Fixed, since a token must not differ from one start to the next.
const ISSUED_AT: i64 = 1_767_225_600;

/// 2099-12-31T23:59:59Z.
const EXPIRES_AT: i64 = 4_102_444_799;

/// In declaration order: the order is part of the token.
#[derive(Serialize)]
struct Claims<'a> {
    sub: String,
    iat: i64,
    exp: i64,
    iss: &'static str,
    aud: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<&'a str>,
}

/// The bearer token of the user `user_id`.
///
/// # Errors
/// The cryptography refuses to sign; with HS256 and a constant key it has no reason to.
pub fn mint(user_id: i64, scope: Option<&str>) -> Result<String, Error> {
    encode(
        &Header::new(Algorithm::HS256),
        &Claims {
            sub: user_id.to_string(),
            iat: ISSUED_AT,
            exp: EXPIRES_AT,
            iss: ISSUER,
            aud: AUDIENCE,
            scope,
        },
        &EncodingKey::from_secret(SECRET.as_bytes()),
    )
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
    use serde_json::Value;

    use super::{AUDIENCE, ISSUER, SECRET, STAFF_SCOPE, mint};

    #[test]
    fn a_token_names_its_user_and_scope_and_never_changes() {
        let token = mint(4, Some(STAFF_SCOPE)).expect("a token");
        assert_eq!(token, mint(4, Some(STAFF_SCOPE)).expect("a token"));
        assert!(SECRET.len() >= 32);

        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[AUDIENCE]);
        let claims = decode::<HashMap<String, Value>>(
            &token,
            &DecodingKey::from_secret(SECRET.as_bytes()),
            &validation,
        )
        .expect("a valid token")
        .claims;
        assert_eq!(claims["sub"], "4");
        assert_eq!(claims["scope"], STAFF_SCOPE);
    }
}
