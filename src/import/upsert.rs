//! Upserts rows of any table. Merges rows with the same key, and groups them by the columns set.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap, hash_map::Entry},
    marker::PhantomData,
};

use sea_orm::{
    ActiveModelTrait, ActiveValue, ConnectionTrait, DatabaseTransaction, DbBackend, DbErr,
    EntityTrait, IdenStatic, Iterable, PrimaryKeyToColumn, Statement, Value,
};

use super::statement;
use crate::invite::FIRST_ID;

/// Metadata of a table for the import.
pub(super) trait Table: EntityTrait<ActiveModel: Send + Sync> {
    /// Columns that identify a row for the upsert.
    const KEY: &'static [Self::Column];
    /// Other unique sets of columns.
    const UNIQUE: &'static [&'static [Self::Column]];
    /// Columns that refer to the `id` of another table, and that table.
    const REFERENCES: &'static [(Self::Column, &'static str)];
    /// Instants that the source does not state: the first stored value is kept.
    const KEEP_FIRST: &'static [Self::Column];
}

/// A row to insert, or to update if its key exists.
///
/// `Set` columns are written in both cases. `Unchanged` columns are only written by an insert.
#[derive(Clone, Debug)]
pub(super) struct Upsert<E: EntityTrait> {
    pub(super) model: E::ActiveModel,
    /// Prefix of its columns in errors: empty, `user.` or `tags[1].`
    pub(super) path: String,
}

/// Sets `value` if there is one; otherwise inserts `default`, but does not update.
pub(super) fn set_or<V: Into<Value>>(value: Option<V>, default: V) -> ActiveValue<V> {
    match value {
        Some(value) => ActiveValue::Set(value),
        None => ActiveValue::Unchanged(default),
    }
}

/// Writes `upserts` in few statements. The result is the same as writing them in order.
pub(super) async fn write<'a, E: Table>(
    transaction: &DatabaseTransaction,
    upserts: impl Iterator<Item = &'a Upsert<E>>,
) -> Result<(), DbErr> {
    for (shape, models) in by_shape::<E>(merged(upserts)) {
        let shape = Shape::<E>(shape, PhantomData);
        for statement in statement::all(transaction.get_database_backend(), &shape, &models) {
            transaction.execute_raw(statement).await?;
        }
        advance_ids::<E>(transaction, &models).await?;
    }
    Ok(())
}

/// Merges models with the same key, because PostgreSQL rejects updating a row twice in a statement.
/// Later models override earlier ones, as with one statement each.
fn merged<'a, E: Table>(
    upserts: impl Iterator<Item = &'a Upsert<E>>,
) -> Vec<Cow<'a, E::ActiveModel>> {
    let mut models: Vec<Cow<'a, E::ActiveModel>> = Vec::new();
    let mut indexes: HashMap<Vec<Option<Value>>, usize> = HashMap::new();
    for Upsert { model, .. } in upserts {
        let key: Vec<_> = E::KEY
            .iter()
            .map(|column| model.get(*column).into_value())
            .collect();
        match indexes.entry(key) {
            Entry::Occupied(index) => overlay::<E>(&mut models[*index.get()], model),
            Entry::Vacant(index) => {
                index.insert(models.len());
                models.push(Cow::Borrowed(model));
            }
        }
    }
    models
}

/// Copies the columns that `later` sets. Does not clone the model if none differs, which is the
/// usual case for objects nested in many rows.
fn overlay<E: Table>(model: &mut Cow<'_, E::ActiveModel>, later: &E::ActiveModel) {
    for column in E::Column::iter() {
        if let new @ ActiveValue::Set(_) = later.get(column)
            && new != model.get(column)
            && let Some(value) = new.into_value()
        {
            model.to_mut().set(column, value);
        }
    }
}

/// Use of a column in a statement. `Omit` sorts last, so that rows with explicit ids are written
/// before those whose id the database generates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum ColumnUse {
    Insert,
    InsertAndUpdate,
    Omit,
}

/// Use of each column of a table, in the order of the columns.
pub(super) struct Shape<E>(Vec<ColumnUse>, PhantomData<E>);

impl<E: EntityTrait> Shape<E> {
    /// Columns written by an insert.
    pub(super) fn inserted(&self) -> Vec<E::Column> {
        self.columns(|usage| usage != ColumnUse::Omit)
    }

    /// Columns written by an update.
    pub(super) fn updated(&self) -> Vec<E::Column> {
        self.columns(|usage| usage == ColumnUse::InsertAndUpdate)
    }

    fn columns(&self, wanted: fn(ColumnUse) -> bool) -> Vec<E::Column> {
        E::Column::iter()
            .zip(&self.0)
            .filter_map(|(column, usage)| wanted(*usage).then_some(column))
            .collect()
    }
}

/// Groups models whose statements name the same columns. Keeps the order in each group.
fn by_shape<E: EntityTrait>(
    models: Vec<Cow<'_, E::ActiveModel>>,
) -> BTreeMap<Vec<ColumnUse>, Vec<Cow<'_, E::ActiveModel>>>
where
    E::ActiveModel: ActiveModelTrait<Entity = E>,
{
    let mut groups: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for model in models {
        let shape = E::Column::iter()
            .map(|column| match model.get(column) {
                ActiveValue::Unchanged(_) => ColumnUse::Insert,
                ActiveValue::Set(_) => ColumnUse::InsertAndUpdate,
                ActiveValue::NotSet => ColumnUse::Omit,
            })
            .collect();
        groups.entry(shape).or_default().push(model);
    }
    groups
}

/// Returns true if `columns` contains `column`.
pub(super) fn is_in<C: IdenStatic>(column: C, columns: &[C]) -> bool {
    columns
        .iter()
        .any(|other| other.as_str() == column.as_str())
}

/// Advances PostgreSQL's sequence past explicit ids of the gateway's own, such as those of an export,
/// so that generated ids do not collide with them. Does nothing for tables without a sequence. SQLite
/// does so by itself.
async fn advance_ids<E: Table>(
    transaction: &DatabaseTransaction,
    models: &[Cow<'_, E::ActiveModel>],
) -> Result<(), DbErr> {
    if transaction.get_database_backend() != DbBackend::Postgres {
        return Ok(());
    }
    let Some(id) = E::PrimaryKey::iter()
        .next()
        .map(PrimaryKeyToColumn::into_column)
    else {
        return Ok(());
    };
    let highest = models
        .iter()
        .filter_map(|model| match model.get(id).into_value()? {
            Value::BigInt(id) => id,
            _ => None,
        })
        .max();
    let Some(highest) = highest.filter(|highest| *highest >= FIRST_ID) else {
        return Ok(());
    };
    // Never moves it back: other sessions may have taken ids in transactions not committed yet.
    let sql = "SELECT setval(pg_get_serial_sequence($1, $2), $3) \
        WHERE $3 > pg_sequence_last_value(pg_get_serial_sequence($1, $2)::regclass)";
    let table = E::default().table_name();
    let values: [Value; 3] = [table.into(), id.as_str().into(), highest.into()];
    let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, values);
    transaction.query_all_raw(statement).await?;
    Ok(())
}
