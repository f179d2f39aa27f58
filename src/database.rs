//! Opens the configured database, and checks whether it is ready.

mod heartbeat;
mod hosts;
mod kept;
mod postgres_url;
mod readiness;
mod search_path;
mod session;
pub mod taken_name;
mod writability;

use std::{borrow::Cow, sync::Arc, time::Duration};

use sea_orm::{
    ConnectOptions, Database, DatabaseConnection, DbErr, RuntimeErr,
    sqlx::{
        error::DatabaseError,
        postgres::{PgDatabaseError, PgPoolOptions},
        sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
    },
};
use url::Url;

use hosts::TargetSession;
use postgres_url::PostgresUrl;
use session::Session;

pub use heartbeat::Heartbeat;
pub use kept::{KeptConnection, KeptConnections, OpenDatabase};
pub use readiness::{Purpose, Readiness, applied_migrations, fault, readiness};
pub use session::{InvalidSessionSetting, SessionSetting};
pub use writability::Privilege;

/// URL of an in-memory SQLite database, which ends with its connection.
pub const IN_MEMORY: &str = "sqlite::memory:";

/// Default time that SQLite waits for a lock held by another connection.
const SQLITE_BUSY: Duration = Duration::from_secs(5);

/// Time limits of statements, enforced by PostgreSQL.
#[derive(Clone, Copy, Debug)]
pub struct StatementLimits {
    /// Total time of a statement.
    pub run: Duration,
    /// Wait for a lock, such as one held by a schema change.
    pub lock: Duration,
}

/// The text is not a supported database URL. The message omits it, since it may hold a password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidDatabaseUrl {
    /// It is no URL of a known database.
    #[error("expected postgres://user:password@host:port/name or sqlite://path")]
    Malformed,
    /// It is no URL of PostgreSQL, which is needed here.
    #[error("expected postgres://user:password@host:port/name: only PostgreSQL has standbys")]
    NotPostgres,
    /// Parts of it are ambiguous, probably because of special characters in the password.
    #[error(
        "special characters of the user, password and name must be percent-encoded: %23 for #, %25 for %, %2F for \
         /, %3F for ?, %40 for @"
    )]
    Unescaped,
    /// A part or parameter cannot be honoured.
    #[error("the URL's {name} {reason}")]
    Parameter {
        /// Its name.
        name: String,
        /// The reason, and the remedy.
        reason: &'static str,
    },
}

/// Checks that the URL can be honoured, without connecting.
///
/// # Errors
/// The text is not a PostgreSQL or SQLite URL, or demands what the gateway cannot do.
pub fn check_url(text: &str) -> Result<String, InvalidDatabaseUrl> {
    if is_postgres(text) {
        return PostgresUrl::parse(text).map(|_| text.to_owned());
    }
    let is_sqlite = text.starts_with("sqlite:") && text.parse::<SqliteConnectOptions>().is_ok();
    // SeaORM parses the text again, and its error for an invalid URL repeats the text.
    (is_sqlite && Url::parse(text).is_ok())
        .then(|| text.to_owned())
        .ok_or(InvalidDatabaseUrl::Malformed)
}

/// Checks that the text is a PostgreSQL URL, without connecting.
///
/// # Errors
/// The text is not a PostgreSQL URL, or demands what the gateway cannot do.
pub fn check_postgres_url(text: &str) -> Result<String, InvalidDatabaseUrl> {
    if !is_postgres(text) {
        return Err(InvalidDatabaseUrl::NotPostgres);
    }
    check_url(text)
}

/// Returns true if the URL's scheme is PostgreSQL's.
pub fn is_postgres(url: &str) -> bool {
    ["postgres://", "postgresql://"]
        .iter()
        .any(|scheme| url.starts_with(scheme))
}

/// Settings of a connection pool.
#[derive(Clone, Debug)]
pub struct Pool {
    /// `postgres://…` or `sqlite://…`.
    pub url: String,
    /// Maximum number of open connections.
    pub max_connections: u32,
    /// Time that a statement waits for a free connection before the database counts as unavailable.
    pub acquire_timeout: Duration,
    /// Time limits of statements, if any.
    pub limits: Option<StatementLimits>,
    /// Create the SQLite file if it does not exist.
    pub create: bool,
    /// Settings of PostgreSQL sessions instead of the gateway's.
    pub settings: Vec<SessionSetting>,
}

