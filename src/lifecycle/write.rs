//! A write: several steps that happen together or not at all.
//!
//! A step is a statement that may name the rows of the steps before it and of tables of input. On
//! PostgreSQL all steps are one statement, which needs one round trip and no transaction of its own.
//! SQLite has no statement of several writes: there each step is a statement of one transaction, and
//! the rows of earlier steps are passed as values.

use std::{
    collections::{BTreeSet, HashMap},
    fmt::Write as _,
    iter,
};

use sea_orm::{
    ConnectionTrait, DbBackend, DbErr, QueryResult, RuntimeErr, SqliteTransactionMode, Statement,
    TransactionOptions, TransactionTrait, Value, sea_query::Values,
};
use sea_query_sqlx::SqlxValues;
use sqlx::{AssertSqlSafe, Connection, PgConnection, Postgres, postgres::PgRow, query::Query};
use tracing::Instrument;

use super::WriteError;
use crate::{
    database::{OpenDatabase, is_transient},
    trace,
};

/// Times that a write is tried when it conflicts with others.
const MAX_ATTEMPTS: u32 = 8;

/// Server of all writes, in traces.
const PRIMARY: &str = "primary";

/// Type of a column that a step returns.
#[derive(Clone, Copy)]
pub(super) enum Type {
    Int,
    Text,
}

/// A column that a step returns, and its type.
pub(super) type Column = (&'static str, Type);

/// One statement of a write. `:name` stands for a parameter. Its columns are those that it selects or
/// returns, in order.
struct Step {
    name: &'static str,
    sql: String,
    columns: &'static [Column],
}

/// A table of values that steps may select from.
struct Input {
    name: &'static str,
    columns: &'static [&'static str],
    rows: Vec<Vec<Value>>,
}

/// Writes under the same lock wait for each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Lock {
    /// Creating and renewing invites to a workspace.
    Workspace(i64),
    /// Creating invites to a course.
    Course(i64),
    /// Creating invite codes as one user.
    Codes(i64),
    /// Writing the account of a person, by a hash of at most 60 bits.
    Account(i64),
}

impl Lock {
    /// Number of the lock in PostgreSQL. A collision makes two writes wait for each other.
    fn number(self) -> i64 {
        let (kind, id) = match self {
            Self::Workspace(id) => (1_i64, id),
            Self::Course(id) => (2, id),
            Self::Codes(id) => (3, id),
            Self::Account(hash) => (7, hash),
        };
        (kind << 60) ^ id
    }
}

/// A write that is being put together.
pub(super) struct Write {
    backend: DbBackend,
    locks: BTreeSet<Lock>,
    parameters: HashMap<&'static str, Value>,
    inputs: Vec<Input>,
    steps: Vec<Step>,
}

impl Write {
    pub(super) fn new(database: &OpenDatabase) -> Self {
        Self {
            backend: database.backend(),
            locks: BTreeSet::new(),
            parameters: HashMap::new(),
            inputs: Vec::new(),
            steps: Vec::new(),
        }
    }

    /// Waits for other writes under these locks. SQLite has one writer at a time.
    pub(super) fn with_locks(mut self, locks: impl IntoIterator<Item = Lock>) -> Self {
        self.locks.extend(locks);
        self
    }

    /// Sets the parameter `:name`.
    pub(super) fn set(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.parameters.insert(name, value.into());
        self
    }

