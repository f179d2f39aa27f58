//! Fields that no kind of row reads. They are often misspelled, so that a value is missing.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet, HashMap},
    hash::{BuildHasher, Hash, Hasher},
};

use serde_json::Value;

/// Most edits between a field and the name that it may have been meant to be.
const MAX_EDITS: usize = 2;

/// Start of the names of fields that are remarks, or links between pages.
const COMMENT: char = '_';

/// The fields that reading a row asked for.
#[derive(Default)]
pub(super) struct Asked(RefCell<BTreeSet<String>>);

impl Asked {
    /// Records that the object at `path` was asked for these fields.
    pub(super) fn add(&self, path: &str, names: &[&str]) {
        let path = without_numbers(path);
        let mut asked = self.0.borrow_mut();
        asked.extend(names.iter().map(|name| format!("{path}{name}")));
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

/// A field that no row reads.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Unknown {
    /// Path of the field, without positions.
    pub(super) field: String,
    /// The name that it may have been meant to be.
    pub(super) nearest: Option<String>,
}

/// Finds the unknown fields of the rows of a file. Rows with the same fields are judged once.
#[derive(Default)]
pub(super) struct Judge {
    /// Unknown fields by the hash of all fields of a row.
    shapes: HashMap<u64, Vec<Unknown>>,
    hasher: foldhash::fast::RandomState,
}

impl Judge {
    /// Returns the unknown fields of a row; none if no row with its fields was judged.
    pub(super) fn known(&self, row: &Value) -> (u64, Option<&[Unknown]>) {
        let mut hasher = self.hasher.build_hasher();
        hash_fields(row, &mut hasher);
        let shape = hasher.finish();
        (shape, self.shapes.get(&shape).map(Vec::as_slice))
    }

    /// Judges the rows with the fields of `row`, by what reading it asked for.
    pub(super) fn judge(&mut self, shape: u64, row: &Value, asked: Asked) -> &[Unknown] {
        let asked = asked.0.into_inner();
        let mut found = BTreeSet::new();
        find(row, "", &asked, &mut found);
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

fn find(value: &Value, path: &str, asked: &BTreeSet<String>, found: &mut BTreeSet<Unknown>) {
    match value {
        // An object that nobody opened is ignored as a whole.
        Value::Object(fields) if is_opened(path, asked) => {
            for (name, value) in fields {
                let field = format!("{path}{name}");
                if name.starts_with(COMMENT) {
                    continue;
                }
                if asked.contains(&field) {
                    find(value, &format!("{field}."), asked, found);
                    if value.is_array() {
                        find(value, &format!("{field}[]."), asked, found);
                    }
                } else {
                    let nearest = nearest(&field, path, asked);
                    found.insert(Unknown { field, nearest });
                }
            }
        }
        Value::Array(items) => {
            items.iter().for_each(|item| find(item, path, asked, found));
        }
        _ => {}
    }
}

fn is_opened(path: &str, asked: &BTreeSet<String>) -> bool {
    let first = asked.range(path.to_owned()..).next();
    first.is_some_and(|field| field.starts_with(path))
}

/// Returns the field beside `field` with the fewest edits between them, if few.
fn nearest(field: &str, path: &str, asked: &BTreeSet<String>) -> Option<String> {
    let beside = asked.iter().filter(|other| {
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
pub(super) struct Counts(BTreeMap<Unknown, u64>);

impl Counts {
    pub(super) fn add(&mut self, unknown: &[Unknown]) {
        for field in unknown {
            *self.0.entry(field.clone()).or_default() += 1;
        }
    }

    pub(super) fn merge(&mut self, other: Self) {
        for (field, rows) in other.0 {
            *self.0.entry(field).or_default() += rows;
        }
    }

    /// Returns a note for each field.
    pub(super) fn notes(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(|(Unknown { field, nearest }, rows)| {
            let rows = match rows {
                1 => "1 row".to_owned(),
                rows => format!("{rows} rows"),
            };
            let meant = nearest
                .as_ref()
                .map(|name| format!("; did you mean `{name}`?"));
            format!(
                "unknown field `{field}` in {rows}{}",
                meant.unwrap_or_default()
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Asked, Counts, Judge};

    #[test]
    fn fields_that_nobody_asked_for_are_found_at_any_depth() {
        let row = json!({ "id": 1, "emial": "x", "_links": { "self": "y" }, "links": { "self": "y" },
            "tags": [{ "id": 2 }, { "nmae": "z" }], "user": { "id": 3, "zodiac": "lion" } });
        let asked = Asked::default();
        asked.add("", &["id", "email", "links", "tags", "user"]);
        asked.add("tags[0].", &["id", "name"]);
        asked.add("user.", &["id"]);
        let mut judge = Judge::default();
        let (shape, known) = judge.known(&row);
        assert_eq!(known, None);
        let unknown = judge.judge(shape, &row, asked).to_vec();
        let mut counts = Counts::default();
        counts.add(&unknown);
        counts.add(judge.known(&row).1.expect("judged before"));
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
