//! `column = any of these keys`, as one statement text whatever their number.

use sea_orm::{
    DatabaseConnection, DbBackend, ExprTrait, Value,
    sea_query::{Expr, IntoColumnRef, ValueType, extension::postgres::PgExpr},
};

/// `column = any of keys`: one array on PostgreSQL; elsewhere a list padded to a power of two with
/// its last key, so that the database sees few texts and can keep their plans.
pub(super) fn any_of<K>(
    database: &DatabaseConnection,
    column: impl IntoColumnRef,
    keys: impl IntoIterator<Item = K>,
) -> Expr
where
    K: Into<Value> + ValueType + Clone,
{
    let column = Expr::col(column);
    if database.get_database_backend() == DbBackend::Postgres {
        return column.eq_any(keys);
    }
    let mut keys: Vec<K> = keys.into_iter().collect();
    if let Some(last) = keys.last().cloned() {
        keys.resize(keys.len().next_power_of_two(), last);
    }
    column.is_in(keys)
}
