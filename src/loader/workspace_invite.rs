//! Workspace invites by token, by id, of a workspace, and the list of invites that a user manages.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use entity::workspace_invite::{Column, Entity, Model, StoredStatus};
use sea_orm::{
    ColumnTrait, Condition, DatabaseConnection, DbErr, EntityTrait, ExprTrait, QueryFilter, Select,
    sea_query::{Expr, Query},
};
use uuid::Uuid;

use super::{
    Freshness, InstantRange, InviteSort, ListError, LoadError, Reads,
    columns::{Columns, FromColumns, columns},
    filter::{any_status, contains_text},
    key::{any_of, row_key},
    listing::{ListOfParent, Listing},
    scope::{Effort, scope},
    workspace,
};
use crate::{
    access::proof::{Guarded, ManagedScope, WorkspaceManager},
    invite::{State, Status},
    paging::{Page, Slice, SortType},
    rate_limit::Client,
};

columns!(workspace_invite: id, token, workspace_id, inviter_id, email, email_norm, role, message, status, created_at, expires_at, accepted_at, accepted_by_id, cancelled_at);

row_key!(ById(i64) in live(), Id, |row| row.id);
row_key!(ByToken(Uuid) in live(), Token, |row| row.token);

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
    /// Role that accepting gives.
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

/// The invites of one workspace.
mod of_workspace {
    use super::{Column, Entity, Expr, ExprTrait, Query, scope, workspace};

    scope!("workspace_invites" of workspace::TABLE, |workspace| {
        let of = workspace.map(|workspace| {
            Expr::col((Entity, Column::WorkspaceId)).eq(workspace("id"))
        });
        vec![Query::select().from(Entity).and_where_option(of).take()]
    });
}

/// The invites of all workspaces that a user manages.
mod managed {
    use super::{Column, Entity, Expr, ExprTrait, Query, scope, workspace};

    scope!("workspace_invites" of "users", |manager| {
        let by = manager.map(|manager| {
            let managed = workspace::managed_ids(manager("id"));
            Expr::col((Entity, Column::WorkspaceId)).in_subquery(managed)
        });
        vec![Query::select().from(Entity).and_where_option(by).take()]
    });
}

/// Selects invites whose workspace is not deleted. No path finds others.
fn live() -> Select<Entity> {
    Entity::find().filter(in_live_workspace())
}

/// Condition: the invite's workspace is not deleted.
pub(super) fn in_live_workspace() -> Expr {
    Expr::col((Entity, Column::WorkspaceId)).in_subquery(workspace::live_ids())
}

impl ListOfParent for List {
    type Row = Guarded<Model>;
    const NAME: &'static str = "workspace_invites";
    const PARENTS: &'static str = workspace::TABLE;

    fn parent() -> Expr {
        Expr::col((Entity, Column::WorkspaceId))
    }

    fn listing(&self, database: &DatabaseConnection) -> Listing {
        let condition = self.filter.condition(database, self.now);
        Listing::from_table::<Entity>(condition, order(self.sort))
    }

    fn page(&self) -> &Page {
        &self.page
    }

    fn read(columns: &mut Columns<'_>) -> Result<Self::Row, DbErr> {
        Model::sealed(columns)
    }
}

/// Effective status of an invite at `now`.
pub fn status(row: &Model, now: DateTime<Utc>) -> Status {
    let state = match row.status {
        StoredStatus::Pending => State::Pending,
        StoredStatus::Accepted => State::Accepted,
        StoredStatus::Cancelled => State::Cancelled,
        StoredStatus::Expired => State::Expired,
    };
    state.status(Some(row.expires_at), now)
}

/// [`status`] as a condition on rows.
pub(super) fn status_is(status: Status, now: DateTime<Utc>) -> Condition {
    let stored = |stored: StoredStatus| Column::Status.eq(stored);
    let pending = Condition::all().add(stored(StoredStatus::Pending));
    match status {
        Status::Accepted => Condition::all().add(stored(StoredStatus::Accepted)),
        Status::Cancelled => Condition::all().add(stored(StoredStatus::Cancelled)),
        Status::Pending => pending.add(Column::ExpiresAt.gt(now)),
        Status::Expired => Condition::any()
            .add(stored(StoredStatus::Expired))
            .add(pending.add(Column::ExpiresAt.lte(now))),
    }
}

/// The expression that invites are ordered by.
pub(super) fn sort_expr(sort: InviteSort) -> Expr {
    match sort {
        InviteSort::CreatedAt => Expr::col((Entity, Column::CreatedAt)),
        InviteSort::ExpiresAt => Expr::col((Entity, Column::ExpiresAt)),
    }
}

