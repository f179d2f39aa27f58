//! Group invites by id, of a group, and the list of invites that a user manages.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use entity::group_invite::{Column, Entity, Model};
use sea_orm::{
    Condition, EntityTrait, ExprTrait, QueryFilter, Select,
    sea_query::{Expr, Query},
};

use super::{
    Freshness, ListError, LoadError, Reads,
    columns::{FromColumns, columns},
    group,
    key::row_key,
    listing::Listing,
    scope::{Effort, scope},
};
use crate::{
    access::proof::{GroupManager, Guarded, ManagedScope},
    paging::{Page, Slice, SortType},
    rate_limit::Client,
};

columns!(group_invite: id, group_id, code, created_at, updated_at);

row_key!(ById(i64) in live(), Id, |row| row.id);
row_key!(OfGroup(i64) in live(), GroupId, |row| row.group_id);

scope!("group_invites" of "users", |manager| {
    let by = manager.map(|manager| {
        Expr::col((Entity, Column::GroupId)).in_subquery(group::managed_ids(manager("id")))
    });
    vec![Query::select().from(Entity).and_where_option(by).take()]
});

/// Selects invites whose group is not deleted. No path finds others.
fn live() -> Select<Entity> {
    Entity::find().filter(in_live_group())
}

fn in_live_group() -> Expr {
    Expr::col((Entity, Column::GroupId)).in_subquery(group::live_ids())
}

impl Reads<'_> {
    /// Loads the invite with this id.
    pub async fn group_invite(&self, id: i64) -> Result<Option<Guarded<Model>>, LoadError> {
        self.one(ById(id)).await
    }

    /// Loads the invite of a group for its managers.
    pub async fn group_invite_of(
        &self,
        manager: &GroupManager,
    ) -> Result<Option<Guarded<Model>>, LoadError> {
        self.one(OfGroup(manager.group_id())).await
    }

    /// Loads a page of the invites of all groups in scope.
    pub async fn group_invites(
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
        let condition =
            Condition::all()
                .add(in_live_group())
                .add_option(managed.user_id().map(|id| {
                    Expr::col((Entity, Column::GroupId)).in_subquery(group::managed_ids(id))
                }));
        let order = [
            (Expr::col((Entity, Column::CreatedAt)), SortType::Instant),
            (Expr::col((Entity, Column::Id)), SortType::Int),
        ];
        let listing = Listing::from_table::<Entity>(condition, order);
        self.at_least(Freshness::Primary)
            .list(listing, page, Model::sealed, estimate)
            .await
    }
}
