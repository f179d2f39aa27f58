//! Checked access to the fields of a row. Each error names its field.

use std::{fmt, slice};

use chrono::{DateTime, Datelike, Utc};
use email_address::EmailAddress;
use sea_orm::{
    ActiveEnum, ActiveValue,
    ActiveValue::{Set, Unchanged},
    Iterable, Value as Stored,
};
use serde_json::{Map, Value};
use unicode_normalization::UnicodeNormalization;
use url::Url;

use super::{
    Kind,
    invisible::is_invisible,
    source::{IdReader, StatedIds},
    unknown::KnownFields,
};
use crate::email;

/// Maximum length of an e-mail address. RFC 5321 allows 254 bytes; the column is indexed.
const MAX_EMAIL: usize = 320;

/// Largest id of a source. The gateway numbers its own rows from the largest one on.
const MAX_ID: i64 = 9_000_000_000_000_000_000;

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
    /// Collects the fields that the row's kind knows.
    known: Option<&'a KnownFields>,
    /// Reads ids if the source has its own.
    ids: Option<IdReader<'a>>,
}

impl<'a> Object<'a> {
    /// Returns the row itself.
    ///
    /// # Errors
    /// If the row is not an object.
    pub(super) fn row(
        value: &'a Value,
        known: Option<&'a KnownFields>,
    ) -> Result<Self, FieldError> {
        match value {
            Value::Object(fields) => Ok(Self {
                fields,
                path: String::new(),
                known,
                ids: None,
            }),
            other => Err(FieldError::whole(expected("an object", other))),
        }
    }

