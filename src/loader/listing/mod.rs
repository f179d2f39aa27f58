//! Lists as SQL: one statement gives a page, its total and what lies beyond it, for one list or
//! for the same list of many parents at once.
//!
//! The statement has two parts. The *head* has one row a list: the total, and whether there are
//! rows beyond the bounds. The *window* has the rows of the page and one more, which tells whether
//! the list goes on. The head is joined to the window, so that an empty page still has a total.

mod of_parent;
mod statement;

use std::collections::HashMap;

use foldhash::fast::RandomState;
use sea_orm::{
    Condition, DbErr, EntityTrait, IdenStatic, Iterable, QueryResult,
    sea_query::{Expr, Query, SelectStatement},
};

use super::{columns::Columns, error::LoadError, servers::Servers};
use crate::paging::{End, Page, Position, Slice, SortType, SortValue};
pub(super) use of_parent::ListOfParent;

/// The head's column that names the parent.
const PARENT_ID: &str = "parent_id";

/// A list: rows of one table, or of several that share their columns and order.
pub(super) struct Listing {
    /// What the lists are of, for who measures them: the rows' table, or what several have in common.
    pub(super) name: &'static str,
    /// Where the rows come from; usually one. A list without any is empty.
    pub(super) sources: Vec<Source>,
    /// What rows are ordered by, the last ones breaking the ties of the first.
    pub(super) order: Vec<SortType>,
}

/// One source of rows.
pub(super) struct Source {
    /// `FROM`, joins and `WHERE`; no columns yet.
    pub(super) rows: SelectStatement,
    /// The same rows, where another statement is better at counting them than at giving a few.
    pub(super) counted: Option<SelectStatement>,
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
            counted: None,
            columns: columns_of::<E>(""),
            order: exprs,
        };
        Self {
            name: E::default().table_name(),
            sources: vec![source],
            order,
        }
    }

    /// Loads a page of the list.
    pub(super) async fn page<T>(
        &self,
        servers: &Servers,
        page: &Page,
        read: impl Fn(&mut Columns<'_>) -> Result<T, DbErr>,
    ) -> Result<Slice<T>, LoadError> {
        if self.sources.is_empty() {
            return Ok(Slice::empty());
        }
        let statement = self.statement(servers.database(), page, None);
        let rows = servers.all(&statement).await?;
        self.slice(page, rows.iter(), 0, &read)
    }

    /// Loads the page of each parent's list. Parents that do not exist are missing in the answer.
    async fn pages<T>(
        &self,
        servers: &Servers,
        page: &Page,
        parents: &Parents<'_>,
        read: impl Fn(&mut Columns<'_>) -> Result<T, DbErr>,
    ) -> Result<HashMap<i64, Slice<T>>, LoadError> {
        let statement = self.statement(servers.database(), page, Some(parents));
        let rows = servers.all(&statement).await?;
        let mut of_parent: HashMap<i64, Vec<&QueryResult>, RandomState> = HashMap::default();
        for row in &rows {
            of_parent
                .entry(Columns::from(row, 0).next()?)
                .or_default()
                .push(row);
        }
        of_parent
            .into_iter()
            .map(|(parent, rows)| Ok((parent, self.slice(page, rows.into_iter(), 1, &read)?)))
            .collect()
    }

    fn slice<'r, T>(
        &self,
        page: &Page,
        rows: impl Iterator<Item = &'r QueryResult>,
        first_column: usize,
        read: &impl Fn(&mut Columns<'_>) -> Result<T, DbErr>,
    ) -> Result<Slice<T>, LoadError> {
        let mut slice = Slice::empty();
        let (mut beyond_after, mut beyond_before) = (false, false);
        for row in rows {
            let mut columns = Columns::from(row, first_column);
            if page.with_total {
                slice.total = columns.next()?;
            }
            if page.with_bounds {
                beyond_after = columns.next()?;
                beyond_before = columns.next()?;
            }
            if let Some(position) = self.position(&mut columns)? {
                slice.rows.push((position, read(&mut columns)?));
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
    fn position(&self, columns: &mut Columns<'_>) -> Result<Option<Position>, DbErr> {
        let mut values = Vec::with_capacity(self.order.len());
        for kind in &self.order {
            let value = match kind {
                SortType::Int => columns.next::<Option<i64>>()?.map(SortValue::Int),
                SortType::Instant => columns.next::<Option<_>>()?.map(SortValue::Instant),
                SortType::Text => columns.next::<Option<_>>()?.map(SortValue::Text),
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
