//! One row as a JSON object: its fields by name, checked, each error naming its field.

use std::{fmt, slice};

use chrono::{DateTime, Datelike, Utc};
use sea_orm::{ActiveEnum, Iterable};
use serde_json::{Map, Value};

/// Why a row cannot be loaded. Never holds a value of the row: it may be a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FieldError {
    /// Path of the field; empty when it is about the whole row.
    pub(super) field: String,
    /// What is wrong, and what would be right.
    pub(super) reason: String,
}

impl FieldError {
    pub(super) fn new(field: impl Into<String>, reason: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            reason: reason.into(),
        }
    }

    /// An error that is not about one field.
    pub(super) fn whole(reason: impl Into<String>) -> Self {
        Self::new("", reason)
    }
}

/// The JSON value that the text of a row is.
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
        // Its own position counts from the row's start, and would read as the file's.
        let message = error.to_string();
        let cause = message.split(" at line ").next().unwrap_or_default();
        FieldError::whole(format!("not valid JSON at byte {byte} of the row: {cause}"))
    })
}

/// An object in a row, and the path to it.
pub(super) struct Object<'a> {
    fields: &'a Map<String, Value>,
    /// What stands before a field's name: nothing, `user.`, `tags[1].`
    path: String,
}

impl<'a> Object<'a> {
    /// The row itself.
    pub(super) fn row(value: &'a Value) -> Result<Self, FieldError> {
        match value {
            Value::Object(fields) => Ok(Self {
                fields,
                path: String::new(),
            }),
            other => Err(FieldError::whole(expected("an object", other))),
        }
    }

    /// What stands before the names of this object's fields in errors.
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// An error about a field of this object.
    pub(super) fn error(&self, name: &str, reason: impl fmt::Display) -> FieldError {
        FieldError::new(format!("{}{name}", self.path), reason.to_string())
    }

    /// Whether the object has the field, if only as null.
    pub(super) fn names(&self, name: &str) -> bool {
        self.fields.contains_key(name)
    }