    /// Reads the ids of a row of a kind as its source's own, and adds them to `ids`.
    pub(super) fn with_ids(self, kind: Kind, ids: &'a StatedIds) -> Self {
        Self {
            ids: Some(IdReader { kind, ids }),
            ..self
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

    /// Records fields that are known, whether or not they are read.
    pub(super) fn ignore(&self, names: &[&str]) {
        if let Some(known) = self.known {
            known.add(&self.path, names);
        }
    }

    /// Returns true if the object has the field, even if it is null.
    pub(super) fn contains(&self, name: &str) -> bool {
        self.ignore(&[name]);
        self.fields.contains_key(name)
    }

    /// Returns the column of an optional field, read as `value`. If the object has none of the fields, the
    /// column of a stored row stays as it is. A new row gets `default`, as does a stored one by null.
    pub(super) fn column<V: Into<Stored>>(
        &self,
        names: &[&str],
        value: Option<V>,
        default: V,
    ) -> ActiveValue<V> {
        match value {
            Some(value) => Set(value),
            None if names.iter().any(|name| self.contains(name)) => Set(default),
            None => Unchanged(default),
        }
    }

    /// Like [`Self::column`], of a column that may be null.
    pub(super) fn nullable<V>(&self, names: &[&str], value: Option<V>) -> ActiveValue<Option<V>>
    where
        Option<V>: Into<Stored>,
    {
        self.column(names, value.map(Some), None)
    }

    /// Returns the first of `names` whose value is not null.
    fn find<'n>(&self, names: &[&'n str]) -> Option<(&'n str, &'a Value)> {
        self.ignore(names);
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

    /// Reads an id: a positive 64-bit integer, as a number or as decimal digits, or an id of the source.
    pub(super) fn optional_id(&self, names: &[&str]) -> Result<Option<i64>, FieldError> {
        let Some((name, value)) = self.find(names) else {
            return Ok(None);
        };
        self.read_id(name, value)
            .map(Some)
            .map_err(|reason| self.error(name, reason))
    }

    fn read_id(&self, name: &str, value: &Value) -> Result<i64, String> {
        match self.ids {
            Some(ids) => ids.read(name, value),
            None => id(value),
        }
    }

    /// Like [`Self::optional_id`], but required.
    pub(super) fn id(&self, names: &[&str]) -> Result<i64, FieldError> {
        self.required(names, self.optional_id(names)?)
    }

    /// Reads a number of times, as a number or as decimal digits.
    pub(super) fn optional_count(&self, name: &str) -> Result<Option<i32>, FieldError> {
        let Some((_, value)) = self.find(slice::from_ref(&name)) else {
            return Ok(None);
        };
        let count = integer(value).and_then(|count| i32::try_from(count).ok());
        match count {
            Some(count) if count >= 0 => Ok(Some(count)),
            _ => Err(self.error(name, "expected a 32-bit integer of at least 0")),
        }
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

    /// Reads text that identifies a row to people, such as a username: without invisible characters, by which
    /// two could look the same.
    pub(super) fn identifier(&self, names: &[&str], longest: usize) -> Result<String, FieldError> {
        let text = self.non_blank(names, longest)?;
        self.check_visible(names, &text)?;
        Ok(text)
    }

    /// Reads a code that people type: an identifier without blanks around it, in the normal form of look-ups.
    pub(super) fn code(&self, names: &[&str], longest: usize) -> Result<String, FieldError> {
        let text = self.non_blank(names, longest)?;
        let code: String = text.trim().nfc().collect();
        self.check_visible(names, &code)?;
        if code.chars().count() > longest {
            // Some characters have a longer normal form.
            let name = self.find(names).map(|(name, _)| name).unwrap_or_default();
            return Err(self.error(name, format!("expected at most {longest} characters")));
        }
        Ok(code)
    }

    /// Like [`Self::identifier`], but treats an empty string as absent.
    pub(super) fn optional_identifier(
        &self,
        names: &[&str],
        longest: usize,
    ) -> Result<Option<String>, FieldError> {
        let text = self.optional_non_empty(names, longest)?;
        if let Some(text) = &text {
            self.check_visible(names, text)?;
        }
        Ok(text)
    }

    fn check_visible(&self, names: &[&str], text: &str) -> Result<(), FieldError> {
        if !text.chars().any(is_invisible) {
            return Ok(());
        }
        let name = self.find(names).map(|(name, _)| name).unwrap_or_default();
        Err(self.error(name, "expected text without invisible characters"))
    }

    /// Reads a required slug. Rejects one of digits only, because the API reads those as an id.
    pub(super) fn slug(&self, names: &[&str], longest: usize) -> Result<String, FieldError> {
        let slug = self.identifier(names, longest)?;
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
        let text = text.trim();
        let mut equal = words.iter().filter(|word| word.eq_ignore_ascii_case(text));
        if let Some(word) = equal.next() {
            return Ok((*word).to_owned());
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

    /// Reads a boolean, or a word or number that CSV and databases have in its place.
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

    /// Returns true if the row states that the source has deleted its object.
    pub(super) fn is_withdrawn(&self) -> Result<bool, FieldError> {
        Ok(self.optional_bool("deleted")?.unwrap_or_default())
    }

    /// Reads the time of deletion. `"deleted": false` restores, as null does.
    pub(super) fn deleted_at(&self) -> Result<ActiveValue<Option<DateTime<Utc>>>, FieldError> {
        const NAMES: &[&str] = &["deleted_at", "deleted"];
        Ok(self.nullable(NAMES, self.optional_instant("deleted_at")?))
    }

    /// Reads one e-mail address, without invisible characters. An empty string counts as absent.
    pub(super) fn optional_address(&self, names: &[&str]) -> Result<Option<String>, FieldError> {
        let Some(address) = self.optional_non_empty(names, MAX_EMAIL)? else {
            return Ok(None);
        };
        let address = address.trim_matches(|c: char| c.is_ascii_whitespace());
        let is_address = EmailAddress::is_valid(address)
            && email::normalize(address).is_some()
            && !address.chars().any(is_invisible);
        if is_address {
            return Ok(Some(address.to_owned()));
        }
        let name = self.find(names).map(|(name, _)| name).unwrap_or_default();
        let reason = "expected one e-mail address such as name@example.com";
        Err(self.error(name, reason))
    }

    /// Reads an absolute URL of a web page or picture. An empty string counts as absent.
    pub(super) fn optional_url(&self, names: &[&str]) -> Result<Option<String>, FieldError> {
        let Some(text) = self.optional_non_empty(names, usize::MAX)? else {
            return Ok(None);
        };
        let parsed = Url::parse(&text).ok();
        let is_web = parsed.is_some_and(|url| {
            matches!(url.scheme(), "http" | "https") && url.host_str().is_some()
        });
        if is_web && !text.contains(|c: char| c.is_whitespace() || c.is_control()) {
            return Ok(Some(text));
        }
        let name = self.find(names).map(|(name, _)| name).unwrap_or_default();
        let reason = "expected an absolute URL such as https://example.com/";
        Err(self.error(name, reason))
    }

    /// Like [`Self::optional_url`], in a row of another kind: none for other text.
    pub(super) fn nested_url(&self, names: &[&str]) -> Result<Option<String>, FieldError> {
        let text = self.optional_non_empty(names, usize::MAX)?;
        Ok(text.and_then(|_| self.optional_url(names).ok().flatten()))
    }

    /// Like [`Self::optional_address`], in a row of another kind: none for other text.
    pub(super) fn nested_address(&self, names: &[&str]) -> Result<Option<String>, FieldError> {
        let text = self.optional_non_empty(names, usize::MAX)?;
        Ok(text.and_then(|_| self.optional_address(names).ok().flatten()))
    }

    /// Returns the object in one of `names`; none if the field has an id or is absent.
    pub(super) fn nested(&self, names: &[&str]) -> Option<Object<'a>> {
        match self.find(names) {
            Some((name, Value::Object(fields))) => Some(Object {
                fields,
                path: format!("{}{name}.", self.path),
                known: self.known,
                ids: self.ids.and_then(|ids| ids.inside(name)),
            }),
            _ => None,
        }
    }

    /// Reads an array of objects; empty if the field is absent.
    pub(super) fn objects(&self, name: &str) -> Result<Vec<Object<'a>>, FieldError> {
        self.items(name, |index, item| match item {
            Value::Object(fields) => Ok(Object {
                fields,
                path: format!("{}{name}[{index}].", self.path),
                known: self.known,
                ids: self.ids.and_then(|ids| ids.inside(name)),
            }),
            other => Err(expected("an object", other)),
        })
    }

    /// Reads an array of ids; empty if the field is absent.
    pub(super) fn ids(&self, name: &str) -> Result<Vec<i64>, FieldError> {
        self.items(name, |_, item| self.read_id(name, item))
    }

    /// Reads an array of SHA-256 hashes in hex digits; empty if the field is absent.
    pub(super) fn hashes(&self, name: &str) -> Result<Vec<Vec<u8>>, FieldError> {
        self.items(name, |_, item| {
            let hash = item.as_str().filter(|text| text.len() == 2 * HASH);
            hash.and_then(bytes)
                .ok_or_else(|| format!("expected {} hex digits", 2 * HASH))
        })
    }

    /// Reads the items of an array, each by `read`; none if the field is absent.
    fn items<T>(
        &self,
        name: &str,
        read: impl Fn(usize, &'a Value) -> Result<T, String>,
    ) -> Result<Vec<T>, FieldError> {
        let items = match self.find(slice::from_ref(&name)) {
            None => return Ok(Vec::new()),
            Some((_, Value::Array(items))) => items,
            Some((_, other)) => return Err(self.error(name, expected("an array", other))),
        };
        let read = |(index, item)| {
            let error = |reason| self.error(&format!("{name}[{index}]"), reason);
            read(index, item).map_err(error)
        };
        items.iter().enumerate().map(read).collect()
    }
}

/// Bytes of a SHA-256 hash.
const HASH: usize = 32;

/// Returns the bytes that hex digits stand for.
fn bytes(digits: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let pairs = digits.as_bytes().chunks_exact(2);
    pairs
        .map(|pair| u8::try_from(digit(pair[0])? * 16 + digit(pair[1])?).ok())
        .collect()
}

/// Returns a positive id.
fn id(value: &Value) -> Result<i64, String> {
    match integer(value) {
        Some(id) if id > MAX_ID => Err(format!("expected an id of at most {MAX_ID}")),
        Some(id) if id > 0 => Ok(id),
        _ => Err("expected a positive 64-bit integer".to_owned()),
    }
}

/// Returns an integer that is a number or decimal digits.
pub(super) fn integer(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64().or_else(|| whole(number.as_f64()?)),
        Value::String(text) => {
            // `7.0` is how data frames write 7 in a column that also has empty cells.
            let digits = text.strip_suffix(".0").unwrap_or(text);
            let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
            is_number.then(|| digits.parse().ok()).flatten()
        }
        _ => None,
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
