//! Bearer tokens of the demo. They never change, so that documents can print them.

use std::time::Duration;

use crate::auth::{
    self, AudienceClaim, GrantSettings, InvalidSecret, MintError, NewClaims, SubjectClaim,
    TokenSettings,
};

/// HS256 key that signs the demo's bearer tokens.
///
/// **It is public**: every build contains it. Only `invite-gateway demo`, whose data is made up, may
/// trust it. A real installation must never trust it.
pub const SECRET: &str = "PUBLIC demo secret of invite-gateway: anybody can sign with it";

/// Issuer of the demo's tokens.
pub const ISSUER: &str = "invite-gateway-demo";

/// Audience of the demo's tokens.
pub const AUDIENCE: &str = "invite-gateway-demo";

/// 2026-01-01T00:00:00Z. Fixed, since a token must not differ from one start to the next.
const ISSUED_AT: i64 = 1_767_225_600;

/// 2099-12-31T23:59:59Z.
const EXPIRES_AT: i64 = 4_102_444_799;

/// Returns settings under which a server accepts only the demo's tokens.
///
/// # Errors
/// Never: the demo's secret is long enough.
pub fn settings() -> Result<TokenSettings, InvalidSecret> {
    Ok(TokenSettings {
        secret: Some(SECRET.parse()?),
        jwks: None,
        issuer: Some(ISSUER.to_owned()),
        audience: Some(AUDIENCE.to_owned()),
        audience_claim: AudienceClaim::Aud,
        leeway: Duration::from_secs(30),
        subject: SubjectClaim::Id,
        profile: None,
        grants: GrantSettings::default(),
        max_length: 8192,
    })
}

/// Mints the bearer token of a user.
///
/// # Errors
/// Signing fails, which HS256 with a constant key should not.
pub fn mint(user_id: i64, scope: Option<&str>) -> Result<String, MintError> {
    let claims = NewClaims {
        sub: &user_id.to_string(),
        iat: ISSUED_AT,
        exp: EXPIRES_AT,
        iss: Some(ISSUER),
        aud: Some(AUDIENCE),
        scope,
    };
    auth::mint(&SECRET.parse()?, &claims)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
    use serde_json::Value;

    use super::{AUDIENCE, ISSUER, SECRET, mint};
    use crate::auth::STAFF_SCOPE;

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
