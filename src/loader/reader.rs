//! How statements are sent to a server: on PostgreSQL, over connections that are kept from one statement
//! to the next.
//!
//! The pool asks the server before and after each statement whether a connection is still good,
//! which costs more than many a statement. A kept connection is not asked: where it turns out to be
//! broken, the statement is sent once more over a fresh one. That is safe, for nothing is written
//! here.

use std::{
    fmt::{self, Write},
    pin::pin,
    sync::{Arc, Mutex},
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
use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool, Postgres, pool::PoolConnection};
use tokio::time::timeout;

use super::{error::is_stale, gather::lock};

/// Most connections that are kept.
const MAX_KEPT: usize = 4;

/// How long a connection is kept. Then it goes back to its pool, which may renew it.
const LIFETIME: Duration = Duration::from_secs(30 * 60);

/// How long a server may be silent before it is asked whether it is there.
const SILENCE: Duration = Duration::from_secs(1);

/// Sends statements that read.
pub(super) struct Reader {
    database: DatabaseConnection,
    kept: Mutex<Vec<Kept>>,
    max_kept: usize,
}

struct Kept {
    pool: PgPool,
    connection: PoolConnection<Postgres>,
    since: Instant,
}

/// A statement of PostgreSQL with its parameters. What they are must not change how the text reads.
pub(super) struct Text {
    pub(super) sql: Arc<str>,
    pub(super) values: Values,
}

impl Text {
    pub(super) fn of(statement: &SelectStatement) -> Self {
        let mut text = LiteralLimits(SqlWriterValues::new("$", true));
        statement.build_collect_any_into(&PostgresQueryBuilder, &mut text);
        let (sql, values) = text.0.into_parts();
        Self {
            sql: sql.into(),
            values,
        }
    }
}

/// Writes a statement with its limits and offsets in the text: how many rows are wanted decides how
/// the database goes about it, and a plan for parameters has to do without knowing.
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
            // Nothing else is unsigned: columns are not.
            Value::BigUnsigned(Some(limit)) => {
                // A `String` takes whatever is written.
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
    pub(super) fn new(database: DatabaseConnection) -> Self {
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
            kept: Mutex::default(),
            max_kept,
        }
    }

    pub(super) fn database(&self) -> &DatabaseConnection {
        &self.database
    }

    /// The PostgreSQL behind, if it is one.
    pub(super) fn postgres(&self) -> Option<&PgPool> {
        let is_postgres = self.database.get_database_backend() == DbBackend::Postgres;
        is_postgres.then(|| self.database.get_postgres_connection_pool())
    }

    /// All rows of a statement, as the pool sends it: of a database that is not given text.
    pub(super) async fn all(&self, statement: &SelectStatement) -> Result<Vec<QueryResult>, DbErr> {
        Box::pin(self.database.query_all(statement)).await
    }

    /// All rows of a statement of PostgreSQL, given as text.
    pub(super) async fn all_of_text(
        &self,
        sql: &Arc<str>,
        values: impl Fn() -> Values + Send + Sync,
    ) -> Result<Vec<QueryResult>, DbErr> {
        // Boxed, so that what waits for rows does not hold all that it takes to get them.
        Box::pin(self.send(sql, values)).await
    }

    async fn send(
        &self,
        sql: &Arc<str>,
        values: impl Fn() -> Values + Send + Sync,
    ) -> Result<Vec<QueryResult>, DbErr> {
        let taken = lock(&self.kept).pop();
        if let Some(mut kept) = taken {
            match kept.all(sql, values()).await {
                Err(error) if is_stale(&error) => {
                    kept.connection.close_on_drop();
                    // What broke one has broken all.
                    for mut kept in std::mem::take(&mut *lock(&self.kept)) {
                        kept.connection.close_on_drop();
                    }
                }
                outcome => return self.done(kept, outcome),
            }
        }
        let Some(pool) = self.postgres() else {
            return Err(DbErr::Custom("only PostgreSQL is given text".to_owned()));
        };
        let mut fresh = Kept {
            pool: pool.clone(),
            connection: Box::pin(pool.acquire()).await.map_err(not_acquired)?,
            since: Instant::now(),
        };
        let outcome = fresh.all(sql, values()).await;
        self.done(fresh, outcome)
    }

    /// Keeps a connection that can be used again.
    fn done<T>(&self, mut used: Kept, outcome: sqlx::Result<T>) -> Result<T, DbErr> {
        if outcome.is_err() {
            used.connection.close_on_drop();
        } else if used.since.elapsed() < LIFETIME {
            let mut kept = lock(&self.kept);
            if kept.len() < self.max_kept {
                kept.push(used);
            }
        }
        outcome.map_err(failed)
    }

    /// Gives the kept connections back to their pool.
    pub(super) fn release(&self) {
        drop(std::mem::take(&mut *lock(&self.kept)));
    }
}

impl Kept {
    async fn all(&mut self, sql: &Arc<str>, values: Values) -> sqlx::Result<Vec<QueryResult>> {
        // What clients send is in the values.
        let query = sqlx::query_with(AssertSqlSafe(sql.clone()), SqlxValues(values));
        let pool = self.pool.clone();
        let rows = unless_silent(&pool, query.fetch_all(&mut *self.connection)).await?;
        Ok(rows.into_iter().map(QueryResult::from).collect())
    }
}

/// Waits for an answer as long as the server is there at all, which is asked over a connection of
/// its own: a statement may take long, but a server that is frozen or cut off never answers.
async fn unless_silent<T>(
    pool: &PgPool,
    answer: impl Future<Output = sqlx::Result<T>>,
) -> sqlx::Result<T> {
    let mut answer = pin!(answer);
    let mut patience = SILENCE;
    loop {
        if let Ok(answer) = timeout(patience, &mut answer).await {
            return answer;
        }
        tokio::select! {
            answer = &mut answer => return answer,
            is_there = Box::pin(is_there(pool)) => if !is_there {
                return Err(sqlx::Error::PoolTimedOut);
            }
        }
        patience *= 2;
    }
}

async fn is_there(pool: &PgPool) -> bool {
    let options = pool.connect_options();
    let connecting = PgConnection::connect_with(&options);
    match timeout(pool.options().get_acquire_timeout(), connecting).await {
        Ok(Ok(connection)) => {
            // Whether the goodbye arrives says nothing more.
            let _ = connection.close().await;
            true
        }
        // It answers, if only that it has too many connections.
        Ok(Err(sqlx::Error::Database(_))) => true,
        Ok(Err(_)) | Err(_) => false,
    }
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
