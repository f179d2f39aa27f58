//! Keys that several rows of a file have. Later rows override earlier ones, whose content is then
//! lost.

use std::{
    collections::{HashMap, hash_map::Entry},
    hash::{BuildHasher, Hash},
};

use super::{
    note::rows_that,
    upsert::{Mode, Table, Upsert},
};

/// The keys of a file, and a hash of the row that has each.
#[derive(Default)]
pub(super) struct Keys {
    rows: HashMap<u64, u64>,
    hasher: foldhash::fast::RandomState,
}

impl Keys {
    /// Returns the hash of a row's content.
    pub(super) fn hash(&self, content: &[u8]) -> u64 {
        self.hasher.hash_one(content)
    }

    /// Records the key of a row. Returns true if an earlier row with other content has it.
    pub(super) fn add(&mut self, key: impl Hash, content: u64) -> bool {
        match self.rows.entry(self.hasher.hash_one(key)) {
            Entry::Occupied(mut earlier) => earlier.insert(content) != content,
            Entry::Vacant(free) => {
                free.insert(content);
                false
            }
        }
    }

    /// Records the keys of a row's own rows of a table, not of those that it only creates. Returns true if an
    /// earlier row with other content has one of them.
    pub(super) fn add_all<E: Table>(&mut self, upserts: &[Upsert<E>], content: u64) -> bool {
        let table = E::default();
        let own = upserts.iter().filter(|row| row.mode != Mode::Create);
        // Each is recorded, also after a repetition.
        let repeated = own.filter(|row| self.add((table.table_name(), row.key()), content));
        repeated.count() > 0
    }
}

/// Returns the note on rows that repeat a key.
pub(super) fn note(repeated: u64) -> Option<String> {
    (repeated > 0).then(|| {
        let rows = rows_that(repeated, "repeats", "repeat");
        format!(
            "{rows} the key of an earlier row with other content; its fields override the earlier ones"
        )
    })
}
