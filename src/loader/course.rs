//! Courses by id, by slug, and the list of courses that a user manages.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use entity::{
    course::{Column, Entity, Model},
    course_member,
};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, ExprTrait, QueryFilter, Select,
    sea_query::{Expr, Query, SelectStatement},
};

use super::{
    Freshness, ListError, LoadError, Reads,
    columns::{FromColumns, columns},
    key::row_key,
    listing::Listing,
    scope::{Effort, scope},
};
use crate::{
    access::proof::{Guarded, ManagedScope},
    invite::MANAGES_COURSE,
    paging::{Page, Slice, SortType},
    rate_limit::Client,
};

pub(super) const TABLE: &str = "courses";

columns!(course: id, slug, name, description, privacy, created_by_id, created_at, deleted_at);

row_key!(ById(i64) in live(), Id, |row| row.id);
row_key!(BySlug(String) in live(), Slug, |row| row.slug.clone());

fn live() -> Select<Entity> {
    Entity::find().filter(Column::DeletedAt.is_null())
}

/// Selects the ids of courses that are not deleted.
pub(super) fn live_ids() -> SelectStatement {
    super::live_ids::<Entity>(Column::Id, Column::DeletedAt)
}

/// Condition: the user created the course, or has a role that manages it.
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

scope!("courses" of "users", |manager| match manager {
    Some(manager) => {
        let is = |column: Expr| column.eq(manager("id"));
        let member = Expr::col((course_member::Entity, course_member::Column::UserId));
        vec![
            Query::select().from(course_member::Entity).and_where(is(member)).take(),
            Query::select()
                .from(Entity)
                .and_where(is(Expr::col((Entity, Column::CreatedById))))
                .take(),
        ]
    }
    None => vec![Query::select().from(Entity).take()],
});

impl Reads<'_> {
    /// Loads the course with this id, unless deleted.
    pub async fn course(&self, id: i64) -> Result<Option<Guarded<Model>>, LoadError> {
        self.one(ById(id)).await
    }

    /// Loads the course with this slug, unless deleted.
    pub async fn course_by_slug(&self, slug: &str) -> Result<Option<Guarded<Model>>, LoadError> {
        self.one(BySlug(slug.to_owned())).await
    }

    /// Loads a page of the courses in scope, ordered by id.
    pub async fn courses(
        &self,
        managed: &ManagedScope,
        page: &Page,
        now: DateTime<Utc>,
        client: &Arc<Client>,
    ) -> Result<Slice<Guarded<Model>>, ListError> {
        let merges = managed.user_id().is_some();
        let effort = Effort::sum([(merges, Effort::MERGE)]).of_page(page);
        let estimate = self
            .estimate::<Scope>(client, managed.user_id(), effort, now)
            .await?;
        let condition = Condition::all()
            .add(Column::DeletedAt.is_null())
            .add_option(managed.user_id().map(managed_by));
        let by_id = (Expr::col((Entity, Column::Id)), SortType::Int);
        let listing = Listing::from_table::<Entity>(condition, [by_id]);
        self.at_least(Freshness::Primary)
            .list(listing, page, Model::sealed, estimate)
            .await
    }
}
