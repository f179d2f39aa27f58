//! Groups by id, by slug, and the list of groups that a user manages.

use entity::group::{Column, Entity, Model};

use super::{
    ListError, Lists, LoadError, Reads, TargetFilter, TargetSort, columns::columns, key::row_key,
    managed::Targets, tables::live,
};
use crate::{
    access::proof::{Guarded, ManagedScope},
    paging::{Page, Slice},
};

columns!(group: id, slug, name, created_at, deleted_at, name_folded);

row_key!("group_by_id": ById(i64) in live::<Entity>(), Id, |row| row.id);
row_key!("group_by_slug": BySlug(String) in live::<Entity>(), Slug, |row| row.slug.clone());

impl Reads<'_> {
    /// Loads the group with this id, unless deleted.
    pub async fn group(&self, id: i64) -> Result<Option<Guarded<Model>>, LoadError> {
        self.one(ById(id)).await
    }

    /// Loads the group with this slug, unless deleted.
    pub async fn group_by_slug(&self, slug: &str) -> Result<Option<Guarded<Model>>, LoadError> {
        self.one(BySlug(slug.to_owned())).await
    }
}

impl Lists<'_> {
    /// Loads a page of the groups in scope.
    pub async fn groups(
        &self,
        managed: &ManagedScope,
        filter: TargetFilter,
        sort: TargetSort,
        page: Page,
    ) -> Result<Slice<Guarded<Model>>, ListError> {
        let list = Targets::<Entity>::new(filter, sort);
        self.managed(list, managed, page).await
    }
}
