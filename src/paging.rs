//! Pages of lists: the request for a page, and the rows that it returns.

use chrono::{DateTime, Utc};
use uuid::Uuid;

/// A value that rows are ordered by.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum SortValue {
    /// A key, or another whole number.
    Int(i64),
    /// An instant.
    Instant(DateTime<Utc>),
    /// Text, in the database's order.
    Text(String),
    /// A UUID, in the order of its bytes.
    Uuid(Uuid),
}

/// The kind of [`SortValue`] that a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SortType {
    /// [`SortValue::Int`].
    Int,
    /// [`SortValue::Instant`].
    Instant,
    /// [`SortValue::Text`].
    Text,
    /// [`SortValue::Uuid`].
    Uuid,
}

/// The position of a row in its list: its sort values, which together are unique in the list.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Position(pub Vec<SortValue>);

/// The end of the list, or of the range between `after` and `before`, from which rows are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum End {
    /// The first rows.
    First,
    /// The last rows.
    Last,
}

/// A request for a page: its rows, their order, and further facts about the list.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Page {
    /// The end from which rows are taken.
    pub end: End,
    /// Maximum number of rows.
    pub limit: u64,
    /// Number of rows to skip first. Only the contract that pages by offset sets it.
    pub skip: u64,
    /// Returns only rows after this one.
    pub after: Option<Position>,
    /// Returns only rows before this one.
    pub before: Option<Position>,
    /// Orders rows from the greatest value to the smallest.
    pub descending: bool,
    /// Counts the whole list.
    pub with_total: bool,
    /// Checks whether rows exist beyond `after` and `before`; [`Slice::has_next`] and
    /// [`Slice::has_previous`] need it.
    pub with_page_info: bool,
}

/// The rows of a page, in the list's order.
#[derive(Clone, Debug)]
pub struct Slice<T> {
    /// Each row with its position in the list.
    pub rows: Vec<(Position, T)>,
    /// True if rows follow this page. Reliable only with [`Page::with_page_info`].
    pub has_next: bool,
    /// True if rows precede this page. Reliable only with [`Page::with_page_info`].
    pub has_previous: bool,
    /// Length of the whole list; zero unless [`Page::with_total`] is set.
    pub total: i64,
}

impl<T> Slice<T> {
    /// Returns the page of an empty list.
    pub fn empty() -> Self {
        Self {
            rows: Vec::new(),
            has_next: false,
            has_previous: false,
            total: 0,
        }
    }

    /// Converts each row of the page.
    pub fn map<U>(self, mut turn: impl FnMut(T) -> U) -> Slice<U> {
        self.filter_map(|row| Some(turn(row)))
    }

    /// Converts rows of the page, and leaves out those that become none.
    pub fn filter_map<U>(self, mut turn: impl FnMut(T) -> Option<U>) -> Slice<U> {
        Slice {
            rows: self
                .rows
                .into_iter()
                .filter_map(|(position, row)| Some((position, turn(row)?)))
                .collect(),
            has_next: self.has_next,
            has_previous: self.has_previous,
            total: self.total,
        }
    }
}
