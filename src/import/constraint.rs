//! Tells which field of a row the database refuses, without a word of the database's own.

use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, DatabaseTransaction, DbErr,
    ExprTrait, IdenStatic, QueryFilter, QuerySelect, QueryTrait, RuntimeErr, SqlErr,
    TransactionTrait, Value,
    sea_query::{Expr, Query},
    sqlx,
};

use super::{
    row::FieldError,
    upsert::{self, Table, Upsert},
};

/// Why rows could not be written.
#[derive(Debug)]
pub(super) enum Refusal {
    /// The row is at fault: others can still be written.
    Row(FieldError),
    /// The database cannot go on.
    Database(DbErr),
}

impl From<DbErr> for Refusal {
    fn from(error: DbErr) -> Self {
        if is_refused(&error) {
            Self::Row(FieldError::whole("refused by the database"))
        } else {
            Self::Database(error)
        }
    }
}

/// Whether the data is at fault, rather than the connection, the server or the statement.
pub(super) fn is_refused(error: &DbErr) -> bool {
    let Some(error) = driver_error(error) else {
        return false;
    };
    let code = error.code().unwrap_or_default();
    if error
        .try_downcast_ref::<sqlx::postgres::PgDatabaseError>()
        .is_some()
    {
        // Data exceptions, broken constraints, limits exceeded.
        return ["22", "23", "54"]
            .iter()
            .any(|class| code.starts_with(class));
    }
    // SQLITE_TOOBIG, SQLITE_CONSTRAINT, SQLITE_MISMATCH, in the low byte of an extended code.
    matches!(code.parse::<u32>().map(|code| code & 0xFF), Ok(18..=20))
}

/// Whether the same transaction may well succeed if it is run again: another one was in the way.
pub(super) fn is_transient(error: &DbErr) -> bool {
    driver_error(error)
        .filter(|error| {
            error
                .try_downcast_ref::<sqlx::postgres::PgDatabaseError>()
                .is_some()
        })
        .and_then(sqlx::error::DatabaseError::code)
        .is_some_and(|code| code.starts_with("40"))
}

fn driver_error(error: &DbErr) -> Option<&dyn sqlx::error::DatabaseError> {
    let (DbErr::Exec(RuntimeErr::SqlxError(error))
    | DbErr::Query(RuntimeErr::SqlxError(error))
    | DbErr::Conn(RuntimeErr::SqlxError(error))) = error
    else {
        return None;
    };
    error.as_database_error()
}

/// Writes `upserts`, and explains the first that is refused, found by halving.
pub(super) async fn write<E: Table>(
    transaction: &DatabaseTransaction,
    upserts: &[Upsert<E>],
) -> Result<(), Refusal> {
    let mut rest = upserts;
    let mut length = rest.len();
    while !rest.is_empty() {
        let (now, later) = rest.split_at(length.min(rest.len()));
        let savepoint = transaction.begin().await?;
        match upsert::write(&savepoint, now.iter()).await {
            Ok(()) => {
                savepoint.commit().await?;
                rest = later;
            }
            Err(error) if is_refused(&error) => {
                savepoint.rollback().await?;
                if let [upsert] = now {
                    return Err(Refusal::Row(explain(transaction, upsert, &error).await?));
                }
                length = now.len() / 2;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// Asks the database which of the table's constraints the row breaks. Drivers differ in what they
/// tell of it: this holds for all.
async fn explain<E: Table>(
    transaction: &DatabaseTransaction,
    upsert: &Upsert<E>,
    error: &DbErr,
) -> Result<FieldError, DbErr> {
    let field = |column: E::Column| format!("{}{}", upsert.at, column.as_str());
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
                    let reason = "already used by another row";
                    return Ok(FieldError::new(field(*column), reason));
                }
            }
        }
        None | Some(_) => {}
    }
    let at = upsert.at.trim_end_matches('.');
    Ok(FieldError::new(at, "refused by the database"))
}

/// What the row would store in a column: none for NULL, and for a column that it leaves out.
fn value<E: Table>(upsert: &Upsert<E>, column: E::Column) -> Option<Value> {
    let value = upsert.model.get(column).into_value()?;
    (value != value.as_null()).then_some(value)
}
