//! Groups by id, by slug, and the list of groups that a user manages.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use entity::{
    group::{Column, Entity, Model},
    group_member,
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
    invite::MANAGES_GROUP,
    paging::{Page, Slice, SortType},
    rate_limit::Client,
};

columns!(group: id, slug, name, created_at, deleted_at);

row_key!(ById(i64) in live(), Id, |row| row.id);
row_key!(BySlug(String) in live(), Slug, |row| row.slug.clone());

fn live() -> Select<Entity> {
    Entity::find().filter(Column::DeletedAt.is_null())
}

/// Selects the ids of groups that are not deleted.
pub(super) fn live_ids() -> SelectStatement {
    super::live_ids::<Entity>(Column::Id, Column::DeletedAt)
}

/// Selects the ids of groups that the user manages.
pub(super) fn managed_ids(user_id: impl Into<Expr>) -> SelectStatement {
    use group_member::Column as Member;
    Query::select()
        .column((group_member::Entity, Member::GroupId))
        .from(group_member::Entity)
        .and_where(Expr::col((group_member::Entity, Member::UserId)).eq(user_id.into()))
        .and_where(Member::Role.is_in(MANAGES_GROUP))
        .take()
}

scope!("groups" of "users", |manager| match manager {
    Some(manager) => {
        let is = |column: Expr| column.eq(manager("id"));
        let member = Expr::col((group_member::Entity, group_member::Column::UserId));
        vec![
            Query::select().from(group_member::Entity).and_where(is(member)).take(),
        ]
    }
    None => vec![Query::select().from(Entity).take()],
});

impl Reads<'_> {
    /// Loads the group with this id, unless deleted.
    pub async fn group(&self, id: i64) -> Result<Option<Guarded<Model>>, LoadError> {
        self.one(ById(id)).await
    }

    /// Loads the group with this slug, unless deleted.
    pub async fn group_by_slug(&self, slug: &str) -> Result<Option<Guarded<Model>>, LoadError> {
        self.one(BySlug(slug.to_owned())).await
    }

    /// Loads a page of the groups in scope, ordered by id.
    pub async fn groups(
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
            .add_option(
                managed
                    .user_id()
                    .map(|id| Expr::col((Entity, Column::Id)).in_subquery(managed_ids(id))),
            );
        let by_id = (Expr::col((Entity, Column::Id)), SortType::Int);
        let listing = Listing::from_table::<Entity>(condition, [by_id]);
        self.at_least(Freshness::Primary)
            .list(listing, page, Model::sealed, estimate)
            .await
    }
}
