//! Upserts rows of any table. Merges rows with the same key, and groups them by the columns set.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap, HashSet, hash_map::Entry},
    marker::PhantomData,
};

use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveModelTrait, ActiveValue, ConnectionTrait, DatabaseTransaction, DbBackend, DbErr,
    EntityTrait, ExprTrait, IdenStatic, Iterable, PrimaryKeyToColumn, QueryResult, Statement,
    Value,
    sea_query::{Expr, Query},
};

use super::{
    change::{Change, Effects, Key},
    event::Recorder,
    name::{self, Name},
    row::{FieldError, Object},
    statement,
};
use crate::invite::{FIRST_ID, InviteKind, Snapshot};

/// Metadata of a table for the import.
pub(super) trait Table: EntityTrait<ActiveModel: Send + Sync> {
    /// Columns that identify a row for the upsert.
    const KEY: &'static [Self::Column];
    /// Other unique sets of columns.
    const UNIQUE: &'static [&'static [Self::Column]];
    /// Columns that refer to the `id` of another table, and that table.
    const REFERENCES: &'static [(Self::Column, &'static str)];
    /// Effect of withdrawing a row.
    const WITHDRAWAL: Withdrawal<Self::Column>;
    /// The name that is unique among live rows, if the table has one.
    const NAME: Option<Name<Self::Column>>;
    /// A column that an update sets to a value in SQL if it changes another column and does not set this one.
    const RESET: Option<Reset<Self::Column>> = None;
    /// A column that identifies a row to others. A row that another kind creates gets it from no live row.
    const UNSHARED: Option<Self::Column> = None;
    /// How to recognise rows that the gateway created. None if no kind of file has rows of the table.
    const CREATED_HERE: Option<CreatedHere>;
    /// The parts of a row whose changes are events.
    const SNAPSHOT: Option<fn(Self::Model) -> Snapshot> = None;
    /// The workspace, group or course of a row.
    const TARGET: Option<Self::Column> = None;
}

/// A column that depends on another.
pub(super) struct Reset<C> {
    pub(super) column: C,
    pub(super) value: &'static str,
    pub(super) if_changed: C,
}

/// How to recognise a row that the gateway created.
#[derive(Clone, Copy, Debug)]
pub(super) enum CreatedHere {
    /// The gateway creates no such rows.
    Never,
    /// An id from [`FIRST_ID`] on.
    Id,
    /// An event of the invite at the instant in its column `at`, to which a source that lists the row sets
    /// its own.
    Event { kind: InviteKind, at: &'static str },
    /// A recent event: the user of the key joined by an invite to the target.
    Joining(InviteKind),
}

/// Effect of withdrawing a row.
pub(super) enum Withdrawal<C: 'static> {
    /// Deletes the row.
    Delete,
    /// Sets the instant in `column`, if a condition holds.
    Mark {
        column: C,
        /// Further assignments in SQL, after a comma; or empty.
        also: &'static str,
        /// Condition in SQL.
        only_if: &'static str,
    },
}

/// Way of writing a row of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// Inserts the row, or updates it if its key exists.
    ///
    /// `Set` columns are written in both cases. `Unchanged` columns are only written by an insert.
    Write,
    /// Inserts the row unless its key exists. For rows that a row of another kind names.
    Create,
    /// Withdraws the row. Only the columns of its key, and the instant, are set.
    Withdraw,
}

/// A row of a table, by its key.
#[derive(Clone, Debug)]
pub(super) struct Upsert<E: EntityTrait> {
    pub(super) model: E::ActiveModel,
    /// Prefix of its columns in errors: empty, `user.` or `tags[1].`
    pub(super) path: String,
    pub(super) mode: Mode,
}

impl<E: EntityTrait> Upsert<E> {
    pub(super) fn write(model: E::ActiveModel, path: &str) -> Self {
        Self::new(model, path, Mode::Write)
    }

    pub(super) fn create(model: E::ActiveModel, path: &str) -> Self {
        Self::new(model, path, Mode::Create)
    }

    pub(super) fn withdraw(model: E::ActiveModel, path: &str) -> Self {
        Self::new(model, path, Mode::Withdraw)
    }

