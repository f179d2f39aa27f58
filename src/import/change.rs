//! Changes of an import to the rows of its kind.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use sea_orm::IdenStatic;

use super::{event::NewEvent, upsert::Table};

/// The values of a row's key.
pub(super) type Key = Vec<i64>;

/// A change of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Inserted.
    New,
    /// Updated.
    Changed,
    /// Deleted, ended or cancelled.
    Withdrawn,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::New => "new",
            Self::Changed => "changed",
            Self::Withdrawn => "withdrawn",
        })
    }
}

/// Effects of writes.
#[derive(Debug, Default)]
pub(super) struct Effects {
    /// Rows whose name another row took.
    pub(super) names_taken: u64,
    /// Keys of the rows of the kind, also of unchanged ones.
    pub(super) own: BTreeSet<Key>,
    /// Rows of the kind that changed.
    pub(super) changes: BTreeMap<Key, Change>,
    /// Events to append, if the import appends any.
    pub(super) events: Vec<NewEvent>,
}

impl Effects {
    /// Records a change. The last state counts: a new row that changes remains new, and one that is withdrawn
    /// and written again has changed.
    pub(super) fn record(&mut self, key: Key, change: Change) {
        let earlier = self.changes.entry(key).or_insert(change);
        *earlier = match (*earlier, change) {
            (Change::New, Change::Changed) => Change::New,
            (Change::Withdrawn, Change::New | Change::Changed) => Change::Changed,
            (_, last) => last,
        };
    }

    /// Adds the effects of later writes.
    pub(super) fn add(&mut self, later: Self) {
        self.names_taken += later.names_taken;
        self.own.extend(later.own);
        self.events.extend(later.events);
        for (key, change) in later.changes {
            self.record(key, change);
        }
    }
}

/// Returns the values of a key with the names of their columns.
pub(super) fn key_columns<E: Table>(key: &Key) -> Vec<(&'static str, i64)> {
    let columns = E::KEY.iter().map(IdenStatic::as_str);
    columns.zip(key.iter().copied()).collect()
}
