//! Group invites by id, of a group, and the list of invites that a user manages.

use std::{
    borrow::Cow,
    collections::HashMap,
    sync::{Arc, OnceLock},
};

use async_graphql::dataloader::Loader;
use batch_loader::Key;
use chrono::{DateTime, Utc};
use entity::{
    group,
    group_invite::{Column, Entity, Model},
};
use sea_orm::{Condition, DatabaseConnection, EntityTrait, QueryFilter, Select, sea_query::Expr};

use super::{
    Freshness, ListError, Lists, LoadError, Reads, Rows,
    columns::columns,
    guarded_by_key,
    key::row_key,
    managed::{ManagedList, any_target},
    tables::{has_manager, is_live},
};
use crate::{
    access::proof::{GroupManager, Guarded, ManagedScope, StaffTargets},
    invite::Spellings,
    paging::{Page, Slice, SortType},
};

columns!(group_invite: id, group_id, code, url, created_at, updated_at);

row_key!("group_invite_by_id": ById(i64) in live(), Id, |row| row.id);
row_key!("group_invite_of_group": OfGroup(i64) in live(), GroupId, |row| row.group_id);

/// A code as it was sent.
#[derive(Clone, PartialEq, Eq, Hash)]
struct ByCode(String);

impl Key for ByCode {
    fn kind() -> Cow<'static, str> {
        "group_invite_by_code".into()
    }
}

impl Loader<ByCode> for Rows {
    type Value = Guarded<Model>;
    type Error = LoadError;

    async fn load(&self, keys: &[ByCode]) -> Result<HashMap<ByCode, Self::Value>, LoadError> {
        static TEXT: OnceLock<Arc<str>> = OnceLock::new();
        let keys: Vec<_> = keys
            .iter()
            .map(|key| (key, Spellings::new(&key.0)))
            .collect();
        let codes = keys.iter().flat_map(|(_, spellings)| spellings.all());
        let codes: Vec<String> = codes.cloned().collect();
        let rows = self.load_by_keys(live, Column::Code, &codes, &TEXT).await?;
        let existing = guarded_by_key(rows, |row: &Model| row.code.clone());
        let found = keys.into_iter().filter_map(|(key, spellings)| {
            let invite = spellings.choose(|code| existing.get(code))?;
            Some((key.clone(), invite.clone()))
        });
        Ok(found.collect())
    }
}

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

    fn is_of(database: &DatabaseConnection, targets: &StaffTargets) -> Option<Expr> {
        any_target(database, (Entity, Column::GroupId), &targets.groups)
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

    /// Loads the invite whose code this text stands for, by [`Spellings`]. Its holder may join the group.
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
