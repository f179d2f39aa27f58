//! Numbers of the members of groups.

use std::{
    borrow::Cow,
    collections::HashMap,
    sync::{Arc, OnceLock},
};

use async_graphql::dataloader::Loader;
use batch_loader::Key;
use entity::{
    group_member::{Column, Entity},
    user,
};
use sea_orm::{
    EntityTrait, QueryFilter, QuerySelect, QueryTrait,
    sea_query::{Expr, Func},
};

use super::{LoadError, Reads, Rows, columns::Columns, key::any_of, tables::is_live};

/// The members of a group.
#[derive(Clone, PartialEq, Eq, Hash)]
struct OfGroup(i64);

impl Key for OfGroup {
    fn kind() -> Cow<'static, str> {
        "member_count_of_group".into()
    }
}

impl Loader<OfGroup> for Rows {
    type Value = i64;
    type Error = LoadError;

    async fn load(&self, keys: &[OfGroup]) -> Result<HashMap<OfGroup, i64>, LoadError> {
        static TEXT: OnceLock<Arc<str>> = OnceLock::new();
        let ids: Vec<i64> = keys.iter().map(|key| key.0).collect();
        let rows = self.rows_of_keys(&ids, &TEXT, |ids| {
            let group = (Entity, Column::GroupId);
            Entity::find()
                .select_only()
                .column(Column::GroupId)
                .expr(Func::count(Expr::cust("*")))
                .filter(any_of(self.database(), group, ids.iter().copied()))
                .filter(is_live::<user::Entity>(Expr::col((Entity, Column::UserId))))
                .group_by(Column::GroupId)
                .into_query()
        });
        let mut found = HashMap::new();
        for row in &rows.await? {
            let mut columns = Columns::from(row, 0);
            found.insert(OfGroup(columns.next()?), columns.next()?);
        }
        Ok(found)
    }
}

impl Reads<'_> {
    /// Loads the number of a group's members, without deleted users.
    pub async fn group_member_count(&self, group_id: i64) -> Result<i64, LoadError> {
        Ok(self.one(OfGroup(group_id)).await?.unwrap_or(0))
    }
}
