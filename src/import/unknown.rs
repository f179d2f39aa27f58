//! Unknown fields: those that the kind of a file does not read. They are often misspelled, so that a value is
//! missing.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet, HashMap},
    hash::{BuildHasher, Hash, Hasher},
};

use serde_json::Value;

use super::note;

/// Maximum of edits between an unknown field and the known name that a note suggests.
const MAX_EDITS: usize = 2;

/// Maximum of shapes that are remembered.
const MAX_SHAPES: usize = 1000;

/// Maximum of unknown fields that are counted by name.
const MAX_NOTES: usize = 50;

/// Start of the names of fields that are ignored: remarks, and links such as `_links`.
const COMMENT: char = '_';

/// The fields that a row may have: those that its kind reads or ignores.
#[derive(Default)]
pub(super) struct KnownFields(RefCell<BTreeSet<String>>);

impl KnownFields {
    /// Records fields of the object at `path`.
    pub(super) fn add(&self, path: &str, names: &[&str]) {
        let path = without_numbers(path);
        let mut known = self.0.borrow_mut();
        known.extend(names.iter().map(|name| format!("{path}{name}")));
    }

    /// Returns the paths of the fields, without positions.
    pub(super) fn into_names(self) -> BTreeSet<String> {
        self.0.into_inner()
    }
}

/// Replaces the positions of arrays in a path: `tags[1].` gives `tags[].`
fn without_numbers(path: &str) -> String {
    let mut is_in = false;
    let keeps = |c: &char| {
        is_in = match c {
            '[' => true,
            ']' => false,
            _ => is_in,
        };
        !is_in || *c == '['
    };
    path.chars().filter(keeps).collect()
}

/// An unknown field.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Unknown {
    /// Path of the field, without positions.
    pub(super) field: String,
    /// The known name that it resembles.
    pub(super) nearest: Option<String>,
}

/// Finds the unknown fields of the rows of a file, once for all rows of the same shape.
#[derive(Default)]
pub(super) struct UnknownFields {
    /// Unknown fields by shape: the hash of all fields of a row.
    shapes: HashMap<u64, Vec<Unknown>>,
    hasher: foldhash::fast::RandomState,
}

impl UnknownFields {
    /// Returns the shape of a row, and its unknown fields if an earlier row had the same shape.
    pub(super) fn look_up(&self, row: &Value) -> (u64, Option<&[Unknown]>) {
        let mut hasher = self.hasher.build_hasher();
        hash_fields(row, &mut hasher);
        let shape = hasher.finish();
        (shape, self.shapes.get(&shape).map(Vec::as_slice))
    }

    /// Finds the unknown fields of rows of this shape: those of `row` that are not `known`.
    pub(super) fn find(&mut self, shape: u64, row: &Value, known: KnownFields) -> &[Unknown] {
        let known = known.into_names();
        let mut found = BTreeSet::new();
        find(row, "", &known, &mut found);
        if self.shapes.len() == MAX_SHAPES {
            self.shapes.clear();
        }
        self.shapes
            .entry(shape)
            .or_insert(found.into_iter().collect())
    }
}

fn hash_fields(value: &Value, hasher: &mut impl Hasher) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                name.hash(hasher);
                hash_fields(value, hasher);
            }
            1_u8.hash(hasher);
        }
        Value::Array(items) => items.iter().for_each(|item| hash_fields(item, hasher)),
        _ => 0_u8.hash(hasher),
    }
}

fn find(value: &Value, path: &str, known: &BTreeSet<String>, found: &mut BTreeSet<Unknown>) {
    match value {
        // An object none of whose fields is known is ignored as a whole.
        Value::Object(fields) if has_known_fields(path, known) => {
            for (name, value) in fields {
                let field = format!("{path}{name}");
                if name.starts_with(COMMENT) {
                    continue;
                }
                if !is_name(name) {
                    found.insert(Unknown {
                        field: format!("{path}…"),
                        nearest: None,
                    });
                } else if known.contains(&field) {
                    find(value, &format!("{field}."), known, found);
                    if value.is_array() {
                        find(value, &format!("{field}[]."), known, found);
                    }
                } else {
                    let nearest = nearest(&field, path, known);
                    found.insert(Unknown { field, nearest });
                }
            }
        }
        Value::Array(items) => {
            items.iter().for_each(|item| find(item, path, known, found));
        }
        _ => {}
    }
}

