//! Sends statements to a server. On PostgreSQL, connections are kept from one statement to the next.
//!
//! If a kept connection is broken, the statement is sent once more over a new one, which is safe because
//! nothing is written here.

use std::{
    fmt::{self, Write},
    io,
    sync::Arc,
    time::Duration,
};

use sea_orm::{
    ConnAcquireErr, ConnectionTrait, DatabaseConnection, DbErr, QueryResult, RuntimeErr, Value,
    sea_query::{
        PostgresQueryBuilder, QueryBuilder, SelectStatement, SqlWriter, SqlWriterValues, Values,
    },
};
use sea_query_sqlx::SqlxValues;
use sqlx::{AssertSqlSafe, Connection, PgPool};
use tokio::time::timeout;

use super::error::{Overdue, is_broken, is_outdated, is_stale};
use crate::{
    database::{Heartbeat, KeptConnection, KeptConnections, OpenDatabase},
    metrics::Connections,
};

/// Time to wait for a response beyond the statement's limit. PostgreSQL ends a statement by itself,
/// unless its connection broke silently.
const GRACE: Duration = Duration::from_secs(1);

/// Sends read statements.
pub(super) struct Reader {
    database: OpenDatabase,
    /// Heartbeat of the server. Without one, statements wait for the server.
    heartbeat: Option<Heartbeat>,
    /// Timeout of a statement.
    limit: Option<Duration>,
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
        database: OpenDatabase,
        heartbeat: Option<Heartbeat>,
        limit: Option<Duration>,
    ) -> Self {
        Self {
            database,
            heartbeat,
            limit: limit.map(|limit| limit + GRACE),
        }
    }

    pub(super) fn database(&self) -> &DatabaseConnection {
        self.database.orm()
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
                let pool = self.database().get_sqlite_connection_pool();
                (
                    pool.size(),
                    pool.num_idle(),
                    pool.options().get_max_connections(),
                )
            }
        };
        let idle = idle + self.database.kept().map_or(0, KeptConnections::idle);
        Connections {
            open,
            idle: u32::try_from(idle).unwrap_or(u32::MAX),
            max,
        }
    }

    /// Returns the pool of a PostgreSQL.
    pub(super) fn postgres(&self) -> Option<&PgPool> {
        self.database.postgres()
    }

    /// Loads all rows of a statement through the pool, for databases that take no text.
    pub(super) async fn all(&self, statement: &SelectStatement) -> Result<Vec<QueryResult>, DbErr> {
        Box::pin(self.database().query_all(statement)).await
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

    async fn send(
        &self,
        sql: &Arc<str>,
        values: impl Fn() -> Values + Send + Sync,
    ) -> Result<Vec<QueryResult>, DbErr> {
        let Some(connections) = self.database.kept() else {
            return Err(DbErr::Custom("only PostgreSQL is given text".to_owned()));
        };
        if let Some(mut kept) = connections.take() {
            match self.all_over(&mut kept, sql, &values).await {
                Err(error) if is_stale(&error) => {
                    drop(kept);
                    if let Some(heartbeat) = &self.heartbeat {
                        heartbeat.probe();
                    }
                    // The cause has broken the others, too.
                    connections.forget();
                }
                outcome => return done(connections, kept, outcome),
            }
        }
        let mut acquired = connections.acquire().await.map_err(not_acquired)?;
        let outcome = self.all_over(&mut acquired, sql, &values).await;
        done(connections, acquired, outcome)
    }

    /// Loads all rows of a statement over a connection, and once more if its prepared statements are
    /// outdated.
    async fn all_over(
        &self,
        connection: &mut KeptConnection,
        sql: &Arc<str>,
        values: impl Fn() -> Values,
    ) -> sqlx::Result<Vec<QueryResult>> {
        match self.within_limit(all(connection, sql, values())).await {
            Err(error) if is_outdated(&error) => {
                connection.clear_cached_statements().await?;
                self.within_limit(all(connection, sql, values())).await
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

    /// Closes the kept connections.
    fn forget(&self) {
        if let Some(connections) = self.database.kept() {
            connections.forget();
        }
    }
}

async fn all(
    connection: &mut KeptConnection,
    sql: &Arc<str>,
    values: Values,
) -> sqlx::Result<Vec<QueryResult>> {
    // Input of clients is in the values alone.
    let query = sqlx::query_with(AssertSqlSafe(sql.clone()), SqlxValues(values));
    let rows = query.fetch_all(&mut **connection).await?;
    Ok(rows.into_iter().map(QueryResult::from).collect())
}

/// Keeps a connection if it can be used again.
fn done<T>(
    connections: &KeptConnections,
    connection: KeptConnection,
    outcome: sqlx::Result<T>,
) -> Result<T, DbErr> {
    match &outcome {
        Err(error) if Overdue::is_in(error) => {
            // A NAT or proxy may have dropped the others, too.
            connections.forget();
        }
        // An error of the server leaves the session intact.
        Err(error) if error.as_database_error().is_none() || is_stale(error) => {}
        Ok(_) | Err(_) => connections.keep(connection),
    }
    outcome.map_err(failed)
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
