//! Builds the statements that write or withdraw many rows of a table: `INSERT … ON CONFLICT … DO UPDATE`,
//! `UPDATE` and `DELETE`.

use std::{borrow::Cow, fmt::Write};

use sea_orm::{ActiveModelTrait, DbBackend, IdenStatic, Statement, Value};

use super::upsert::{Reset, Shape, Table, Withdrawal, is_in};

/// Maximum of rows in a statement to PostgreSQL. Bounds memory, since values are copied.
const POSTGRES_ROWS: usize = 8192;

/// Values per statement that looks them up: each is a parameter.
pub(super) const LOOKED_UP: usize = 1000;

/// Maximum of rows in a statement to SQLite, which allows 32,766 parameters. A power of two.
const SQLITE_ROWS: usize = 512;

/// Returns the statements that write `models`, and return the columns `returned` of those that change. They
/// share few texts, so that the database prepares each once.
pub(super) fn all<'a, E: Table>(
    backend: DbBackend,
    shape: &'a Shape<E>,
    models: &'a [Cow<'a, E::ActiveModel>],
    returned: &[E::Column],
) -> impl Iterator<Item = Statement> + Send + 'a {
    let columns = shape.inserted();
    let on_conflict = on_conflict(shape);
    let table = E::default();
    let table = table.table_name().to_owned();
    let names = listed(&columns);
    let returned = if E::CREATED_HERE.is_some() {
        format!(" RETURNING {}", listed(returned))
    } else {
        String::new()
    };
    sources::<E>(backend, columns, models).map(move |(source, values)| {
        let sql = format!("INSERT INTO \"{table}\" ({names}) {source} {on_conflict}{returned}");
        Statement::from_sql_and_values(backend, sql, values)
    })
}

/// Returns the queries for the columns `selected` of those of `models` that are stored and meet a condition.
pub(super) fn stored<'a, E: Table>(
    backend: DbBackend,
    models: &'a [Cow<'a, E::ActiveModel>],
    selected: &[E::Column],
    condition: &'a str,
) -> impl Iterator<Item = Statement> + Send + 'a {
    let table = E::default();
    let table = table.table_name().to_owned();
    let (key, selected) = (listed(E::KEY), listed(selected));
    sources::<E>(backend, E::KEY.to_vec(), models).map(move |(source, values)| {
        let sql = format!(
            "WITH named ({key}) AS ({source}) \
             SELECT {selected} FROM \"{table}\" WHERE ({key}) IN (SELECT {key} FROM named) AND {condition}"
        );
        Statement::from_sql_and_values(backend, sql, values)
    })
}

/// Returns the statements that withdraw `models`, of which only the key and the instant are set, and return
/// the columns `returned` of their rows. They do not affect a key without a row, or a row that was withdrawn before.
pub(super) fn withdraw<'a, E: Table>(
    backend: DbBackend,
    models: &'a [Cow<'a, E::ActiveModel>],
    returned: &[E::Column],
) -> impl Iterator<Item = Statement> + Send + 'a {
    let table = E::default();
    let table = table.table_name();
    let key = listed(E::KEY);
    let mut columns = E::KEY.to_vec();
    let mut names = key.clone();
    let returned = returned
        .iter()
        .map(|column| format!("\"{table}\".\"{}\"", column.as_str()));
    let returned = returned.collect::<Vec<_>>().join(", ");
    let write = match E::WITHDRAWAL {
        Withdrawal::Delete => {
            format!("DELETE FROM \"{table}\" WHERE ({key}) IN (SELECT {key} FROM withdrawn)")
        }
        Withdrawal::Mark {
            column,
            also,
            only_if,
        } => {
            columns.push(column);
            names.push_str(", withdrawn_at");
            let column = column.as_str();
            let same = E::KEY.iter().map(|key| {
                let key = key.as_str();
                format!("\"{table}\".\"{key}\" = withdrawn.\"{key}\"")
            });
            let same = same.collect::<Vec<_>>().join(" AND ");
            format!(
                "UPDATE \"{table}\" SET \"{column}\" = withdrawn.withdrawn_at{also} \
                 FROM withdrawn WHERE {same} AND {only_if}"
            )
        }
    };
    sources::<E>(backend, columns, models).map(move |(source, values)| {
        let sql = format!("WITH withdrawn ({names}) AS ({source}) {write} RETURNING {returned}");
        Statement::from_sql_and_values(backend, sql, values)
    })
}

