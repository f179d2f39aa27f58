//! Authenticators with other settings than the gateways', and tokens for them.

use std::{sync::Arc, time::Duration};

use axum::http::{HeaderMap, HeaderValue, header::AUTHORIZATION};
use invite_gateway::{
    access::Viewer,
    auth::{
        AudienceClaim, AuthError, Authenticator, GrantSettings, InvalidToken, SubjectClaim,
        TokenSettings,
    },
    lifecycle::Accounts,
    loader::Loaders,
};
use serde_json::{Value, json};

use super::{Gateway, NOW, at, secret};

pub const LEEWAY: i64 = 30;
pub const ISSUER: &str = "https://id.example.com";
pub const AUDIENCE: &str = "invites";

/// Returns the time of the gateways' clock at the start of a test.
pub fn now() -> i64 {
    at(NOW).timestamp()
}

/// Returns settings without keys.
pub fn settings() -> TokenSettings {
    TokenSettings {
        secret: None,
        jwks: None,
        issuer: Some(ISSUER.to_owned()),
        audience: Some(AUDIENCE.to_owned()),
        audience_claim: AudienceClaim::Aud,
        leeway: Duration::from_secs(LEEWAY.unsigned_abs()),
        subject: SubjectClaim::Id,
        grants: GrantSettings::default(),
        profile: None,
        max_length: 8192,
    }
}

/// Returns settings with [`SECRET`](super::SECRET).
pub fn with_secret() -> TokenSettings {
    TokenSettings {
        secret: Some(secret()),
        ..settings()
    }
}

/// Returns settings with keys at this path or URL.
pub fn with_keys(location: &str) -> TokenSettings {
    TokenSettings {
        jwks: Some(location.parse().expect("a location")),
        ..settings()
    }
}

/// Returns an authenticator over the gateway's database, clock and metrics.
pub fn authenticator(gateway: &Gateway, settings: TokenSettings) -> Authenticator {
    let loaders = Loaders::new(gateway.shared.clone(), &gateway.metrics);
    Authenticator::new(
        settings,
        Arc::new(loaders),
        Accounts::new(gateway.shared.clone()),
        gateway.clock(),
        &gateway.metrics,
    )
    .expect("usable settings")
}

/// Returns valid claims of user 7, with changes. Null removes a claim.
pub fn claims(changes: Value) -> Value {
    let good = json!({ "sub": "7", "exp": now() + 600, "iss": ISSUER, "aud": AUDIENCE });
    changed(good, changes)
}

/// Changes members of an object. Null removes a member.
pub fn changed(mut good: Value, changes: Value) -> Value {
    let object = good.as_object_mut().expect("an object");
    for (name, value) in changes.as_object().expect("an object") {
        if value.is_null() {
            object.remove(name);
        } else {
            object.insert(name.clone(), value.clone());
        }
    }
    good
}

/// Returns the headers of a request with a token.
pub fn bearing(token: &str) -> HeaderMap {
    let value = HeaderValue::try_from(format!("Bearer {token}")).expect("a header");
    HeaderMap::from_iter([(AUTHORIZATION, value)])
}

/// Returns the reason for which a token is refused; none if it is accepted.
pub async fn refusal(authenticator: &Authenticator, token: &str) -> Option<InvalidToken> {
    reason(authenticator.viewer(&bearing(token)).await)
}

/// Returns the reason for which a token was refused; none if it was accepted.
pub fn reason(outcome: Result<Viewer, AuthError>) -> Option<InvalidToken> {
    match outcome {
        Ok(_) => None,
        Err(AuthError::Invalid(reason)) => Some(reason),
        Err(error) => panic!("{error}"),
    }
}
