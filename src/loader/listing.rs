//! Lists as SQL: one statement gives a page, its total and what lies beyond it, for one list or
//! for the same list of many parents at once.
//!
//! The statement has two parts. The *head* has one row a list: the total, and whether there are
//! rows beyond the bounds. The *window* has the rows of the page and one more, which tells whether
//! the list goes on. The head is joined to the window, so that an empty page still has a total.

use std::collections::HashMap;

use sea_orm::{
    Condition, ConnectionTrait, DatabaseConnection, DbBackend, DbErr, EntityTrait, ExprTrait,
    FromQueryResult, IdenStatic, Iterable, Order, QueryResult,
    sea_query::{
        Alias, BinOper, DynIden, Expr, Func, IntoIden, JoinType, OverStatement, Query,
        SelectStatement, UnionType, WindowStatement,
    },
};

use super::{
    error::LoadError,
    key::any_of,
    page::{End, Page, Position, Slice, SortType, SortValue},
};
use crate::access::proof::Guarded;

const HEAD: &str = "head";
const WINDOW: &str = "page";
const PARENT: &str = "parent";
const PARENT_ID: &str = "parent_id";
const RANK: &str = "rank";

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
pub(super) struct Parents<'a> {
    /// Their table.
    pub(super) table: &'static str,
    /// The column of the list's rows that names the parent.
    pub(super) column: Expr,
    /// Keys of the parents.
    pub(super) ids: &'a [i64],
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
        database: &DatabaseConnection,
        page: &Page,
        read: impl Fn(&QueryResult) -> Result<T, DbErr>,
    ) -> Result<Slice<T>, LoadError> {
        if self.sources.is_empty() {
            return Ok(Slice::empty());
        }
        let statement = self.statement(database, page, None);
        let rows = database.query_all(&statement).await?;
        self.slice(page, rows.iter(), &read)
    }

    /// Loads the page of each parent's list. Parents that do not exist are missing in the answer.
    pub(super) async fn pages<T>(
        &self,
        database: &DatabaseConnection,
        page: &Page,
        parents: &Parents<'_>,
        read: impl Fn(&QueryResult) -> Result<T, DbErr>,
    ) -> Result<HashMap<i64, Slice<T>>, LoadError> {
        let statement = self.statement(database, page, Some(parents));
        let rows = database.query_all(&statement).await?;
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

    fn statement(
        &self,
        database: &DatabaseConnection,
        page: &Page,
        parents: Option<&Parents<'_>>,
    ) -> SelectStatement {
        if parents.is_none() && !page.with_total && !page.with_bounds {
            return self.window(page, None);
        }
        let lateral = database.get_database_backend() == DbBackend::Postgres;
        let mut statement = Query::select();
        statement.from_subquery(self.head(database, page, parents), HEAD);
        match parents {
            None => {
                let window = self.window(page, None);
                statement.join_subquery(JoinType::LeftJoin, window, WINDOW, Expr::cust("TRUE"));
            }
            Some(parents) if lateral => {
                let parent = parents.column.clone().eq(Expr::col((HEAD, PARENT_ID)));
                let window = self.window(page, Some(parent));
                statement.join_lateral(JoinType::LeftJoin, window, WINDOW, Expr::cust("TRUE"));
            }
            Some(parents) => {
                let window = self.ranked_window(database, page, parents);
                let joined = Expr::col((WINDOW, PARENT_ID))
                    .equals((HEAD, PARENT_ID))
                    .and(Expr::col((WINDOW, RANK)).gt(page.skip))
                    .and(Expr::col((WINDOW, RANK)).lte(page.skip + page.limit + 1));
                statement.join_subquery(JoinType::LeftJoin, window, WINDOW, joined);
            }
        }
        if parents.is_some() {
            statement.column((HEAD, PARENT_ID));
        }
        if page.with_total {
            statement.column((HEAD, "total"));
        }
        if page.with_bounds {
            statement.columns([(HEAD, "beyond_after"), (HEAD, "beyond_before")]);
        }
        for (_, name) in self
            .sources
            .iter()
            .take(1)
            .flat_map(|source| &source.columns)
        {
            statement.column((WINDOW, Alias::new(name)));
        }
        for name in self.sort_names() {
            statement.column((WINDOW, name.clone()));
            statement.order_by((WINDOW, name), direction(page));
        }
        statement
    }

    /// One row a list. The limit keeps planners from evaluating it again for each row of the page.
    fn head(
        &self,
        database: &DatabaseConnection,
        page: &Page,
        parents: Option<&Parents<'_>>,
    ) -> SelectStatement {
        let mut head = Query::select();
        let mut of_parent = None;
        match parents {
            None => {
                head.limit(1);
            }
            Some(parents) => {
                of_parent = Some(parents.column.clone().eq(Expr::col((PARENT, "id"))));
                head.expr_as(Expr::col((PARENT, "id")), PARENT_ID)
                    .from_as(parents.table, PARENT)
                    .and_where(any_of(
                        database,
                        (PARENT, "id"),
                        parents.ids.iter().copied(),
                    ))
                    .limit(parents.ids.len() as u64);
            }
        }
        if page.with_total {
            let total = self.sources.iter().map(|source| {
                let mut count = source.rows.clone();
                count.expr(Func::count(Expr::cust("*")));
                count.and_where_option(of_parent.clone());
                Expr::from(count)
            });
            let total = total
                .reduce(ExprTrait::add)
                .unwrap_or_else(|| Expr::val(0i64));
            head.expr_as(total, "total");
        }
        if page.with_bounds {
            let exists_beyond = |bound: &Option<Position>, first: bool| {
                let Some(bound) = bound else {
                    return Expr::cust("FALSE");
                };
                let beyond = if first == page.descending {
                    BinOper::GreaterThanOrEqual
                } else {
                    BinOper::SmallerThanOrEqual
                };
                self.sources
                    .iter()
                    .map(|source| {
                        let mut found = source.rows.clone();
                        found
                            .expr(Expr::val(1i32))
                            .and_where_option(of_parent.clone())
                            .and_where(source.compared(beyond, bound));
                        Expr::exists(found)
                    })
                    .reduce(ExprTrait::or)
                    .unwrap_or_else(|| Expr::cust("FALSE"))
            };
            head.expr_as(exists_beyond(&page.after, true), "beyond_after");
            head.expr_as(exists_beyond(&page.before, false), "beyond_before");
        }
        if parents.is_none() { head.take() } else { head }
    }

    /// The rows of the page and one more, of one list.
    fn window(&self, page: &Page, of_parent: Option<Expr>) -> SelectStatement {
        let mut windows = self.sources.iter().map(|source| {
            let mut window = source.between(page);
            window.and_where_option(of_parent.clone());
            self.in_order(&mut window, page);
            window
        });
        if self.sources.len() == 1
            && let Some(window) = windows.next()
        {
            return window;
        }
        // Each source is cut by itself first, so that none is read to its end. SQLite allows an
        // order inside a union only in a subquery.
        let mut union: Option<SelectStatement> = None;
        for window in windows {
            let window = Query::select()
                .expr(Expr::cust("*"))
                .from_subquery(window, "source")
                .take();
            match &mut union {
                None => union = Some(window),
                Some(union) => {
                    union.union(UnionType::All, window);
                }
            }
        }
        let mut window = Query::select()
            .expr(Expr::cust("*"))
            .from_subquery(union.unwrap_or_default(), "merged")
            .take();
        self.in_order(&mut window, page);
        window
    }

    /// The rows of many parents' pages, each with its rank, where a database has no lateral join.
    fn ranked_window(
        &self,
        database: &DatabaseConnection,
        page: &Page,
        parents: &Parents<'_>,
    ) -> SelectStatement {
        let mut window = Query::select();
        for source in self.sources.iter().take(1) {
            window = source.between(page);
            let ids = parents.ids.iter().copied();
            let parent_ids = Query::select()
                .column("id")
                .from(parents.table)
                .and_where(any_of(database, "id", ids))
                .take();
            let mut rank = WindowStatement::new();
            rank.add_partition_by(parents.column.clone());
            for expr in &source.order {
                rank.order_by_expr(expr.clone(), direction(page));
            }
            window
                .expr_as(parents.column.clone(), PARENT_ID)
                .expr_window_as(Expr::cust("row_number()"), rank, RANK)
                .and_where(parents.column.clone().in_subquery(parent_ids));
        }
        window
    }

    fn in_order(&self, window: &mut SelectStatement, page: &Page) {
        for name in self.sort_names() {
            window.order_by(name, direction(page));
        }
        window.limit(page.limit + 1);
        if page.skip > 0 {
            window.offset(page.skip);
        }
    }

    fn sort_names(&self) -> impl Iterator<Item = DynIden> + use<> {
        (0..self.order.len()).map(|index| Alias::new(sort_name(index)).into_iden())
    }
}

