//! The statement of a page: a head joined to a window.

use sea_orm::{
    Condition, DatabaseConnection, DbBackend, ExprTrait, Order, Value,
    sea_query::{
        Alias, BinOper, DynIden, Expr, Func, IntoIden, JoinType, OverStatement, Query,
        SelectStatement, UnionType, WindowStatement,
    },
};

use super::{
    super::{key::any_of, scope::ParentColumn},
    Listing, PAGE, PARENT_ID, Parents, Source, sort_name,
};
use crate::paging::{End, Page, Position, SortValue};

const HEAD: &str = "head";
const PARENT: &str = "parent";
const RANK: &str = "rank";

impl Listing {
    pub(super) fn statement(
        &self,
        database: &DatabaseConnection,
        page: &Page,
        parents: Option<&Parents<'_>>,
    ) -> SelectStatement {
        let is_bare = !page.with_total && !page.with_page_info && self.joined.is_empty();
        if parents.is_none() && is_bare {
            return self.window(page, None);
        }
        let lateral = database.get_database_backend() == DbBackend::Postgres;
        let mut statement = Query::select();
        statement.from_subquery(self.head(database, page, parents), HEAD);
        match parents {
            None => {
                let window = self.window(page, None);
                statement.join_subquery(JoinType::LeftJoin, window, PAGE, Expr::cust("TRUE"));
            }
            Some(_) if lateral => {
                let window =
                    self.window(page, Some(&|column| Expr::col((HEAD, parent_name(column)))));
                statement.join_lateral(JoinType::LeftJoin, window, PAGE, Expr::cust("TRUE"));
            }
            Some(parents) => {
                let window = self.ranked_window(database, page, parents);
                let joined = Expr::col((PAGE, PARENT_ID))
                    .equals((HEAD, PARENT_ID))
                    .and(Expr::col((PAGE, RANK)).gt(page.skip))
                    .and(Expr::col((PAGE, RANK)).lte(page.skip + page.limit + 1));
                statement.join_subquery(JoinType::LeftJoin, window, PAGE, joined);
            }
        }
        if parents.is_some() {
            statement.column((HEAD, PARENT_ID));
        }
        if page.with_total {
            statement.column((HEAD, "total"));
        }
        if page.with_page_info {
            statement.columns([(HEAD, "beyond_after"), (HEAD, "beyond_before")]);
        }
        for name in self.sort_names() {
            statement.column((PAGE, name.clone()));
            statement.order_by((PAGE, name), direction(page));
        }
        if self.joined.is_empty() {
            let columns = self.sources.iter().take(1);
            for (_, name) in columns.flat_map(|source| &source.columns) {
                statement.column((PAGE, Alias::new(name)));
            }
        }
        for joined in &self.joined {
            let table = joined.table.clone();
            statement.join(JoinType::LeftJoin, table, joined.on.clone());
            statement.exprs(joined.columns.iter().cloned());
        }
        statement
    }

