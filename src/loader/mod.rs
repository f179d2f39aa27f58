//! Which rows: everything that is read from the database, in batches and pages.
//!
//! All requests share one [`Loaders`], which keeps no row. A viewer's roles are kept as long as
//! their request lasts ([`role::RoleLoader`]).

mod columns;
mod error;
mod filter;
mod gather;
mod key;
mod listing;
mod page;
mod reader;

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

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, OnceLock},
};

use async_graphql::dataloader::Loader;
use futures_util::FutureExt;
use sea_orm::{
    ColumnTrait, DatabaseConnection, DbErr, EntityTrait, QueryFilter, QueryResult, QueryTrait,
    Select, Value,
    sea_query::{Query, SelectStatement, ValueType},
};

use crate::access::proof::Guarded;
use columns::{Columns, FromColumns};
use gather::{Gatherer, Key};
use listing::Listing;
use reader::{Reader, Text};

pub use error::LoadError;
pub use filter::{InstantRange, InviteKind, InviteSort, Status};
pub use gather::gather;
pub use page::{End, Page, Position, Slice, SortType, SortValue};

/// Loads rows by key, for all requests: what they want at the same time shares statements.
pub struct Loaders {
    rows: Arc<Rows>,
    gatherer: Gatherer<Rows>,
}

impl Loaders {
    /// Loaders over `database`.
    pub fn new(database: DatabaseConnection) -> Self {
        let reader = Reader::new(database);
        let rows = Arc::new(Rows { reader });
        let gatherer = Gatherer::new(rows.clone());
        Self { rows, gatherer }
    }

    /// Gives the connections that are kept back to their pool, to be closed with it.
    pub fn release_connections(&self) {
        self.rows.reader.release();
    }

    fn database(&self) -> &DatabaseConnection {
        self.rows.reader.database()
    }

    /// The row of a key, in one statement with those of all keys of its kind that are wanted now.
    async fn one<K: Key>(&self, key: K) -> Result<Option<<Rows as Loader<K>>::Value>, LoadError>
    where
        Rows: Loader<K, Error = LoadError>,
    {
        self.gatherer.load(key).await
    }

    /// A page of a list that nobody else asks for.
    async fn list<T: Send + 'static>(
        &self,
        listing: Listing,
        page: &Page,
        read: fn(&mut Columns<'_>) -> Result<T, DbErr>,
    ) -> Result<Slice<T>, LoadError> {
        let (rows, page) = (self.rows.clone(), page.clone());
        let load = async move { listing.page(&rows.reader, &page, read).await };
        self.gatherer.errand(load.boxed()).await
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
    reader: Reader,
}

impl Rows {
    fn database(&self) -> &DatabaseConnection {
        self.reader.database()
    }

    /// The rows of `select` whose `column` is any of `keys`.
    async fn having<E, K>(
        &self,
        select: impl Fn() -> Select<E>,
        column: E::Column,
        keys: &[K],
        text: &OnceLock<Arc<str>>,
    ) -> Result<Vec<E::Model>, LoadError>
    where
        E: EntityTrait<Model: FromColumns>,
        K: Into<Value> + ValueType + Clone + Sync,
    {
        let rows = self.rows_of_keys(keys, text, |keys| {
            let wanted = key::any_of(
                self.database(),
                (E::default(), column),
                keys.iter().cloned(),
            );
            select().filter(wanted).into_query()
        });
        let rows = rows.await?;
        let models = rows
            .iter()
            .map(|row| E::Model::read(&mut Columns::from(row, 0)));
        Ok(models.collect::<Result<_, _>>()?)
    }

    /// The rows of the statement whose only parameters are `keys`. `text` keeps it, where one text
    /// serves all keys.
    async fn rows_of_keys<K>(
        &self,
        keys: &[K],
        text: &OnceLock<Arc<str>>,
        statement: impl Fn(&[K]) -> SelectStatement,
    ) -> Result<Vec<QueryResult>, DbErr>
    where
        K: Into<Value> + ValueType + Clone + Sync,
    {
        if self.reader.postgres().is_none() {
            return self.reader.all(&statement(keys)).await;
        }
        let sql = text.get_or_init(|| Text::of(&statement(&[])).sql);
        self.reader.all_of_text(sql, || key::array(keys)).await
    }
}
