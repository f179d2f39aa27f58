//! A page of a list: what is asked for, and what comes back.

use chrono::{DateTime, Utc};
use sea_orm::Value;

/// One of the values that rows are ordered by.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum SortValue {
    /// A key, or another whole number.
    Int(i64),
    /// An instant.
    Instant(DateTime<Utc>),
    /// Text, in the database's order.
    Text(String),
}

impl From<SortValue> for Value {
    fn from(value: SortValue) -> Self {
        match value {
            SortValue::Int(value) => value.into(),
            SortValue::Instant(value) => value.into(),
            SortValue::Text(value) => value.into(),
        }
    }
}

/// What kind of [`SortValue`] a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SortType {
    /// [`SortValue::Int`].
    Int,
    /// [`SortValue::Instant`].
    Instant,
    /// [`SortValue::Text`].
    Text,
}

/// Where a row stands in its list: the values that it is ordered by, which no other row shares.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Position(pub Vec<SortValue>);

/// From which end of the list (or of the stretch between `after` and `before`) rows are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum End {
    /// The first rows.
    First,
    /// The last rows.
    Last,
}

/// Which rows of a list are wanted, in which order, and what else is asked about the list.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Page {
    /// From which end rows are taken.
    pub end: End,
    /// How many rows at most.
    pub limit: u64,
    /// How many rows to pass over first: only for the contract that pages by offset.
    pub skip: u64,
    /// Only rows behind this one.
    pub after: Option<Position>,
    /// Only rows ahead of this one.
    pub before: Option<Position>,
    /// Whether the greatest come first.
    pub descending: bool,
    /// Whether to count the whole list.
    pub with_total: bool,
    /// Whether to look beyond `after` and `before`.
    pub with_bounds: bool,
}

/// The rows of a page, in the list's order.
#[derive(Clone, Debug)]
pub struct Slice<T> {
    /// Each row with its place in the list.
    pub rows: Vec<(Position, T)>,
    /// Whether the list goes on behind the last row.
    pub has_next: bool,
    /// Whether the list has rows ahead of the first row.
    pub has_previous: bool,
    /// Length of the whole list; zero when [`Page::with_total`] did not ask for it.
    pub total: i64,
}

impl<T> Slice<T> {
    /// A page of a list without rows.
    pub fn empty() -> Self {
        Self {
            rows: Vec::new(),
            has_next: false,
            has_previous: false,
            total: 0,
        }
    }

    /// The same page with each row turned into something else.
    pub fn map<U>(self, mut turn: impl FnMut(T) -> U) -> Slice<U> {
        Slice {
            rows: self
                .rows
                .into_iter()
                .map(|(position, row)| (position, turn(row)))
                .collect(),
            has_next: self.has_next,
            has_previous: self.has_previous,
            total: self.total,
        }
    }
}
