//! Group invites: by id, of a group, and the list of those that somebody manages.

use std::collections::HashMap;

use async_graphql::dataloader::Loader;
use entity::group_invite::{Column, Entity, Model};
use sea_orm::{Condition, EntityTrait, ExprTrait, QueryFilter, Select, sea_query::Expr};

use super::{
    LoadError, Loaders, Page, Rows, Slice, SortType, group,
    listing::{Listing, sealed},
    sealed_by,
};
use crate::access::proof::{GroupManager, Guarded, Managed};

#[derive(Clone, PartialEq, Eq, Hash)]
struct ById(i64);

#[derive(Clone, PartialEq, Eq, Hash)]
struct OfGroup(i64);

/// Invites of groups that are not deleted: those of others are not found on any path.
fn live() -> Select<Entity> {
    Entity::find().filter(in_live_group())
}

fn in_live_group() -> Expr {
    Expr::col((Entity, Column::GroupId)).in_subquery(group::live_ids())
}

impl Loader<ById> for Rows {
    type Value = Guarded<Model>;
    type Error = LoadError;

    async fn load(&self, keys: &[ById]) -> Result<HashMap<ById, Self::Value>, LoadError> {
        let rows = self
            .having(live(), Column::Id, keys.iter().map(|key| key.0))
            .await?;
        Ok(sealed_by(rows, |row| ById(row.id)))
    }
}

impl Loader<OfGroup> for Rows {
    type Value = Guarded<Model>;
    type Error = LoadError;

    async fn load(&self, keys: &[OfGroup]) -> Result<HashMap<OfGroup, Self::Value>, LoadError> {
        let rows = self
            .having(live(), Column::GroupId, keys.iter().map(|key| key.0))
            .await?;
        Ok(sealed_by(rows, |row| OfGroup(row.group_id)))
    }
}

impl Loaders {
    /// The invite of that id.
    pub async fn group_invite(&self, id: i64) -> Result<Option<Guarded<Model>>, LoadError> {
        self.one(ById(id)).await
    }

    /// The invite of a group, for who manages it.
    pub async fn group_invite_of(
        &self,
        manager: &GroupManager,
    ) -> Result<Option<Guarded<Model>>, LoadError> {
        self.one(OfGroup(manager.group_id())).await
    }

    /// A page of the invites of all groups that somebody manages; for staff: of all.
    pub async fn group_invites(
        &self,
        managed: &Managed,
        page: &Page,
    ) -> Result<Slice<Guarded<Model>>, LoadError> {
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
        let listing = Listing::of::<Entity>(condition, order);
        self.list(listing, page, sealed).await
    }
}
