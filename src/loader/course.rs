//! Courses by id, by slug, and the list of courses that a user manages.

use entity::course::{Column, Entity, Model};

use super::{
    ListError, Lists, LoadError, Reads, TargetFilter, TargetSort, columns::columns, key::row_key,
    managed::Targets, tables::live,
};
use crate::{
    access::proof::{Guarded, ManagedScope},
    paging::{Page, Slice},
};

columns!(course: id, slug, name, description, privacy, created_by_id, created_at, deleted_at, name_folded);

row_key!("course_by_id": ById(i64) in live::<Entity>(), Id, |row| row.id);
row_key!("course_by_slug": BySlug(String) in live::<Entity>(), Slug, |row| row.slug.clone());

impl Reads<'_> {
    /// Loads the course with this id, unless deleted.
    pub async fn course(&self, id: i64) -> Result<Option<Guarded<Model>>, LoadError> {
        self.one(ById(id)).await
    }

    /// Loads the course with this slug, unless deleted.
    pub async fn course_by_slug(&self, slug: &str) -> Result<Option<Guarded<Model>>, LoadError> {
        self.one(BySlug(slug.to_owned())).await
    }
}

impl Lists<'_> {
    /// Loads a page of the courses in scope.
    pub async fn courses(
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
