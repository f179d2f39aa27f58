//! Checked access to the fields of a row. Each error names its field.

use std::{fmt, slice};

use chrono::{DateTime, Datelike, Utc};
use sea_orm::{ActiveEnum, Iterable};
use serde_json::{Map, Value};

/// Error in a row. Contains no value of the row, since values may be secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FieldError {
    /// Path of the field. Empty if the error concerns the whole row.
    pub(super) field: String,
    /// The error and what is expected.
    pub(super) reason: String,
}

impl FieldError {
    pub(super) fn new(field: impl Into<String>, reason: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            reason: reason.into(),
        }
    }

    /// Creates an error that concerns the whole row.
    pub(super) fn whole(reason: impl Into<String>) -> Self {
        Self::new("", reason)
    }
}

/// Parses the text of a row as JSON.
pub(super) fn parse(text: &[u8]) -> Result<Value, FieldError> {
    let text = std::str::from_utf8(text).map_err(|error| {
        let byte = error.valid_up_to() + 1;
        FieldError::whole(format!("not valid UTF-8 at byte {byte} of the row"))
    })?;
    serde_json::from_str(text).map_err(|error| {
        let before: usize = text
            .split_inclusive('\n')
            .take(error.line().saturating_sub(1))
            .map(str::len)
            .sum();
        let byte = before + error.column();
        // serde_json's position is relative to the row, and would read as one in the file.
        let message = error.to_string();
        let cause = message.split(" at line ").next().unwrap_or_default();
        FieldError::whole(format!("not valid JSON at byte {byte} of the row: {cause}"))
    })
}

/// A JSON object in a row, and its path.
pub(super) struct Object<'a> {
    fields: &'a Map<String, Value>,
    /// Prefix of field names in errors: empty, `user.` or `tags[1].`
    path: String,
}

impl<'a> Object<'a> {
    /// Returns the row itself.
    ///
    /// # Errors
    /// If the row is not an object.
    pub(super) fn row(value: &'a Value) -> Result<Self, FieldError> {
        match value {
            Value::Object(fields) => Ok(Self {
                fields,
                path: String::new(),
            }),
            other => Err(FieldError::whole(expected("an object", other))),
        }
    }

    /// Prefix of the names of this object's fields in errors.
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// Creates an error that concerns a field of this object.
    pub(super) fn error(&self, name: &str, reason: impl fmt::Display) -> FieldError {
        FieldError::new(format!("{}{name}", self.path), reason.to_string())
    }

    /// Returns true if the object has the field, even if it is null.
    pub(super) fn contains(&self, name: &str) -> bool {
        self.fields.contains_key(name)
    }

