//! Sends statements to a server. On PostgreSQL, connections are kept from one statement to the next.
//!
//! The pool pings the server before and after each statement, which costs more than many a
//! statement. A kept connection is not pinged. If it is broken, the statement is sent once more over
//! a new one, which is safe because nothing is written here.

use std::{
    fmt::{self, Write},
    io,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use sea_orm::{
    ConnAcquireErr, ConnectionTrait, DatabaseConnection, DbBackend, DbErr, QueryResult, RuntimeErr,
    Value,
    sea_query::{
        PostgresQueryBuilder, QueryBuilder, SelectStatement, SqlWriter, SqlWriterValues, Values,
    },
};
use sea_query_sqlx::SqlxValues;
use sqlx::{AssertSqlSafe, Connection, PgPool, Postgres, pool::PoolConnection};
use tokio::time::timeout;

use super::{
    error::{Overdue, is_broken, is_outdated, is_stale},
    lock,
};
use crate::{database::Heartbeat, metrics::Connections};

/// Maximum number of kept connections.
const MAX_KEPT: usize = 4;

/// A connection is kept for this time. Then it returns to its pool, which may renew it.
const LIFETIME: Duration = Duration::from_secs(30 * 60);

/// A connection that was idle for longer is closed: a NAT or proxy may have dropped it silently.
const MAX_IDLE: Duration = Duration::from_secs(60);

/// Time to wait for a response beyond the statement's limit. PostgreSQL ends a statement by itself,
/// unless its connection broke silently.
const GRACE: Duration = Duration::from_secs(1);

/// Sends read statements.
pub(super) struct Reader {
    database: DatabaseConnection,
    /// Heartbeat of the server. Without one, statements wait for the server.
    heartbeat: Option<Heartbeat>,
    /// Timeout of a statement.
    limit: Option<Duration>,
    kept: Mutex<Vec<Kept>>,
    max_kept: usize,
    /// Statements that wait for a connection of the pool.
    waiting: AtomicUsize,
}

struct Kept {
    connection: PoolConnection<Postgres>,
    since: Instant,
    used: Instant,
}

/// A statement that waits for a connection of the pool.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn new(waiting: &'a AtomicUsize) -> Self {
        waiting.fetch_add(1, Ordering::SeqCst);
        Self(waiting)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// A connection in use. It is closed if it is dropped midway or broke.
struct Used(Option<Kept>);

impl Drop for Used {
    fn drop(&mut self) {
        if let Some(kept) = &mut self.0 {
            kept.connection.close_on_drop();
        }
    }
}

/// A statement of PostgreSQL with its parameters. The text must not depend on their values.
pub(super) struct Text {
    pub(super) sql: Arc<str>,
    pub(super) values: Values,
}

impl Text {
    pub(super) fn new(statement: &SelectStatement) -> Self {
        let mut text = LiteralLimits(SqlWriterValues::new("$", true));
        statement.build_collect_any_into(&PostgresQueryBuilder, &mut text);
        let (sql, values) = text.0.into_parts();
        Self {
            sql: sql.into(),
            values,
        }
    }
}

/// Writes a statement with its limits and offsets in the text. The number of rows decides the plan,
/// and a plan for parameters cannot know it.
struct LiteralLimits(SqlWriterValues);

impl Write for LiteralLimits {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.write_str(text)
    }
}

impl fmt::Display for LiteralLimits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl SqlWriter for LiteralLimits {
    fn push_param<T: QueryBuilder>(&mut self, value: Value, builder: &T) {
        match value {
            // Only limits and offsets are unsigned; columns are not.
            Value::BigUnsigned(Some(limit)) => {
                // Writing to a `String` never fails.
                let _ = write!(self.0, "{limit}");
            }
            value => self.0.push_param(value, builder),
        }
    }

    fn as_writer(&mut self) -> &mut dyn Write {
        self
    }
}

