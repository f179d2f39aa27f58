//! Lists as SQL: one statement gives a page, its total and what lies beyond it, for one list or
//! for the same list of many parents at once.
//!
//! The statement has two parts. The *head* has one row a list: the total, and whether there are
//! rows beyond the bounds. The *window* has the rows of the page and one more, which tells whether
//! the list goes on. The head is joined to the window, so that an empty page still has a total.

mod of_parent;
mod statement;

use std::collections::HashMap;

use sea_orm::{
    Condition, DbErr, EntityTrait, FromQueryResult, IdenStatic, Iterable, QueryResult,
    sea_query::{Expr, Query, SelectStatement},
};

use super::{
    error::LoadError,
    page::{End, Page, Position, Slice, SortType, SortValue},
    reader::Reader,
};
use crate::access::proof::Guarded;

pub(super) use of_parent::ListOfParent;

/// The head's column that names the parent.
const PARENT_ID: &str = "parent_id";

/// A list: rows of one table, or of several that share their columns and order.
pub(super) struct Listing {
    /// Where the rows come from; usually one. A list without any is empty.
    pub(super) sources: Vec<Source>,
    /// What rows are ordered by, the last ones breaking the ties of the first.
    pub(super) order: Vec<SortType>,
}

/// One source of rows.
pub(super) struct Source {
    /// `FROM`, joins and `WHERE`; no columns yet.
    pub(super) rows: SelectStatement,
    /// The columns, under the names by which they are read back.
    pub(super) columns: Vec<(Expr, String)>,
    /// An expression for each of [`Listing::order`].
    pub(super) order: Vec<Expr>,
}

/// The rows that lists belong to.
struct Parents<'a> {
    /// Their table.
    table: &'static str,
    /// The column of the list's rows that names the parent.
    column: Expr,
    /// Keys of the parents.
    ids: &'a [i64],
}

/// The columns of `E`, under names that begin with `prefix`.
pub(super) fn columns_of<E: EntityTrait>(prefix: &str) -> Vec<(Expr, String)> {
    E::Column::iter()
        .map(|column| {
            let name = format!("{prefix}{}", column.as_str());
            (Expr::col((E::default(), column)), name)
        })
        .collect()
}

/// Reads a row that [`columns_of`] without a prefix selected, and closes it in.
pub(super) fn sealed<M: FromQueryResult>(row: &QueryResult) -> Result<Guarded<M>, DbErr> {
    M::from_query_result(row, "").map(Guarded::seal)
}

impl Listing {
    /// The rows of one table that meet `condition`.
    pub(super) fn of<E: EntityTrait>(
        condition: Condition,
        order: impl IntoIterator<Item = (Expr, SortType)>,
    ) -> Self {
        let (exprs, order) = order.into_iter().unzip();
        let source = Source {
            rows: Query::select()
                .from(E::default())
                .cond_where(condition)
                .take(),
            columns: columns_of::<E>(""),
            order: exprs,
        };
        Self {
            sources: vec![source],
            order,
        }
    }

    /// Loads a page of the list.
    pub(super) async fn page<T>(
        &self,
        reader: &Reader,
        page: &Page,
        read: impl Fn(&QueryResult) -> Result<T, DbErr>,
    ) -> Result<Slice<T>, LoadError> {
        if self.sources.is_empty() {
            return Ok(Slice::empty());
        }
        let statement = self.statement(reader.database(), page, None);
        let rows = reader.all(&statement).await?;
        self.slice(page, rows.iter(), &read)
    }

    /// Loads the page of each parent's list. Parents that do not exist are missing in the answer.
    async fn pages<T>(
        &self,
        reader: &Reader,
        page: &Page,
        parents: &Parents<'_>,
        read: impl Fn(&QueryResult) -> Result<T, DbErr>,
    ) -> Result<HashMap<i64, Slice<T>>, LoadError> {
        let statement = self.statement(reader.database(), page, Some(parents));
        let rows = reader.all(&statement).await?;
        let mut of_parent: HashMap<i64, Vec<&QueryResult>> = HashMap::new();
        for row in &rows {
            of_parent
                .entry(row.try_get("", PARENT_ID)?)
                .or_default()
                .push(row);
        }
        of_parent
            .into_iter()
            .map(|(parent, rows)| Ok((parent, self.slice(page, rows.into_iter(), &read)?)))
            .collect()
    }

    fn slice<'r, T>(
        &self,
        page: &Page,
        rows: impl Iterator<Item = &'r QueryResult>,
        read: &impl Fn(&QueryResult) -> Result<T, DbErr>,
    ) -> Result<Slice<T>, LoadError> {
        let mut slice = Slice::empty();
        let (mut beyond_after, mut beyond_before) = (false, false);
        for (index, row) in rows.enumerate() {
            if index == 0 {
                if page.with_total {
                    slice.total = row.try_get("", "total")?;
                }
                if page.with_bounds {
                    beyond_after = row.try_get("", "beyond_after")?;
                    beyond_before = row.try_get("", "beyond_before")?;
                }
            }
            if let Some(position) = self.position(row)? {
                slice.rows.push((position, read(row)?));
            }
        }
        let limit = usize::try_from(page.limit).unwrap_or(usize::MAX);
        let goes_on = slice.rows.len() > limit;
        slice.rows.truncate(limit);
        (slice.has_next, slice.has_previous) = match page.end {
            End::First => (goes_on || beyond_before, beyond_after),
            End::Last => (beyond_before, goes_on || beyond_after),
        };
        if page.end == End::Last {
            slice.rows.reverse();
        }
        Ok(slice)
    }

    /// None where the head found no row to be joined to.
    fn position(&self, row: &QueryResult) -> Result<Option<Position>, DbErr> {
        let mut values = Vec::with_capacity(self.order.len());
        for (index, kind) in self.order.iter().enumerate() {
            let name = sort_name(index);
            let value = match kind {
                SortType::Int => row.try_get::<Option<i64>>("", &name)?.map(SortValue::Int),
                SortType::Instant => row.try_get::<Option<_>>("", &name)?.map(SortValue::Instant),
                SortType::Text => row.try_get::<Option<_>>("", &name)?.map(SortValue::Text),
            };
            match value {
                Some(value) => values.push(value),
                None => return Ok(None),
            }
        }
        Ok(Some(Position(values)))
    }
}

fn sort_name(index: usize) -> String {
    format!("sort_{index}")
}
