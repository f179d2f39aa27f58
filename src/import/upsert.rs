//! Writes rows of any table with multi-row `INSERT … ON CONFLICT … DO UPDATE`.

use std::collections::{BTreeMap, HashMap};

use sea_orm::{
    ActiveModelTrait, ActiveValue, ColumnTrait, ConnectionTrait, DatabaseTransaction, DbBackend,
    DbErr, EntityTrait, ExprTrait, IdenStatic, Iterable, PrimaryKeyToColumn, PrimaryKeyTrait,
    Statement, Value,
    sea_query::{Expr, Func, InsertStatement, OnConflict, Query},
};

/// Rows in one statement: few enough for the parameters that SQLite (32,766) and PostgreSQL
/// (65,535) allow.
const ROWS_PER_STATEMENT: usize = 1000;

/// What of a table an import has to know.
pub(super) trait Table: EntityTrait {
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
        for models in models.chunks(ROWS_PER_STATEMENT) {
            let statement = statement::<E>(&shape, models)?;
            transaction.execute(&statement).await?;
        }
        advance_ids::<E>(transaction, &models).await?;
    }
    Ok(())
}

/// One model a key: PostgreSQL refuses to update a row twice in one statement. Later ones are
/// laid over earlier ones, as the database would do with one statement each.
fn merged<'a, E: Table>(upserts: impl Iterator<Item = &'a Upsert<E>>) -> Vec<E::ActiveModel> {
    let mut models: Vec<E::ActiveModel> = Vec::new();
    let mut places: HashMap<Vec<Option<Value>>, usize> = HashMap::new();
    for Upsert { model, .. } in upserts {
        let key: Vec<_> = E::KEY
            .iter()
            .map(|column| model.get(*column).into_value())
            .collect();
        match places.get(&key).copied() {
            Some(place) => {
                for column in E::Column::iter() {
                    if let ActiveValue::Set(value) = model.get(column) {
                        models[place].set(column, value);
                    }
                }
            }
            None => {
                places.insert(key, models.len());
                models.push(model.clone());
            }
        }
    }
    models
}

/// What a statement does with a column. Present ones sort first, so that rows with an id of their
/// own are written before those that are given one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Use {
    Insert,
    InsertAndUpdate,
    Omit,
}

/// Groups of models whose statements name the same columns; in a group the order stays.
fn by_shape<E: EntityTrait>(models: Vec<E::ActiveModel>) -> BTreeMap<Vec<Use>, Vec<E::ActiveModel>>
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

fn statement<E: Table>(shape: &[Use], models: &[E::ActiveModel]) -> Result<InsertStatement, DbErr> {
    let with = |wanted: fn(Use) -> bool| -> Vec<E::Column> {
        E::Column::iter()
            .zip(shape)
            .filter_map(|(column, usage)| wanted(*usage).then_some(column))
            .collect()
    };
    let columns = with(|usage| usage != Use::Omit);
    let mut insert = Query::insert();
    insert
        .into_table(E::default().table_ref())
        .columns(columns.iter().copied());
    for model in models {
        let values = columns.iter().filter_map(|column| {
            let value = model.get(*column).into_value()?;
            Some(column.save_as(Expr::val(value)))
        });
        insert
            .values(values)
            .map_err(|error| DbErr::Custom(error.to_string()))?;
    }

    let mut conflict = OnConflict::columns(E::KEY.iter().copied());
    let mut updates = false;
    for column in with(|usage| usage == Use::InsertAndUpdate) {
        if is_in(column, E::KEY) {
            continue;
        }
        updates = true;
        if is_in(column, E::FIRST_KNOWN) {
            conflict.value(column, first_known::<E>(column));
        } else {
            conflict.update_column(column);
        }
    }
    if !updates {
        conflict.do_nothing();
    }
    insert.on_conflict(conflict);
    Ok(insert)
}

/// None if there shall be none; else what is stored, or what is new.
fn first_known<E: EntityTrait>(column: E::Column) -> Expr {
    let new = || Expr::col(("excluded", column));
    let stored = Expr::col((E::default(), column));
    let known = Func::coalesce([stored, new()]);
    Expr::case(new().is_not_null(), known).into()
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
    models: &[E::ActiveModel],
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