impl Reader {
    pub(super) fn new(
        database: DatabaseConnection,
        heartbeat: Option<Heartbeat>,
        limit: Option<Duration>,
    ) -> Self {
        let max_kept = match database.get_database_backend() {
            DbBackend::Postgres => {
                let pool = database.get_postgres_connection_pool();
                let most = pool.options().get_max_connections() / 2;
                usize::try_from(most).map_or(MAX_KEPT, |most| most.min(MAX_KEPT))
            }
            _ => 0,
        };
        Self {
            database,
            heartbeat,
            limit: limit.map(|limit| limit + GRACE),
            kept: Mutex::default(),
            max_kept,
            waiting: AtomicUsize::new(0),
        }
    }

    pub(super) fn database(&self) -> &DatabaseConnection {
        &self.database
    }

    pub(super) fn heartbeat(&self) -> Option<&Heartbeat> {
        self.heartbeat.as_ref()
    }

    /// Counts the connections. Kept ones count as idle.
    pub(super) fn connections(&self) -> Connections {
        let (open, idle, max) = match self.postgres() {
            Some(pool) => (
                pool.size(),
                pool.num_idle(),
                pool.options().get_max_connections(),
            ),
            None => {
                let pool = self.database.get_sqlite_connection_pool();
                (
                    pool.size(),
                    pool.num_idle(),
                    pool.options().get_max_connections(),
                )
            }
        };
        let idle = idle + lock(&self.kept).len();
        Connections {
            open,
            idle: u32::try_from(idle).unwrap_or(u32::MAX),
            max,
        }
    }

    /// Returns the pool of a PostgreSQL.
    pub(super) fn postgres(&self) -> Option<&PgPool> {
        let is_postgres = self.database.get_database_backend() == DbBackend::Postgres;
        is_postgres.then(|| self.database.get_postgres_connection_pool())
    }

    /// Loads all rows of a statement through the pool, for databases that take no text.
    pub(super) async fn all(&self, statement: &SelectStatement) -> Result<Vec<QueryResult>, DbErr> {
        Box::pin(self.database.query_all(statement)).await
    }

    /// Loads all rows of a PostgreSQL statement, given as text.
    pub(super) async fn all_of_text(
        &self,
        sql: &Arc<str>,
        values: impl Fn() -> Values + Send + Sync,
    ) -> Result<Vec<QueryResult>, DbErr> {
        // Boxed, so that the futures that wait for rows stay small.
        let sent = Box::pin(self.send(sql, values));
        let Some(heartbeat) = &self.heartbeat else {
            return sent.await;
        };
        if heartbeat.is_unavailable() {
            return Err(away());
        }
        let outcome = tokio::select! {
            outcome = sent => outcome,
            () = heartbeat.unavailable() => {
                self.forget();
                return Err(away());
            }
        };
        match &outcome {
            Err(error) if is_broken(error) => heartbeat.probe(),
            // Any response shows that the server is up.
            Ok(_) | Err(_) => heartbeat.record_success(),
        }
        outcome
    }

    /// Takes a kept connection, and closes those that were idle for longer than [`MAX_IDLE`].
    fn kept(&self) -> Option<Kept> {
        loop {
            let kept = lock(&self.kept).pop()?;
            if kept.used.elapsed() < MAX_IDLE {
                return Some(kept);
            }
            drop(Used(Some(kept)));
        }
    }

    async fn send(
        &self,
        sql: &Arc<str>,
        values: impl Fn() -> Values + Send + Sync,
    ) -> Result<Vec<QueryResult>, DbErr> {
        if let Some(kept) = self.kept() {
            let mut used = Used(Some(kept));
            match self.all_over(&mut used, sql, &values).await {
                Err(error) if is_stale(&error) => {
                    drop(used);
                    if let Some(heartbeat) = &self.heartbeat {
                        heartbeat.probe();
                    }
                    // The cause has broken the others, too.
                    self.forget();
                }
                outcome => return self.done(used, outcome),
            }
        }
        let Some(pool) = self.postgres() else {
            return Err(DbErr::Custom("only PostgreSQL is given text".to_owned()));
        };
        let mut used = Used(Some(self.acquired(pool).await?));
        let outcome = self.all_over(&mut used, sql, &values).await;
        self.done(used, outcome)
    }

