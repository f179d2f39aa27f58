//! Invite codes by id, and the list of codes that a user created.

use chrono::{DateTime, Utc};
use entity::{
    invite_code::{Column, Entity, Model},
    invite_code_tag,
};
use sea_orm::{
    ColumnTrait, Condition, DatabaseConnection, DbErr, EntityTrait, ExprTrait, QueryResult,
    sea_query::{Expr, Func, Query},
};

use super::{
    InstantRange, InviteSort, ListError, Lists, LoadError, Reads,
    columns::{Columns, FromColumns, columns},
    filter::{Folded, any_status, contains_text, far_future, status_rank},
    invite_code_by_code::Preload,
    key::{any_of, row_key},
    managed::ManagedList,
    scope::RowCost,
};
use crate::{
    access::proof::{Guarded, ManagedScope},
    invite::{State, Status},
    paging::{Page, Slice, SortType},
};

columns!(invite_code: id, code, role, name, email, email_norm, invited_by_id, user_id, generated_at, sent_at, used_at, expires_at, cancelled_at, declined_at, updated_at, last_sent_at, send_count, name_folded, email_folded);

row_key!("invite_code_by_id": ById(i64) in Entity::find(), Id, |row| row.id);

/// A code as it was sent, and its preload.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct ByCode {
    pub(super) code: String,
    pub(super) preload: Preload,
}

/// Narrows the list of invite codes.
#[derive(Clone, Debug, Default)]
pub struct InviteCodeFilter {
    /// Effective status.
    pub statuses: Option<Vec<Status>>,
    /// Role that using the code grants.
    pub roles: Option<Vec<String>>,
    /// Grants any of these tags.
    pub tags: Option<Vec<i64>>,
    /// Normalized address of the invitee.
    pub email_norm: Option<String>,
    /// Part of the invitee's name or address.
    pub search: Option<String>,
    /// Creation time.
    pub created: InstantRange,
}

struct Managed {
    filter: InviteCodeFilter,
    sort: InviteSort,
}

impl ManagedList for Managed {
    type Entity = Entity;
    const BY_ROLE: bool = false;

    fn is_managed_by(user_id: Expr) -> Condition {
        Condition::all().add(column(Column::InvitedById).eq(user_id))
    }

    fn condition(&self, lists: &Lists<'_>, is_managed: Option<Condition>) -> Condition {
        let Self { filter, .. } = self;
        let database = lists.database();
        let email = filter.email_norm.as_ref();
        let statuses = filter.statuses.as_ref();
        let roles = filter.roles.as_ref();
        let tags = filter.tags.as_ref();
        let search = filter.search.as_ref();
        Condition::all()
            .add_option(is_managed)
            .add_option(email.map(|email| Column::EmailNorm.eq(email)))
            .add_option(
                statuses
                    .map(|statuses| any_status(statuses, |status| status_is(status, lists.now))),
            )
            .add_option(
                roles.map(|roles| any_of(database, (Entity, Column::Role), roles.iter().cloned())),
            )
            .add_option(tags.map(|tags| has_any_tag(database, tags)))
            .add_option(search.map(|text| {
                let backend = database.get_database_backend();
                let columns = [Column::Name, Column::Email];
                contains_text(backend, columns.map(|it| Folded::column(backend, it)), text)
            }))
            .add(filter.created.contains(column(Column::GeneratedAt)))
    }

    fn sort(&self, now: DateTime<Utc>) -> Option<(Expr, SortType)> {
        Some((sort_expr(self.sort, now), self.sort.sort_type()))
    }

    /// An address has an index, and few codes.
    fn row_cost(&self, _: RowCost, page: &Page) -> RowCost {
        let Self { filter, sort } = self;
        if filter.email_norm.is_some() {
            return RowCost::default();
        }
        let filters = RowCost::sum([
            (true, RowCost::search(filter.search.as_deref())),
            (true, RowCost::tags(filter.tags.as_deref())),
            (filter.statuses.is_some(), RowCost::COMPARE),
            (filter.roles.is_some(), RowCost::COMPARE),
            (*sort != InviteSort::CreatedAt, RowCost::SORT),
        ]);
        filters.of_page(page)
    }
}

