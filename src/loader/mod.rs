//! Which rows: everything that is read from the database, in batches and pages.
//!
//! Each request has a dataloader of its own: one for rows, which keeps nothing, and one for the
//! viewer's roles, which keeps them as long as the request lasts ([`role::RoleLoader`]).

mod error;
mod filter;
mod gather;
mod key;
mod listing;
mod page;

pub mod course;
pub mod course_invite;
pub mod group;
pub mod group_invite;
pub mod invite;
pub mod invite_code;
pub mod role;
pub mod tag;
pub mod user;
pub mod workspace;
pub mod workspace_invite;

use std::{collections::HashMap, hash::Hash, sync::Arc};

use async_graphql::dataloader::{DataLoader, Loader};
use sea_orm::{
    ColumnTrait, DatabaseConnection, DbErr, EntityTrait, QueryFilter, QueryResult, Select, Value,
    sea_query::{Query, SelectStatement, ValueType},
};

use crate::access::proof::Guarded;
use listing::Listing;

pub use error::LoadError;
pub use filter::{InstantRange, InviteKind, InviteSort, Status};
pub use gather::gather;
pub use page::{End, Page, Position, Slice, SortType, SortValue};

/// Most keys in one statement.
const MAX_BATCH: usize = 1000;

/// Loads rows by key, for one request.
///
/// Requests do not share one dataloader: it holds a lock across awaits, so that requests whose
/// batches run ([`gather`]) would wait for each other.
pub struct Loaders {
    rows: DataLoader<Rows>,
    database: DatabaseConnection,
}

impl Loaders {
    /// Loaders over `database`.
    pub fn new(database: DatabaseConnection) -> Self {
        let rows = Rows {
            database: database.clone(),
        };
        Self {
            rows: DataLoader::new(rows, gather::Gathered, gather::Gathered)
                .max_batch_size(MAX_BATCH),
            database,
        }
    }

    /// Loaders over the same database for another request.
    pub fn for_request(&self) -> Self {
        Self::new(self.database.clone())
    }

    /// The row of a key, in one statement with those of all keys of its kind that are wanted now.
    async fn one<K>(&self, key: K) -> Result<Option<<Rows as Loader<K>>::Value>, LoadError>
    where
        K: Clone + Eq + Hash + Send + Sync + 'static,
        Rows: Loader<K, Error = LoadError>,
    {
        self.rows.load_one(key).await
    }

    /// A page of a list that nobody else asks for.
    async fn list<T: Send + 'static>(
        &self,
        listing: Listing,
        page: &Page,
        read: fn(&QueryResult) -> Result<T, DbErr>,
    ) -> Result<Slice<T>, LoadError> {
        let (database, page) = (self.database.clone(), page.clone());
        gather::drive(async move { listing.page(&database, &page, read).await })
            .await
            .unwrap_or(Err(LoadError::Unavailable(Arc::new(DbErr::Custom(
                "the runtime is shutting down".to_owned(),
            )))))
    }
}

/// Keys of the rows of `E` that are not deleted.
fn live_ids<E: EntityTrait>(id: E::Column, deleted_at: E::Column) -> SelectStatement {
    Query::select()
        .column((E::default(), id))
        .from(E::default())
        .and_where(deleted_at.is_null())
        .take()
}

/// Each row under its key, closed in.
fn sealed_by<M, K: Eq + Hash>(rows: Vec<M>, key: impl Fn(&M) -> K) -> HashMap<K, Guarded<M>> {
    rows.into_iter()
        .map(|row| (key(&row), Guarded::seal(row)))
        .collect()
}

/// Loads batches: implements [`Loader`] once for each kind of key.
struct Rows {
    database: DatabaseConnection,
}

impl Rows {
    /// The rows of `select` whose `column` is any of `keys`.
    async fn having<E, K>(
        &self,
        select: Select<E>,
        column: E::Column,
        keys: impl IntoIterator<Item = K>,
    ) -> Result<Vec<E::Model>, LoadError>
    where
        E: EntityTrait,
        K: Into<Value> + ValueType + Clone,
    {
        let wanted = key::any_of(&self.database, (E::default(), column), keys);
        Ok(select.filter(wanted).all(&self.database).await?)
    }
}
