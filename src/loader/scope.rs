//! Cost estimates of lists that may read more rows than their page has.
//!
//! Such a list is *wide*: a filter, an order without an index, or a total makes the database read
//! rows that are not on the page. It can read at most its *scope*: the rows of the list without its
//! filter. The scope is counted once a minute, over an index, and never shown. It decides how many
//! nodes of the client's cost quota are reserved before the list is loaded.

use std::{
    any::{TypeId, type_name},
    borrow::Cow,
    collections::HashMap,
    hash::{Hash, Hasher},
    marker::PhantomData,
};

use async_graphql::dataloader::Loader;
use batch_loader::{Admission, Key};
use chrono::{DateTime, TimeDelta, Utc};
use entity::user;
use quick_cache::sync::Cache;
use sea_orm::{
    EntityName, EntityTrait, ExprTrait,
    sea_query::{Expr, Func, Query, SelectStatement},
};

use super::{ListError, Lists, LoadError, Rows, columns::Columns, key::any_of};
use crate::{
    paging::Page,
    rate_limit::{CostEstimate, NODE},
};

/// Maximum number of rows that are counted in a scope.
const MAX_ROWS: u64 = 1_000_000;

/// Time for which a counted scope is cached.
const TTL: TimeDelta = TimeDelta::minutes(1);

/// Maximum number of cached scopes.
const MAX_SCOPES: usize = 16_384;

/// A list that costs at most this many nodes is part of the cost of its operation.
const FREE: u64 = 5;

const PARENT: &str = "parent";

/// Time of a core for each row of a list's scope, in nanoseconds, rounded up.
/// `docs/operate/performance.md` has the measurements.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct RowCost(u64);

impl RowCost {
    /// Compares a column that no index of the list has.
    pub(super) const COMPARE: Self = Self(700);
    /// Searches text for up to 16 characters. Each 16 more may be compared at each place of the text.
    const SEARCH: Self = Self(1800);
    /// Sorts by a column that no index of the list has.
    pub(super) const SORT: Self = Self(1300);
    /// Merges the lists of all that a user manages.
    pub(super) const MERGE: Self = Self(2000);
    /// Looks the tags of a row up.
    const TAGS: Self = Self(2000);
    /// Compares a tag with one value.
    const TAG: u64 = 10;
    /// Counts.
    pub(super) const COUNT: Self = Self(600);

    /// Searches text for `pattern`; costs nothing without one.
    pub(super) fn search(pattern: Option<&str>) -> Self {
        let parts = pattern.map_or(0, |pattern| pattern.len() as u64 / 16 + 1);
        Self(Self::SEARCH.0 * parts)
    }

    /// Compares each row's tags with `tags`; costs nothing without them.
    pub(super) fn tags(tags: Option<&[i64]>) -> Self {
        Self(tags.map_or(0, |tags| Self::TAGS.0 + Self::TAG * tags.len() as u64))
    }

    /// Sums the costs that apply.
    pub(super) fn sum(costs: impl IntoIterator<Item = (bool, Self)>) -> Self {
        let applied = costs.into_iter().filter(|(applies, _)| *applies);
        Self(applied.map(|(_, Self(cost))| cost).sum())
    }

    /// Adds the cost of a page. A total reads the rows a second time; an offset reads the rows
    /// before the page.
    pub(super) fn of_page(self, page: &Page) -> Self {
        let mut cost = self.0;
        if page.with_total {
            cost = 2 * cost + Self::COUNT.0;
        }
        if page.skip > 0 {
            cost += Self::SORT.0;
        }
        Self(cost)
    }

    fn nodes(self, rows: u64) -> u64 {
        rows.saturating_mul(self.0) / NODE.as_nanos() as u64
    }
}

/// The rows of a kind of list, without a filter.
pub(super) trait Scope: Send + Sync + 'static {
    /// The kind of list, for the limit on running ones.
    fn list() -> &'static str;

    /// The table of the rows that the lists belong to: the users, by default.
    fn parents() -> &'static str {
        user::Entity.table_name()
    }

    /// Selects the rows of each table: of the parent, or all.
    fn rows(parent: Option<ParentColumn<'_>>) -> Vec<SelectStatement>;
}

/// Returns a column of a list's parent.
pub(super) type ParentColumn<'a> = &'a dyn Fn(&'static str) -> Expr;

/// Selects the rows of a table whose `column` has the parent's id; without a parent, all.
pub(super) fn rows_of<E: EntityTrait>(
    column: E::Column,
    parent: Option<ParentColumn<'_>>,
) -> SelectStatement {
    let of_parent = parent.map(|parent| Expr::col((E::default(), column)).eq(parent("id")));
    Query::select()
        .from(E::default())
        .and_where_option(of_parent)
        .take()
}

/// Key of a scope: of one parent, or of everything.
pub(super) struct ScopeOf<S> {
    parent: Option<i64>,
    of: PhantomData<S>,
}

/// Derived impls would need the same of `S`.
impl<S> Clone for ScopeOf<S> {
    fn clone(&self) -> Self {
        Self { ..*self }
    }
}

impl<S> PartialEq for ScopeOf<S> {
    fn eq(&self, other: &Self) -> bool {
        self.parent == other.parent
    }
}

impl<S> Eq for ScopeOf<S> {}

impl<S> Hash for ScopeOf<S> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.parent.hash(state);
    }
}