impl Source {
    /// The rows between the page's bounds, with their columns.
    fn between(&self, page: &Page) -> SelectStatement {
        let mut rows = self.rows.clone();
        for (expr, name) in &self.columns {
            rows.expr_as(expr.clone(), Alias::new(name));
        }
        for (index, expr) in self.order.iter().enumerate() {
            rows.expr_as(expr.clone(), Alias::new(sort_name(index)));
        }
        let (behind, ahead) = if page.descending {
            (BinOper::SmallerThan, BinOper::GreaterThan)
        } else {
            (BinOper::GreaterThan, BinOper::SmallerThan)
        };
        if let Some(after) = &page.after {
            rows.and_where(self.compared(behind, after));
        }
        if let Some(before) = &page.before {
            rows.and_where(self.compared(ahead, before));
        }
        rows
    }

    fn compared(&self, operator: BinOper, position: &Position) -> Expr {
        let values = position.0.iter().cloned().map(Expr::val);
        Expr::tuple(self.order.iter().cloned()).binary(operator, Expr::tuple(values))
    }
}

fn sort_name(index: usize) -> String {
    format!("sort_{index}")
}

fn direction(page: &Page) -> Order {
    if page.descending == (page.end == End::First) {
        Order::Desc
    } else {
        Order::Asc
    }
}