fn order(sort: InviteSort) -> [(Expr, SortType); 2] {
    [
        (sort_expr(sort), SortType::Instant),
        (Expr::col((Entity, Column::Id)), SortType::Int),
    ]
}

impl WorkspaceInviteFilter {
    /// `base` is the effort without a filter. An address has an index, and few invites.
    fn effort(&self, base: Effort, sort: InviteSort, page: &Page) -> Effort {
        if self.email_norm.is_some() {
            return Effort::default();
        }
        let filters = Effort::sum([
            (true, base),
            (true, Effort::search(self.search.as_deref())),
            (self.workspaces.is_some(), Effort::COMPARE),
            (self.statuses.is_some(), Effort::COMPARE),
            (self.roles.is_some(), Effort::COMPARE),
            (self.inviter.is_some(), Effort::COMPARE),
            (self.expires.is_bounded(), Effort::COMPARE),
            (sort == InviteSort::ExpiresAt, Effort::SORT),
        ]);
        filters.of_page(page)
    }

    fn condition(&self, database: &DatabaseConnection, now: DateTime<Utc>) -> Condition {
        let column = |column| Expr::col((Entity, column));
        let mut condition =
            Condition::all()
                .add_option(self.workspaces.as_ref().map(|ids| {
                    any_of(database, (Entity, Column::WorkspaceId), ids.iter().copied())
                }))
                .add_option(
                    self.statuses
                        .as_ref()
                        .map(|statuses| any_status(statuses, |status| status_is(status, now))),
                )
                .add_option(
                    self.roles.as_ref().map(|roles| {
                        any_of(database, (Entity, Column::Role), roles.iter().cloned())
                    }),
                )
                .add_option(self.inviter.map(|id| Column::InviterId.eq(id)))
                .add_option(
                    self.email_norm
                        .as_ref()
                        .map(|email| Column::EmailNorm.eq(email)),
                );
        if let Some(text) = &self.search {
            let columns = [column(Column::Email), column(Column::Message)];
            condition = condition.add(contains_text(
                database.get_database_backend(),
                columns,
                text,
            ));
        }
        condition
            .add(self.created.contains(column(Column::CreatedAt)))
            .add(self.expires.contains(column(Column::ExpiresAt)))
    }
}

impl Reads<'_> {
    /// Loads the invite of this token. Its holder may see it.
    pub async fn workspace_invite_by_token(
        &self,
        token: Uuid,
    ) -> Result<Option<Guarded<Model>>, LoadError> {
        self.at_least(Freshness::StandbyThenPrimary)
            .one(ByToken(token))
            .await
    }

    /// Loads the invite with this id.
    pub async fn workspace_invite(&self, id: i64) -> Result<Option<Guarded<Model>>, LoadError> {
        self.one(ById(id)).await
    }

    /// Loads a page of one workspace's invites, in one statement with those of other workspaces.
    pub async fn workspace_invites_of(
        &self,
        manager: &WorkspaceManager,
        filter: WorkspaceInviteFilter,
        sort: InviteSort,
        page: Page,
        now: DateTime<Utc>,
        client: &Arc<Client>,
    ) -> Result<Slice<Guarded<Model>>, ListError> {
        let workspace = manager.workspace_id();
        let effort = filter.effort(Effort::default(), sort, &page);
        let estimate = self
            .estimate::<of_workspace::Scope>(client, Some(workspace), effort, now)
            .await?;
        let list = List {
            filter,
            sort,
            page,
            now,
        };
        self.list_of(workspace, list, estimate).await
    }

    /// Loads a page of the invites of all workspaces in scope.
    pub async fn workspace_invites(
        &self,
        managed: &ManagedScope,
        filter: &WorkspaceInviteFilter,
        sort: InviteSort,
        page: &Page,
        now: DateTime<Utc>,
        client: &Arc<Client>,
    ) -> Result<Slice<Guarded<Model>>, ListError> {
        let base = match managed.user_id() {
            Some(_) => Effort::MERGE,
            None => Effort::default(),
        };
        let effort = filter.effort(base, sort, page);
        let estimate = self
            .estimate::<managed::Scope>(client, managed.user_id(), effort, now)
            .await?;
        let reach = managed.user_id().map(|id| {
            Expr::col((Entity, Column::WorkspaceId)).in_subquery(workspace::managed_ids(id))
        });
        let condition = filter
            .condition(self.database(), now)
            .add(in_live_workspace())
            .add_option(reach);
        let listing = Listing::from_table::<Entity>(condition, order(sort));
        self.at_least(Freshness::Primary)
            .list(listing, page, Model::sealed, estimate)
            .await
    }
}