    /// Returns the first of `names` whose value is not null.
    fn find<'n>(&self, names: &[&'n str]) -> Option<(&'n str, &'a Value)> {
        names.iter().find_map(|name| {
            let value = self.fields.get(*name)?;
            (!value.is_null()).then_some((*name, value))
        })
    }

    /// Returns the value found, or an error that the field is required.
    pub(super) fn required<T>(&self, names: &[&str], found: Option<T>) -> Result<T, FieldError> {
        let name = names.first().copied().unwrap_or_default();
        found.ok_or_else(|| self.error(name, "required, but missing"))
    }

    /// Reads a positive 64-bit integer, as a number or as decimal digits.
    pub(super) fn optional_id(&self, names: &[&str]) -> Result<Option<i64>, FieldError> {
        let Some((name, value)) = self.find(names) else {
            return Ok(None);
        };
        let id = match value {
            Value::Number(number) => number.as_i64().or_else(|| whole(number.as_f64()?)),
            Value::String(text) => {
                // `7.0` is how data frames write 7 in a column that also has empty cells.
                let digits = text.strip_suffix(".0").unwrap_or(text);
                let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
                is_number.then(|| digits.parse().ok()).flatten()
            }
            _ => None,
        };
        match id {
            Some(id) if id > 0 => Ok(Some(id)),
            _ => Err(self.error(name, "expected a positive 64-bit integer")),
        }
    }

    /// Like [`Self::optional_id`], but required.
    pub(super) fn id(&self, names: &[&str]) -> Result<i64, FieldError> {
        self.required(names, self.optional_id(names)?)
    }

    /// Reads a string of at most `longest` characters, which may be empty.
    pub(super) fn optional_text(
        &self,
        names: &[&str],
        longest: usize,
    ) -> Result<Option<String>, FieldError> {
        let Some((name, value)) = self.find(names) else {
            return Ok(None);
        };
        let Value::String(text) = value else {
            return Err(self.error(name, expected("a string", value)));
        };
        if text.contains('\0') {
            return Err(self.error(name, "expected a string without NUL characters"));
        }
        if text.len() > longest && text.chars().count() > longest {
            let reason = format!("expected at most {longest} characters");
            return Err(self.error(name, reason));
        }
        Ok(Some(text.clone()))
    }

    /// Like [`Self::optional_text`], but required.
    pub(super) fn text(&self, names: &[&str], longest: usize) -> Result<String, FieldError> {
        self.required(names, self.optional_text(names, longest)?)
    }

    /// Like [`Self::optional_text`], but treats an empty string as absent.
    pub(super) fn optional_non_empty(
        &self,
        names: &[&str],
        longest: usize,
    ) -> Result<Option<String>, FieldError> {
        let text = self.optional_text(names, longest)?;
        Ok(text.filter(|text| !text.is_empty()))
    }

    /// Reads a required string that is not blank.
    pub(super) fn non_blank(&self, names: &[&str], longest: usize) -> Result<String, FieldError> {
        let text = self.text(names, longest)?;
        if text.trim().is_empty() {
            let name = self.find(names).map(|(name, _)| name).unwrap_or_default();
            return Err(self.error(name, "expected a string that is not blank"));
        }
        Ok(text)
    }

    /// Reads a required slug. Rejects one of digits only, because the API reads those as an id.
    pub(super) fn slug(&self, names: &[&str], longest: usize) -> Result<String, FieldError> {
        let slug = self.non_blank(names, longest)?;
        if slug.bytes().all(|byte| byte.is_ascii_digit()) {
            let name = self.find(names).map(|(name, _)| name).unwrap_or_default();
            let reason = "expected a slug that is not all digits, since those are read as an id";
            return Err(self.error(name, reason));
        }
        Ok(slug)
    }

    /// Reads a required string that is one of `words`.
    pub(super) fn one_of(&self, names: &[&str], words: &[&str]) -> Result<String, FieldError> {
        let text = self.text(names, usize::MAX)?;
        if words.contains(&text.as_str()) {
            return Ok(text);
        }
        let name = self.find(names).map(|(name, _)| name).unwrap_or_default();
        Err(self.error(name, format!("expected one of `{}`", words.join("`, `"))))
    }

    /// Reads a required value of an enumeration that is stored as text.
    pub(super) fn enum_value<W>(&self, names: &[&str]) -> Result<W, FieldError>
    where
        W: ActiveEnum<Value = String> + Iterable,
    {
        let words: Vec<String> = W::iter().map(|word| word.to_value()).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let text = self.one_of(names, &words)?;
        let word = W::iter().find(|word| word.to_value() == text);
        self.required(names, word)
    }

    /// Reads a boolean, or text or a number that stands for one in CSV and databases.
    pub(super) fn optional_bool(&self, name: &str) -> Result<Option<bool>, FieldError> {
        match self.find(slice::from_ref(&name)) {
            None => Ok(None),
            Some((_, value)) => match flag(value) {
                Some(flag) => Ok(Some(flag)),
                None => Err(self.error(name, expected("a boolean", value))),
            },
        }
    }

    /// Reads an RFC 3339 timestamp with any offset. Returns it in UTC, truncated to microseconds.
    pub(super) fn optional_instant(&self, name: &str) -> Result<Option<DateTime<Utc>>, FieldError> {
        let Some((_, value)) = self.find(slice::from_ref(&name)) else {
            return Ok(None);
        };
        value
            .as_str()
            .and_then(|text| DateTime::parse_from_rfc3339(text).ok())
            // The conversion to microseconds turns a leap second into one that can be stored.
            .and_then(|instant| DateTime::from_timestamp_micros(instant.timestamp_micros()))
            .filter(|instant| (1..=9999).contains(&instant.year()))
            .map(Some)
            .ok_or_else(|| {
                let reason = "expected an RFC 3339 instant such as 2026-01-31T12:00:00Z";
                self.error(name, reason)
            })
    }

    /// Like [`Self::optional_instant`], but required.
    pub(super) fn instant(&self, name: &str) -> Result<DateTime<Utc>, FieldError> {
        self.required(&[name], self.optional_instant(name)?)
    }

    /// Returns the object in one of `names`; none if the field has an id or is absent.
    pub(super) fn nested(&self, names: &[&str]) -> Option<Object<'a>> {
        match self.find(names) {
            Some((name, Value::Object(fields))) => Some(Object {
                fields,
                path: format!("{}{name}.", self.path),
            }),
            _ => None,
        }
    }

    /// Reads an array of objects; empty if the field is absent.
    pub(super) fn objects(&self, name: &str) -> Result<Vec<Object<'a>>, FieldError> {
        let items = match self.find(slice::from_ref(&name)) {
            None => return Ok(Vec::new()),
            Some((_, Value::Array(items))) => items,
            Some((_, other)) => return Err(self.error(name, expected("an array", other))),
        };
        items
            .iter()
            .enumerate()
            .map(|(index, item)| match item {
                Value::Object(fields) => Ok(Object {
                    fields,
                    path: format!("{}{name}[{index}].", self.path),
                }),
                other => Err(self.error(&format!("{name}[{index}]"), expected("an object", other))),
            })
            .collect()
    }
}

/// Returns a number without fraction that a float represents exactly.
fn whole(number: f64) -> Option<i64> {
    const LARGEST: f64 = 9_007_199_254_740_992.0;
    let is_exact = number.fract() == 0.0 && (0.0..=LARGEST).contains(&number);
    is_exact.then_some(number as i64)
}

fn flag(value: &Value) -> Option<bool> {
    let text = match value {
        Value::Bool(flag) => return Some(*flag),
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.to_ascii_lowercase(),
        _ => return None,
    };
    match text.as_str() {
        "true" | "t" | "yes" | "y" | "1" => Some(true),
        "false" | "f" | "no" | "n" | "0" => Some(false),
        _ => None,
    }
}

fn expected(what: &str, found: &Value) -> String {
    let found = match found {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    };
    format!("expected {what}, found {found}")
}

#[cfg(test)]
mod tests;
