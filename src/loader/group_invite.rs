//! Group invites by id, of a group, and the list of invites that a user manages.

use chrono::{DateTime, Utc};
use entity::{
    group,
    group_invite::{Column, Entity, Model},
};
use sea_orm::{Condition, EntityTrait, QueryFilter, Select, sea_query::Expr};

use super::{
    Freshness, ListError, Lists, LoadError, Reads,
    columns::columns,
    key::row_key,
    managed::ManagedList,
    tables::{has_manager, is_live},
};
use crate::{
    access::proof::{GroupManager, Guarded, ManagedScope},
    paging::{Page, Slice, SortType},
};

columns!(group_invite: id, group_id, code, url, created_at, updated_at);

row_key!("group_invite_by_id": ById(i64) in live(), Id, |row| row.id);
row_key!("group_invite_by_code": ByCode(String) in live(), Code, |row| row.code.clone());
row_key!("group_invite_of_group": OfGroup(i64) in live(), GroupId, |row| row.group_id);

/// Selects invites whose group is not deleted. No path finds others.
fn live() -> Select<Entity> {
    Entity::find().filter(is_live::<group::Entity>(group_id()))
}

fn group_id() -> Expr {
    Expr::col((Entity, Column::GroupId))
}

/// Invites by creation time.
struct Managed;

impl ManagedList for Managed {
    type Entity = Entity;

    fn is_managed_by(user_id: Expr) -> Condition {
        has_manager::<group::Entity>(group_id(), user_id)
    }

    fn condition(&self, _: &Lists<'_>, is_managed: Option<Condition>) -> Condition {
        Condition::all()
            .add(is_live::<group::Entity>(group_id()))
            .add_option(is_managed)
    }

    fn sort(&self, _: DateTime<Utc>) -> Option<(Expr, SortType)> {
        Some((Expr::col((Entity, Column::CreatedAt)), SortType::Instant))
    }
}

impl Reads<'_> {
    /// Loads the invite with this id.
    pub async fn group_invite(&self, id: i64) -> Result<Option<Guarded<Model>>, LoadError> {
        self.one(ById(id)).await
    }

    /// Loads the invite with this code. Its holder may join the group.
    pub async fn group_invite_by_code(
        &self,
        code: &str,
    ) -> Result<Option<Guarded<Model>>, LoadError> {
        self.at_least(Freshness::StandbyThenPrimary)
            .one(ByCode(code.to_owned()))
            .await
    }

    /// Loads the invite of a group for its managers.
    pub async fn group_invite_of(
        &self,
        manager: &GroupManager,
    ) -> Result<Option<Guarded<Model>>, LoadError> {
        self.one(OfGroup(manager.group_id())).await
    }
}

impl Lists<'_> {
    /// Loads a page of the invites of all groups in scope.
    pub async fn group_invites(
        &self,
        managed: &ManagedScope,
        page: Page,
    ) -> Result<Slice<Guarded<Model>>, ListError> {
        self.managed(Managed, managed, page).await
    }
}
