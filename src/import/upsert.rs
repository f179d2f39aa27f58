//! Writes rows of any table: a row a key, grouped by what becomes of each column.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap, hash_map::Entry},
    marker::PhantomData,
};

use sea_orm::{
    ActiveModelTrait, ActiveValue, ConnectionTrait, DatabaseTransaction, DbBackend, DbErr,
    EntityTrait, IdenStatic, Iterable, PrimaryKeyToColumn, PrimaryKeyTrait, Statement, Value,
};

use super::statement;

/// What of a table an import has to know.
pub(super) trait Table: EntityTrait<ActiveModel: Send + Sync> {
    /// The columns by which a row is known again.
    const KEY: &'static [Self::Column];
    /// What else is unique: sets of columns.
    const UNIQUE: &'static [&'static [Self::Column]];
    /// Columns that refer to the `id` of another table.
    const REFERENCES: &'static [(Self::Column, &'static str)];
    /// Instants that the source does not tell: the first one stored stays.
    const FIRST_KNOWN: &'static [Self::Column];
}

/// A row to insert, or to update where its key is there already.
///
/// `Set` columns are written either way. `Unchanged` columns are for a new row only: in a row that
/// is there they stay as they are.
#[derive(Clone, Debug)]
pub(super) struct Upsert<E: EntityTrait> {
    pub(super) model: E::ActiveModel,
    /// What stands before the names of its columns in errors: nothing, `user.`, `tags[1].`
    pub(super) at: String,
}

/// The value if the row names one; else `new`, for a new row only.
pub(super) fn named_or<V: Into<Value>>(named: Option<V>, new: V) -> ActiveValue<V> {
    match named {
        Some(value) => ActiveValue::Set(value),
        None => ActiveValue::Unchanged(new),
    }
}

/// Writes all of `upserts`, with as few statements as can be, as if one after the other.
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

/// One model a key: PostgreSQL refuses to update a row twice in one statement. Later ones are
/// laid over earlier ones, as the database would do with one statement each.
fn merged<'a, E: Table>(
    upserts: impl Iterator<Item = &'a Upsert<E>>,
) -> Vec<Cow<'a, E::ActiveModel>> {
    let mut models: Vec<Cow<'a, E::ActiveModel>> = Vec::new();
    let mut places: HashMap<Vec<Option<Value>>, usize> = HashMap::new();
    for Upsert { model, .. } in upserts {
        let key: Vec<_> = E::KEY
            .iter()
            .map(|column| model.get(*column).into_value())
            .collect();
        match places.entry(key) {
            Entry::Occupied(place) => lay_over::<E>(&mut models[*place.get()], model),
            Entry::Vacant(place) => {
                place.insert(models.len());
                models.push(Cow::Borrowed(model));
            }
        }
    }
    models
}

/// Sets what `later` sets. A model that says nothing new, as most that stand in many rows, is not
/// copied.
fn lay_over<E: Table>(model: &mut Cow<'_, E::ActiveModel>, later: &E::ActiveModel) {
    for column in E::Column::iter() {
        if let new @ ActiveValue::Set(_) = later.get(column)
            && new != model.get(column)
            && let Some(value) = new.into_value()
        {
            model.to_mut().set(column, value);
        }
    }
}

/// What a statement does with a column. Present ones sort first, so that rows with an id of their
/// own are written before those that are given one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Use {
    Insert,
    InsertAndUpdate,
    Omit,
}

/// What a statement does with each column of a table, in their order.
pub(super) struct Shape<E>(Vec<Use>, PhantomData<E>);

impl<E: EntityTrait> Shape<E> {
    /// The columns that a new row is given.
    pub(super) fn inserted(&self) -> Vec<E::Column> {
        self.columns(|usage| usage != Use::Omit)
    }

    /// The columns that a row gets that is there already.
    pub(super) fn updated(&self) -> Vec<E::Column> {
        self.columns(|usage| usage == Use::InsertAndUpdate)
    }

    fn columns(&self, wanted: fn(Use) -> bool) -> Vec<E::Column> {
        E::Column::iter()
            .zip(&self.0)
            .filter_map(|(column, usage)| wanted(*usage).then_some(column))
            .collect()
    }
}

/// Groups of models whose statements name the same columns; in a group the order stays.
fn by_shape<E: EntityTrait>(
    models: Vec<Cow<'_, E::ActiveModel>>,
) -> BTreeMap<Vec<Use>, Vec<Cow<'_, E::ActiveModel>>>
where
    E::ActiveModel: ActiveModelTrait<Entity = E>,
{
    let mut groups: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for model in models {
        let shape = E::Column::iter()
            .map(|column| match model.get(column) {
                ActiveValue::Unchanged(_) => Use::Insert,
                ActiveValue::Set(_) => Use::InsertAndUpdate,
                ActiveValue::NotSet => Use::Omit,
            })
            .collect();
        groups.entry(shape).or_default().push(model);
    }
    groups
}

/// Whether `columns` has `column`.
pub(super) fn is_in<C: IdenStatic>(column: C, columns: &[C]) -> bool {
    columns
        .iter()
        .any(|other| other.as_str() == column.as_str())
}

/// Moves PostgreSQL's sequence past ids that were written explicitly, so that later automatic
/// ids do not meet them. SQLite does so by itself.
async fn advance_ids<E: Table>(
    transaction: &DatabaseTransaction,
    models: &[Cow<'_, E::ActiveModel>],
) -> Result<(), DbErr> {
    let sequenced = <E::PrimaryKey as PrimaryKeyTrait>::auto_increment();
    if !sequenced || transaction.get_database_backend() != DbBackend::Postgres {
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
    let Some(highest) = highest else {
        return Ok(());
    };
    // Never backwards: other sessions may have taken ids that cannot be seen yet.
    let sql = "SELECT setval(pg_get_serial_sequence($1, $2), $3) \
        WHERE $3 > coalesce(pg_sequence_last_value(pg_get_serial_sequence($1, $2)::regclass), 0)";
    let table = E::default().table_name();
    let values: [Value; 3] = [table.into(), id.as_str().into(), highest.into()];
    let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, values);
    transaction.query_all_raw(statement).await?;
    Ok(())
}
