//! Unique names: usernames, slugs, and names of tags. A row of a file takes its name from the live row that
//! has it, because the source has given it away. So exchanged and reused names load in any order.

use std::{
    collections::{HashMap, hash_map::Entry},
    hash::BuildHasher,
};

use sea_orm::{ActiveModelTrait, ActiveValue, DbBackend, IdenStatic, Iterable, Statement, Value};

use super::{
    constraint::TAKEN,
    row::FieldError,
    statement::{self, listed},
    upsert::{Merged, Mode, Table, Upsert},
};
use crate::database::taken_name;

/// The unique name of the rows of a table.
pub(super) struct Name<C: 'static> {
    /// The table.
    pub(super) table: &'static str,
    /// Columns that are unique together among live rows. The last is the name.
    pub(super) columns: &'static [C],
    /// Maximum length of the name.
    pub(super) longest: usize,
    /// True if a row that is created because a row of another kind names it takes its name, too. False for
    /// users: the author of an invite must not take a username, by which a bearer token may name a user.
    pub(super) created_rows_take_it: bool,
}

/// Returns the statements that take the names of `rows` from other live rows. Those keep the start of the
/// name, with a random suffix.
pub(super) fn take<E: Table>(backend: DbBackend, rows: &[Merged<'_, E>]) -> Vec<Statement> {
    let Some(name) = E::NAME else {
        return Vec::new();
    };
    let takes = |row: &&Merged<'_, E>| {
        let is_new = row.mode == Mode::Create && name.created_rows_take_it;
        (row.mode == Mode::Write || is_new) && is_live::<E>(&row.model)
    };
    // A row that does not say whether it is deleted stays so.
    let (stating, silent): (Vec<_>, Vec<_>) = rows
        .iter()
        .filter(takes)
        .map(|row| row.model.clone())
        .partition(|model| states_deletion::<E>(model));
    let created = rows
        .iter()
        .any(|row| row.mode == Mode::Create && name.created_rows_take_it);
    let table = E::default();
    let table = table.table_name();
    let mut columns = E::KEY.to_vec();
    columns.extend(name.columns);
    let mut set = String::new();
    let mut same: Vec<String> = Vec::new();
    for column in name.columns {
        let column = column.as_str();
        same.push(format!("\"{table}\".\"{column}\" = taken.\"{column}\""));
        let old = format!("\"{table}\".\"{column}\"");
        let replacement = taken_name::replacement(backend, &old, name.longest);
        set = format!("\"{column}\" = {replacement}");
    }
    let [key] = E::KEY else {
        return Vec::new();
    };
    let key = key.as_str();
    let there = |and: &str| {
        format!(
            " AND NOT EXISTS (SELECT 1 FROM \"{table}\" there WHERE there.\"{key}\" = taken.\"{key}\"{and})"
        )
    };
    let write = format!(
        "UPDATE \"{table}\" SET {set} FROM taken WHERE {} AND \"{table}\".\"{key}\" <> taken.\"{key}\" \
         AND \"{table}\".deleted_at IS NULL",
        same.join(" AND ")
    );
    let names = listed(&columns);
    let unless_deleted = there(" AND there.deleted_at IS NOT NULL");
    let mut statements = Vec::new();
    for (models, unless) in [(&stating, ""), (&silent, unless_deleted.as_str())] {
        let unless_there = if created {
            there("")
        } else {
            unless.to_owned()
        };
        let sources = statement::sources::<E>(backend, columns.clone(), models);
        statements.extend(sources.map(|(source, values)| {
            let sql = format!("WITH taken ({names}) AS ({source}) {write}{unless_there}");
            Statement::from_sql_and_values(backend, sql, values)
        }));
    }
    statements
}

/// Returns true unless the row states that it is deleted.
fn is_live<E: Table>(model: &E::ActiveModel) -> bool {
    deleted_at::<E>(model).is_none_or(|value| value == value.as_null())
}

/// Returns true if the row states whether it is deleted.
fn states_deletion<E: Table>(model: &E::ActiveModel) -> bool {
    deleted_at::<E>(model).is_some()
}

fn deleted_at<E: Table>(model: &E::ActiveModel) -> Option<Value> {
    let column = E::Column::iter().find(|column| column.as_str() == "deleted_at")?;
    match model.get(column) {
        ActiveValue::Set(value) => Some(value),
        _ => None,
    }
}

/// The names in the rows of a file so far, and the key of the row that has each. Two live rows of a file
/// with one name contradict each other.
#[derive(Default)]
pub(super) struct Claims {
    /// Keys by the hash of table and name.
    keys: HashMap<u64, i64>,
    /// Hashes of table and name by table and key.
    names: HashMap<(&'static str, i64), u64>,
    hasher: foldhash::fast::RandomState,
}

impl Claims {
    /// Records the names of rows of a table.
    ///
    /// # Errors
    /// An earlier row of the file has one of the names, under another key.
    pub(super) fn add<E: Table>(&mut self, upserts: &[Upsert<E>]) -> Result<(), FieldError> {
        let (Some(name), [key]) = (E::NAME, E::KEY) else {
            return Ok(());
        };
        let table = name.table;
        for Upsert { model, path, mode } in upserts {
            let Some(Value::BigInt(Some(id))) = model.get(*key).into_value() else {
                continue;
            };
            if *mode == Mode::Create {
                continue;
            }
            // A later row of the same key decides.
            if let Some(earlier) = self.names.remove(&(table, id)) {
                self.keys.remove(&earlier);
            }
            if *mode == Mode::Withdraw || !is_live::<E>(model) {
                continue;
            }
            let columns = name.columns.iter();
            let values: Vec<_> = columns
                .map(|column| model.get(*column).into_value())
                .collect();
            let hash = self.hasher.hash_one((table, values));
            match self.keys.entry(hash) {
                Entry::Occupied(_) => {
                    let column = name.columns.last().map(IdenStatic::as_str);
                    let field = format!("{path}{}", column.unwrap_or_default());
                    return Err(FieldError::new(field, TAKEN));
                }
                Entry::Vacant(free) => {
                    free.insert(id);
                    self.names.insert((table, id), hash);
                }
            }
        }
        Ok(())
    }
}