    /// Reads the withdrawal of a row at `now`: its key has the names of the columns.
    ///
    /// # Errors
    /// A column of the key is missing, or is no id.
    pub(super) fn withdrawal(row: &Object<'_>, now: DateTime<Utc>) -> Result<Self, FieldError>
    where
        E: Table,
    {
        let key = E::KEY.iter().map(|column| row.id(&[column.as_str()]));
        let key: Vec<_> = key.collect::<Result<_, _>>()?;
        let upsert = Self::withdrawal_of(&key, now);
        Ok(Self::withdraw(upsert.model, row.path()))
    }

    /// Withdraws the row with this key at `now`.
    pub(super) fn withdrawal_of(key: &[i64], now: DateTime<Utc>) -> Self
    where
        E: Table,
    {
        let mut model = <E::ActiveModel as ActiveModelTrait>::default();
        for (column, value) in E::KEY.iter().zip(key) {
            model.set(*column, (*value).into());
        }
        if let Withdrawal::Mark { column, .. } = E::WITHDRAWAL {
            model.set(column, Some(now).into());
        }
        Self::withdraw(model, "")
    }

    /// Restores the row if it is withdrawn, unless it states that it is. Rows of a complete list are live.
    pub(super) fn restore(&mut self)
    where
        E: Table,
    {
        let Withdrawal::Mark { column, .. } = E::WITHDRAWAL else {
            return;
        };
        let states_it = matches!(self.model.get(column), ActiveValue::Set(_));
        if self.mode == Mode::Write && !states_it {
            self.model.set(column, None::<DateTime<Utc>>.into());
        }
    }

    /// Returns the values of the key.
    pub(super) fn key(&self) -> Vec<Option<Value>>
    where
        E: Table,
    {
        let key = E::KEY.iter();
        key.map(|column| self.model.get(*column).into_value())
            .collect()
    }

    fn new(model: E::ActiveModel, path: &str, mode: Mode) -> Self {
        Self {
            model,
            path: path.to_owned(),
            mode,
        }
    }
}

/// A column of an id, in a row.
pub(super) struct IdColumn<'a> {
    path: &'a str,
    pub(super) column: &'static str,
    pub(super) id: i64,
    mode: Mode,
}

impl IdColumn<'_> {
    /// Path of the field.
    pub(super) fn field(&self) -> String {
        format!("{}{}", self.path, self.column)
    }

    /// Returns true for a number that stands for an id of a source, in a row that is not withdrawn.
    pub(super) fn is_stated(&self) -> bool {
        self.id < 0 && self.mode != Mode::Withdraw
    }
}

/// Returns the columns of ids in a row: those of 64-bit integers.
pub(super) fn id_columns<E: Table>(row: &Upsert<E>) -> impl Iterator<Item = IdColumn<'_>> {
    E::Column::iter().filter_map(|column| match row.model.get(column).into_value() {
        Some(Value::BigInt(Some(id))) => Some(IdColumn {
            path: &row.path,
            column: column.as_str(),
            id,
            mode: row.mode,
        }),
        _ => None,
    })
}

/// Replaces the numbers that stand for ids of a source.
pub(super) fn set_ids<E: Table>(row: &mut Upsert<E>, ids: &HashMap<i64, i64>) {
    for column in E::Column::iter() {
        if let Some(Value::BigInt(Some(stated))) = row.model.get(column).into_value()
            && stated < 0
            && let Some(id) = ids.get(&stated)
        {
            row.model.set(column, (*id).into());
        }
    }
}

/// Sets `value` if there is one; otherwise inserts `default`, but does not update.
pub(super) fn set_or<V: Into<Value>>(value: Option<V>, default: V) -> ActiveValue<V> {
    match value {
        Some(value) => ActiveValue::Set(value),
        None => ActiveValue::Unchanged(default),
    }
}

/// Writes `upserts` in few statements. The result is the same as writing them in order. With `records`, the
/// effects have the events of invites.
pub(super) async fn write<'a, E: Table>(
    transaction: &DatabaseTransaction,
    upserts: impl Iterator<Item = &'a Upsert<E>>,
    records: bool,
) -> Result<Effects, DbErr> {
    let mut effects = Effects::default();
    for upserts in runs(upserts.collect()) {
        effects.add(write_run(transaction, &upserts, records).await?);
    }
    Ok(effects)
}

/// Splits rows so that none is both written and withdrawn in a run.
fn runs<E: Table>(upserts: Vec<&Upsert<E>>) -> Vec<Vec<&Upsert<E>>> {
    if !upserts.iter().any(|row| row.mode == Mode::Withdraw) {
        return vec![upserts];
    }
    let mut runs = Vec::new();
    let mut run = Vec::new();
    let mut withdrawn: HashMap<_, bool> = HashMap::new();
    for upsert in upserts {
        let is_withdrawn = upsert.mode == Mode::Withdraw;
        let before = withdrawn.insert(upsert.key(), is_withdrawn);
        if before.is_some_and(|before| before != is_withdrawn) {
            runs.push(std::mem::take(&mut run));
            withdrawn = HashMap::from([(upsert.key(), is_withdrawn)]);
        }
        run.push(upsert);
    }
    runs.push(run);
    runs
}