/// Maximum length of a name.
const MAX_NAME: usize = 64;

/// Returns true for text that may be the name of a field. Other text may be an address or a token, which
/// notes must not show.
fn is_name(text: &str) -> bool {
    text.len() <= MAX_NAME
        && text
            .chars()
            .all(|c| c.is_alphanumeric() || "_- .".contains(c))
}

fn has_known_fields(path: &str, known: &BTreeSet<String>) -> bool {
    let first = known.range(path.to_owned()..).next();
    first.is_some_and(|field| field.starts_with(path))
}

/// Returns the known field of the same object that is the fewest edits away from `field`, if they are few.
fn nearest(field: &str, path: &str, known: &BTreeSet<String>) -> Option<String> {
    let beside = known.iter().filter(|other| {
        let rest = other.strip_prefix(path);
        rest.is_some_and(|rest| !rest.contains(['.', '[']))
    });
    let by_edits = beside.map(|other| (strsim::damerau_levenshtein(field, other), other));
    let (edits, nearest) = by_edits.min()?;
    let few = MAX_EDITS.min((field.len() - path.len()) / 2);
    (edits <= few).then(|| nearest.clone())
}

/// Unknown fields, and the rows that have each.
#[derive(Clone, Debug, Default)]
pub(super) struct Counts {
    fields: BTreeMap<Unknown, u64>,
    /// Occurrences of further fields.
    others: u64,
}

impl Counts {
    pub(super) fn add(&mut self, unknown: &[Unknown]) {
        unknown
            .iter()
            .for_each(|field| self.count(field.clone(), 1));
    }

    pub(super) fn merge(&mut self, other: Self) {
        self.others += other.others;
        for (field, rows) in other.fields {
            self.count(field, rows);
        }
    }

    fn count(&mut self, field: Unknown, rows: u64) {
        let is_full = self.fields.len() == MAX_NOTES;
        match self.fields.get_mut(&field) {
            Some(counted) => *counted += rows,
            None if is_full => self.others += rows,
            None => {
                self.fields.insert(field, rows);
            }
        }
    }

    /// Returns a note for each field, and one for all others.
    pub(super) fn notes(&self) -> impl Iterator<Item = String> {
        let others =
            (self.others > 0).then(|| format!("further unknown fields, {} times", self.others));
        let notes = self
            .fields
            .iter()
            .map(|(Unknown { field, nearest }, rows)| {
                let rows = note::rows(*rows);
                let meant = nearest
                    .as_ref()
                    .map(|name| format!("; did you mean `{name}`?"));
                format!(
                    "unknown field `{field}` in {rows}{}",
                    meant.unwrap_or_default()
                )
            });
        notes.chain(others)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Counts, KnownFields, UnknownFields};

    #[test]
    fn unknown_fields_are_found_at_any_depth() {
        let row = json!({ "id": 1, "emial": "x", "_links": { "self": "y" }, "links": { "self": "y" },
            "tags": [{ "id": 2 }, { "nmae": "z" }], "user": { "id": 3, "zodiac": "lion" } });
        let known = KnownFields::default();
        known.add("", &["id", "email", "links", "tags", "user"]);
        known.add("tags[0].", &["id", "name"]);
        known.add("user.", &["id"]);
        let mut fields = UnknownFields::default();
        let (shape, found) = fields.look_up(&row);
        assert_eq!(found, None);
        let unknown = fields.find(shape, &row, known).to_vec();
        let mut counts = Counts::default();
        counts.add(&unknown);
        counts.add(fields.look_up(&row).1.expect("a shape seen before"));
        assert_eq!(
            counts.notes().collect::<Vec<_>>(),
            [
                "unknown field `emial` in 2 rows; did you mean `email`?",
                "unknown field `tags[].nmae` in 2 rows; did you mean `tags[].name`?",
                "unknown field `user.zodiac` in 2 rows",
            ]
        );
    }
}
