//! Tags, by id and of invite codes.

use std::collections::HashMap;

use async_graphql::dataloader::Loader;
use entity::{
    invite_code_tag,
    tag::{Column, Entity, Model},
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use super::{
    LoadError, Loaders, Rows,
    key::{any_of, row_key},
};
use crate::access::proof::Guarded;

row_key!(ById(i64) in Entity::find().filter(Column::DeletedAt.is_null()), Id, |row| row.id);

#[derive(Clone, PartialEq, Eq, Hash)]
struct OfInviteCode(i64);

impl Loader<OfInviteCode> for Rows {
    type Value = Vec<Guarded<Model>>;
    type Error = LoadError;

    async fn load(
        &self,
        keys: &[OfInviteCode],
    ) -> Result<HashMap<OfInviteCode, Self::Value>, LoadError> {
        let code = (
            invite_code_tag::Entity,
            invite_code_tag::Column::InviteCodeId,
        );
        let rows = invite_code_tag::Entity::find()
            .find_also_related(Entity)
            .filter(any_of(&self.database, code, keys.iter().map(|key| key.0)))
            .filter(Column::DeletedAt.is_null())
            .order_by_asc(Column::Name)
            .order_by_asc(Column::Id)
            .all(&self.database)
            .await?;
        let mut found: HashMap<OfInviteCode, Self::Value> = HashMap::new();
        for (given, tag) in rows {
            let tags = found.entry(OfInviteCode(given.invite_code_id)).or_default();
            tags.extend(tag.map(Guarded::seal));
        }
        Ok(found)
    }
}

impl Loaders {
    /// The tag of that id, unless deleted.
    pub async fn tag(&self, id: i64) -> Result<Option<Guarded<Model>>, LoadError> {
        self.one(ById(id)).await
    }

    /// The tags that an invite code gives, by name, without deleted ones.
    pub async fn tags_of_invite_code(&self, id: i64) -> Result<Vec<Guarded<Model>>, LoadError> {
        Ok(self.one(OfInviteCode(id)).await?.unwrap_or_default())
    }
}