async fn write_run<E: Table>(
    transaction: &DatabaseTransaction,
    upserts: &[&Upsert<E>],
    records: bool,
) -> Result<Effects, DbErr> {
    let mut recorder = Recorder::<E>::new().filter(|_| records);
    let returned = match recorder {
        Some(_) => key_and_others::<E>(),
        None => E::KEY.to_vec(),
    };
    let mut effects = Effects::default();
    let backend = transaction.get_database_backend();
    let (withdrawn, mut written): (Vec<_>, Vec<_>) = merged(upserts.iter().copied())
        .into_iter()
        .partition(|row| row.mode == Mode::Withdraw);
    let withdrawn: Vec<_> = withdrawn.into_iter().map(|row| row.model).collect();
    for statement in statement::withdraw::<E>(backend, &withdrawn, &returned) {
        for row in transaction.query_all_raw(statement).await? {
            if let Some(recorder) = &recorder {
                effects.events.push(recorder.withdrawn(&row)?);
            }
            effects.record(key_of::<E>(&row)?, Change::Withdrawn);
        }
    }
    leave_unshared::<E>(transaction, &mut written).await?;
    for statement in name::take::<E>(backend, &written) {
        effects.names_taken += transaction.execute_raw(statement).await?.rows_affected();
    }
    let is_own = |row: &&Merged<'_, E>| E::CREATED_HERE.is_some() && row.mode == Mode::Write;
    let own: Vec<_> = written
        .iter()
        .filter(is_own)
        .map(|row| row.model.clone())
        .collect();
    for model in withdrawn.iter().chain(&own) {
        effects.own.extend(key_in::<E>(model));
    }
    let mut stored = HashSet::new();
    for statement in statement::stored::<E>(backend, &own, &returned, "1 = 1") {
        for row in transaction.query_all_raw(statement).await? {
            let key = key_of::<E>(&row)?;
            if let Some(recorder) = &mut recorder {
                recorder.keep(key.clone(), &row)?;
            }
            stored.insert(key);
        }
    }
    for (shape, models) in by_shape::<E>(written) {
        let shape = Shape::<E>(shape, PhantomData);
        for statement in statement::all(backend, &shape, &models, &returned) {
            if own.is_empty() {
                transaction.execute_raw(statement).await?;
                continue;
            }
            for row in transaction.query_all_raw(statement).await? {
                let key = key_of::<E>(&row)?;
                if let Some(recorder) = &recorder {
                    effects.events.extend(recorder.changed(&key, &row)?);
                }
                if stored.contains(&key) {
                    effects.record(key, Change::Changed);
                } else if effects.own.contains(&key) {
                    effects.record(key, Change::New);
                }
            }
        }
        advance_ids::<E>(transaction, &models).await?;
    }
    Ok(effects)
}

/// Returns all columns, those of the key first.
fn key_and_others<E: Table>() -> Vec<E::Column> {
    let others = E::Column::iter().filter(|column| !is_in(*column, E::KEY));
    E::KEY.iter().copied().chain(others).collect()
}

/// Returns the key in a row that a statement returned.
pub(super) fn key_of<E: Table>(row: &QueryResult) -> Result<Key, DbErr> {
    (0..E::KEY.len())
        .map(|at| row.try_get_by_index(at))
        .collect()
}

/// Returns the key of a row to write; none if the database generates it.
fn key_in<E: Table>(model: &E::ActiveModel) -> Option<Key> {
    let value = |column: &E::Column| match model.get(*column).into_value() {
        Some(Value::BigInt(value)) => value,
        _ => None,
    };
    E::KEY.iter().map(value).collect()
}

