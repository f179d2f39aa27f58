//! Errors of loads, and the causes that the driver reports.

use std::{borrow::Cow, sync::Arc};

use batch_loader::Panicked;
use sea_orm::{DbErr, RuntimeErr, sqlx};
use sqlx::{error::DatabaseError, postgres::PgDatabaseError};

use crate::{metrics::StatementOutcome, rate_limit::RateLimited};

/// Rows could not be loaded. No client causes it, and its text is not for clients.
#[derive(Clone, Debug, thiserror::Error)]
pub enum LoadError {
    /// The database does not respond now. A later request can succeed.
    #[error("the database is away: {0}")]
    Unavailable(Arc<DbErr>),
    /// The statement exceeded its time limit.
    #[error("a statement took too long: {0}")]
    TimedOut(Arc<DbErr>),
    /// The statement failed.
    #[error("a statement failed: {0}")]
    Failed(Arc<DbErr>),
}

/// A list could not be loaded.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ListError {
    /// The client's quota has no room for the rows that the list may read.
    #[error(transparent)]
    RateLimited(#[from] RateLimited),
    /// The rows could not be loaded.
    #[error(transparent)]
    Load(#[from] LoadError),
}

impl LoadError {
    /// Returns its name in traces.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Unavailable(_) => StatementOutcome::Unavailable,
            Self::TimedOut(_) => StatementOutcome::TimedOut,
            Self::Failed(_) => StatementOutcome::Failed,
        }
        .name()
    }

    /// Creates the error for an unexpected result.
    pub(super) fn broken(what: &str) -> Self {
        Self::Failed(Arc::new(DbErr::Custom(what.to_owned())))
    }
}

impl From<Panicked> for LoadError {
    fn from(Panicked: Panicked) -> Self {
        Self::broken("a statement's rows could not be read")
    }
}

impl From<DbErr> for LoadError {
    fn from(error: DbErr) -> Self {
        if is_overdue(&error) {
            Self::TimedOut(Arc::new(error))
        } else if is_unavailable(&error) || is_locked(&error) {
            Self::Unavailable(Arc::new(error))
        } else {
            Self::Failed(Arc::new(error))
        }
    }
}

/// The server did not end a statement that exceeded its time limit.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the statement took too long, and the server did not end it")]
pub(super) struct Overdue;

impl Overdue {
    pub(super) fn is_in(error: &sqlx::Error) -> bool {
        let sqlx::Error::Io(error) = error else {
            return false;
        };
        matches!(error.get_ref(), Some(cause) if cause.is::<Self>())
    }
}

/// Returns the driver's error, if there is one.
fn of_driver(error: &DbErr) -> Option<&sqlx::Error> {
    match error {
        DbErr::Conn(RuntimeErr::SqlxError(error))
        | DbErr::Exec(RuntimeErr::SqlxError(error))
        | DbErr::Query(RuntimeErr::SqlxError(error)) => Some(error),
        _ => None,
    }
}

/// Returns the database's code of an error.
fn code(error: &sqlx::Error) -> Option<Cow<'_, str>> {
    error.as_database_error().and_then(DatabaseError::code)
}

/// Returns true if a statement exceeded its time limit (PostgreSQL: 57014, whoever cancelled it).
pub(super) fn is_overdue(error: &DbErr) -> bool {
    const CANCELED: &str = "57014";
    of_driver(error)
        .is_some_and(|error| Overdue::is_in(error) || code(error).as_deref() == Some(CANCELED))
}

/// Returns true if a statement waited too long for a lock (PostgreSQL: 55P03). This is no sign of a
/// server that is away.
pub(super) fn is_locked(error: &DbErr) -> bool {
    const NOT_AVAILABLE: &str = "55P03";
    of_driver(error).is_some_and(|error| code(error).as_deref() == Some(NOT_AVAILABLE))
}

/// Returns true if an error does not show that the server is up: it did not respond, or it is
/// shutting down.
pub(super) fn is_broken(error: &DbErr) -> bool {
    match of_driver(error) {
        Some(error @ sqlx::Error::Database(_)) => {
            code(error).is_some_and(|code| code.starts_with("57P"))
        }
        Some(sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::Protocol(_)) => true,
        Some(_) => false,
        None => matches!(error, DbErr::ConnectionAcquire(_)),
    }
}