/// Returns a query that selects the columns of `models`, for each part of them, and its values.
pub(super) fn sources<'a, E: Table>(
    backend: DbBackend,
    columns: Vec<E::Column>,
    models: &'a [Cow<'a, E::ActiveModel>],
) -> impl Iterator<Item = (String, Vec<Value>)> + Send + 'a {
    let mut rest = models;
    std::iter::from_fn(move || {
        let length = if backend == DbBackend::Postgres {
            rest.len().min(POSTGRES_ROWS)
        } else {
            rest.len()
                .min(SQLITE_ROWS)
                .checked_ilog2()
                .map_or(0, |log| 1 << log)
        };
        let (models, later) = rest
            .split_at_checked(length)
            .filter(|(now, _)| !now.is_empty())?;
        rest = later;
        Some(if backend == DbBackend::Postgres {
            arrays::<E>(&columns, models)
        } else {
            rows::<E>(&columns, models)
        })
    })
}

/// Passes rows as one parameter per value, for SQLite.
fn rows<E: Table>(
    columns: &[E::Column],
    models: &[Cow<'_, E::ActiveModel>],
) -> (String, Vec<Value>) {
    let row = format!("({})", vec!["?"; columns.len()].join(", "));
    let source = format!("VALUES {}", vec![row.as_str(); models.len()].join(", "));
    let values = models
        .iter()
        .flat_map(|model| {
            columns
                .iter()
                .filter_map(|column| model.get(*column).into_value())
        })
        .collect();
    (source, values)
}

/// Passes rows as one array per column, for PostgreSQL. Only `COPY` is faster, and one text serves
/// any number of rows.
///
/// The driver does not support NULL in arrays. A further array marks NULLs, with a bit per column.
fn arrays<E: Table>(
    columns: &[E::Column],
    models: &[Cow<'_, E::ActiveModel>],
) -> (String, Vec<Value>) {
    let mut nulls = vec![0_i64; models.len()];
    let mut selected = String::new();
    let mut values = Vec::with_capacity(columns.len() + 1);
    for (place, column) in columns.iter().enumerate() {
        let bit = 1_i64 << place;
        let mut any_null = false;
        let array: Vec<Value> = models
            .iter()
            .zip(&mut nulls)
            .filter_map(|(model, nulls)| {
                let value = model.get(*column).into_value()?;
                if value != value.as_null() {
                    return Some(value);
                }
                any_null = true;
                *nulls |= bit;
                Some(value.dummy_value())
            })
            .collect();
        let Some(element) = array.first().map(Value::array_type) else {
            continue;
        };
        values.push(Value::Array(element, Some(Box::new(array))));
        let name = format!("new.\"{}\"", column.as_str());
        // Writing to a string cannot fail.
        let _ = if any_null {
            write!(
                selected,
                "CASE WHEN new.nulls & {bit} = 0 THEN {name} END, "
            )
        } else {
            write!(selected, "{name}, ")
        };
    }
    values.push(nulls.into());
    let selected = selected.trim_end_matches(", ");
    let parameters: Vec<String> = (1..=values.len())
        .map(|number| format!("${number}"))
        .collect();
    let source = format!(
        "SELECT {selected} FROM unnest({}) AS new ({}, nulls)",
        parameters.join(", "),
        listed(columns),
    );
    (source, values)
}

/// Returns the `ON CONFLICT` clause. It does not write unchanged rows, so that a repeated import
/// only reads.
fn on_conflict<E: Table>(shape: &Shape<E>) -> String {
    let table = E::default();
    let table = table.table_name();
    let key = listed(E::KEY);
    let mut set = Vec::new();
    let mut differs = Vec::new();
    for column in shape.updated() {
        if is_in(column, E::KEY) {
            continue;
        }
        let name = column.as_str();
        let stored = format!("\"{table}\".\"{name}\"");
        let new = format!("excluded.\"{name}\"");
        set.push(format!("\"{name}\" = {new}"));
        differs.push(format!("{stored} IS DISTINCT FROM {new}"));
    }
    if let Some(Reset {
        column,
        value,
        if_changed,
    }) = E::RESET
        && is_in(if_changed, &shape.updated())
        && !is_in(column, &shape.updated())
    {
        let (column, cause) = (column.as_str(), if_changed.as_str());
        set.push(format!(
            "\"{column}\" = CASE WHEN \"{table}\".\"{cause}\" = excluded.\"{cause}\" \
             THEN \"{table}\".\"{column}\" ELSE {value} END"
        ));
    }
    if set.is_empty() {
        return format!("ON CONFLICT ({key}) DO NOTHING");
    }
    let (set, differs) = (set.join(", "), differs.join(" OR "));
    format!("ON CONFLICT ({key}) DO UPDATE SET {set} WHERE {differs}")
}

/// Returns the quoted names of columns, separated by commas.
pub(super) fn listed<C: IdenStatic>(columns: &[C]) -> String {
    let names: Vec<String> = columns
        .iter()
        .map(|column| format!("\"{}\"", column.as_str()))
        .collect();
    names.join(", ")
}