    /// One row a list. The limit, or offset, keeps planners from evaluating it again for each row
    /// of the page.
    fn head(
        &self,
        database: &DatabaseConnection,
        page: &Page,
        parents: Option<&Parents<'_>>,
    ) -> SelectStatement {
        let mut head = Query::select();
        let parent = |column: &'static str| Expr::col((PARENT, column));
        let parent: Option<ParentColumn<'_>> = match parents {
            Some(_) => Some(&parent),
            None => None,
        };
        match parents {
            None => {
                head.limit(1);
            }
            Some(parents) => {
                for column in parents.columns {
                    head.expr_as(Expr::col((PARENT, *column)), parent_name(column));
                }
                head.from_as(parents.table, PARENT).and_where(any_of(
                    database,
                    (PARENT, "id"),
                    parents.ids.iter().copied(),
                ));
                if parents.marks_deletion {
                    head.and_where(Expr::col((PARENT, "deleted_at")).is_null());
                }
                if database.get_database_backend() == DbBackend::Postgres {
                    // One text, however many parents there are.
                    head.offset(0);
                } else {
                    head.limit(parents.ids.len() as u64);
                }
            }
        }
        if page.with_total {
            let total = self.sources.iter().map(|source| {
                let mut count = source.counted.as_ref().unwrap_or(&source.rows).clone();
                count.expr(Func::count(Expr::cust("*")));
                count.and_where_option(source.belongs(parent));
                Expr::from(count)
            });
            let total = total
                .reduce(ExprTrait::add)
                .unwrap_or_else(|| Expr::val(0i64));
            head.expr_as(total, "total");
        }
        if page.with_page_info {
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
                            .and_where_option(source.belongs(parent))
                            .and_where(source.compared(beyond, bound));
                        Expr::exists(found)
                    })
                    .reduce(ExprTrait::or)
                    .unwrap_or_else(|| Expr::cust("FALSE"))
            };
            head.expr_as(exists_beyond(&page.after, true), "beyond_after");
            head.expr_as(exists_beyond(&page.before, false), "beyond_before");
        }
        head
    }

    /// The rows of the page and one more, of one list.
    fn window(&self, page: &Page, parent: Option<ParentColumn<'_>>) -> SelectStatement {
        let mut windows = self.sources.iter().map(|source| {
            let mut window = source.between(page);
            window.and_where_option(source.belongs(parent));
            self.in_order(&mut window, page);
            window
        });
        if self.sources.len() == 1
            && let Some(window) = windows.next()
        {
            return window;
        }
        // Each source is cut by itself first, so that none is read to its end.
        let mut window = Query::select()
            .expr(Expr::cust("*"))
            .from_subquery(union(windows), "merged")
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
        let rows = self.sources.iter().map(|source| {
            let mut rows = source.between(page);
            let belongs = source.belongs(Some(&|column| Expr::col((PARENT, column))));
            rows.expr_as(Expr::col((PARENT, "id")), PARENT_ID)
                .join_as(
                    JoinType::InnerJoin,
                    parents.table,
                    PARENT,
                    Condition::all().add_option(belongs),
                )
                .and_where(any_of(
                    database,
                    (PARENT, "id"),
                    parents.ids.iter().copied(),
                ));
            rows
        });
        let mut rank = WindowStatement::new();
        rank.add_partition_by(Expr::col(PARENT_ID));
        for name in self.sort_names() {
            rank.order_by(name, direction(page));
        }
        Query::select()
            .expr(Expr::cust("*"))
            .expr_window_as(Expr::cust("row_number()"), rank, RANK)
            .from_subquery(union(rows), "merged")
            .take()
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
    /// Condition: a row belongs to the parent; none in a list without parents.
    fn belongs(&self, parent: Option<ParentColumn<'_>>) -> Option<Expr> {
        let of_parent = self.of_parent.as_ref()?;
        Some(of_parent(parent?))
    }

    /// The rows between the page's bounds, with their columns.
    fn between(&self, page: &Page) -> SelectStatement {
        let mut rows = self.rows.clone();
        for (index, expr) in self.order.iter().enumerate() {
            rows.expr_as(expr.clone(), Alias::new(sort_name(index)));
        }
        for (expr, name) in &self.columns {
            rows.expr_as(expr.clone(), Alias::new(name));
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

impl From<SortValue> for Value {
    fn from(value: SortValue) -> Self {
        match value {
            SortValue::Int(value) => value.into(),
            SortValue::Instant(value) => value.into(),
            SortValue::Text(value) => value.into(),
            SortValue::Uuid(value) => value.into(),
        }
    }
}

/// Name of a parent's column in the head.
fn parent_name(column: &str) -> String {
    format!("parent_{column}")
}

/// Unites the rows of several statements. SQLite allows an order inside a union only in a subquery.
fn union(statements: impl Iterator<Item = SelectStatement>) -> SelectStatement {
    let mut union: Option<SelectStatement> = None;
    for statement in statements {
        let rows = Query::select()
            .expr(Expr::cust("*"))
            .from_subquery(statement, "source")
            .take();
        match &mut union {
            None => union = Some(rows),
            Some(union) => {
                union.union(UnionType::All, rows);
            }
        }
    }
    union.unwrap_or_default()
}

fn direction(page: &Page) -> Order {
    if page.descending == (page.end == End::First) {
        Order::Desc
    } else {
        Order::Asc
    }
}
