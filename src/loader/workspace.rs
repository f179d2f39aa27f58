//! Workspaces by id, and the list of workspaces that a user manages.

use entity::workspace::{Column, Entity, Model};

use super::{
    ListError, Lists, LoadError, Reads, TargetFilter, TargetSort, columns::columns, key::row_key,
    managed::Targets, tables::live,
};
use crate::{
    access::proof::{Guarded, ManagedScope},
    paging::{Page, Slice},
};

columns!(workspace: id, name, description, logo_url, created_at, deleted_at, name_folded);

row_key!("workspace_by_id": ById(i64) in live::<Entity>(), Id, |row| row.id);

impl Reads<'_> {
    /// Loads the workspace with this id, unless deleted.
    pub async fn workspace(&self, id: i64) -> Result<Option<Guarded<Model>>, LoadError> {
        self.one(ById(id)).await
    }
}

impl Lists<'_> {
    /// Loads a page of the workspaces in scope.
    pub async fn workspaces(
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
