//! Writes: invites are created, sent again, changed, withdrawn, accepted and declined.
//!
//! Each write is one transaction (`write`), and runs as a task of its own, so that a client that goes
//! away leaves nothing half done. Which command is allowed in which state is the domain's table
//! ([`crate::invite::transition`]); it becomes the condition of the statement that decides
//! (`transition`). Every change appends an event to `invite_events` in the same transaction.
//!
//! A write demands proofs ([`crate::access::proof`]), as reading does.

mod account;
mod course_invite;
mod create;
mod event;
mod group_invite;
mod idempotency;
mod invite_code;
mod recent_writers;
mod transition;
mod workspace_invite;
mod write;
mod written_row;

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{ConnAcquireErr, DbErr};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};
use tracing::Instrument;

pub use account::{Accounts, Identity, Profile};
pub use course_invite::NewCourseInvite;
pub use create::{Created, Numbered, Row};
pub use idempotency::Key;
pub use invite_code::NewInviteCode;
pub use transition::{Changes, Settled};
pub use workspace_invite::{NewWorkspaceInvite, Terms};
pub use written_row::WrittenRow;

use recent_writers::RecentWriters;

use crate::{
    clock::Stopwatch,
    database::{OpenDatabase, is_unwritable},
    email,
    invite::{AcceptUrl, InviteKind, Refusal},
    loader::LoadError,
    trace,
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
    database: OpenDatabase,
    limits: WriteLimits,
    accept_url: Option<AcceptUrl>,
    /// Writes that may run at a time.
    permits: Arc<Semaphore>,
    /// Time that a write waits for others before the database counts as unavailable.
    max_wait: Duration,
    recent_writers: Arc<RecentWriters>,
}

/// A write: its user, and the fields of its span.
struct About {
    /// The user who writes.
    actor: i64,
    kind: InviteKind,
    command: &'static str,
    rows: usize,
}

/// The outcome of a write.
trait Written {
    /// Returns the number of rows for which it was carried out, now or before.
    fn done(&self) -> usize;
}

impl Written for bool {
    fn done(&self) -> usize {
        usize::from(*self)
    }
}

impl Lifecycle {
    /// Creates the writer of the primary database. Without a template it returns no links.
    pub fn new(
        database: impl Into<OpenDatabase>,
        limits: WriteLimits,
        accept_url: Option<AcceptUrl>,
        stopwatch: Stopwatch,
    ) -> Self {
        let database = database.into();
        let (most, max_wait) = bounds(&database);
        Self {
            database,
            limits,
            accept_url,
            permits: Arc::new(Semaphore::new(most)),
            max_wait,
            recent_writers: Arc::new(RecentWriters::new(stopwatch)),
        }
    }

    /// Returns true if a user wrote through this gateway a short time ago.
    pub fn wrote_recently(&self, user_id: i64) -> bool {
        self.recent_writers.contains(user_id)
    }

    /// Returns the template of links.
    pub fn accept_url(&self) -> Option<&AcceptUrl> {
        self.accept_url.as_ref()
    }