    /// Takes a connection of the pool, or one that was kept meanwhile.
    async fn acquired(&self, pool: &PgPool) -> Result<Kept, DbErr> {
        let _waiting = Waiting::new(&self.waiting);
        // From here on `done` keeps none while this waits; one may have been kept just before.
        if let Some(kept) = self.kept() {
            return Ok(kept);
        }
        Ok(Kept {
            connection: Box::pin(pool.acquire()).await.map_err(not_acquired)?,
            since: Instant::now(),
            used: Instant::now(),
        })
    }

    /// Loads all rows of a statement over a connection, and once more if its prepared statements are
    /// outdated.
    async fn all_over(
        &self,
        used: &mut Used,
        sql: &Arc<str>,
        values: impl Fn() -> Values,
    ) -> sqlx::Result<Vec<QueryResult>> {
        let Some(kept) = &mut used.0 else {
            return Err(sqlx::Error::PoolClosed);
        };
        match self.within_limit(kept.all(sql, values())).await {
            Err(error) if is_outdated(&error) => {
                kept.connection.clear_cached_statements().await?;
                self.within_limit(kept.all(sql, values())).await
            }
            outcome => outcome,
        }
    }

    async fn within_limit<T>(
        &self,
        answer: impl Future<Output = sqlx::Result<T>>,
    ) -> sqlx::Result<T> {
        match self.limit {
            None => answer.await,
            Some(limit) => timeout(limit, answer).await.unwrap_or_else(|_| {
                let overdue = io::Error::new(io::ErrorKind::TimedOut, Overdue);
                Err(sqlx::Error::Io(overdue))
            }),
        }
    }

    /// Keeps a connection if it can be used again, and if no statement waits for the pool, which gets it
    /// otherwise: writes may hold all others for long.
    fn done<T>(&self, mut used: Used, outcome: sqlx::Result<T>) -> Result<T, DbErr> {
        match &outcome {
            Err(error) if Overdue::is_in(error) => {
                // A NAT or proxy may have dropped the others, too.
                self.forget();
                return outcome.map_err(failed);
            }
            // An error of the server leaves the session intact.
            Err(error) if error.as_database_error().is_none() || is_stale(error) => {
                return outcome.map_err(failed);
            }
            Ok(_) | Err(_) => {}
        }
        if let Some(mut connection) = used.0.take()
            && connection.since.elapsed() < LIFETIME
        {
            connection.used = Instant::now();
            let mut kept = lock(&self.kept);
            if kept.len() < self.max_kept && self.waiting.load(Ordering::SeqCst) == 0 {
                kept.push(connection);
            }
        }
        outcome.map_err(failed)
    }

    /// Closes the kept connections.
    fn forget(&self) {
        for kept in std::mem::take(&mut *lock(&self.kept)) {
            drop(Used(Some(kept)));
        }
    }

    /// Returns the kept connections to their pool.
    pub(super) fn release(&self) {
        drop(std::mem::take(&mut *lock(&self.kept)));
    }
}

impl Kept {
    async fn all(&mut self, sql: &Arc<str>, values: Values) -> sqlx::Result<Vec<QueryResult>> {
        // Input of clients is in the values alone.
        let query = sqlx::query_with(AssertSqlSafe(sql.clone()), SqlxValues(values));
        let rows = query.fetch_all(&mut *self.connection).await?;
        Ok(rows.into_iter().map(QueryResult::from).collect())
    }
}

/// Returns the error for a server that is known to be away.
fn away() -> DbErr {
    DbErr::ConnectionAcquire(ConnAcquireErr::Timeout)
}

pub(super) fn failed(error: sqlx::Error) -> DbErr {
    DbErr::Query(RuntimeErr::SqlxError(error.into()))
}

fn not_acquired(error: sqlx::Error) -> DbErr {
    match error {
        sqlx::Error::PoolTimedOut => DbErr::ConnectionAcquire(ConnAcquireErr::Timeout),
        sqlx::Error::PoolClosed => DbErr::ConnectionAcquire(ConnAcquireErr::ConnectionClosed),
        error => DbErr::Conn(RuntimeErr::SqlxError(error.into())),
    }
}
