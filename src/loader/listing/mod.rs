//! Lists as SQL. One statement returns a page, its total, and if the list continues, for one list
//! or for the same list of many parents.
//!
//! The statement has two parts. The *head* has one row for each list: the total, and flags for rows
//! beyond the bounds. The *window* has the rows of the page and one more, which shows that the list
//! continues. The head is joined to the window, so that an empty page still has a total.

mod of_parent;
mod statement;

use std::{collections::HashMap, sync::Arc};

use foldhash::fast::RandomState;
use sea_orm::{
    Condition, DbErr, EntityTrait, ExprTrait, IdenStatic, Iterable, QueryResult,
    sea_query::{DynIden, Expr, IntoColumnRef, IntoIden, Query, SelectStatement},
};

use super::{columns::Columns, error::LoadError, read_router::ReadRouter, scope::ParentColumn};
use crate::paging::{End, Page, Position, Slice, SortType, SortValue};
pub(super) use of_parent::ListOfParent;

/// The window.
pub(super) const PAGE: &str = "page";

/// The head's column that names the parent.
const PARENT_ID: &str = "parent_id";

/// A list: rows of one table, or of several that share their columns and order.
pub(super) struct Listing {
    /// Name of the lists in metrics: the table of the rows, or a common name of several.
    pub(super) name: &'static str,
    /// Sources of the rows; usually one. A list without sources is empty.
    pub(super) sources: Vec<Source>,
    /// Types of the values that rows are ordered by. Later ones break ties.
    pub(super) order: Vec<SortType>,
    /// Tables whose rows are read instead of the sources' columns. Only the rows of the page are joined to
    /// them: not those that are filtered, ordered or counted, which an index may have.
    pub(super) joined: Vec<Joined>,
}

/// A table that is joined to [`PAGE`], or to a table joined before.
pub(super) struct Joined {
    table: DynIden,
    on: Expr,
    columns: Vec<Expr>,
}

impl Joined {
    /// Joins the row of `E` whose key is `id`.
    pub(super) fn new<E: EntityTrait>(key: E::Column, id: impl IntoColumnRef) -> Self {
        let column = |column| Expr::col((E::default(), column));
        Self {
            table: E::default().into_iden(),
            on: column(key).equals(id),
            columns: E::Column::iter().map(column).collect(),
        }
    }
}

/// Condition: a row belongs to the parent whose columns the argument returns.
pub(super) type OfParent = Arc<dyn Fn(ParentColumn<'_>) -> Expr + Send + Sync>;

/// One source of rows.
pub(super) struct Source {
    /// `FROM`, joins and `WHERE`; no columns yet.
    pub(super) rows: SelectStatement,
    /// The same rows for counting, if another statement counts them faster.
    pub(super) counted: Option<SelectStatement>,
    /// The columns, by the names under which they are read.
    pub(super) columns: Vec<(Expr, String)>,
    /// An expression for each of [`Listing::order`].
    pub(super) order: Vec<Expr>,
    /// The rows of one parent; none in a list without parents.
    pub(super) of_parent: Option<OfParent>,
}

/// The rows that lists belong to.
struct Parents<'a> {
    /// Their table.
    table: &'static str,
    /// Deleted parents have an instant in `deleted_at`.
    marks_deletion: bool,
    /// The columns that [`Source::of_parent`] reads.
    columns: &'static [&'static str],
    /// Ids of the parents.
    ids: &'a [i64],
}

/// Returns the columns of `E`, and their names.
pub(super) fn columns_of<E: EntityTrait>() -> Vec<(Expr, String)> {
    E::Column::iter()
        .map(|column| {
            let name = column.as_str().to_owned();
            (Expr::col((E::default(), column)), name)
        })
        .collect()
}

impl Listing {
    /// Lists the rows of one table that meet `condition`.
    pub(super) fn from_table<E: EntityTrait>(
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
            columns: columns_of::<E>(),
            order: exprs,
            of_parent: None,
        };
        Self {
            name: E::default().table_name(),
            sources: vec![source],
            order,
            joined: Vec::new(),
        }
    }

    /// Lists the rows of each parent: those whose `column` has its id.
    pub(super) fn of(mut self, column: Expr) -> Self {
        for source in &mut self.sources {
            let column = column.clone();
            source.of_parent = Some(Arc::new(move |parent| column.clone().eq(parent("id"))));
        }
        self
    }

    /// Loads a page of the list.
    pub(super) async fn page<T>(
        &self,
        router: &ReadRouter,
        page: &Page,
        read: impl Fn(&mut Columns<'_>) -> Result<T, DbErr>,
    ) -> Result<Slice<T>, LoadError> {
        if self.sources.is_empty() {
            return Ok(Slice::empty());
        }
        let statement = self.statement(router.database(), page, None);
        let rows = router.all(&statement).await?;
        self.slice(page, rows.iter(), 0, &read)
    }

    /// Loads the page of each parent's list. Parents that do not exist are missing in the result.
    async fn pages<T>(
        &self,
        router: &ReadRouter,
        page: &Page,
        parents: &Parents<'_>,
        read: impl Fn(&mut Columns<'_>) -> Result<T, DbErr>,
    ) -> Result<HashMap<i64, Slice<T>>, LoadError> {
        if self.sources.is_empty() {
            return Ok(HashMap::new());
        }
        let statement = self.statement(router.database(), page, Some(parents));
        let rows = router.all(&statement).await?;
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
            if page.with_page_info {
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

    /// Returns none if no row was joined to the head.
    fn position(&self, columns: &mut Columns<'_>) -> Result<Option<Position>, DbErr> {
        let mut values = Vec::with_capacity(self.order.len());
        for kind in &self.order {
            let value = match kind {
                SortType::Int => columns.next::<Option<i64>>()?.map(SortValue::Int),
                SortType::Instant => columns.next::<Option<_>>()?.map(SortValue::Instant),
                SortType::Text => columns.next::<Option<_>>()?.map(SortValue::Text),
                SortType::Uuid => columns.next::<Option<_>>()?.map(SortValue::Uuid),
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
