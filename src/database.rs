//! Opens the database that `DATABASE_URL` names, and tells whether it can be served from.

mod heartbeat;

use std::{collections::HashSet, fmt::Write, time::Duration};

use migration::{Migrator, MigratorTrait};
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbErr,
    sea_query::Query,
    sqlx::{
        postgres::PgConnectOptions,
        sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
    },
};
use url::Url;

pub use heartbeat::Heartbeat;

/// The URL of an SQLite database that lives in memory and ends with its connection.
pub const IN_MEMORY: &str = "sqlite::memory:";

/// How long a statement waits for a lock that another SQLite connection holds, where nothing else is
/// said.
const SQLITE_BUSY: Duration = Duration::from_secs(5);

/// How PostgreSQL plans for us. A statement is planned once a connection, not for each batch of
/// keys: that would take longer than to execute it. And nothing here is worth compiling.
const PLANNING: &str = "SET plan_cache_mode = force_generic_plan; SET jit = off";

/// How often PostgreSQL looks whether who sent a statement that runs is still there, in
/// milliseconds: what was given up with its connection shall not run on.
const CLIENT_CHECK: u32 = 500;

/// How long a statement may take. PostgreSQL itself ends what takes longer.
#[derive(Clone, Copy, Debug)]
pub struct StatementLimits {
    /// From its beginning to its end.
    pub run: Duration,
    /// Waiting for a lock, such as one that a change of the schema holds.
    pub lock: Duration,
}

/// The text is no URL of a database that the gateway knows. It is not repeated: it may hold a
/// password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected postgres://user:password@host:port/name or sqlite://path")]
pub struct InvalidDatabaseUrl;

/// Refuses what cannot be opened whatever is there.
///
/// # Errors
/// The text is no URL of PostgreSQL or SQLite.
pub fn check_url(text: &str) -> Result<String, InvalidDatabaseUrl> {
    let is_understood = if is_postgres(text) {
        text.parse::<PgConnectOptions>().is_ok()
    } else {
        text.starts_with("sqlite:") && text.parse::<SqliteConnectOptions>().is_ok()
    };
    // SeaORM parses the text once more, and repeats a text that is no URL.
    (is_understood && Url::parse(text).is_ok())
        .then(|| text.to_owned())
        .ok_or(InvalidDatabaseUrl)
}

/// The text is no URL of a PostgreSQL. It is not repeated: it may hold a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected postgres://user:password@host:port/name: only PostgreSQL has standbys")]
pub struct InvalidStandbyUrl;

/// As [`check_url`], of PostgreSQL alone.
///
/// # Errors
/// The text is no URL of PostgreSQL.
pub fn check_postgres_url(text: &str) -> Result<String, InvalidStandbyUrl> {
    check_url(text)
        .ok()
        .filter(|url| is_postgres(url))
        .ok_or(InvalidStandbyUrl)
}

/// Whether the URL's scheme is that of PostgreSQL.
pub fn is_postgres(url: &str) -> bool {
    ["postgres://", "postgresql://"]
        .iter()
        .any(|scheme| url.starts_with(scheme))
}

/// Where the database is, and how many connections to keep.
#[derive(Clone, Debug)]
pub struct Pool {
    /// `postgres://…` or `sqlite://…`.
    pub url: String,
    /// Upper bound of open connections.
    pub max_connections: u32,
    /// How long a statement waits for a free connection before the database counts as away.
    pub acquire_timeout: Duration,
    /// How long a statement may take; as long as it will, where none are given.
    pub limits: Option<StatementLimits>,
    /// Whether to make an SQLite file that is not there.
    pub create: bool,
}

impl Pool {
    /// A pool over `url` with few connections, for commands that do one thing and end.
    pub fn small(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            max_connections: 2,
            acquire_timeout: Duration::from_secs(5),
            limits: None,
            create: false,
        }
    }

    /// Opens the pool. Connections to PostgreSQL are made when first needed, so that a server
    /// that is away does not keep the process from starting.
    ///
    /// # Errors
    /// The URL cannot be understood, or the SQLite file cannot be opened.
    pub async fn open(&self) -> Result<DatabaseConnection, DbErr> {
        let in_memory = self.url == IN_MEMORY;
        let mut options = ConnectOptions::new(&self.url);
        options
            .max_connections(if in_memory { 1 } else { self.max_connections })
            .acquire_timeout(self.acquire_timeout)
            .connect_timeout(self.acquire_timeout)
            .connect_lazy(self.url.starts_with("postgres"))
            .sqlx_logging(false);
        let session = self.session();
        options.map_sqlx_postgres_pool_opts(move |pool| {
            let session = session.clone();
            pool.after_connect(move |connection, _| {
                let session = session.clone();
                Box::pin(async move {
                    // Our own numbers are all that is written into it.
                    let session = sqlx::AssertSqlSafe(session);
                    sqlx::raw_sql(session).execute(connection).await?;
                    Ok(())
                })
            })
        });
        if in_memory {
            // The data would end with the connection.
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

    /// What is said to PostgreSQL over each new connection.
    fn session(&self) -> String {
        let mut session = PLANNING.to_owned();
        if let Some(StatementLimits { run, lock }) = self.limits {
            // A `String` takes whatever is written.
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

/// Whether the gateway can be served from a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readiness {
    /// Reachable, and every migration is applied.
    Ready,
    /// It did not answer.
    Unreachable,
    /// Reachable, but some migration is not applied: `invite-gateway migrate up`.
    NotMigrated,
}

/// Asks a database whether it can be served from, however long that takes.
pub async fn readiness(database: &DatabaseConnection) -> Readiness {
    if database.ping().await.is_err() {
        return Readiness::Unreachable;
    }
    let applied = Query::select()
        .column("version")
        .from("seaql_migrations")
        .take();
    match database.query_all(&applied).await {
        Ok(rows) => are_all_applied(
            rows.iter()
                .filter_map(|row| row.try_get("", "version").ok())
                .collect(),
        ),
        // The table is made by the first migration.
        Err(_) => Readiness::NotMigrated,
    }
}

fn are_all_applied(applied: HashSet<String>) -> Readiness {
    let all_applied = Migrator::migrations()
        .iter()
        .all(|migration| applied.contains(migration.name()));
    if all_applied {
        Readiness::Ready
    } else {
        Readiness::NotMigrated
    }
}
