//! Invite codes by id, and the list of codes that a user created.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use entity::{
    invite_code::{Column, Entity, Model},
    invite_code_tag,
};
use sea_orm::{
    ColumnTrait, Condition, DatabaseConnection, EntityTrait, ExprTrait,
    sea_query::{Expr, Func, Query},
};

use super::{
    InstantRange, InviteSort, ListError, LoadError, Reads,
    columns::{FromColumns, columns},
    filter::{any_status, contains_text, far_future},
    invite_code_by_code::Preload,
    key::{any_of, row_key},
    listing::Listing,
    scope::{Effort, scope},
};
use crate::{
    access::proof::{Guarded, ManagedScope},
    invite::{State, Status},
    paging::{Page, Slice, SortType},
    rate_limit::Client,
};

columns!(invite_code: id, code, role, name, email, email_norm, invited_by_id, user_id, generated_at, sent_at, used_at, expires_at, cancelled_at);

row_key!(ById(i64) in Entity::find(), Id, |row| row.id);

/// A code and its preload.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct ByCode {
    pub(super) code: String,
    pub(super) preload: Preload,
}

/// Narrows the list of invite codes.
#[derive(Clone, Debug, Default)]
pub struct InviteCodeFilter {
    /// Effective status.
    pub statuses: Option<Vec<Status>>,
    /// Role that using the code gives.
    pub roles: Option<Vec<String>>,
    /// Gives any of these tags.
    pub tags: Option<Vec<i64>>,
    /// Normalized address of the invitee.
    pub email_norm: Option<String>,
    /// Part of the invitee's name or address.
    pub search: Option<String>,
    /// Creation time.
    pub created: InstantRange,
}

scope!("invite_codes" of "users", |inviter| {
    let by = inviter.map(|inviter| Expr::col((Entity, Column::InvitedById)).eq(inviter("id")));
    vec![Query::select().from(Entity).and_where_option(by).take()]
});

impl InviteCodeFilter {
    /// An address has an index, and few codes.
    fn effort(&self, sort: InviteSort, page: &Page) -> Effort {
        if self.email_norm.is_some() {
            return Effort::default();
        }
        let tags = self.tags.as_ref().map_or(0, Vec::len);
        let filters = Effort::sum([
            (true, Effort::search(self.search.as_deref())),
            (self.tags.is_some(), Effort::tags(tags)),
            (self.statuses.is_some(), Effort::COMPARE),
            (self.roles.is_some(), Effort::COMPARE),
            (sort == InviteSort::ExpiresAt, Effort::SORT),
        ]);
        filters.of_page(page)
    }
}

/// Effective status of a code at `now`.
pub fn status(row: &Model, now: DateTime<Utc>) -> Status {
    State::from_instants(row.used_at, row.cancelled_at).status(row.expires_at, now)
}

/// [`status`] as a condition on rows.
pub(super) fn status_is(status: Status, now: DateTime<Utc>) -> Condition {
    let unused = Condition::all().add(Column::UsedAt.is_null());
    let waiting = unused.clone().add(Column::CancelledAt.is_null());
    let expired = Column::ExpiresAt.lte(now);
    match status {
        Status::Accepted => Condition::all().add(Column::UsedAt.is_not_null()),
        Status::Cancelled => unused.add(Column::CancelledAt.is_not_null()),
        Status::Expired => waiting.add(expired),
        Status::Pending => waiting.add(
            Condition::any()
                .add(Column::ExpiresAt.is_null())
                .add(Column::ExpiresAt.gt(now)),
        ),
    }
}

/// The expression that codes are ordered by. A code that never expires sorts as the far future.
pub(super) fn sort_expr(sort: InviteSort) -> Expr {
    let column = |column| Expr::col((Entity, column));
    match sort {
        InviteSort::CreatedAt => column(Column::GeneratedAt),
        InviteSort::ExpiresAt => {
            Func::coalesce([column(Column::ExpiresAt), Expr::val(far_future())]).into()
        }
    }
}

/// Condition: a code gives any of these tags. The offset makes PostgreSQL test each row by itself,
/// in the list's order, until the page is full. Otherwise it reads all codes of the list and sorts
/// them.
fn has_any_tag(database: &DatabaseConnection, tags: &[i64]) -> Expr {
    use invite_code_tag::{Column as Tagged, Entity as Tags};
    let given = Query::select()
        .expr(Expr::val(1i32))
        .from(Tags)
        .and_where(Expr::col((Tags, Tagged::InviteCodeId)).equals((Entity, Column::Id)))
        .and_where(any_of(
            database,
            (Tags, Tagged::TagId),
            tags.iter().copied(),
        ))
        .limit(1)
        .offset(0)
        .take();
    Expr::exists(given)
}

impl Reads<'_> {
    /// Loads the invite code with this id.
    pub async fn invite_code(&self, id: i64) -> Result<Option<Guarded<Model>>, LoadError> {
        self.one(ById(id)).await
    }

    /// Loads a page of the codes in scope.
    pub async fn invite_codes(
        &self,
        managed: &ManagedScope,
        filter: &InviteCodeFilter,
        sort: InviteSort,
        page: &Page,
        now: DateTime<Utc>,
        client: &Arc<Client>,
    ) -> Result<Slice<Guarded<Model>>, ListError> {
        let effort = filter.effort(sort, page);
        let estimate = self
            .estimate::<Scope>(client, managed.user_id(), effort, now)
            .await?;
        let backend = self.database().get_database_backend();
        let mut condition = Condition::all()
            .add_option(managed.user_id().map(|id| Column::InvitedById.eq(id)))
            .add_option(
                filter
                    .email_norm
                    .as_ref()
                    .map(|email| Column::EmailNorm.eq(email)),
            )
            .add_option(
                filter
                    .statuses
                    .as_ref()
                    .map(|statuses| any_status(statuses, |status| status_is(status, now))),
            )
            .add_option(filter.roles.as_ref().map(|roles| {
                any_of(
                    self.database(),
                    (Entity, Column::Role),
                    roles.iter().cloned(),
                )
            }));
        if let Some(tags) = &filter.tags {
            condition = condition.add(has_any_tag(self.database(), tags));
        }
        if let Some(text) = &filter.search {
            let columns = [Column::Name, Column::Email].map(|column| Expr::col((Entity, column)));
            condition = condition.add(contains_text(backend, columns, text));
        }
        let created = Expr::col((Entity, Column::GeneratedAt));
        condition = condition.add(filter.created.contains(created));

        let order = [
            (sort_expr(sort), SortType::Instant),
            (Expr::col((Entity, Column::Id)), SortType::Int),
        ];
        let listing = Listing::from_table::<Entity>(condition, order);
        self.list(listing, page, Model::sealed, estimate).await
    }
}
