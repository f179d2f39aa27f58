//! Lists that belong to a row: the same page of many parents' lists is one statement.

use std::{collections::HashMap, hash::Hash};

use async_graphql::dataloader::Loader;
use foldhash::fast::RandomState;
use sea_orm::{DatabaseConnection, DbErr, sea_query::Expr};

use super::{
    super::{LoadError, Loaders, Page, Rows, Slice, columns::Columns},
    Listing, Parents,
};

/// A list that each row of another table has one of, with its filter, order and page.
pub(in crate::loader) trait ListOfParent:
    Clone + Eq + Hash + Send + Sync + 'static
{
    /// A row of the list.
    type Row: Clone + Send + Sync + 'static;

    /// The parents' table. Those whose `deleted_at` is set have no list.
    const PARENTS: &'static str;

    /// The column of the list's rows that names the parent.
    fn parent() -> Expr;

    /// The lists of all parents.
    fn listing(&self, database: &DatabaseConnection) -> Listing;

    /// The page that is asked for.
    fn page(&self) -> &Page;

    fn read(columns: &mut Columns<'_>) -> Result<Self::Row, DbErr>;
}

/// A page of one parent's list; keys that differ in the parent alone share a statement.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(in crate::loader) struct PageOf<L> {
    parent_id: i64,
    list: L,
}

impl<L: ListOfParent> Loader<PageOf<L>> for Rows {
    type Value = Slice<L::Row>;
    type Error = LoadError;

    async fn load(&self, keys: &[PageOf<L>]) -> Result<HashMap<PageOf<L>, Self::Value>, LoadError> {
        let mut parents_of: HashMap<&L, Vec<i64>, RandomState> = HashMap::default();
        for key in keys {
            parents_of.entry(&key.list).or_default().push(key.parent_id);
        }
        let mut found = HashMap::with_capacity(keys.len());
        for (list, ids) in parents_of {
            let parents = Parents {
                table: L::PARENTS,
                column: L::parent(),
                ids: &ids,
            };
            let pages = list
                .listing(self.database())
                .pages(&self.servers, list.page(), &parents, L::read)
                .await?;
            found.extend(pages.into_iter().map(|(parent_id, slice)| {
                let list = list.clone();
                (PageOf { parent_id, list }, slice)
            }));
        }
        Ok(found)
    }
}

impl Loaders {
    /// A page of one parent's list; empty where there is no such parent.
    pub(in crate::loader) async fn list_of<L: ListOfParent>(
        &self,
        parent_id: i64,
        list: L,
    ) -> Result<Slice<L::Row>, LoadError> {
        let page = self.one(PageOf { parent_id, list }).await?;
        Ok(page.unwrap_or_else(Slice::empty))
    }
}