/// Scopes counted within the last minute, by kind and parent.
pub(super) struct Scopes(Cache<(TypeId, Option<i64>), Counted>);

#[derive(Clone, Copy)]
struct Counted {
    rows: u64,
    at: DateTime<Utc>,
}

impl Default for Scopes {
    fn default() -> Self {
        Self(Cache::new(MAX_SCOPES))
    }
}

impl Lists<'_> {
    /// Returns the cost estimate of a list that costs `row_cost` for each row of its scope. Returns
    /// `None` if the list is not wide or its scope is small.
    ///
    /// # Errors
    /// The scope must be counted, and the client's quota has no room for the smallest estimate; or
    /// counting failed.
    pub(super) async fn estimate<S: Scope>(
        &self,
        parent: Option<i64>,
        row_cost: RowCost,
    ) -> Result<Option<CostEstimate>, ListError> {
        if row_cost == RowCost::default() || !self.client.has_cost_quota() {
            return Ok(None);
        }
        let rows = match self.known_scope::<S>(parent) {
            Some(rows) => rows,
            None => {
                if let Some(smallest) = self.client.estimate(S::list(), FREE + 1) {
                    smallest.check().await?;
                }
                self.count_scope::<S>(parent).await?
            }
        };
        let nodes = row_cost.nodes(rows);
        if nodes <= FREE {
            return Ok(None);
        }
        Ok(self.client.estimate(S::list(), nodes))
    }

    /// Returns the number of rows of a scope, if it was counted within the last minute.
    fn known_scope<S: Scope>(&self, parent: Option<i64>) -> Option<u64> {
        let Scopes(scopes) = &self.reads.loaders.scopes;
        let counted = scopes.get(&(TypeId::of::<S>(), parent))?;
        ((self.now - counted.at).abs() < TTL).then_some(counted.rows)
    }

    /// Counts a scope's rows.
    async fn count_scope<S: Scope>(&self, parent: Option<i64>) -> Result<u64, LoadError> {
        let of = PhantomData::<S>;
        let rows = self.reads.one(ScopeOf { parent, of }).await?.unwrap_or(0);
        let Scopes(scopes) = &self.reads.loaders.scopes;
        let counted = Counted { rows, at: self.now };
        scopes.insert((TypeId::of::<S>(), parent), counted);
        Ok(rows)
    }
}

/// A wide list waits for the client's other lists of its kind, reserves its nodes, and refunds the
/// unused ones.
impl Admission for CostEstimate {
    type Error = ListError;

    async fn admit<T: Send>(
        self,
        is_abandoned: impl Fn() -> bool + Send,
        statement: impl Future<Output = T> + Send,
    ) -> Result<Option<T>, ListError> {
        let permit = self.acquire_permit().await;
        if is_abandoned() {
            return Ok(None);
        }
        let reservation = permit.reserve().await?;
        Ok(Some(reservation.settle(statement).await))
    }
}

impl<S: Scope> Key for ScopeOf<S> {
    fn kind() -> Cow<'static, str> {
        format!("scope_of_{}", S::list()).into()
    }
}

impl<S: Scope> Loader<ScopeOf<S>> for Rows {
    type Value = u64;
    type Error = LoadError;

    async fn load(&self, keys: &[ScopeOf<S>]) -> Result<HashMap<ScopeOf<S>, u64>, LoadError> {
        let of = PhantomData::<S>;
        let mut counted = HashMap::with_capacity(keys.len());
        let parents: Vec<i64> = keys.iter().filter_map(|key| key.parent).collect();
        if !parents.is_empty() {
            let statement = Query::select()
                .column((PARENT, "id"))
                .expr(count::<S>(Some(&|column| Expr::col((PARENT, column)))))
                .from_as(S::parents(), PARENT)
                .and_where(any_of(self.database(), (PARENT, "id"), parents))
                .take();
            for row in self.router.all(&statement).await? {
                let mut columns = Columns::from(&row, 0);
                let parent = Some(columns.next::<i64>()?);
                let rows = columns.next::<i64>()?.unsigned_abs();
                counted.insert(ScopeOf { parent, of }, rows);
            }
        }
        if keys.iter().any(|key| key.parent.is_none()) {
            let statement = Query::select().expr(count::<S>(None)).take();
            let rows = self.router.all(&statement).await?;
            let row = rows.first().ok_or_else(|| {
                LoadError::broken(&format!("{} was not counted", type_name::<S>()))
            })?;
            let rows = Columns::from(row, 0).next::<i64>()?.unsigned_abs();
            counted.insert(ScopeOf { parent: None, of }, rows);
        }
        Ok(counted)
    }
}

/// Counts rows, up to the limit of each table.
fn count<S: Scope>(parent: Option<ParentColumn<'_>>) -> Expr {
    let counts = S::rows(parent).into_iter().map(|mut rows| {
        rows.expr(Expr::val(1i32)).limit(MAX_ROWS);
        let counted = Query::select()
            .expr(Func::count(Expr::cust("*")))
            .from_subquery(rows, "counted")
            .take();
        Expr::from(counted)
    });
    counts
        .reduce(ExprTrait::add)
        .unwrap_or_else(|| Expr::val(0i64))
}
