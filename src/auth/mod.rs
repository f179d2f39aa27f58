//! Authenticates requests: from the bearer token (RFC 6750) to the user that it names.
//!
//! A token is a JWT (RFC 7519), verified as RFC 8725 recommends. The key determines the algorithm,
//! never the token; all configured claims are required; anything doubtful is refused. A request
//! without a token is anonymous. A request with an invalid token is refused.
//!
//! One file per concept: `bearer` extracts the token and `verifier` verifies it with a `key`. The
//! key is the shared secret or, through `key_source`, one of a published `key_set`. `claims` has
//! the rules for the content, `grants` what it allows, and `profile` what an account is made of.

mod bearer;
mod claims;
mod error;
mod fetch;
mod grants;
mod jwk;
mod key;
mod key_set;
mod key_source;
mod location;
mod mint;
mod profile;
mod secret;
mod settings;
mod verifier;

use std::sync::Arc;

use axum::http::HeaderMap;

use crate::{
    access::{self, Viewer},
    clock::Clock,
    lifecycle::{Accounts, Profile, WriteError},
    loader::{
        Freshness, Loaders,
        external_key::ExternalKind,
        user::{Account, Subject},
    },
    metrics::Metrics,
};

pub(crate) use bearer::is_anonymous;
pub use error::{AuthError, InvalidToken};
pub use grants::GrantSettings;
pub use location::{JwksLocation, LocationError};
pub use mint::{MintError, NewClaims, mint};
pub use profile::ProfileClaims;
pub use secret::{InvalidSecret, Secret};
pub use settings::{AudienceClaim, SettingsError, SubjectClaim, TokenSettings};

use claims::Claims;
use verifier::Verifier;

/// Scope of staff tokens, by default.
pub const STAFF_SCOPE: &str = "invites:admin";

/// Scope of tokens whose viewers may create invite codes, by default.
pub const CODES_SCOPE: &str = "invites:codes";

/// Scope of tokens whose bearers may import, by default.
pub const IMPORT_SCOPE: &str = "invites:import";

/// Right to import of the bearer of a request's token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Grant {
    /// The request has no token.
    Anonymous,
    /// The token lacks the right.
    None,
    /// The token has the right. Holds its `sub`, which may name a machine.
    Scope(String),
}

/// Keys that verify tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeysFound {
    /// No key is configured.
    None,
    /// A shared secret.
    Secret,
    /// A key set, with this many usable keys.
    Published(usize),
    /// A key set that cannot be loaded, for this reason.
    Unavailable(String),
}

/// Authenticates requests by their headers; cheap to clone.
#[derive(Clone)]
pub struct Authenticator(Arc<Parts>);

struct Parts {
    verifier: Verifier,
    subject: SubjectClaim,
    max_length: usize,
    loaders: Arc<Loaders>,
    accounts: Accounts,
    clock: Clock,
}

impl Authenticator {
    /// Creates an authenticator.
    ///
    /// Within a tokio runtime, it starts to load published keys in the background, so that an
    /// unavailable issuer does not delay the start.
    ///
    /// # Errors
    /// The settings contradict each other, or the system's trusted certificates cannot be read.
    pub fn new(
        settings: TokenSettings,
        loaders: Arc<Loaders>,
        accounts: Accounts,
        clock: Clock,
        metrics: &Metrics,
    ) -> Result<Self, SettingsError> {
        settings.check_provisioning()?;
        let (subject, max_length) = (settings.subject, settings.max_length);
        let verifier = Verifier::new(settings, clock.clone(), metrics)?;
        Ok(Self(Arc::new(Parts {
            verifier,
            subject,
            max_length,
            loaders,
            accounts,
            clock,
        })))
    }

    /// Returns false while a configured key set has never been loaded, so that no token can be verified.
    pub fn is_ready(&self) -> bool {
        self.0.verifier.has_keys()
    }

    /// Loads the keys that verify tokens.
    pub async fn find_keys(&self) -> KeysFound {
        self.0.verifier.find_keys().await
    }

    /// Returns true if accounts are made for people who have none.
    pub fn makes_accounts(&self) -> bool {
        self.0.verifier.makes_accounts()
    }

    /// Returns the claims of the token in these headers; none without credentials.
    async fn claims(&self, headers: &HeaderMap) -> Result<Option<Arc<Claims>>, AuthError> {
        match bearer::token(headers, self.0.max_length)? {
            Some(token) => self.0.verifier.verify(token).await.map(Some),
            None => Ok(None),
        }
    }

    /// Returns whether the token in these headers lets its bearer import. Its subject needs no account.
    ///
    /// # Errors
    /// The token is invalid, or cannot be checked now.
    pub async fn import_grant(&self, headers: &HeaderMap) -> Result<Grant, AuthError> {
        let Some(claims) = self.claims(headers).await? else {
            return Ok(Grant::Anonymous);
        };
        Ok(match claims.grants.imports {
            true => Grant::Scope(claims.name().to_owned()),
            false => Grant::None,
        })
    }

    /// Returns the viewer who sends these headers: anonymous without credentials, and a stranger with
    /// a valid token that names nobody here.
    ///
    /// # Errors
    /// The token is invalid, or cannot be checked now.
    pub async fn viewer(&self, headers: &HeaderMap) -> Result<Viewer, AuthError> {
        let Some(claims) = self.claims(headers).await? else {
            return Ok(Viewer::Anonymous);
        };
        let subject = claims.subject(self.0.subject)?;
        let mut account = self.0.loaders.account(subject.clone()).await?;
        if let Some(profile) = &claims.profile {
            account = self.provisioned(account, profile, subject).await?;
        }
        let user = match account {
            Account::User(user) => user,
            Account::Absent => return Ok(Viewer::Stranger),
            Account::Deleted => return Err(InvalidToken::DeletedUser.into()),
            Account::Ambiguous => return Err(InvalidToken::AmbiguousUser.into()),
        };
        let granted = &claims.grants;
        Ok(Viewer::signed_in(
            user,
            granted.is_staff,
            granted.creates_codes,
            granted.staff_targets.clone(),
        ))
    }

    /// Returns true if an account has an id in a source, which then states what the account has.
    async fn is_of_source(&self, id: i64) -> Result<bool, AuthError> {
        let reads = self.0.loaders.reads(Freshness::Primary);
        let key = reads.external_key(ExternalKind::User, id).await?;
        Ok(key.is_some())
    }

    /// Makes the account of a person who has none, or changes the one that the provider states otherwise. If
    /// that is not possible, the request goes on with what there is.
    async fn provisioned(
        &self,
        account: Account,
        profile: &Profile,
        subject: Subject,
    ) -> Result<Account, AuthError> {
        let Parts {
            accounts, loaders, ..
        } = &*self.0;
        let written = match &account {
            Account::Absent => accounts.create(profile, self.0.clock.now()).await,
            Account::User(user) => match access::changes(user, profile) {
                Some((id, changes)) if !self.is_of_source(id).await? => {
                    accounts.update(&changes).await
                }
                _ => return Ok(account),
            },
            Account::Deleted | Account::Ambiguous => return Ok(account),
        };
        match written {
            Ok(()) => Ok(loaders.account(subject).await?),
            Err(WriteError(error)) => {
                let reason = error.name();
                tracing::warn!(reason, "cannot write the account of a person who signed in");
                Ok(account)
            }
        }
    }
}
