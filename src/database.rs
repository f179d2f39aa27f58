//! Opens the configured database, and checks whether it is ready.

mod heartbeat;
mod kept;
mod readiness;
mod search_path;
pub mod taken_name;
mod writability;

use std::{borrow::Cow, fmt::Write, time::Duration};

use sea_orm::{
    ConnectOptions, Database, DatabaseConnection, DbErr, RuntimeErr,
    sqlx::{
        error::DatabaseError,
        postgres::{PgConnectOptions, PgDatabaseError},
        sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
    },
};
use url::Url;

pub use heartbeat::Heartbeat;
pub use kept::{KeptConnection, KeptConnections, OpenDatabase};
pub use readiness::{Purpose, Readiness, applied_migrations, readiness};
pub use writability::Privilege;

/// URL of an in-memory SQLite database, which ends with its connection.
pub const IN_MEMORY: &str = "sqlite::memory:";

/// Default time that SQLite waits for a lock held by another connection.
const SQLITE_BUSY: Duration = Duration::from_secs(5);

/// Planner settings of PostgreSQL sessions. Each statement is planned once per connection, because
/// planning takes longer than execution. No statement is worth JIT compilation.
const PLANNING: &str = "SET plan_cache_mode = force_generic_plan; SET jit = off";

/// Interval, in milliseconds, at which PostgreSQL checks that the client of a running statement is
/// still connected. It ends statements whose connection was dropped.
const CLIENT_CHECK: u32 = 500;

/// Time limits of statements, enforced by PostgreSQL.
#[derive(Clone, Copy, Debug)]
pub struct StatementLimits {
    /// Total time of a statement.
    pub run: Duration,
    /// Wait for a lock, such as one held by a schema change.
    pub lock: Duration,
}

/// The text is not a supported database URL. The message omits it, since it may hold a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected postgres://user:password@host:port/name or sqlite://path")]
pub struct InvalidDatabaseUrl;

/// Checks that the URL can be parsed, without connecting.
///
/// # Errors
/// The text is not a PostgreSQL or SQLite URL.
pub fn check_url(text: &str) -> Result<String, InvalidDatabaseUrl> {
    let is_understood = if is_postgres(text) {
        text.parse::<PgConnectOptions>().is_ok()
    } else {
        text.starts_with("sqlite:") && text.parse::<SqliteConnectOptions>().is_ok()
    };
    // SeaORM parses the text again, and its error for an invalid URL repeats the text.
    (is_understood && Url::parse(text).is_ok())
        .then(|| text.to_owned())
        .ok_or(InvalidDatabaseUrl)
}

/// The text is not a PostgreSQL URL. The message omits it, since it may hold a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected postgres://user:password@host:port/name: only PostgreSQL has standbys")]
pub struct InvalidStandbyUrl;

/// Checks that the text is a PostgreSQL URL, without connecting.
///
/// # Errors
/// The text is not a PostgreSQL URL.
pub fn check_postgres_url(text: &str) -> Result<String, InvalidStandbyUrl> {
    check_url(text)
        .ok()
        .filter(|url| is_postgres(url))
        .ok_or(InvalidStandbyUrl)
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
        }
    }

    /// Opens the pool. It connects to PostgreSQL on first use, so that the process starts while the
    /// server is unavailable.
    ///
    /// # Errors
    /// The URL is invalid, or the SQLite file cannot be opened.
    pub async fn open(&self) -> Result<DatabaseConnection, DbErr> {
        let in_memory = self.url == IN_MEMORY;
        let (url, search_path) = match is_postgres(&self.url) {
            true => search_path::split(&self.url),
            false => (Cow::Borrowed(&*self.url), None),
        };
        let mut options = ConnectOptions::new(url);
        options
            .max_connections(if in_memory { 1 } else { self.max_connections })
            .acquire_timeout(self.acquire_timeout)
            .connect_timeout(self.acquire_timeout)
            .connect_lazy(self.url.starts_with("postgres"))
            .sqlx_logging(false);
        options.map_sqlx_postgres_opts(move |postgres| {
            // PgBouncer refuses this start-up parameter unless it is told to ignore it. The gateway reads no
            // numbers with fractions as text.
            let postgres = with_unbracketed_host(postgres).extra_float_digits(None);
            match &search_path {
                Some(search_path) => postgres.options([("search_path", search_path)]),
                None => postgres,
            }
        });
        let session = self.session();
        options.map_sqlx_postgres_pool_opts(move |pool| {
            let session = session.clone();
            pool.after_connect(move |connection, _| {
                let session = session.clone();
                Box::pin(async move {
                    // The text holds only constants and numbers of the gateway.
                    let session = sqlx::AssertSqlSafe(session);
                    sqlx::raw_sql(session).execute(connection).await?;
                    Ok(())
                })
            })
        });
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

    /// Returns the statements that set up each new PostgreSQL session.
    fn session(&self) -> String {
        let mut session = PLANNING.to_owned();
        if let Some(StatementLimits { run, lock }) = self.limits {
            // Writing to a `String` cannot fail.
            let _ = write!(
                session,
                "; SET statement_timeout = {}; SET lock_timeout = {}; \
                 SET client_connection_check_interval = {CLIENT_CHECK}",
                run.as_millis(),
                lock.as_millis(),
            );
        }
        session
    }
}

/// Removes the brackets of an IPv6 address, which URLs have and addresses of sockets do not.
fn with_unbracketed_host(options: PgConnectOptions) -> PgConnectOptions {
    let host = options.get_host();
    let address = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    match address.map(str::to_owned) {
        Some(address) => options.host(&address),
        None => options,
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
    // PostgreSQL, class 40: a deadlock, or a serialization failure.
    code(error).is_some_and(|(is_postgres, code)| is_postgres && code.starts_with("40"))
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