/// Reads a row of all columns, in their order, that begins at column `first`.
///
/// # Errors
/// The columns are others.
pub fn read(row: &QueryResult, first: usize) -> Result<Guarded<Model>, DbErr> {
    Model::sealed(&mut Columns::from(row, first))
}

/// Stored state of a code.
pub fn state(row: &Model) -> State {
    State::from_instants(row.used_at, row.declined_at, row.cancelled_at)
}

/// Effective status of a code at `now`.
pub fn status(row: &Model, now: DateTime<Utc>) -> Status {
    state(row).status(row.expires_at, now)
}

/// [`status`] as a condition on rows.
pub(super) fn status_is(status: Status, now: DateTime<Utc>) -> Condition {
    let unused = Condition::all().add(Column::UsedAt.is_null());
    let waiting = unused.clone().add(Column::CancelledAt.is_null());
    let expired = Column::ExpiresAt.lte(now);
    match status {
        Status::Accepted => Condition::all().add(Column::UsedAt.is_not_null()),
        Status::Cancelled => unused
            .add(Column::CancelledAt.is_not_null())
            .add(Column::DeclinedAt.is_null()),
        Status::Declined => unused
            .add(Column::CancelledAt.is_not_null())
            .add(Column::DeclinedAt.is_not_null()),
        Status::Expired => waiting.add(expired),
        Status::Pending => waiting.add(
            Condition::any()
                .add(Column::ExpiresAt.is_null())
                .add(Column::ExpiresAt.gt(now)),
        ),
    }
}

fn column(column: Column) -> Expr {
    Expr::col((Entity, column))
}

/// The expression that codes are ordered by. A code that never expires sorts as the far future.
pub(super) fn sort_expr(sort: InviteSort, now: DateTime<Utc>) -> Expr {
    let or = |text, empty| Func::coalesce([column(text), empty]).into();
    match sort {
        InviteSort::CreatedAt => column(Column::GeneratedAt),
        InviteSort::ExpiresAt => or(Column::ExpiresAt, Expr::val(far_future())),
        InviteSort::Email => or(Column::EmailNorm, Expr::val("")),
        InviteSort::Status => status_rank(|status| status_is(status, now)),
        InviteSort::Role => or(Column::Role, Expr::val("")),
        InviteSort::Name => or(Column::Name, Expr::val("")),
    }
}

/// Condition: a code grants any of these tags. The offset makes PostgreSQL test each row by itself,
/// in the list's order, until the page is full. Otherwise it reads all codes of the list and sorts
/// them.
fn has_any_tag(database: &DatabaseConnection, tags: &[i64]) -> Expr {
    use invite_code_tag::{Column as Tagged, Entity as Tags};
    let given = Query::select()
        .expr(Expr::val(1i32))
        .from(Tags)
        .and_where(Expr::col((Tags, Tagged::InviteCodeId)).equals((Entity, Column::Id)))
        .and_where(any_of(
            database,
            (Tags, Tagged::TagId),
            tags.iter().copied(),
        ))
        .limit(1)
        .offset(0)
        .take();
    Expr::exists(given)
}

impl Reads<'_> {
    /// Loads the invite code with this id.
    pub async fn invite_code(&self, id: i64) -> Result<Option<Guarded<Model>>, LoadError> {
        self.one(ById(id)).await
    }
}

impl Lists<'_> {
    /// Loads a page of the codes in scope.
    pub async fn invite_codes(
        &self,
        managed: &ManagedScope,
        filter: InviteCodeFilter,
        sort: InviteSort,
        page: Page,
    ) -> Result<Slice<Guarded<Model>>, ListError> {
        self.managed(Managed { filter, sort }, managed, page).await
    }
}
