//! Renamed columns, values with another meaning, fields that rows lack, and formats of instants: `--map`,
//! `--map-value`, `--set`, `--date-format`, and the usual formats in CSV.

use std::{fmt, str::FromStr};

use chrono::{
    DateTime, NaiveDate, NaiveDateTime, NaiveTime,
    format::{Item, StrftimeItems},
};
use serde_json::{Map, Value};

use super::{Kind, Preset};

/// Formats of instants that spreadsheets and databases write into CSV, besides RFC 3339.
const WITH_OFFSET: [&str; 2] = ["%Y-%m-%d %H:%M:%S%.f%#z", "%Y-%m-%d %H:%M:%S%.f %#z"];
const WITHOUT_OFFSET: [&str; 4] = [
    "%Y-%m-%d %H:%M:%S%.f",
    "%Y-%m-%dT%H:%M:%S%.f",
    "%Y-%m-%d %H:%M:%S%.f UTC",
    "%Y-%m-%d %H:%M",
];
const DATE: &str = "%Y-%m-%d";

/// Renamed columns and the format of instants in a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields {
    /// Columns of CSV, or members of JSON rows, that have another name.
    pub renamed: Vec<Renamed>,
    /// Product whose names and values the rows have.
    pub preset: Option<Preset>,
    /// Fields of rows that do not state them.
    pub set: Vec<SetField>,
    /// Values that have another meaning here.
    pub values: Vec<MappedValue>,
    /// Format of instants that are not in RFC 3339.
    pub date_format: Option<DateFormat>,
}

/// A value of a field and its meaning, written `FIELD:VALUE=MEANING`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MappedValue {
    field: String,
    value: String,
    meaning: String,
}

impl FromStr for MappedValue {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const EXPECTED: &str = "expected FIELD:VALUE=MEANING, such as `status:abgesagt=cancelled`";
        let (field, rest) = text.split_once(':').ok_or(EXPECTED)?;
        let (value, meaning) = rest.rsplit_once('=').ok_or(EXPECTED)?;
        if field.split('.').any(str::is_empty) || !is_shallow(field) {
            return Err(EXPECTED);
        }
        Ok(Self {
            field: field.to_owned(),
            value: value.to_owned(),
            meaning: meaning.to_owned(),
        })
    }
}

/// A field and its value in rows that do not state it, written `FIELD=VALUE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetField {
    field: String,
    value: String,
}

impl FromStr for SetField {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once('=') {
            Some((field, value))
                if field.split('.').all(|name| !name.is_empty()) && is_shallow(field) =>
            {
                Ok(Self {
                    field: field.to_owned(),
                    value: value.to_owned(),
                })
            }
            _ => Err("expected FIELD=VALUE, such as `workspace_id=7`"),
        }
    }
}

/// A column and its field, written `COLUMN=FIELD`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Renamed {
    column: String,
    field: String,
}

impl FromStr for Renamed {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.rsplit_once('=') {
            Some((column, field))
                if !column.is_empty()
                    && field.split('.').all(|name| !name.is_empty())
                    && is_shallow(field) =>
            {
                Ok(Self {
                    column: column.to_owned(),
                    field: field.to_owned(),
                })
            }
            _ => {
                Err("expected COLUMN=FIELD, such as `Full name=full_name` or `inviter=inviter.id`")
            }
        }
    }
}

/// Format of instants, in the notation of `strftime`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DateFormat(String);

