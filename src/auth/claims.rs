//! Claims of tokens (RFC 7519 §4), and the rules for accepting them.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer};

use super::{AudienceClaim, InvalidToken, SubjectClaim, TokenSettings, grants::Grants};
use crate::{lifecycle::Profile, loader::user::Subject};

/// The claims that the gateway uses. A duplicate claim, or one of another type, makes the token
/// malformed (RFC 7519 §4).
#[derive(Deserialize)]
pub(super) struct Claims {
    /// Seconds since 1970, possibly with a fraction (RFC 7519 §2, NumericDate).
    exp: Option<f64>,
    nbf: Option<f64>,
    iss: Option<String>,
    aud: Option<Texts>,
    /// RFC 8693 §4.3: the client that requested the token.
    client_id: Option<String>,
    #[serde(default, deserialize_with = "name")]
    sub: Option<String>,
    /// Set once the token is verified, so that no claim of others is kept.
    #[serde(skip)]
    pub(super) grants: Grants,
    /// Set with it, if accounts are made.
    #[serde(skip)]
    pub(super) profile: Option<Profile>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Texts {
    One(String),
    Many(Vec<String>),
}

/// Reads a `sub`: a text (RFC 7519 §4.1.2), or the integer that some issuers send.
fn name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Name {
        Text(String),
        Number(i64),
    }
    let name = Option::<Name>::deserialize(deserializer)?;
    Ok(name.map(|name| match name {
        Name::Text(text) => text,
        Name::Number(number) => number.to_string(),
    }))
}

impl Claims {
    /// Returns the user whom the token identifies. `sub` is used verbatim, neither trimmed nor
    /// case-folded.
    pub(super) fn subject(&self, by: SubjectClaim) -> Result<Subject, InvalidToken> {
        let sub = self.sub.as_deref().unwrap_or_default();
        // PostgreSQL rejects text with NUL: the look-up would fail instead of miss.
        if sub.is_empty() || sub.contains('\0') {
            return Err(InvalidToken::Subject);
        }
        Ok(match by {
            SubjectClaim::Id => Subject::Id(canonical_id(sub).ok_or(InvalidToken::Subject)?),
            SubjectClaim::ExtId => Subject::ExtId(sub.to_owned()),
            SubjectClaim::Username => Subject::Username(sub.to_owned()),
        })
    }

    /// Returns `sub`; empty if the token has none.
    pub(super) fn name(&self) -> &str {
        self.sub.as_deref().unwrap_or_default()
    }
}

/// Parses a canonical integer, so that `7`, `+7` and `007` do not name the same user.
pub(super) fn canonical_id(text: &str) -> Option<i64> {
    let id: i64 = text.parse().ok()?;
    (id.to_string() == text).then_some(id)
}

/// Rules that the claims must satisfy.
pub(super) struct ClaimRules {
    issuer: Option<String>,
    audience: Option<String>,
    audience_claim: AudienceClaim,
    leeway: f64,
}

impl ClaimRules {
    pub(super) fn new(settings: &TokenSettings) -> Self {
        Self {
            issuer: settings.issuer.clone(),
            audience: settings.audience.clone(),
            audience_claim: settings.audience_claim,
            leeway: settings.leeway.as_secs_f64(),
        }
    }

    pub(super) fn check(&self, claims: &Claims, now: DateTime<Utc>) -> Result<(), InvalidToken> {
        self.check_time(claims, seconds(now))?;
        if let Some(expected) = &self.issuer
            && claims.iss.as_ref() != Some(expected)
        {
            return Err(InvalidToken::Issuer);
        }
        self.check_audience(claims)
    }

    fn check_time(&self, claims: &Claims, now: f64) -> Result<(), InvalidToken> {
        // Floating point saturates, so that huge numbers in a token cannot wrap around.
        let exp = claims.exp.ok_or(InvalidToken::NoExpiry)?;
        if now >= exp + self.leeway {
            return Err(InvalidToken::Expired);
        }
        if claims.nbf.is_some_and(|nbf| nbf > now + self.leeway) {
            return Err(InvalidToken::NotYet);
        }
        Ok(())
    }

    fn check_audience(&self, claims: &Claims) -> Result<(), InvalidToken> {
        let is_meant = |audience: &String| match (&claims.aud, self.audience_claim) {
            (Some(Texts::One(named)), _) => named == audience,
            (Some(Texts::Many(named)), _) => named.contains(audience),
            (None, AudienceClaim::Aud) => false,
            (None, AudienceClaim::ClientId) => claims.client_id.as_ref() == Some(audience),
        };
        match &self.audience {
            Some(audience) if is_meant(audience) => Ok(()),
            Some(_) => Err(InvalidToken::Audience),
            None if claims.aud.is_some() => Err(InvalidToken::UnknownAudience),
            None => Ok(()),
        }
    }
}

fn seconds(instant: DateTime<Utc>) -> f64 {
    let whole = instant.timestamp() as f64;
    whole + Duration::from_nanos(instant.timestamp_subsec_nanos().into()).as_secs_f64()
}
