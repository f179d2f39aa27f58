//! Tags by id and of invite codes.

use std::{
    borrow::Cow,
    collections::HashMap,
    sync::{Arc, OnceLock},
};

use async_graphql::dataloader::Loader;
use batch_loader::Key;
use entity::{
    invite_code_tag,
    tag::{Column, Entity, Model},
};
use sea_orm::{
    ColumnTrait, DatabaseConnection, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QueryTrait,
    sea_query::{Expr, JoinType, SelectStatement},
};

use super::{
    Freshness, LoadError, Reads, Rows,
    columns::{Columns, FromColumns, columns},
    key::{any_of, row_key},
    tables::live,
};
use crate::access::proof::Guarded;

columns!(tag: id, kind, name, description, color, visible, active, created_at, deleted_at);

row_key!("tag_by_id": ById(i64) in live::<Entity>(), Id, |row| row.id);

#[derive(Clone, PartialEq, Eq, Hash)]
struct OfInviteCode(i64);

impl Key for OfInviteCode {
    fn kind() -> Cow<'static, str> {
        "tag_of_invite_code".into()
    }
}

impl Loader<OfInviteCode> for Rows {
    type Value = Vec<Guarded<Model>>;
    type Error = LoadError;

    async fn load(
        &self,
        keys: &[OfInviteCode],
    ) -> Result<HashMap<OfInviteCode, Self::Value>, LoadError> {
        static TEXT: OnceLock<Arc<str>> = OnceLock::new();
        let ids: Vec<i64> = keys.iter().map(|key| key.0).collect();
        let rows = self
            .rows_of_keys(&ids, &TEXT, |ids| {
                of_codes(self.database(), ids.iter().copied())
            })
            .await?;
        let mut found: HashMap<OfInviteCode, Self::Value> = HashMap::new();
        for row in &rows {
            let mut columns = Columns::from(row, 0);
            let tag = Model::sealed(&mut columns)?;
            let code = OfInviteCode(columns.next()?);
            found.entry(code).or_default().push(tag);
        }
        Ok(found)
    }
}

/// Selects the tags of these codes that are not deleted, by name, each followed by its code.
fn of_codes(database: &DatabaseConnection, ids: impl IntoIterator<Item = i64>) -> SelectStatement {
    use invite_code_tag::{Column as Given, Entity as Giving};
    let mut tags = Entity::find()
        .filter(any_of(database, (Giving, Given::InviteCodeId), ids))
        .filter(Column::DeletedAt.is_null())
        .order_by_asc(Column::Name)
        .order_by_asc(Column::Id)
        .into_query();
    let given = Expr::col((Giving, Given::TagId)).equals((Entity, Column::Id));
    tags.join(JoinType::InnerJoin, Giving, given)
        .expr(Expr::col((Giving, Given::InviteCodeId)));
    tags
}

impl Reads<'_> {
    /// Loads the tag with this id, unless deleted.
    pub async fn tag(&self, id: i64) -> Result<Option<Guarded<Model>>, LoadError> {
        self.one(ById(id)).await
    }

    /// Loads the tags of an invite code, by name, without deleted ones.
    pub async fn tags_of_invite_code(&self, id: i64) -> Result<Vec<Guarded<Model>>, LoadError> {
        Ok(self
            .at_least(Freshness::StandbyThenPrimary)
            .one(OfInviteCode(id))
            .await?
            .unwrap_or_default())
    }
}
