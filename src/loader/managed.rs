//! Lists of the rows that a user manages; for staff, of all rows.

use std::marker::PhantomData;

use chrono::{DateTime, Utc};
use sea_orm::{
    ColumnTrait, Condition, DatabaseConnection, EntityName, EntityTrait, ExprTrait, IdenStatic,
    Iterable, PrimaryKeyToColumn,
    sea_query::{Expr, IntoColumnRef, Query, SelectStatement},
};

use super::{
    Freshness, ListError, Lists,
    columns::FromColumns,
    filter::{Folded, contains_text},
    key::any_of,
    listing::Listing,
    scope::{ParentColumn, RowCost, Scope},
    tables::{Target, has_manager, memberships},
};
use crate::{
    access::proof::{Guarded, ManagedScope, StaffTargets},
    paging::{Page, Slice, SortType},
};

/// A list of the rows of one table that a user manages, with its filter and order. For staff it has
/// all rows. It is its own [`Scope`].
pub(super) trait ManagedList: Send + Sync + 'static {
    /// The table. Its first column is the key.
    type Entity: EntityTrait<Model: FromColumns>;

    /// Roles decide which rows a user manages. Such a list is read from the primary, and merges the
    /// rows of all targets that the user manages.
    const BY_ROLE: bool = true;

    /// Condition: the user manages the row.
    fn is_managed_by(user_id: Expr) -> Condition;

    /// Condition: the row is of one of these targets. None if no row is.
    fn is_of(_database: &DatabaseConnection, _targets: &StaffTargets) -> Option<Expr> {
        None
    }

    /// Selects the rows that a user's list may read: by default, those that they manage.
    fn scope(user_id: Expr) -> Vec<SelectStatement> {
        let rows = Query::select()
            .from(Self::Entity::default())
            .cond_where(Self::is_managed_by(user_id))
            .take();
        vec![rows]
    }

    /// Condition: the row is on the list, and meets `is_managed`.
    fn condition(&self, lists: &Lists<'_>, is_managed: Option<Condition>) -> Condition;

    /// The values that rows are ordered by at `now`. The key breaks ties.
    fn sort(&self, _now: DateTime<Utc>) -> Option<(Expr, SortType)> {
        None
    }

    /// Cost of a page. `base` is the cost of merging, if there is any.
    fn row_cost(&self, base: RowCost, page: &Page) -> RowCost {
        base.of_page(page)
    }
}

/// Narrows a list of workspaces, groups or courses.
#[derive(Clone, Debug, Default)]
pub struct TargetFilter {
    /// Part of the name or slug.
    pub search: Option<String>,
}

/// The order of workspaces, groups or courses. Ties are broken by id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TargetSort {
    /// Key.
    Id,
    /// Display name, in the database's order.
    Name,
}

impl TargetSort {
    /// Returns the types of the values, with those that break ties.
    pub fn sort_types(self) -> Vec<SortType> {
        match self {
            Self::Id => vec![SortType::Int],
            Self::Name => vec![SortType::Text, SortType::Int],
        }
    }
}

/// The targets of one kind.
pub(super) struct Targets<T> {
    filter: TargetFilter,
    sort: TargetSort,
    of: PhantomData<T>,
}

impl<T> Targets<T> {
    pub(super) fn new(filter: TargetFilter, sort: TargetSort) -> Self {
        let of = PhantomData;
        Self { filter, sort, of }
    }
}

impl<T: Target<Model: FromColumns>> ManagedList for Targets<T> {
    type Entity = T;

    fn is_managed_by(user_id: Expr) -> Condition {
        let has_manager = has_manager::<T>(Expr::col((T::default(), T::ID)), user_id.clone());
        match is_creator::<T>(user_id) {
            Some(is_creator) => Condition::any().add(is_creator).add(has_manager),
            None => has_manager,
        }
    }

    fn is_of(database: &DatabaseConnection, targets: &StaffTargets) -> Option<Expr> {
        any_target(database, (T::default(), T::ID), T::ids(targets))
    }