    /// The first of `names` that has a value.
    fn find<'n>(&self, names: &[&'n str]) -> Option<(&'n str, &'a Value)> {
        names.iter().find_map(|name| {
            let value = self.fields.get(*name)?;
            (!value.is_null()).then_some((*name, value))
        })
    }

    /// What was found, or an error that says that it must be there.
    pub(super) fn required<T>(&self, names: &[&str], found: Option<T>) -> Result<T, FieldError> {
        let name = names.first().copied().unwrap_or_default();
        found.ok_or_else(|| self.error(name, "required, and not there"))
    }

    /// A positive 64-bit integer, as a number or as decimal digits.
    pub(super) fn id_if(&self, names: &[&str]) -> Result<Option<i64>, FieldError> {
        let Some((name, value)) = self.find(names) else {
            return Ok(None);
        };
        let id = match value {
            Value::Number(number) => number.as_i64(),
            Value::String(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                digits.parse().ok()
            }
            _ => None,
        };
        match id {
            Some(id) if id > 0 => Ok(Some(id)),
            _ => Err(self.error(name, "expected a positive 64-bit integer")),
        }
    }

    /// As [`Self::id_if`], required.
    pub(super) fn id(&self, names: &[&str]) -> Result<i64, FieldError> {
        self.required(names, self.id_if(names)?)
    }

    /// Text of at most `longest` characters, which may be empty.
    pub(super) fn text_if(
        &self,
        names: &[&str],
        longest: usize,
    ) -> Result<Option<String>, FieldError> {
        let Some((name, value)) = self.find(names) else {
            return Ok(None);
        };
        let Value::String(text) = value else {
            return Err(self.error(name, expected("text", value)));
        };
        if text.contains('\0') {
            return Err(self.error(name, "expected text without NUL characters"));
        }
        if text.len() > longest && text.chars().count() > longest {
            let reason = format!("expected at most {longest} characters");
            return Err(self.error(name, reason));
        }
        Ok(Some(text.clone()))
    }

    /// As [`Self::text_if`], required; may be empty.
    pub(super) fn text(&self, names: &[&str], longest: usize) -> Result<String, FieldError> {
        self.required(names, self.text_if(names, longest)?)
    }

    /// As [`Self::text_if`], where empty text means none.
    pub(super) fn filled_if(
        &self,
        names: &[&str],
        longest: usize,
    ) -> Result<Option<String>, FieldError> {
        let text = self.text_if(names, longest)?;
        Ok(text.filter(|text| !text.is_empty()))
    }

    /// Required text that is not blank.
    pub(super) fn filled(&self, names: &[&str], longest: usize) -> Result<String, FieldError> {
        let text = self.text(names, longest)?;
        if text.trim().is_empty() {
            let name = self.find(names).map(|(name, _)| name).unwrap_or_default();
            return Err(self.error(name, "expected text that is not blank"));
        }
        Ok(text)
    }

    /// A required name in URLs. Digits alone are refused: where an id may stand, they are one.
    pub(super) fn slug(&self, names: &[&str], longest: usize) -> Result<String, FieldError> {
        let slug = self.filled(names, longest)?;
        if slug.bytes().all(|byte| byte.is_ascii_digit()) {
            let name = self.find(names).map(|(name, _)| name).unwrap_or_default();
            let reason = "expected a slug that is not digits alone: these are read as an id";
            return Err(self.error(name, reason));
        }
        Ok(slug)
    }

    /// Required text that is one of `words`.
    pub(super) fn one_of(&self, names: &[&str], words: &[&str]) -> Result<String, FieldError> {
        let text = self.text(names, usize::MAX)?;
        if words.contains(&text.as_str()) {
            return Ok(text);
        }
        let name = self.find(names).map(|(name, _)| name).unwrap_or_default();
        Err(self.error(name, format!("expected one of `{}`", words.join("`, `"))))
    }

    /// A required word of an enumeration that is stored as text.
    pub(super) fn word<W>(&self, names: &[&str]) -> Result<W, FieldError>
    where
        W: ActiveEnum<Value = String> + Iterable,
    {
        let words: Vec<String> = W::iter().map(|word| word.to_value()).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let text = self.one_of(names, &words)?;
        let word = W::iter().find(|word| word.to_value() == text);
        self.required(names, word)
    }

    /// A truth value.
    pub(super) fn flag_if(&self, name: &str) -> Result<Option<bool>, FieldError> {
        match self.find(slice::from_ref(&name)) {
            None => Ok(None),
            Some((_, Value::Bool(flag))) => Ok(Some(*flag)),
            Some((_, other)) => Err(self.error(name, expected("true or false", other))),
        }
    }

    /// An RFC 3339 instant with any offset: in UTC, cut to microseconds.
    pub(super) fn instant_if(&self, name: &str) -> Result<Option<DateTime<Utc>>, FieldError> {
        let Some((_, value)) = self.find(slice::from_ref(&name)) else {
            return Ok(None);
        };
        value
            .as_str()
            .and_then(|text| DateTime::parse_from_rfc3339(text).ok())
            // By way of microseconds, so that a leap second becomes one that can be stored.
            .and_then(|instant| DateTime::from_timestamp_micros(instant.timestamp_micros()))
            .filter(|instant| (1..=9999).contains(&instant.year()))
            .map(Some)
            .ok_or_else(|| {
                let reason = "expected an RFC 3339 instant such as 2026-01-31T12:00:00Z";
                self.error(name, reason)
            })
    }

    /// As [`Self::instant_if`], required.
    pub(super) fn instant(&self, name: &str) -> Result<DateTime<Utc>, FieldError> {
        self.required(&[name], self.instant_if(name)?)
    }

    /// The object under one of `names`; none if an id, or nothing, stands there instead.
    pub(super) fn nested(&self, names: &[&str]) -> Option<Object<'a>> {
        match self.find(names) {
            Some((name, Value::Object(fields))) => Some(Object {
                fields,
                path: format!("{}{name}.", self.path),
            }),
            _ => None,
        }
    }

    /// A list of objects; empty when there is none.
    pub(super) fn objects(&self, name: &str) -> Result<Vec<Object<'a>>, FieldError> {
        let items = match self.find(slice::from_ref(&name)) {
            None => return Ok(Vec::new()),
            Some((_, Value::Array(items))) => items,
            Some((_, other)) => return Err(self.error(name, expected("a list", other))),
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

fn expected(what: &str, found: &Value) -> String {
    let found = match found {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    };
    format!("expected {what}, found {found}")
}

#[cfg(test)]
mod tests;
