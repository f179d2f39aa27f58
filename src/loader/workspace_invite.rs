//! Workspace invites by id, of a workspace, and the list of invites that a user manages.

use chrono::{DateTime, Utc};
use entity::{
    workspace,
    workspace_invite::{Column, Entity, Model, StoredStatus},
};
use sea_orm::{
    ColumnTrait, Condition, DatabaseConnection, DbErr, EntityTrait, QueryFilter, QueryResult,
    Select,
    sea_query::{Expr, Func, SelectStatement},
};

use super::{
    InstantRange, InviteSort, ListError, Lists, LoadError, Reads,
    columns::{Columns, FromColumns, columns},
    filter::{Folded, any_status, contains_text, far_future, status_rank},
    key::{any_of, row_key},
    listing::{ListOfParent, Listing},
    managed::{ManagedList, any_target},
    scope::{ParentColumn, RowCost, rows_of},
    tables::{has_manager, is_live},
};
use crate::{
    access::proof::{Guarded, ManagedScope, StaffTargets, WorkspaceManager},
    invite::{State, Status},
    paging::{Page, Slice, SortType},
};

columns!(workspace_invite: id, workspace_id, inviter_id, email, email_norm, role, message, status, created_at, expires_at, accepted_at, accepted_by_id, cancelled_at, declined_at, updated_at, last_sent_at, send_count, email_folded, message_folded);

row_key!("workspace_invite_by_id": ById(i64) in live(), Id, |row| row.id);

/// The invites of a workspace.
#[derive(Clone, PartialEq, Eq, Hash)]
struct List {
    filter: WorkspaceInviteFilter,
    sort: InviteSort,
    page: Page,
    now: DateTime<Utc>,
}

/// Narrows a list of workspace invites.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct WorkspaceInviteFilter {
    /// Of any of these workspaces.
    pub workspaces: Option<Vec<i64>>,
    /// Effective status.
    pub statuses: Option<Vec<Status>>,
    /// Role that accepting grants.
    pub roles: Option<Vec<String>>,
    /// The inviter.
    pub inviter: Option<i64>,
    /// Normalized address of the invitee.
    pub email_norm: Option<String>,
    /// Part of the invitee's address or of the inviter's message.
    pub search: Option<String>,
    /// Creation time.
    pub created: InstantRange,
    /// Expiry time.
    pub expires: InstantRange,
}

/// Selects invites whose workspace is not deleted. No path finds others.
pub(super) fn live() -> Select<Entity> {
    Entity::find().filter(in_live_workspace())
}

/// Condition: the invite's workspace is not deleted.
pub fn in_live_workspace() -> Expr {
    is_live::<workspace::Entity>(column(Column::WorkspaceId))
}

impl ListOfParent for List {
    type Row = Guarded<Model>;
    type Parent = workspace::Entity;
    const NAME: &'static str = "workspace_invites";

    fn scope(workspace: Option<ParentColumn<'_>>) -> Vec<SelectStatement> {
        vec![rows_of::<Entity>(Column::WorkspaceId, workspace)]
    }

    fn listing(&self, database: &DatabaseConnection) -> Listing {
        let condition = self.filter.condition(database, self.now);
        let order = [
            (sort_expr(self.sort, self.now), self.sort.sort_type()),
            (column(Column::Id), SortType::Int),
        ];
        Listing::from_table::<Entity>(condition, order).of(column(Column::WorkspaceId))
    }

    fn page(&self) -> &Page {
        &self.page
    }

    fn row_cost(&self) -> RowCost {
        let base = RowCost::default();
        self.filter.row_cost(base, self.sort, &self.page)
    }

    fn read(columns: &mut Columns<'_>) -> Result<Self::Row, DbErr> {
        Model::sealed(columns)
    }
}

/// The invites of the workspaces that a user manages.
struct Managed {
    filter: WorkspaceInviteFilter,
    sort: InviteSort,
}

impl ManagedList for Managed {
    type Entity = Entity;

    fn is_managed_by(user_id: Expr) -> Condition {
        has_manager::<workspace::Entity>(column(Column::WorkspaceId), user_id)
    }

    fn is_of(database: &DatabaseConnection, targets: &StaffTargets) -> Option<Expr> {
        any_target(database, (Entity, Column::WorkspaceId), &targets.workspaces)
    }

    fn condition(&self, lists: &Lists<'_>, is_managed: Option<Condition>) -> Condition {
        self.filter
            .condition(lists.database(), lists.now)
            .add(in_live_workspace())
            .add_option(is_managed)
    }

    fn sort(&self, now: DateTime<Utc>) -> Option<(Expr, SortType)> {
        Some((sort_expr(self.sort, now), self.sort.sort_type()))
    }

    fn row_cost(&self, base: RowCost, page: &Page) -> RowCost {
        self.filter.row_cost(base, self.sort, page)
    }
}

fn column(column: Column) -> Expr {
    Expr::col((Entity, column))
}

/// Reads a row of all columns, in their order, that begins at column `first`.
///
/// # Errors
/// The columns are others.
pub fn read(row: &QueryResult, first: usize) -> Result<Guarded<Model>, DbErr> {
    Model::sealed(&mut Columns::from(row, first))
}

