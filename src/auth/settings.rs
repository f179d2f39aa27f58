//! Settings for verifying tokens.

use std::time::Duration;

use clap::ValueEnum;

use super::{GrantSettings, JwksLocation, ProfileClaims, Secret, key_source};

/// Settings for verifying tokens. Without a secret or a key set, every token is refused.
#[derive(Clone, Debug)]
pub struct TokenSettings {
    /// Verifies HS256. Excludes `jwks`.
    pub secret: Option<Secret>,
    /// Location of the keys for RS256, ES256 and EdDSA. Excludes `secret`.
    pub jwks: Option<JwksLocation>,
    /// Required `iss`, if any.
    pub issuer: Option<String>,
    /// Required member of `aud`. Without it, a token with an audience is refused, since it is meant
    /// for another recipient (RFC 7519 §4.1.3).
    pub audience: Option<String>,
    /// Claim that must name the audience.
    pub audience_claim: AudienceClaim,
    /// Tolerated difference between the issuer's clock and the gateway's, for `exp` and `nbf`.
    pub leeway: Duration,
    /// Column that `sub` holds.
    pub subject: SubjectClaim,
    /// Values of claims that grant rights.
    pub grants: GrantSettings,
    /// Claims that the accounts of unknown people are made of. Without them, no account is made.
    pub profile: Option<ProfileClaims>,
    /// Longest accepted token, in bytes.
    pub max_length: usize,
}

/// Claim that must name the audience.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum AudienceClaim {
    /// `aud`
    #[default]
    Aud,
    /// `client_id` in tokens without an `aud`, such as access tokens of Amazon Cognito
    ClientId,
}

/// Column of users that a token's `sub` holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum SubjectClaim {
    /// The primary key, `users.id`
    #[default]
    Id,
    /// The id in the organisation's own system, `users.ext_id`
    ExtId,
    /// The sign-in name, `users.username`
    Username,
}

impl TokenSettings {
    /// Checks that an account that is made has one person, who keeps it.
    ///
    /// # Errors
    /// [`SettingsError::ProvisionSubject`], [`SettingsError::ProvisionIssuer`], [`SettingsError::ProvisionKeys`].
    pub(super) fn check_provisioning(&self) -> Result<(), SettingsError> {
        match self.profile {
            Some(_) if self.subject != SubjectClaim::ExtId => Err(SettingsError::ProvisionSubject),
            // OpenID Connect Core 1.0, §2: `sub` is unique within its issuer.
            Some(_) if self.jwks.is_some() && self.issuer.is_none() => {
                Err(SettingsError::ProvisionIssuer)
            }
            Some(_) if self.jwks.is_none() && self.secret.is_none() => {
                Err(SettingsError::ProvisionKeys)
            }
            _ => Ok(()),
        }
    }

    /// Checks that the key set can be read, if it is a file. A URL is not read: an unavailable issuer must
    /// not end the start.
    ///
    /// # Errors
    /// [`SettingsError::KeyFile`], [`SettingsError::Client`].
    pub async fn check_key_file(&self) -> Result<(), SettingsError> {
        match &self.jwks {
            Some(location) => key_source::check_file(location).await,
            None => Ok(()),
        }
    }
}

/// Reasons why the settings are rejected.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// Both a secret and a key set are configured.
    #[error(
        "set either --jwt-secret (GATEWAY_JWT_SECRET), a secret for HS256, or --jwt-jwks (GATEWAY_JWT_JWKS), a JWKS \
         for RS256, ES256 and EdDSA, not both"
    )]
    SecretAndJwks,
    /// Accounts would be made under keys that are not the provider's.
    #[error(
        "--jwt-provision on needs --jwt-subject ext-id (GATEWAY_JWT_SUBJECT): ids and usernames are the organisation's"
    )]
    ProvisionSubject,
    /// Accounts would be made for the people of every tenant.
    #[error(
        "--jwt-provision on with --jwt-jwks needs --jwt-issuer (GATEWAY_JWT_ISSUER): a sub is unique within one issuer"
    )]
    ProvisionIssuer,
    /// No token can be verified.
    #[error(
        "--jwt-provision on needs --jwt-secret (GATEWAY_JWT_SECRET) or --jwt-jwks (GATEWAY_JWT_JWKS), since without \
         them every token is refused"
    )]
    ProvisionKeys,
    /// The key set is a file that cannot be read, or that is no key set.
    #[error("--jwt-jwks (GATEWAY_JWT_JWKS) names a file that cannot be used: {0}")]
    KeyFile(String),
    /// The TLS client cannot be created, such as on a machine without trusted certificates.
    #[error("the JWKS cannot be fetched over TLS from this machine: {0}")]
    Client(#[source] reqwest::Error),
}
