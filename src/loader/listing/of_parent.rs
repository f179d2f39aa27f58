//! Lists that belong to a row: the same page of many parents' lists is one statement.

use std::{borrow::Cow, collections::HashMap, hash::Hash, marker::PhantomData, sync::Arc};

use async_graphql::dataloader::Loader;
use batch_loader::{Key, Work};
use foldhash::fast::RandomState;
use futures_util::{FutureExt, future::BoxFuture};
use sea_orm::{DatabaseConnection, DbErr, EntityName, EntityTrait, sea_query::SelectStatement};

use super::{
    super::{
        ListError, Lists, LoadError, Loading, Rows,
        columns::Columns,
        scope::{ParentColumn, RowCost, Scope},
    },
    Listing, Parents,
};
use crate::{
    paging::{Page, Slice},
    rate_limit::CostEstimate,
};

/// A list that each row of another table has, with its filter, order and page.
pub(in crate::loader) trait ListOfParent:
    Clone + Eq + Hash + Send + Sync + 'static
{
    /// A row of the list.
    type Row: Clone + Send + Sync + 'static;

    /// The parents' table.
    type Parent: EntityTrait;

    /// The parents' table has the column `deleted_at`. Parents in which it is set have no list.
    const PARENT_MARKS_DELETION: bool = true;

    /// The columns of the parent that its list depends on.
    const PARENT_COLUMNS: &'static [&'static str] = &["id"];

    /// The name of the lists in metrics.
    const NAME: &'static str;

    /// Selects the rows of each table, without a filter: of the parent, or all.
    fn scope(parent: Option<ParentColumn<'_>>) -> Vec<SelectStatement>;

    /// The lists of all parents. Each source knows the rows of one parent.
    fn listing(&self, database: &DatabaseConnection) -> Listing;

    /// The requested page.
    fn page(&self) -> &Page;

    /// Cost of the page.
    fn row_cost(&self) -> RowCost;

    fn read(columns: &mut Columns<'_>) -> Result<Self::Row, DbErr>;
}

/// The rows of lists, without a filter.
struct RowsOf<L>(PhantomData<L>);

impl<L: ListOfParent> Scope for RowsOf<L> {
    fn list() -> &'static str {
        L::NAME
    }

    fn parents() -> &'static str {
        L::Parent::default().table_name()
    }

    fn rows(parent: Option<ParentColumn<'_>>) -> Vec<SelectStatement> {
        L::scope(parent)
    }
}

/// A page of one parent's list. Keys that differ only in the parent share a statement.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(in crate::loader) struct PageOf<L> {
    parent_id: i64,
    list: L,
}

impl<L: ListOfParent> Key for PageOf<L> {
    fn kind() -> Cow<'static, str> {
        format!("pages_of_{}", L::NAME).into()
    }
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
                table: L::Parent::default().table_name(),
                marks_deletion: L::PARENT_MARKS_DELETION,
                columns: L::PARENT_COLUMNS,
                ids: &ids,
            };
            let pages = list
                .listing(self.database())
                .pages(&self.router, list.page(), &parents, L::read)
                .await?;
            found.extend(pages.into_iter().map(|(parent_id, slice)| {
                let list = list.clone();
                (PageOf { parent_id, list }, slice)
            }));
        }
        Ok(found)
    }
}

/// The same page of several parents' lists, loaded for one request alone, since it may read many
/// rows.
struct WidePages<L> {
    rows: Arc<Rows>,
    list: L,
    parents: Vec<i64>,
    estimate: Option<CostEstimate>,
}

impl<L: ListOfParent> Work for WidePages<L> {
    type Output = HashMap<PageOf<L>, Slice<L::Row>>;
    type Error = LoadError;
    type Admission = CostEstimate;

    fn merge(&mut self, other: Self) -> Result<(), Self> {
        if self.list != other.list {
            return Err(other);
        }
        for parent in other.parents {
            if self.parents.contains(&parent) {
                continue;
            }
            self.parents.push(parent);
            if let (Some(ours), Some(theirs)) = (&mut self.estimate, &other.estimate) {
                ours.add(theirs);
            }
        }
        Ok(())
    }

    fn take_admission(&mut self) -> Option<CostEstimate> {
        self.estimate.take()
    }

    fn run(self) -> BoxFuture<'static, Result<Self::Output, LoadError>> {
        async move {
            let Self {
                rows,
                list,
                parents,
                ..
            } = self;
            let keys: Vec<_> = parents
                .into_iter()
                .map(|parent_id| PageOf {
                    parent_id,
                    list: list.clone(),
                })
                .collect();
            rows.load(&keys).await
        }
        .boxed()
    }
}

impl Lists<'_> {
    /// Loads a page of one parent's list; empty if the parent does not exist. A wide list shares its
    /// statement only within its request.
    pub(in crate::loader) async fn of_parent<L: ListOfParent>(
        &self,
        parent_id: i64,
        list: L,
    ) -> Result<Slice<L::Row>, ListError> {
        let estimate = self
            .estimate::<RowsOf<L>>(Some(parent_id), list.row_cost())
            .await?;
        let key = PageOf { parent_id, list };
        let page = match estimate {
            None => self.reads.one(key).await?,
            Some(estimate) => {
                let Loading { rows, batches } = self.reads.loading();
                let work = WidePages {
                    rows: rows.clone(),
                    list: key.list.clone(),
                    parents: vec![parent_id],
                    estimate: Some(estimate),
                };
                let instrument = rows.instruments.list(L::NAME);
                let page = batches.run_single(&instrument, work, |outcome| {
                    Some(match outcome.as_ref()? {
                        Ok(pages) => Ok(pages.get(&key).cloned()),
                        Err(error) => Err(error.clone()),
                    })
                });
                page.await?
            }
        };
        Ok(page.unwrap_or_else(Slice::empty))
    }
}