impl Pool {
    /// Returns settings of a small pool, for commands that run once.
    pub fn small(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            max_connections: 2,
            acquire_timeout: Duration::from_secs(5),
            limits: None,
            create: false,
            settings: Vec::new(),
        }
    }

    /// Opens the pool. It connects to PostgreSQL on first use, so that the process starts while the
    /// server is unavailable.
    ///
    /// # Errors
    /// The URL is invalid, or the SQLite file cannot be opened.
    pub async fn open(&self) -> Result<DatabaseConnection, DbErr> {
        match is_postgres(&self.url) {
            true => self.open_postgres().await,
            false => self.open_sqlite().await,
        }
    }

    async fn open_postgres(&self) -> Result<DatabaseConnection, DbErr> {
        let url = PostgresUrl::parse(&self.url);
        let url = url.map_err(|error| DbErr::Custom(error.to_string()))?;
        let session = Arc::new(Session::new(self.limits, &self.settings));
        let target = url.target;
        // All hosts have the same parameters.
        let first = url.hosts[0].clone();
        let options = first.clone();
        let pool = PgPoolOptions::new()
            .max_connections(self.max_connections)
            .acquire_timeout(self.acquire_timeout)
            .after_connect(move |connection, _| {
                let (session, options) = (session.clone(), options.clone());
                Box::pin(async move {
                    target.check(connection).await?;
                    search_path::check(connection, &options).await?;
                    session.set_up(connection).await
                })
            });
        let has_several_hosts = url.hosts.len() > 1;
        let mut host = first;
        if has_several_hosts || target != TargetSession::Any {
            match url.first_host(self.acquire_timeout).await {
                Some((at, _)) => host = url.hosts[at].clone(),
                None => tracing::warn!(
                    "no host of the database's URL responds, or is what target_session_attrs demands"
                ),
            }
        }
        let pool = pool.connect_lazy_with(host);
        if has_several_hosts {
            tokio::spawn(url.follow(pool.clone(), self.acquire_timeout));
        }
        Ok(pool.into())
    }

    async fn open_sqlite(&self) -> Result<DatabaseConnection, DbErr> {
        let in_memory = self.url == IN_MEMORY;
        let mut options = ConnectOptions::new(&self.url);
        options
            .max_connections(if in_memory { 1 } else { self.max_connections })
            .acquire_timeout(self.acquire_timeout)
            .sqlx_logging(false);
        if in_memory {
            // Its data ends with the connection.
            options
                .idle_timeout(None::<Duration>)
                .max_lifetime(None::<Duration>);
        } else {
            let create = self.create;
            let busy = self.limits.map_or(SQLITE_BUSY, |limits| limits.lock);
            options.map_sqlx_sqlite_opts(move |sqlite| {
                sqlite
                    .create_if_missing(create)
                    .foreign_keys(true)
                    .busy_timeout(busy)
                    .journal_mode(SqliteJournalMode::Wal)
                    .synchronous(SqliteSynchronous::Normal)
            });
        }
        Database::connect(options).await
    }
}

/// Returns the error of the database itself, if there is one.
pub fn driver_error(error: &DbErr) -> Option<&dyn DatabaseError> {
    let (DbErr::Exec(RuntimeErr::SqlxError(error))
    | DbErr::Query(RuntimeErr::SqlxError(error))
    | DbErr::Conn(RuntimeErr::SqlxError(error))) = error
    else {
        return None;
    };
    error.as_database_error()
}

/// Returns PostgreSQL's code of an error, or SQLite's.
fn code(error: &DbErr) -> Option<(bool, Cow<'_, str>)> {
    let error = driver_error(error)?;
    let is_postgres = error.try_downcast_ref::<PgDatabaseError>().is_some();
    Some((is_postgres, error.code()?))
}

/// Returns true if PostgreSQL's code of an error is one of these.
fn has_code(error: &sqlx::Error, codes: &[&str]) -> bool {
    let code = error.as_database_error().and_then(DatabaseError::code);
    code.is_some_and(|code| codes.contains(&&*code))
}

/// Returns true if the transaction may succeed when it is tried again: it conflicted with another one.
pub fn is_transient(error: &DbErr) -> bool {
    // PostgreSQL: a serialization failure, or a deadlock. After others of the class, such as
    // `statement_completion_unknown`, it may have been committed.
    code(error)
        .is_some_and(|(is_postgres, code)| is_postgres && matches!(&*code, "40001" | "40P01"))
}

/// Returns true if the database refuses writes, whatever they are: it is read-only or full, or the role
/// may not write.
pub fn is_unwritable(error: &DbErr) -> bool {
    const READ_ONLY: &str = "25006";
    const DISK_FULL: &str = "53100";
    code(error).is_some_and(|(is_postgres, code)| match is_postgres {
        true => [READ_ONLY, INSUFFICIENT_PRIVILEGE, DISK_FULL].contains(&&*code),
        // SQLITE_LOCKED, SQLITE_READONLY, SQLITE_FULL, in the low byte of an extended code.
        false => matches!(code.parse::<u32>().map(|code| code & 0xFF), Ok(6 | 8 | 13)),
    })
}

/// PostgreSQL's `undefined_table`.
const UNDEFINED_TABLE: &str = "42P01";

/// PostgreSQL's `insufficient_privilege`.
const INSUFFICIENT_PRIVILEGE: &str = "42501";
