//! Conditions and parameters for batches of row keys. On PostgreSQL, one statement text serves any
//! number of keys.

use sea_orm::{
    DatabaseConnection, DbBackend, ExprTrait, Value,
    sea_query::{Expr, IntoColumnRef, ValueType, Values, extension::postgres::PgExpr},
};

/// Returns the condition that `column` equals one of `keys`. PostgreSQL binds them as one array.
/// Other databases bind a list, padded with its last key to a power of two, so that few distinct
/// statements exist and their plans are cached.
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

/// Returns `keys` as one array, the only parameter of a statement.
pub(super) fn array<K>(keys: &[K]) -> Values
where
    K: Into<Value> + ValueType + Clone,
{
    let values = keys.iter().cloned().map(Into::into).collect();
    Values(vec![Value::Array(K::array_type(), Some(Box::new(values)))])
}

/// Declares a key that names one row by one column: its kind in metrics, the query that it filters,
/// its column, and an expression that returns a row's key. Uses the `Entity`, `Model` and `Column`
/// in scope.
macro_rules! row_key {
    (
        $kind:literal: $key:ident($value:ty) in $query:expr,
        $column:ident, |$row:ident| $key_of_row:expr
    ) => {
        #[derive(Clone, PartialEq, Eq, Hash)]
        struct $key($value);

        impl batch_loader::Key for $key {
            fn kind() -> std::borrow::Cow<'static, str> {
                $kind.into()
            }
        }

        impl async_graphql::dataloader::Loader<$key> for $crate::loader::Rows {
            type Value = $crate::access::proof::Guarded<Model>;
            type Error = $crate::loader::LoadError;

            async fn load(
                &self,
                keys: &[$key],
            ) -> Result<std::collections::HashMap<$key, Self::Value>, Self::Error> {
                static TEXT: std::sync::OnceLock<std::sync::Arc<str>> = std::sync::OnceLock::new();
                let values: Vec<$value> = keys.iter().map(|key| key.0.clone()).collect();
                let rows = self
                    .load_by_keys(|| $query, Column::$column, &values, &TEXT)
                    .await?;
                let key_of = |$row: &Model| $key($key_of_row);
                Ok($crate::loader::guarded_by_key(rows, key_of))
            }
        }
    };
}
pub(super) use row_key;
