//! Sources with ids of their own: text such as `user_2abc`, or numbers that other sources use, too.
//!
//! While a row is checked, a negative number stands for such an id. `resolve` replaces it by the id in the
//! database, before the row is written.

use std::{
    cell::RefCell,
    collections::{HashMap, hash_map::Entry},
    hash::BuildHasher,
    mem,
    str::FromStr,
};

use serde_json::Value;

use super::{Kind, invisible::is_invisible, row};

/// Maximum length of the name of a source.
const MAX_NAME: usize = 64;

/// Maximum length of an id, in characters.
const MAX_ID: usize = 255;

/// Name of a source with ids of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source(String);

impl Source {
    /// Returns the name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Source {
    type Err = &'static str;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        if name.is_empty() || name.len() > MAX_NAME || !name.bytes().all(is_allowed) {
            return Err("expected 1 to 64 letters, digits, `-`, `_` or `.`, such as `clerk`");
        }
        Ok(Self(name.to_owned()))
    }
}

/// An id that rows of a file state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ExternalId {
    pub(super) kind: Kind,
    pub(super) text: String,
}

/// The ids that the rows of a chunk state, by the numbers that stand for them. An id has the same number in
/// all rows of a file.
#[derive(Debug, Default)]
pub(super) struct StatedIds {
    ids: RefCell<HashMap<i64, ExternalId>>,
    hasher: foldhash::fast::RandomState,
}

impl StatedIds {
    /// Returns the number that stands for an id.
    fn add(&self, kind: Kind, text: String) -> i64 {
        let mut number = self.hasher.hash_one((kind, &text)).cast_signed() | i64::MIN;
        let id = ExternalId { kind, text };
        let mut ids = self.ids.borrow_mut();
        loop {
            match ids.entry(number) {
                Entry::Vacant(free) => {
                    free.insert(id);
                    return number;
                }
                Entry::Occupied(same) if *same.get() == id => return number,
                Entry::Occupied(_) => number = number.wrapping_add(1) | i64::MIN,
            }
        }
    }

    /// Returns the ids that were added since the last call.
    pub(super) fn take(&self) -> HashMap<i64, ExternalId> {
        mem::take(&mut self.ids.borrow_mut())
    }
}

/// Reads the ids in an object of a kind.
#[derive(Clone, Copy)]
pub(super) struct IdReader<'a> {
    pub(super) kind: Kind,
    pub(super) ids: &'a StatedIds,
}

impl IdReader<'_> {
    /// Returns the number that stands for the id in a field.
    ///
    /// # Errors
    /// The value is no id. The error is the reason.
    pub(super) fn read(self, field: &str, value: &Value) -> Result<i64, String> {
        const EXPECTED: &str = "expected the source's id: a string or a 64-bit integer";
        let kind = self.kind.of_id(field).ok_or(EXPECTED)?;
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Number(number) if number.is_u64() => number.to_string(),
            value => row::integer(value).ok_or(EXPECTED)?.to_string(),
        };
        let is_valid = !text.trim().is_empty()
            && text.chars().count() <= MAX_ID
            && !text.chars().any(is_invisible);
        if !is_valid {
            return Err(format!(
                "expected an id of 1 to {MAX_ID} characters, not blank and without invisible ones"
            ));
        }
        Ok(self.ids.add(kind, text))
    }

    /// Returns the reader of an object inside this one.
    pub(super) fn inside(self, field: &str) -> Option<Self> {
        let kind = self.kind.of_id(field)?;
        Some(Self { kind, ..self })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_source_has_a_short_plain_name() {
        for name in ["clerk", "WorkOS", "auth0.eu-1", "a_b"] {
            assert_eq!(name.parse::<Source>().unwrap().as_str(), name);
        }
        for name in ["", "a b", "ä", "a/b", &"x".repeat(65)] {
            assert!(name.parse::<Source>().is_err(), "{name}");
        }
    }

    #[test]
    fn ids_are_text_and_whole_numbers() {
        let ids = StatedIds::default();
        let reader = IdReader {
            kind: Kind::Users,
            ids: &ids,
        };
        for value in [
            "\"user_2abc\"",
            "7",
            "\"7\"",
            "-7",
            "7.0",
            "18446744073709551615",
            "\"a b\"",
        ] {
            let value: Value = serde_json::from_str(value).unwrap();
            assert!(reader.read("id", &value).unwrap() < 0, "{value}");
        }
        let texts: HashSet<_> = ids.take().into_values().map(|id| id.text).collect();
        let expected = ["user_2abc", "7", "-7", "18446744073709551615", "a b"];
        assert_eq!(texts, expected.map(str::to_owned).into());
        for value in [
            "\"\"",
            "\" \"",
            "\"a\\u0000\"",
            "\"a\\u200b\"",
            "1.5",
            "1e30",
            "true",
            "[]",
            "{}",
        ] {
            let value: Value = serde_json::from_str(value).unwrap();
            reader.read("id", &value).unwrap_err();
        }
        reader.read("id", &"é".repeat(255).into()).unwrap();
        reader.read("id", &"é".repeat(256).into()).unwrap_err();
    }

    #[test]
    fn a_number_stands_for_the_same_id_in_all_chunks() {
        let ids = StatedIds::default();
        let user = ids.add(Kind::Users, "1".to_owned());
        assert_ne!(ids.add(Kind::Groups, "1".to_owned()), user);
        assert_eq!(ids.take().len(), 2);
        assert_eq!(ids.add(Kind::Users, "1".to_owned()), user);
    }
}
