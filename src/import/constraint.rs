//! Explains which field of a row violates a constraint, without quoting the database's message.

use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, DatabaseTransaction, DbErr,
    ExprTrait, IdenStatic, QueryFilter, QuerySelect, QueryTrait, SqlErr, TransactionTrait, Value,
    sea_query::{Expr, Query},
    sqlx,
};

use super::{
    change::Effects,
    row::FieldError,
    upsert::{self, Table, Upsert},
};
use crate::database::driver_error;

/// Reason for which a unique value is rejected.
pub(super) const TAKEN: &str = "already used by another row";

/// Error of a write.
#[derive(Debug)]
pub(super) enum WriteError {
    /// The row is invalid. Other rows can still be written.
    Row(FieldError),
    /// The database failed.
    Database(DbErr),
}

impl From<DbErr> for WriteError {
    fn from(error: DbErr) -> Self {
        if is_refused(&error) {
            Self::Row(FieldError::whole("rejected by the database"))
        } else {
            Self::Database(error)
        }
    }
}

/// Returns true if the data caused the error, not the connection, the server or the statement.
pub(super) fn is_refused(error: &DbErr) -> bool {
    let Some(error) = driver_error(error) else {
        return false;
    };
    let code = error.code().unwrap_or_default();
    if error
        .try_downcast_ref::<sqlx::postgres::PgDatabaseError>()
        .is_some()
    {
        // Data exception, integrity constraint violation, program limit exceeded.
        return ["22", "23", "54"]
            .iter()
            .any(|class| code.starts_with(class));
    }
    // SQLITE_TOOBIG, SQLITE_CONSTRAINT, SQLITE_MISMATCH, in the low byte of an extended code.
    matches!(code.parse::<u32>().map(|code| code & 0xFF), Ok(18..=20))
}

/// Writes `upserts`. If one is rejected, finds it by bisection and explains it.
pub(super) async fn write<E: Table>(
    transaction: &DatabaseTransaction,
    upserts: &[Upsert<E>],
    records: bool,
) -> Result<Effects, WriteError> {
    let mut effects = Effects::default();
    let mut rest = upserts;
    let mut length = rest.len();
    while !rest.is_empty() {
        let (now, later) = rest.split_at(length.min(rest.len()));
        let savepoint = transaction.begin().await?;
        match upsert::write(&savepoint, now.iter(), records).await {
            Ok(done) => {
                savepoint.commit().await?;
                effects.add(done);
                rest = later;
            }
            Err(error) if is_refused(&error) => {
                savepoint.rollback().await?;
                if let [upsert] = now {
                    return Err(WriteError::Row(explain(transaction, upsert, &error).await?));
                }
                length = now.len() / 2;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(effects)
}

/// Queries the database to find the constraint that the row violates. Drivers differ in how they
/// report it.
async fn explain<E: Table>(
    transaction: &DatabaseTransaction,
    upsert: &Upsert<E>,
    error: &DbErr,
) -> Result<FieldError, DbErr> {
    let field = |column: E::Column| format!("{}{}", upsert.path, column.as_str());
    match error.sql_err() {
        Some(SqlErr::ForeignKeyConstraintViolation(_)) => {
            for (column, target) in E::REFERENCES {
                let Some(id) = value(upsert, *column) else {
                    continue;
                };
                let referred = Query::select()
                    .expr(Expr::val(1))
                    .from(*target)
                    .and_where(Expr::col("id").eq(id))
                    .take();
                if transaction.query_one(&referred).await?.is_none() {
                    let reason = format!("no such {}", target.trim_end_matches('s'));
                    return Ok(FieldError::new(field(*column), reason));
                }
            }
        }
        Some(SqlErr::UniqueConstraintViolation(_)) => {
            for columns in E::UNIQUE {
                if columns
                    .iter()
                    .any(|column| value(upsert, *column).is_none())
                {
                    continue;
                }
                let equal = |columns: &[E::Column]| {
                    columns
                        .iter()
                        .filter_map(|column| Some(column.eq(value(upsert, *column)?)))
                        .fold(Condition::all(), Condition::add)
                };
                let taken = E::find()
                    .select_only()
                    .expr(Expr::val(1))
                    .filter(equal(columns))
                    .filter(equal(E::KEY).not())
                    .limit(1)
                    .into_query();
                if transaction.query_one(&taken).await?.is_some()
                    && let Some(column) = columns.last()
                {
                    return Ok(FieldError::new(field(*column), TAKEN));
                }
            }
        }
        None | Some(_) => {}
    }
    let path = upsert.path.trim_end_matches('.');
    Ok(FieldError::new(path, "rejected by the database"))
}

/// Returns the value that the row has for a column; none if it is NULL or not set.
fn value<E: Table>(upsert: &Upsert<E>, column: E::Column) -> Option<Value> {
    let value = upsert.model.get(column).into_value()?;
    (value != value.as_null()).then_some(value)
}