    /// Adds a table of values. It must have rows.
    pub(super) fn input(
        mut self,
        name: &'static str,
        columns: &'static [&'static str],
        rows: Vec<Vec<Value>>,
    ) -> Self {
        self.inputs.push(Input {
            name,
            columns,
            rows,
        });
        self
    }

    /// Adds a step that returns nothing.
    pub(super) fn then(self, name: &'static str, sql: impl Into<String>) -> Self {
        self.step(name, &[], sql)
    }

    /// Adds a step whose rows later steps may name, as the table `name`.
    pub(super) fn step(
        mut self,
        name: &'static str,
        columns: &'static [Column],
        sql: impl Into<String>,
    ) -> Self {
        let sql = sql.into();
        self.steps.push(Step { name, sql, columns });
        self
    }

    /// Returns the expression of a new id for a row of `table`, the `nth` of its statement from 1.
    pub(super) fn new_id(database: &OpenDatabase, table: &str, nth: &str) -> String {
        match database.backend() {
            DbBackend::Postgres => format!("nextval('{table}_id_seq')"),
            _ => format!(
                "(SELECT max(coalesce(max(id), 0), {}, coalesce((SELECT max(id) FROM external_keys \
                 WHERE kind = '{table}'), 0)) FROM {table}) + {nth}",
                crate::invite::FIRST_ID - 1
            ),
        }
    }

    /// Carries the write out, and returns the rows of the step `result`. Tries again if it conflicts
    /// with another write.
    pub(super) async fn run(
        &self,
        database: &OpenDatabase,
        result: &'static str,
    ) -> Result<Vec<QueryResult>, WriteError> {
        let mut attempt = 1;
        loop {
            let (span, outcome) = match self.backend {
                DbBackend::Postgres => {
                    let span = trace::statement("postgresql", PRIMARY);
                    let sent = self.run_as_one(database, result);
                    (span.clone(), sent.instrument(span).await)
                }
                _ => {
                    let span = trace::statement("sqlite", PRIMARY);
                    let sent = self.run_in_turn(database, result);
                    (span.clone(), sent.instrument(span).await)
                }
            };
            match outcome {
                Err(error) if attempt < MAX_ATTEMPTS && is_transient(&error) => {
                    trace::returned(&span, Err("conflict"));
                    attempt += 1;
                }
                outcome => {
                    let outcome = outcome.map_err(WriteError::from);
                    let rows = outcome.as_ref().map(Vec::len);
                    trace::returned(&span, rows.map_err(|WriteError(error)| error.name()));
                    return outcome;
                }
            }
        }
    }

    /// Sends all steps as one statement.
    async fn run_as_one(
        &self,
        database: &OpenDatabase,
        result: &str,
    ) -> Result<Vec<QueryResult>, DbErr> {
        let mut text = Text::default();
        text.sql.push_str("WITH ");
        for input in &self.inputs {
            text.table(input.name, input.columns.iter().copied(), &input.rows);
            text.sql.push_str(", ");
        }
        for (at, step) in self.steps.iter().enumerate() {
            let separator = if at == 0 { "" } else { ", " };
            // Writing to a `String` cannot fail.
            let _ = write!(text.sql, "{separator}{} AS (", step.name);
            text.push(&step.sql, &self.parameters)?;
            text.sql.push(')');
        }
        let _ = write!(text.sql, " SELECT * FROM {result}");
        let values = SqlxValues(Values(text.values));
        let Some(connections) = database.kept() else {
            return Err(DbErr::Custom(
                "only PostgreSQL takes all steps as one statement".to_owned(),
            ));
        };
        // Input of clients is in the values alone.
        let query = sqlx::query_with(AssertSqlSafe(text.sql), values);
        let sent = async {
            let mut connection = connections.responsive().await?;
            let rows = match self.locks.is_empty() {
                true => query.fetch_all(&mut *connection).await?,
                false => run_under(&self.locks, &mut connection, query).await?,
            };
            // After an error it is closed: the server may have become a standby.
            connections.keep(connection);
            Ok(rows)
        };
        let rows = sent
            .await
            .map_err(|error: sqlx::Error| DbErr::Query(RuntimeErr::SqlxError(error.into())))?;
        Ok(rows.into_iter().map(QueryResult::from).collect())
    }

    /// Sends each step by itself, in one transaction that locks out other writers.
    async fn run_in_turn(
        &self,
        database: &OpenDatabase,
        result: &str,
    ) -> Result<Vec<QueryResult>, DbErr> {
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..Default::default()
        };
        let transaction = database.orm().begin_with_options(options).await?;
        let mut done: Vec<(&Step, Vec<Vec<Value>>)> = Vec::new();
        let mut found = Vec::new();
        for step in &self.steps {
            let mut text = Text::default();
            let mut separator = "WITH ";
            for input in &self.inputs {
                if names(&step.sql, input.name) {
                    text.sql.push_str(separator);
                    text.table(input.name, input.columns.iter().copied(), &input.rows);
                    separator = ", ";
                }
            }
            for (earlier, rows) in &done {
                if names(&step.sql, earlier.name) {
                    text.sql.push_str(separator);
                    let columns = earlier.columns.iter().map(|(name, _)| *name);
                    text.table(earlier.name, columns, rows);
                    separator = ", ";
                }
            }
            text.sql.push(' ');
            text.push(&step.sql, &self.parameters)?;
            let statement = Statement::from_sql_and_values(self.backend, text.sql, text.values);
            if step.columns.is_empty() {
                transaction.execute_raw(statement).await?;
                continue;
            }
            let rows = transaction.query_all_raw(statement).await?;
            let values = rows.iter().map(|row| values_of(row, step.columns));
            done.push((step, values.collect::<Result<_, _>>()?));
            if step.name == result {
                found = rows;
            }
        }
        transaction.commit().await?;
        Ok(found)
    }
}

