//! Users by id, and by the subject of a bearer token.

use std::{
    borrow::Cow,
    collections::HashMap,
    sync::{Arc, OnceLock},
};

use async_graphql::dataloader::Loader;
use batch_loader::Key;
use entity::user::{Column, Entity, Model};

use super::{
    Freshness, LoadError, Loaders, Reads, Rows, columns::columns, key::row_key, tables::live,
};
use crate::access::proof::Guarded;

columns!(user: id, username, full_name, email, email_norm, avatar_url, is_verified, ext_id, is_staff, created_at, deleted_at, username_folded, full_name_folded, email_folded);

row_key!("user_by_id": ById(i64) in live::<Entity>(), Id, |row| row.id);
row_key!("user_by_username": ByUsername(String) in live::<Entity>(), Username, |row| row.username.clone());

#[derive(Clone, PartialEq, Eq, Hash)]
struct ByExtId(String);

impl Key for ByExtId {
    fn kind() -> Cow<'static, str> {
        "user_by_ext_id".into()
    }
}

impl Loader<ByExtId> for Rows {
    type Value = Vec<Model>;
    type Error = LoadError;

    async fn load(&self, keys: &[ByExtId]) -> Result<HashMap<ByExtId, Vec<Model>>, LoadError> {
        static TEXT: OnceLock<Arc<str>> = OnceLock::new();
        let ids: Vec<_> = keys.iter().map(|key| key.0.clone()).collect();
        let mut found: HashMap<ByExtId, Vec<Model>> = HashMap::new();
        for row in self
            .load_by_keys(live::<Entity>, Column::ExtId, &ids, &TEXT)
            .await?
        {
            if let Some(ext_id) = row.ext_id.clone() {
                found.entry(ByExtId(ext_id)).or_default().push(row);
            }
        }
        Ok(found)
    }
}

/// The user that a bearer token names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// `users.id`.
    Id(i64),
    /// `users.username`.
    Username(String),
    /// `users.ext_id`.
    ExtId(String),
}

impl Reads<'_> {
    /// Loads the user with this id, unless deleted.
    pub async fn user(&self, id: i64) -> Result<Option<Guarded<Model>>, LoadError> {
        self.at_least(Freshness::StandbyThenPrimary)
            .one(ById(id))
            .await
    }
}

impl Loaders {
    /// Loads the user that a verified token names, from the primary. Returns none for an external id
    /// that several users share.
    pub async fn subject(&self, subject: Subject) -> Result<Option<Guarded<Model>>, LoadError> {
        let reads = self.reads(Freshness::Primary);
        match subject {
            Subject::Id(id) => reads.one(ById(id)).await,
            Subject::Username(name) => reads.one(ByUsername(name)).await,
            Subject::ExtId(id) => {
                let mut users = reads.one(ByExtId(id)).await?.unwrap_or_default();
                let one = users.pop().filter(|_| users.is_empty());
                Ok(one.map(Guarded::seal))
            }
        }
    }
}