/// Returns true if the database is away, rather than the statement wrong.
pub(super) fn is_unavailable(error: &DbErr) -> bool {
    match error {
        DbErr::ConnectionAcquire(_) | DbErr::Conn(_) => true,
        DbErr::Exec(RuntimeErr::SqlxError(error)) | DbErr::Query(RuntimeErr::SqlxError(error)) => {
            match error.as_ref() {
                sqlx::Error::Io(_)
                | sqlx::Error::Tls(_)
                | sqlx::Error::Protocol(_)
                | sqlx::Error::PoolTimedOut
                | sqlx::Error::PoolClosed
                | sqlx::Error::WorkerCrashed => true,
                sqlx::Error::Database(error) => {
                    error.code().is_some_and(|code| is_away(&code))
                        || is_not_migrated(error.as_ref())
                }
                _ => false,
            }
        }
        _ => false,
    }
}

/// Returns true if a connection's prepared statements are outdated (PostgreSQL: "cached plan must
/// not change result type", and a missing prepared statement).
pub(super) fn is_outdated(error: &sqlx::Error) -> bool {
    // Other statements that a server cannot execute have the same code, and the text may be translated.
    const CHANGED: &str = "cached plan must not change result type";
    const CHANGED_IN: &str = "RevalidateCachedQuery";
    let Some(error) = error.as_database_error() else {
        return false;
    };
    match error.code().as_deref() {
        Some("26000") => true,
        Some("0A000") => {
            let postgres = error.try_downcast_ref::<PgDatabaseError>();
            error.message() == CHANGED
                || postgres.and_then(PgDatabaseError::routine) == Some(CHANGED_IN)
        }
        _ => false,
    }
}

/// Returns true if another connection may succeed: this one is broken, or its prepared statements
/// are outdated.
pub(super) fn is_stale(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) if Overdue::is_in(error) => false,
        sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::Protocol(_) => true,
        sqlx::Error::Database(_) => {
            is_outdated(error)
                || code(error)
                    .is_some_and(|code| ["08", "57P"].iter().any(|class| code.starts_with(class)))
        }
        _ => false,
    }
}

/// Returns true if the server rolled the statement back because of others (PostgreSQL: class 40). A standby
/// does so for replay, and the primary can execute it. A server whose transactions are serializable by
/// default does so for writes, and can execute it again.
pub(super) fn is_conflict(error: &DbErr) -> bool {
    const ROLLED_BACK: &str = "40";
    let code = of_driver(error).and_then(code);
    code.is_some_and(|code| code.starts_with(ROLLED_BACK))
}

/// Returns true if a table is missing. Serving begins when the database is migrated.
fn is_not_migrated(error: &dyn DatabaseError) -> bool {
    const UNDEFINED_TABLE: &str = "42P01";
    error.code().as_deref() == Some(UNDEFINED_TABLE) || error.message().starts_with("no such table")
}

/// PostgreSQL: class 08 (connection), 53 (resources), 57P (shutdown, not yet started).
/// SQLite: `SQLITE_BUSY` (5), `SQLITE_IOERR` (10), `SQLITE_CANTOPEN` (14), extended codes included.
fn is_away(code: &str) -> bool {
    match code.parse::<u32>() {
        Ok(sqlite) if code.len() < 5 => matches!(sqlite & 0xff, 5 | 10 | 14),
        _ => ["08", "53", "57P"]
            .iter()
            .any(|class| code.starts_with(class)),
    }
}

#[cfg(test)]
mod tests {
    use super::is_away;

    #[test]
    fn a_database_that_is_away_is_told_from_a_statement_that_is_wrong() {
        for code in ["08006", "53300", "57P01", "57P03", "5", "261", "14", "266"] {
            assert!(is_away(code), "{code}");
        }
        for code in ["42P01", "23505", "22021", "57014", "1", "1555", "2067"] {
            assert!(!is_away(code), "{code}");
        }
    }
}