/// Runs a statement in a transaction of its own, under locks. They come first: a statement sees what was
/// committed when it began. They are in a fixed order, so that no two writes wait for each other.
async fn run_under(
    locks: &BTreeSet<Lock>,
    connection: &mut PgConnection,
    query: Query<'_, Postgres, SqlxValues>,
) -> sqlx::Result<Vec<PgRow>> {
    let take = |lock: &Lock| format!("; SELECT pg_advisory_xact_lock({})", lock.number());
    let begin: String = iter::once("BEGIN".to_owned())
        .chain(locks.iter().map(take))
        .collect();
    let mut transaction = connection.begin_with(AssertSqlSafe(begin)).await?;
    let rows = query.fetch_all(&mut *transaction).await?;
    transaction.commit().await?;
    Ok(rows)
}

/// Returns true if a statement names a table.
fn names(sql: &str, table: &str) -> bool {
    sql.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
        .any(|word| word == table)
}

fn values_of(row: &QueryResult, columns: &[Column]) -> Result<Vec<Value>, DbErr> {
    columns
        .iter()
        .enumerate()
        .map(|(at, (_, of))| {
            Ok(match of {
                Type::Int => row.try_get_by_index::<Option<i64>>(at)?.into(),
                Type::Text => row.try_get_by_index::<Option<String>>(at)?.into(),
            })
        })
        .collect()
}

/// The text of a statement, and its values.
#[derive(Default)]
struct Text {
    sql: String,
    values: Vec<Value>,
    numbers: HashMap<String, usize>,
}

impl Text {
    /// Appends a table of values, as one of a `WITH` clause.
    fn table(
        &mut self,
        name: &str,
        columns: impl ExactSizeIterator<Item = &'static str> + Clone,
        rows: &[Vec<Value>],
    ) {
        let width = columns.len();
        let names: Vec<_> = columns.collect();
        // Writing to a `String` cannot fail.
        let _ = write!(self.sql, "{name} ({}) AS (", names.join(", "));
        if rows.is_empty() {
            let nulls = vec!["NULL"; width].join(", ");
            let _ = write!(self.sql, "SELECT {nulls} WHERE 1 = 0)");
            return;
        }
        for (at, row) in rows.iter().enumerate() {
            self.sql.push_str(if at == 0 { "VALUES (" } else { "), (" });
            for (at, value) in row.iter().enumerate() {
                self.values.push(value.clone());
                let separator = if at == 0 { "" } else { ", " };
                let _ = write!(self.sql, "{separator}${}", self.values.len());
            }
        }
        self.sql.push_str("))");
    }

    /// Appends SQL with its parameters. A parameter that occurs twice has one number.
    fn push(&mut self, sql: &str, parameters: &HashMap<&'static str, Value>) -> Result<(), DbErr> {
        let mut rest = sql;
        while let Some(at) = rest.find(':') {
            self.sql.push_str(&rest[..at]);
            rest = &rest[at + 1..];
            let is_name = |c: char| c.is_ascii_lowercase() || c == '_';
            let end = rest.find(|c| !is_name(c)).unwrap_or(rest.len());
            let (name, after) = rest.split_at(end);
            rest = after;
            if name.is_empty() {
                self.sql.push(':');
                continue;
            }
            let number = match self.numbers.get(name) {
                Some(number) => *number,
                None => {
                    let value = parameters.get(name);
                    let unset = || DbErr::Custom(format!("the parameter {name} is not set"));
                    self.values.push(value.ok_or_else(unset)?.clone());
                    self.numbers.insert(name.to_owned(), self.values.len());
                    self.values.len()
                }
            };
            let _ = write!(self.sql, "${number}");
        }
        self.sql.push_str(rest);
        Ok(())
    }
}