/// Stored state of an invite.
pub fn state(row: &Model) -> State {
    State::from_noted(row.status, row.declined_at)
}

/// Effective status of an invite at `now`.
pub fn status(row: &Model, now: DateTime<Utc>) -> Status {
    state(row).status(row.expires_at, now)
}

/// [`status`] as a condition on rows.
pub(super) fn status_is(status: Status, now: DateTime<Utc>) -> Condition {
    let stored = |stored: StoredStatus| Column::Status.eq(stored);
    let pending = Condition::all().add(stored(StoredStatus::Pending));
    match status {
        Status::Accepted => Condition::all().add(stored(StoredStatus::Accepted)),
        Status::Cancelled => Condition::all()
            .add(stored(StoredStatus::Cancelled))
            .add(Column::DeclinedAt.is_null()),
        Status::Declined => Condition::all()
            .add(stored(StoredStatus::Cancelled))
            .add(Column::DeclinedAt.is_not_null()),
        Status::Pending => pending.add(
            Condition::any()
                .add(Column::ExpiresAt.is_null())
                .add(Column::ExpiresAt.gt(now)),
        ),
        Status::Expired => Condition::any()
            .add(stored(StoredStatus::Expired))
            .add(pending.add(Column::ExpiresAt.lte(now))),
    }
}

/// The time at which an invite expires. One that never does sorts as the far future.
pub(super) fn expiry() -> Expr {
    Func::coalesce([column(Column::ExpiresAt), Expr::val(far_future())]).into()
}

/// The expression that invites are ordered by.
pub(super) fn sort_expr(sort: InviteSort, now: DateTime<Utc>) -> Expr {
    match sort {
        InviteSort::CreatedAt => column(Column::CreatedAt),
        InviteSort::ExpiresAt => expiry(),
        InviteSort::Email => column(Column::EmailNorm),
        InviteSort::Status => status_rank(|status| status_is(status, now)),
        InviteSort::Role => column(Column::Role),
        InviteSort::Name => Expr::val(""),
    }
}

impl WorkspaceInviteFilter {
    /// An address has an index, and few invites. `base` is the cost without a filter.
    fn row_cost(&self, base: RowCost, sort: InviteSort, page: &Page) -> RowCost {
        if self.email_norm.is_some() {
            return RowCost::default();
        }
        let filters = RowCost::sum([
            (true, base),
            (true, RowCost::search(self.search.as_deref())),
            (self.workspaces.is_some(), RowCost::COMPARE),
            (self.statuses.is_some(), RowCost::COMPARE),
            (self.roles.is_some(), RowCost::COMPARE),
            (self.inviter.is_some(), RowCost::COMPARE),
            (self.expires.is_bounded(), RowCost::COMPARE),
            (sort != InviteSort::CreatedAt, RowCost::SORT),
        ]);
        filters.of_page(page)
    }

    fn condition(&self, database: &DatabaseConnection, now: DateTime<Utc>) -> Condition {
        let workspaces = self.workspaces.as_ref();
        let statuses = self.statuses.as_ref();
        let roles = self.roles.as_ref();
        let email = self.email_norm.as_ref();
        let search = self.search.as_ref();
        Condition::all()
            .add_option(
                workspaces.map(|ids| {
                    any_of(database, (Entity, Column::WorkspaceId), ids.iter().copied())
                }),
            )
            .add_option(
                statuses.map(|statuses| any_status(statuses, |status| status_is(status, now))),
            )
            .add_option(
                roles.map(|roles| any_of(database, (Entity, Column::Role), roles.iter().cloned())),
            )
            .add_option(self.inviter.map(|id| Column::InviterId.eq(id)))
            .add_option(email.map(|email| Column::EmailNorm.eq(email)))
            .add_option(search.map(|text| {
                let backend = database.get_database_backend();
                let columns = [Column::Email, Column::Message];
                contains_text(backend, columns.map(|it| Folded::column(backend, it)), text)
            }))
            .add(self.created.contains(column(Column::CreatedAt)))
            .add(self.expires.contains(column(Column::ExpiresAt)))
    }
}

impl Reads<'_> {
    /// Loads the invite with this id.
    pub async fn workspace_invite(&self, id: i64) -> Result<Option<Guarded<Model>>, LoadError> {
        self.one(ById(id)).await
    }
}

impl Lists<'_> {
    /// Loads a page of one workspace's invites, in one statement with those of other workspaces.
    pub async fn workspace_invites_of(
        &self,
        manager: &WorkspaceManager,
        filter: WorkspaceInviteFilter,
        sort: InviteSort,
        page: Page,
    ) -> Result<Slice<Guarded<Model>>, ListError> {
        let list = List {
            filter,
            sort,
            page,
            now: self.now,
        };
        self.of_parent(manager.workspace_id(), list).await
    }

    /// Loads a page of the invites of all workspaces in scope.
    pub async fn workspace_invites(
        &self,
        managed: &ManagedScope,
        filter: WorkspaceInviteFilter,
        sort: InviteSort,
        page: Page,
    ) -> Result<Slice<Guarded<Model>>, ListError> {
        self.managed(Managed { filter, sort }, managed, page).await
    }
}
