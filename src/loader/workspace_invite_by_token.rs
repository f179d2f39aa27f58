//! Workspace invites by the hash of a token in their link.

use std::{
    borrow::Cow,
    collections::HashMap,
    sync::{Arc, OnceLock},
};

use async_graphql::dataloader::Loader;
use batch_loader::Key;
use entity::{
    invite_token,
    workspace_invite::{Column, Entity, Model},
};
use sea_orm::{
    ExprTrait, QueryTrait,
    sea_query::{Expr, JoinType},
};

use super::{
    Freshness, LoadError, Reads, Rows,
    columns::{Columns, FromColumns},
    key::any_of,
    workspace_invite::live,
};
use crate::access::proof::Guarded;

/// The hash of a token.
#[derive(Clone, PartialEq, Eq, Hash)]
struct ByTokenHash(Vec<u8>);

impl Key for ByTokenHash {
    fn kind() -> Cow<'static, str> {
        "workspace_invite_by_token".into()
    }
}

impl Loader<ByTokenHash> for Rows {
    type Value = Guarded<Model>;
    type Error = LoadError;

    async fn load(
        &self,
        keys: &[ByTokenHash],
    ) -> Result<HashMap<ByTokenHash, Guarded<Model>>, LoadError> {
        static TEXT: OnceLock<Arc<str>> = OnceLock::new();
        let hashes: Vec<Vec<u8>> = keys.iter().map(|key| key.0.clone()).collect();
        let rows = self.rows_of_keys(&hashes, &TEXT, |hashes| {
            let hash = (invite_token::Entity, invite_token::Column::TokenHash);
            let id = (invite_token::Entity, invite_token::Column::InviteId);
            live()
                .into_query()
                .column(hash)
                .join(
                    JoinType::InnerJoin,
                    invite_token::Entity,
                    Expr::col(id).equals((Entity, Column::Id)),
                )
                .and_where(any_of(self.database(), hash, hashes.iter().cloned()))
                .take()
        });
        let mut found = HashMap::new();
        for row in &rows.await? {
            let mut columns = Columns::from(row, 0);
            let invite = Model::sealed(&mut columns)?;
            found.insert(ByTokenHash(columns.next()?), invite);
        }
        Ok(found)
    }
}

impl Reads<'_> {
    /// Loads the invite that a token with this hash opens. Its holder may see it.
    pub async fn workspace_invite_by_token(
        &self,
        token_hash: Vec<u8>,
    ) -> Result<Option<Guarded<Model>>, LoadError> {
        self.at_least(Freshness::StandbyThenPrimary)
            .one(ByTokenHash(token_hash))
            .await
    }
}