    fn scope(user_id: Expr) -> Vec<SelectStatement> {
        let created = is_creator::<T>(user_id.clone()).map(|is_creator| {
            Query::select()
                .from(T::default())
                .and_where(is_creator)
                .take()
        });
        let member = memberships::<T::Members>(user_id);
        std::iter::once(member).chain(created).collect()
    }

    fn condition(&self, lists: &Lists<'_>, is_managed: Option<Condition>) -> Condition {
        let search = self.filter.search.as_ref().map(|text| {
            let backend = lists.database().get_database_backend();
            let is_name = |column: &T::Column| column.as_str() == T::NAME.as_str();
            let names = T::NAMES.iter().map(|column| match is_name(column) {
                true => Folded::column(backend, *column),
                // A slug.
                false => Folded::plain(backend, *column),
            });
            contains_text(backend, names, text)
        });
        Condition::all()
            .add(T::DELETED_AT.is_null())
            .add_option(is_managed)
            .add_option(search)
    }

    fn sort(&self, _: DateTime<Utc>) -> Option<(Expr, SortType)> {
        match self.sort {
            TargetSort::Id => None,
            TargetSort::Name => Some((Expr::col((T::default(), T::NAME)), SortType::Text)),
        }
    }

    fn row_cost(&self, base: RowCost, page: &Page) -> RowCost {
        let costs = RowCost::sum([
            (true, base),
            (true, RowCost::search(self.filter.search.as_deref())),
            (self.sort == TargetSort::Name, RowCost::SORT),
        ]);
        costs.of_page(page)
    }
}

/// Condition: `column` names one of these targets. None if there are none.
pub(super) fn any_target(
    database: &DatabaseConnection,
    column: impl IntoColumnRef,
    ids: &[i64],
) -> Option<Expr> {
    (!ids.is_empty()).then(|| any_of(database, column, ids.iter().copied()))
}

fn is_creator<T: Target>(user_id: Expr) -> Option<Expr> {
    T::CREATOR.map(|creator| Expr::col((T::default(), creator)).eq(user_id))
}

impl<L: ManagedList> Scope for L {
    fn list() -> &'static str {
        L::Entity::default().table_name()
    }

    fn rows(user: Option<ParentColumn<'_>>) -> Vec<SelectStatement> {
        match user {
            Some(user) => L::scope(user("id")),
            None => vec![Query::select().from(L::Entity::default()).take()],
        }
    }
}

impl Lists<'_> {
    /// Loads a page of a list for the user in `managed`.
    pub(super) async fn managed<L: ManagedList>(
        &self,
        list: L,
        managed: &ManagedScope,
        page: Page,
    ) -> Result<Slice<Guarded<<L::Entity as EntityTrait>::Model>>, ListError> {
        let user_id = managed.user_id();
        let base = match user_id {
            Some(_) if L::BY_ROLE => RowCost::MERGE,
            _ => RowCost::default(),
        };
        let row_cost = list.row_cost(base, &page);
        let is_of = L::is_of(self.database(), managed.staff_of());
        // The list of limited staff counts as that of all rows.
        let parent = user_id.filter(|_| is_of.is_none());
        let estimate = self.estimate::<L>(parent, row_cost).await?;
        let is_managed = user_id.map(|id| {
            let by_role = L::is_managed_by(Expr::val(id));
            match is_of {
                Some(is_of) => Condition::any().add(by_role).add(is_of),
                None => by_role,
            }
        });
        let condition = list.condition(self, is_managed);
        let key = <L::Entity as EntityTrait>::PrimaryKey::iter().map(|key| {
            let key = Expr::col((L::Entity::default(), key.into_column()));
            (key, SortType::Int)
        });
        let listing =
            Listing::from_table::<L::Entity>(condition, list.sort(self.now).into_iter().chain(key));
        let reads = match L::BY_ROLE {
            true => self.reads.at_least(Freshness::Primary),
            false => self.reads,
        };
        reads
            .list(listing, page, FromColumns::sealed, estimate)
            .await
    }
}
