//! Courses: by id, by slug, and the list of those that somebody manages.

use entity::{
    course::{Column, Entity, Model},
    course_member,
};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, ExprTrait, QueryFilter, Select,
    sea_query::{Expr, Query, SelectStatement},
};

use super::{
    LoadError, Loaders, Page, Slice, SortType,
    columns::{FromColumns, columns},
    key::row_key,
    listing::Listing,
};
use crate::access::proof::{Guarded, Managed};

pub(super) const TABLE: &str = "courses";

/// Roles that manage a course.
pub const MANAGES_COURSE: [&str; 2] = [CREATOR, "manager"];

/// The role of who made a course.
pub(super) const CREATOR: &str = "creator";

columns!(course: id, slug, name, description, privacy, created_by_id, created_at, deleted_at);

row_key!(ById(i64) in live(), Id, |row| row.id);
row_key!(BySlug(String) in live(), Slug, |row| row.slug.clone());

fn live() -> Select<Entity> {
    Entity::find().filter(Column::DeletedAt.is_null())
}

/// Keys of the courses that are not deleted.
pub(super) fn live_ids() -> SelectStatement {
    super::live_ids::<Entity>(Column::Id, Column::DeletedAt)
}

/// Whether the user made the course, or has a role that manages it.
fn managed_by(user_id: i64) -> Condition {
    use course_member::Column as Member;
    let managing = Query::select()
        .column((course_member::Entity, Member::CourseId))
        .from(course_member::Entity)
        .and_where(Member::UserId.eq(user_id))
        .and_where(Member::Role.is_in(MANAGES_COURSE))
        .take();
    Condition::any()
        .add(Column::CreatedById.eq(user_id))
        .add(Expr::col((Entity, Column::Id)).in_subquery(managing))
}

impl Loaders {
    /// The course of that id, unless deleted.
    pub async fn course(&self, id: i64) -> Result<Option<Guarded<Model>>, LoadError> {
        self.one(ById(id)).await
    }

    /// The course of that slug, unless deleted.
    pub async fn course_by_slug(&self, slug: &str) -> Result<Option<Guarded<Model>>, LoadError> {
        self.one(BySlug(slug.to_owned())).await
    }

    /// A page of the courses that somebody manages, by id; for staff: of all.
    pub async fn courses(
        &self,
        managed: &Managed,
        page: &Page,
    ) -> Result<Slice<Guarded<Model>>, LoadError> {
        let condition = Condition::all()
            .add(Column::DeletedAt.is_null())
            .add_option(managed.user_id().map(managed_by));
        let by_id = (Expr::col((Entity, Column::Id)), SortType::Int);
        let listing = Listing::of::<Entity>(condition, [by_id]);
        self.list_by_role(listing, page, Model::sealed).await
    }
}
