//! Writes: invites are created, sent again, changed, withdrawn, accepted and declined.
//!
//! Each write is one transaction (`write`), and runs as a task of its own, so that a client that goes
//! away leaves nothing half done. Which command is allowed in which state is the domain's table
//! ([`crate::invite::transition`]); it becomes the condition of the statement that decides
//! (`transition`). Every change appends an event to `invite_events` in the same transaction.
//!
//! A write demands proofs ([`crate::access::proof`]), as reading does.

mod course_invite;
mod create;
mod event;
mod group_invite;
mod idempotency;
mod invite_code;
mod transition;
mod workspace_invite;
mod write;

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{DatabaseConnection, DbErr};
use tracing::Instrument;

pub use create::{Created, Numbered, Row};
pub use idempotency::Key;
pub use invite_code::NewInviteCode;
pub use transition::{Changes, Settled};
pub use workspace_invite::{NewWorkspaceInvite, Terms};

use crate::{
    database::is_unwritable,
    email,
    invite::{AcceptUrl, Refusal},
    loader::LoadError,
};

/// Limits of writes.
#[derive(Clone, Debug)]
pub struct WriteLimits {
    /// Invites that one person creates in a day.
    pub per_day: u32,
    /// Pending invites of one target.
    pub open: u32,
    /// Times that an invite is sent again.
    pub resends: u32,
    /// Time between two sendings of an invite.
    pub resend_interval: TimeDelta,
    /// Lifetime of an invite whose creator names none.
    pub lifetime: TimeDelta,
    /// Longest lifetime of an invite.
    pub max_lifetime: TimeDelta,
    /// Longest message, in characters.
    pub message: usize,
    /// Domains of addresses that are invited, as A-labels; every domain if empty.
    pub allowed_domains: Vec<String>,
    /// Domains of addresses that are not invited, as A-labels.
    pub blocked_domains: Vec<String>,
}

impl Default for WriteLimits {
    fn default() -> Self {
        Self {
            per_day: 500,
            open: 50_000,
            resends: 10,
            resend_interval: TimeDelta::minutes(1),
            lifetime: TimeDelta::days(7),
            max_lifetime: TimeDelta::days(30),
            message: 2000,
            allowed_domains: Vec::new(),
            blocked_domains: Vec::new(),
        }
    }
}

/// A write could not be carried out. Nothing of it was.
#[derive(Clone, Debug, thiserror::Error)]
#[error(transparent)]
pub struct WriteError(#[from] pub LoadError);

impl From<DbErr> for WriteError {
    fn from(error: DbErr) -> Self {
        let error = if is_unwritable(&error) {
            LoadError::Unavailable(Arc::new(error))
        } else {
            LoadError::from(error)
        };
        match &error {
            LoadError::Failed(cause) => tracing::error!(error = %cause, "a write failed"),
            LoadError::Unavailable(cause) | LoadError::TimedOut(cause) => {
                tracing::warn!(error = %cause, "a write was not possible");
            }
        }
        Self(error)
    }
}

/// Writes to the database.
pub struct Lifecycle {
    database: DatabaseConnection,
    limits: WriteLimits,
    accept_url: Option<AcceptUrl>,
}

impl Lifecycle {
    /// Creates the writer of the primary database. Without a template it returns no links.
    pub fn new(
        database: DatabaseConnection,
        limits: WriteLimits,
        accept_url: Option<AcceptUrl>,
    ) -> Self {
        Self {
            database,
            limits,
            accept_url,
        }
    }

    /// Returns the template of links.
    pub fn accept_url(&self) -> Option<&AcceptUrl> {
        self.accept_url.as_ref()
    }

    /// Runs a write as a task of its own: it ends even if the client goes away.
    async fn spawn<T: Send + 'static>(
        write: impl Future<Output = Result<T, WriteError>> + Send + 'static,
    ) -> Result<T, WriteError> {
        let task = tokio::spawn(write.in_current_span());
        task.await.unwrap_or_else(|_| {
            let error = DbErr::Custom("a write panicked".to_owned());
            Err(WriteError::from(error))
        })
    }

    /// Returns the expiry of a new invite.
    ///
    /// # Errors
    /// The wanted expiry is in the past, or beyond the longest lifetime.
    pub fn expiry(
        &self,
        wanted: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> Result<DateTime<Utc>, Refusal> {
        match wanted {
            None => Ok(now + self.limits.lifetime),
            Some(wanted) if wanted <= now => {
                Err(Refusal::Invalid("The expiry must be in the future."))
            }
            Some(wanted) if wanted > now + self.limits.max_lifetime => Err(Refusal::Invalid(
                "The expiry is beyond the longest lifetime of an invite.",
            )),
            Some(wanted) => Ok(wanted),
        }
    }

    /// Checks the message of an invite.
    ///
    /// # Errors
    /// It is too long.
    pub fn check_message(&self, message: &str) -> Result<(), Refusal> {
        if message.contains('\0') {
            return Err(Refusal::Invalid(
                "The message must not contain NUL characters.",
            ));
        }
        match message.chars().count() > self.limits.message {
            true => Err(Refusal::Invalid("The message is too long.")),
            false => Ok(()),
        }
    }

    /// Checks the name of a person invited.
    ///
    /// # Errors
    /// It is too long.
    pub fn check_name(&self, name: &str) -> Result<(), Refusal> {
        const LONGEST: usize = 255;
        match name.contains('\0') || name.chars().count() > LONGEST {
            true => Err(Refusal::Invalid(
                "A name has at most 255 characters, and no NUL.",
            )),
            false => Ok(()),
        }
    }

    /// Returns the form in which an address is compared.
    ///
    /// # Errors
    /// The text is no address, or its domain is not invited.
    pub fn check_address(&self, address: &str) -> Result<String, Refusal> {
        let is_address = email_address::EmailAddress::is_valid(address);
        let normalized = email::normalize(address).filter(|_| is_address);
        let normalized = normalized.ok_or(Refusal::InvalidEmail)?;
        let domain = normalized.rsplit('@').next().unwrap_or_default();
        let is_in = |domains: &[String]| domains.iter().any(|listed| listed == domain);
        let limits = &self.limits;
        let is_allowed = limits.allowed_domains.is_empty() || is_in(&limits.allowed_domains);
        match is_allowed && !is_in(&limits.blocked_domains) {
            true => Ok(normalized),
            false => Err(Refusal::DomainNotAllowed),
        }
    }
}