    /// Runs a write as a task of its own: it ends even if the client goes away. It begins once there is a
    /// connection for it. A client that goes away before has written nothing.
    async fn spawn<T: Written + Send + 'static>(
        &self,
        about: About,
        write: impl Future<Output = Result<T, WriteError>> + Send + 'static,
    ) -> Result<T, WriteError> {
        let span = trace::write(about.kind.as_str(), about.command, about.rows);
        let permit = self.permit().await.inspect_err(|WriteError(error)| {
            trace::written(&span, Err(error.name()));
        })?;
        let recorded = span.clone();
        let recent_writers = self.recent_writers.clone();
        recent_writers.record(about.actor);
        let write = async move {
            let outcome = write.await;
            recent_writers.record(about.actor);
            let done = outcome.as_ref().map(Written::done);
            trace::written(&recorded, done.map_err(|WriteError(error)| error.name()));
            drop(permit);
            outcome
        };
        let task = tokio::spawn(write.instrument(span.clone()));
        task.await.unwrap_or_else(|_| {
            let error = WriteError::from(DbErr::Custom("a write panicked".to_owned()));
            trace::written(&span, Err(error.0.name()));
            Err(error)
        })
    }

    /// Waits until fewer writes run than are allowed at a time.
    async fn permit(&self) -> Result<OwnedSemaphorePermit, WriteError> {
        let permit = self.permits.clone().acquire_owned();
        match timeout(self.max_wait, permit).await {
            Ok(Ok(permit)) => Ok(permit),
            // The semaphore is never closed.
            Ok(Err(_)) | Err(_) => {
                let error = DbErr::ConnectionAcquire(ConnAcquireErr::Timeout);
                Err(WriteError::from(error))
            }
        }
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

/// Returns the number of writes that may run at a time, and the time that others wait for them.
///
/// Each write holds a connection of the pool from which requests read. Half of the pool leaves the other
/// half to reads. SQLite has one writer at a time; more of them would only hold connections.
fn bounds(database: &OpenDatabase) -> (usize, Duration) {
    match database.postgres() {
        Some(pool) => {
            let options = pool.options();
            let most = usize::try_from(options.get_max_connections() / 2).unwrap_or(1);
            (most.max(1), options.get_acquire_timeout())
        }
        None => {
            let options = database.orm().get_sqlite_connection_pool().options();
            (1, options.get_acquire_timeout())
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{future::pending, sync::Arc, time::Duration};

    use futures_util::{FutureExt, future::join_all};
    use tokio::sync::Notify;

    use super::{About, Lifecycle, WriteError, WriteLimits};
    use crate::{clock::Stopwatch, database::Pool, invite::InviteKind, loader::LoadError};

    /// A writer whose pool has that many connections; it connects on first use.
    async fn lifecycle(max_connections: u32) -> Lifecycle {
        let pool = Pool {
            max_connections,
            ..Pool::small("postgres://nobody@127.0.0.1:1/nothing")
        };
        let database = pool.open().await.expect("a pool");
        Lifecycle::new(database, WriteLimits::default(), None, Stopwatch::started())
    }

    fn about() -> About {
        About {
            actor: 1,
            kind: InviteKind::GroupInvite,
            command: "enable",
            rows: 1,
        }
    }

    #[tokio::test(start_paused = true)]
    async fn half_of_the_connections_are_for_writes() {
        for (connections, expected) in [(1, 1), (2, 1), (3, 1), (4, 2), (10, 5)] {
            let lifecycle = lifecycle(connections).await;
            let running = Arc::new(Notify::new());
            let begun = Arc::new(std::sync::atomic::AtomicUsize::new(0));
            let writes = (0..20).map(|_| {
                let (running, begun) = (running.clone(), begun.clone());
                lifecycle.spawn(about(), async move {
                    begun.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                    running.notified().await;
                    Ok(true)
                })
            });
            // Those that wait for longer than for a connection are refused.
            let ended = join_all(writes);
            let release = async {
                tokio::time::sleep(Duration::from_secs(6)).await;
                let begun = begun.load(std::sync::atomic::Ordering::SeqCst);
                running.notify_waiters();
                begun
            };
            let (ended, begun) = tokio::join!(ended, release);
            assert_eq!(begun, expected, "of {connections}");
            let done = ended.iter().filter(|outcome| outcome.is_ok()).count();
            assert_eq!(done, expected);
            let is_unavailable = |outcome: &&Result<bool, WriteError>| {
                matches!(outcome, Err(WriteError(LoadError::Unavailable(_))))
            };
            assert_eq!(ended.iter().filter(is_unavailable).count(), 20 - expected);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_panic_returns_the_permit() {
        let lifecycle = lifecycle(2).await;
        for _ in 0..3 {
            let write = async { panic!("a fault") };
            let outcome: Result<bool, _> = lifecycle.spawn(about(), write).await;
            assert!(matches!(outcome, Err(WriteError(LoadError::Failed(_)))));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_write_that_waits_ends_with_its_client() {
        let lifecycle = lifecycle(2).await;
        let first = lifecycle.spawn(about(), pending::<Result<bool, _>>());
        assert!(first.now_or_never().is_none(), "it runs on");
        let second = lifecycle.spawn(about(), async { panic!("it must not begin") });
        let second: Option<Result<bool, _>> = second.now_or_never();
        assert!(second.is_none());
        let third: Result<bool, _> = lifecycle.spawn(about(), async { Ok(true) }).await;
        assert!(third.is_err(), "the first still runs");
    }
}