/// Takes the values of [`Table::UNSHARED`] from rows to create whose value another live row has.
async fn leave_unshared<E: Table>(
    transaction: &DatabaseTransaction,
    rows: &mut [Merged<'_, E>],
) -> Result<(), DbErr> {
    let (Some(column), [key]) = (E::UNSHARED, E::KEY) else {
        return Ok(());
    };
    let value_of = |row: &Merged<'_, E>| {
        let value = row.model.get(column).into_value()?;
        (row.mode == Mode::Create && value != value.as_null()).then_some(value)
    };
    let values: Vec<Value> = rows.iter().filter_map(value_of).collect();
    let mut holders: HashMap<String, i64> = HashMap::new();
    for values in values.chunks(statement::LOOKED_UP) {
        let query = Query::select()
            .column(column)
            .column(*key)
            .from(E::default().table_ref())
            .and_where(Expr::col(column).is_in(values.iter().cloned()))
            .and_where(Expr::col("deleted_at").is_null())
            .take();
        for row in transaction.query_all(&query).await? {
            holders.insert(row.try_get_by_index(0)?, row.try_get_by_index(1)?);
        }
    }
    for row in rows {
        let Some(Value::String(Some(value))) = value_of(row) else {
            continue;
        };
        let Some(Value::BigInt(Some(id))) = row.model.get(*key).into_value() else {
            continue;
        };
        if *holders.entry(value).or_insert(id) != id {
            let null = row
                .model
                .get(column)
                .into_value()
                .map(|value| value.as_null());
            if let Some(null) = null {
                row.model.to_mut().set(column, null);
            }
        }
    }
    Ok(())
}

/// All rows with the same key, merged into one.
pub(super) struct Merged<'a, E: Table> {
    pub(super) model: Cow<'a, E::ActiveModel>,
    /// Use of each column, in their order.
    uses: Vec<ColumnUse>,
    pub(super) mode: Mode,
}

impl<'a, E: Table> Merged<'a, E> {
    fn new(Upsert { model, mode, .. }: &'a Upsert<E>) -> Self {
        Self {
            model: Cow::Borrowed(model),
            uses: ColumnUse::of::<E>(model, *mode).collect(),
            mode: *mode,
        }
    }

    /// Adds a later row. Does not clone the model if nothing differs, which is the usual case for objects
    /// nested in many rows.
    fn add(&mut self, later: &'a Upsert<E>) {
        match (self.mode, later.mode) {
            // The key exists, or was withdrawn before.
            (_, Mode::Create) => {}
            (_, Mode::Withdraw) | (Mode::Withdraw, Mode::Write) => *self = Self::new(later),
            (Mode::Write | Mode::Create, Mode::Write) => {
                self.mode = Mode::Write;
                let uses = ColumnUse::of::<E>(&later.model, later.mode);
                for (at, (column, later_use)) in E::Column::iter().zip(uses).enumerate() {
                    if later_use != ColumnUse::InsertAndUpdate {
                        continue;
                    }
                    self.uses[at] = later_use;
                    let new = later.model.get(column).into_value();
                    if let Some(new) = new
                        && self.model.get(column).into_value().as_ref() != Some(&new)
                    {
                        self.model.to_mut().set(column, new);
                    }
                }
            }
        }
    }
}

/// Merges rows with the same key, because PostgreSQL rejects updating a row twice in a statement.
/// Later rows override earlier ones, as with one statement each.
fn merged<'a, E: Table>(upserts: impl Iterator<Item = &'a Upsert<E>>) -> Vec<Merged<'a, E>> {
    let mut rows: Vec<Merged<'a, E>> = Vec::new();
    let mut indexes: HashMap<Vec<Option<Value>>, usize> = HashMap::new();
    for upsert in upserts {
        match indexes.entry(upsert.key()) {
            Entry::Occupied(index) => rows[*index.get()].add(upsert),
            Entry::Vacant(index) => {
                index.insert(rows.len());
                rows.push(Merged::new(upsert));
            }
        }
    }
    rows
}

/// Use of a column in a statement. `Omit` sorts last, so that rows with explicit ids are written
/// before those whose id the database generates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum ColumnUse {
    Insert,
    InsertAndUpdate,
    Omit,
}

impl ColumnUse {
    /// Returns the use of each column of a row, in their order.
    fn of<E: Table>(model: &E::ActiveModel, mode: Mode) -> impl Iterator<Item = Self> {
        E::Column::iter().map(move |column| match (model.get(column), mode) {
            (ActiveValue::NotSet, _) => Self::Omit,
            (ActiveValue::Set(_), Mode::Write) => Self::InsertAndUpdate,
            (ActiveValue::Set(_) | ActiveValue::Unchanged(_), _) => Self::Insert,
        })
    }
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

/// Groups rows whose statements name the same columns. Keeps the order in each group.
fn by_shape<E: Table>(
    rows: Vec<Merged<'_, E>>,
) -> BTreeMap<Vec<ColumnUse>, Vec<Cow<'_, E::ActiveModel>>> {
    let mut groups: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for row in rows {
        groups.entry(row.uses).or_default().push(row.model);
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