impl FromStr for DateFormat {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut items = StrftimeItems::new(text);
        if text.is_empty() || items.any(|item| matches!(item, Item::Error)) {
            return Err("expected a format of strftime, such as `%d.%m.%Y %H:%M`");
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for DateFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Fields {
    /// Returns the field of a column of CSV, if the column is renamed.
    pub(super) fn renamed(&self, column: &str) -> Option<&str> {
        let renamed = self.renamed.iter().find(|renamed| renamed.column == column);
        renamed.map(|renamed| renamed.field.as_str())
    }

    /// Returns a renamed column that is missing in `columns`.
    pub(super) fn renamed_but_missing(&self, columns: &[String]) -> Option<&str> {
        let mut renamed = self.renamed.iter().map(|renamed| &renamed.column);
        renamed
            .find(|column| !columns.contains(column))
            .map(String::as_str)
    }

    /// Renames the members of a JSON row, and writes its instants in RFC 3339.
    pub(super) fn apply(&self, row: &mut Value) {
        if let Value::Object(members) = row {
            for Renamed { column, field } in &self.renamed {
                if let Some(value) = members.remove(column) {
                    let path: Vec<&str> = field.split('.').collect();
                    insert(members, &path, value);
                }
            }
        }
        if let Some(format) = &self.date_format {
            format.apply(row);
        }
    }

    /// Maps a row of another product, and adds the fields that a row does not state.
    pub(super) fn complete(&self, kind: Kind, row: &mut Value) {
        if let Some(preset) = self.preset {
            let renamed = self.renamed.iter();
            preset.apply(kind, row, renamed.map(|renamed| renamed.field.as_str()));
        }
        for SetField { field, value } in &self.set {
            let pointer = format!("/{}", field.replace('.', "/"));
            let is_stated = row.pointer(&pointer).is_some_and(|value| !value.is_null());
            if let Value::Object(members) = row
                && !is_stated
            {
                let path: Vec<&str> = field.split('.').collect();
                insert(members, &path, value.clone().into());
            }
        }
    }

    /// Replaces the values of a row that have another meaning.
    pub(super) fn replace_values(&self, row: &mut Value) {
        // A value is replaced once, so that two can be exchanged.
        let mut replaced: Vec<&str> = Vec::new();
        for mapped in &self.values {
            let pointer = format!("/{}", mapped.field.replace('.', "/"));
            let Some(found) = row.pointer_mut(&pointer) else {
                continue;
            };
            let is_it = match &*found {
                Value::String(text) => *text == mapped.value,
                Value::Number(number) => number.to_string() == mapped.value,
                Value::Bool(flag) => flag.to_string() == mapped.value,
                _ => false,
            };
            if is_it && !replaced.contains(&mapped.field.as_str()) {
                *found = mapped.meaning.clone().into();
                replaced.push(&mapped.field);
            }
        }
    }

    /// Converts an instant of CSV to RFC 3339. None if it is in RFC 3339 already, or in no known format.
    pub(super) fn instant(&self, text: &str) -> Option<String> {
        if DateTime::parse_from_rfc3339(text).is_ok() {
            return None;
        }
        let by_format = |format: &DateFormat| format.parse(text);
        self.date_format
            .as_ref()
            .and_then(by_format)
            .or_else(|| usual(text))
    }
}

impl DateFormat {
    /// Writes all instants of a JSON row in RFC 3339.
    fn apply(&self, value: &mut Value) {
        match value {
            Value::Object(members) => {
                for (name, value) in members {
                    match value {
                        Value::String(text) if is_instant(name) => {
                            if DateTime::parse_from_rfc3339(text).is_err()
                                && let Some(instant) = self.parse(text)
                            {
                                *text = instant;
                            }
                        }
                        _ => self.apply(value),
                    }
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.apply(item)),
            _ => {}
        }
    }

    fn parse(&self, text: &str) -> Option<String> {
        with_offset(text, &self.0)
            .or_else(|| without_offset(text, &self.0))
            .or_else(|| date(text, &self.0))
    }
}

/// Maximum of names in the path of a field.
const MAX_DEPTH: usize = 8;

/// Returns true unless the path of a field is longer than any row's.
pub(super) fn is_shallow(field: &str) -> bool {
    field.split('.').count() <= MAX_DEPTH
}

/// Returns true if the field of this name is an instant.
pub(super) fn is_instant(name: &str) -> bool {
    name.ends_with("_at")
}

/// Sets a field of a row by its path. Replaces a value on the path that is not an object.
pub(super) fn insert(row: &mut Map<String, Value>, path: &[&str], value: Value) {
    match path {
        [] => {}
        [name] => {
            row.insert((*name).to_owned(), value);
        }
        [name, rest @ ..] => {
            let nested = row.entry(*name).or_insert(Value::Null);
            if !nested.is_object() {
                *nested = Value::Object(Map::new());
            }
            if let Value::Object(nested) = nested {
                insert(nested, rest, value);
            }
        }
    }
}

fn usual(text: &str) -> Option<String> {
    let mut with = WITH_OFFSET.iter();
    let mut without = WITHOUT_OFFSET.iter();
    with.find_map(|format| with_offset(text, format))
        .or_else(|| without.find_map(|format| without_offset(text, format)))
        .or_else(|| date(text, DATE))
}

fn with_offset(text: &str, format: &str) -> Option<String> {
    let instant = DateTime::parse_from_str(text, format).ok()?;
    Some(instant.to_rfc3339())
}

/// Parses an instant in UTC.
fn without_offset(text: &str, format: &str) -> Option<String> {
    let instant = NaiveDateTime::parse_from_str(text, format).ok()?;
    Some(instant.and_utc().to_rfc3339())
}

/// Parses a date as its beginning in UTC.
fn date(text: &str, format: &str) -> Option<String> {
    let date = NaiveDate::parse_from_str(text, format).ok()?;
    Some(date.and_time(NaiveTime::MIN).and_utc().to_rfc3339())
}

#[cfg(test)]
mod tests;
