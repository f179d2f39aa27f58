//! Workspaces by id, and the list of workspaces that a user manages.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use entity::{
    workspace::{Column, Entity, Model},
    workspace_member,
};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, ExprTrait, QueryFilter,
    sea_query::{Expr, Query, SelectStatement},
};

use super::{
    Freshness, ListError, LoadError, Reads,
    columns::{FromColumns, columns},
    key::row_key,
    listing::Listing,
    scope::{Effort, scope},
};
use crate::{
    access::proof::{Guarded, ManagedScope},
    invite::MANAGES_WORKSPACE,
    paging::{Page, Slice, SortType},
    rate_limit::Client,
};

pub(super) const TABLE: &str = "workspaces";

columns!(workspace: id, name, description, logo_url, created_at, deleted_at);

row_key!(ById(i64) in Entity::find().filter(Column::DeletedAt.is_null()), Id, |row| row.id);

/// Selects the ids of workspaces that are not deleted.
pub(super) fn live_ids() -> SelectStatement {
    super::live_ids::<Entity>(Column::Id, Column::DeletedAt)
}

/// Selects the ids of workspaces that the user manages.
pub(super) fn managed_ids(user_id: impl Into<Expr>) -> SelectStatement {
    use workspace_member::Column as Member;
    Query::select()
        .column((workspace_member::Entity, Member::WorkspaceId))
        .from(workspace_member::Entity)
        .and_where(Expr::col((workspace_member::Entity, Member::UserId)).eq(user_id.into()))
        .and_where(Member::Role.is_in(MANAGES_WORKSPACE))
        .take()
}

scope!("workspaces" of "users", |manager| match manager {
    Some(manager) => {
        let is = |column: Expr| column.eq(manager("id"));
        let member = Expr::col((workspace_member::Entity, workspace_member::Column::UserId));
        vec![
            Query::select().from(workspace_member::Entity).and_where(is(member)).take(),
        ]
    }
    None => vec![Query::select().from(Entity).take()],
});

impl Reads<'_> {
    /// Loads the workspace with this id, unless deleted.
    pub async fn workspace(&self, id: i64) -> Result<Option<Guarded<Model>>, LoadError> {
        self.one(ById(id)).await
    }

    /// Loads a page of the workspaces in scope, ordered by id.
    pub async fn workspaces(
        &self,
        managed: &ManagedScope,
        page: &Page,
        now: DateTime<Utc>,
        client: &Arc<Client>,
    ) -> Result<Slice<Guarded<Model>>, ListError> {
        let merges = managed.user_id().is_some();
        let effort = Effort::sum([(merges, Effort::MERGE)]).of_page(page);
        let estimate = self
            .estimate::<Scope>(client, managed.user_id(), effort, now)
            .await?;
        let condition = Condition::all()
            .add(Column::DeletedAt.is_null())
            .add_option(
                managed
                    .user_id()
                    .map(|id| Expr::col((Entity, Column::Id)).in_subquery(managed_ids(id))),
            );
        let by_id = (Expr::col((Entity, Column::Id)), SortType::Int);
        let listing = Listing::from_table::<Entity>(condition, [by_id]);
        self.at_least(Freshness::Primary)
            .list(listing, page, Model::sealed, estimate)
            .await
    }
}
