//! Course invites by id, and the invitees of a course.

use std::{borrow::Cow, collections::HashMap};

use async_graphql::dataloader::Loader;
use batch_loader::Key;
use chrono::{DateTime, Utc};
use entity::{
    course,
    course_invite::{Column, Entity, Model, StoredStatus},
    user,
};
use sea_orm::{
    ColumnTrait, Condition, DatabaseConnection, DbErr, ExprTrait, IdenStatic,
    sea_query::{Expr, JoinType, Query, SelectStatement},
};

use super::{
    InstantRange, ListError, Lists, LoadError, Reads, Rows,
    columns::{Columns, FromColumns, columns},
    filter::{Folded, contains_text},
    key::any_of,
    listing::{Joined, ListOfParent, Listing, PAGE, Source, columns_of},
    scope::RowCost,
    tables::is_live,
};
use crate::{
    access::proof::{CourseManager, Guarded},
    invite::{State, Status},
    paging::{Page, Slice, SortType},
};

/// Column with the invitee's username and full name, folded. Triggers keep it, so that a search reads no
/// users.
const INVITEE: &str = "invitee_folded";

columns!(course_invite: id, course_id, user_id, invited_by_id, created_at, accepted_at, cancelled_at, declined_at, updated_at, last_sent_at, send_count, status);

/// An invite with its invitee.
#[derive(Clone, Debug)]
pub struct Invitee {
    /// The invite.
    pub invite: Guarded<Model>,
    /// The invitee.
    pub user: Guarded<user::Model>,
}

/// Narrows the list of a course's invitees.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct CourseInviteeFilter {
    /// The inviter.
    pub inviter: Option<i64>,
    /// Part of the invitee's username or full name.
    pub search: Option<String>,
    /// Time of the invite.
    pub invited: InstantRange,
}

/// The order of invitees. Ties are broken by the invite's id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum InviteeSort {
    /// Time of the invite.
    InvitedAt,
    /// Their username, in the database's order.
    Username,
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct ById(i64);

/// The invitees of a course.
#[derive(Clone, PartialEq, Eq, Hash)]
struct List {
    filter: CourseInviteeFilter,
    sort: InviteeSort,
    page: Page,
}

/// State of a course invite. An invitee who is a member by now has accepted.
pub fn state(row: &Model) -> State {
    match row.status {
        Some(StoredStatus::Pending) => State::Pending,
        Some(StoredStatus::Accepted) => State::Accepted,
        Some(StoredStatus::Declined) => State::Declined,
        // No path finds the invite of a deleted account.
        Some(StoredStatus::Cancelled) | None => State::Cancelled,
    }
}

/// Effective status of a course invite. Course invites do not expire.
pub fn status(row: &Model, now: DateTime<Utc>) -> Status {
    state(row).status(None, now)
}

/// [`status`] as a condition on rows.
pub(super) fn status_is(status: Status) -> Condition {
    let stored = match status {
        Status::Accepted => StoredStatus::Accepted,
        Status::Cancelled => StoredStatus::Cancelled,
        Status::Declined => StoredStatus::Declined,
        Status::Pending => StoredStatus::Pending,
        Status::Expired => return Condition::all().add(Expr::cust("1 = 0")),
    };
    Condition::all().add(Column::Status.eq(stored))
}

/// Condition: the invite is pending. This makes a user an invitee of the course.
pub(super) fn is_open() -> Condition {
    status_is(Status::Pending)
}

/// Selects invites whose course and invitee are not deleted. No path finds others.
pub(super) fn live_rows() -> SelectStatement {
    Query::select()
        .from(Entity)
        .and_where(Column::Status.is_not_null())
        .and_where(is_live::<course::Entity>(Expr::col((
            Entity,
            Column::CourseId,
        ))))
        .take()
}

impl Key for ById {
    fn kind() -> Cow<'static, str> {
        "course_invite_by_id".into()
    }
}

impl Loader<ById> for Rows {
    type Value = Guarded<Model>;
    type Error = LoadError;

    async fn load(&self, keys: &[ById]) -> Result<HashMap<ById, Self::Value>, LoadError> {
        let ids = keys.iter().map(|key| key.0);
        let mut statement = live_rows();
        statement.and_where(any_of(self.database(), (Entity, Column::Id), ids));
        for (expr, name) in columns_of::<Entity>() {
            statement.expr_as(expr, name);
        }
        let rows = self.router.all(&statement).await?;
        let rows = rows
            .iter()
            .map(|row| Model::read(&mut Columns::from(row, 0)));
        let rows = rows.collect::<Result<Vec<_>, _>>()?;
        Ok(super::guarded_by_key(rows, |row| ById(row.id)))
    }
}

impl ListOfParent for List {
    type Row = Invitee;
    type Entity = Entity;
    type Parent = course::Entity;
    const PARENT_ID: Column = Column::CourseId;
    const NAME: &'static str = "course_invitees";

    fn page(&self) -> &Page {
        &self.page
    }

    fn row_cost(&self) -> RowCost {
        let filters = RowCost::sum([
            (true, RowCost::search(self.filter.search.as_deref())),
            (self.filter.inviter.is_some(), RowCost::COMPARE),
            (self.sort == InviteeSort::Username, RowCost::SORT),
        ]);
        filters.of_page(&self.page)
    }

    fn read(columns: &mut Columns<'_>) -> Result<Invitee, DbErr> {
        Ok(Invitee {
            invite: Model::sealed(columns)?,
            user: user::Model::sealed(columns)?,
        })
    }

    fn listing(&self, database: &DatabaseConnection) -> Listing {
        let invited_at = Expr::col((Entity, Column::CreatedAt));
        let filter = &self.filter;
        let mut condition =
            is_open().add_option(filter.inviter.map(|id| Column::InvitedById.eq(id)));
        if let Some(text) = &filter.search {
            let invitee = Folded::stored(Expr::col((Entity, INVITEE)));
            let backend = database.get_database_backend();
            condition = condition.add(contains_text(backend, [invitee], text));
        }
        condition = condition.add(filter.invited.contains(invited_at.clone()));

        let invites = Query::select().from(Entity).cond_where(condition).take();
        let (rows, sort, sort_type) = match self.sort {
            InviteeSort::InvitedAt => (invites.clone(), invited_at, SortType::Instant),
            InviteeSort::Username => {
                let user = |column| Expr::col((user::Entity, column));
                let invitee = user(user::Column::Id).equals((Entity, Column::UserId));
                let mut named = invites.clone();
                named.join(JoinType::InnerJoin, user::Entity, invitee);
                (named, user(user::Column::Username), SortType::Text)
            }
        };
        let id = Expr::col((Entity, Column::Id));
        Listing {
            name: Self::NAME,
            sources: vec![Source {
                rows,
                counted: Some(invites),
                columns: vec![(id.clone(), Column::Id.as_str().to_owned())],
                order: vec![sort, id],
            }],
            order: vec![sort_type, SortType::Int],
            joined: vec![
                Joined::new::<Entity>(Column::Id, (PAGE, Column::Id)),
                Joined::new::<user::Entity>(user::Column::Id, (Entity, Column::UserId)),
            ],
        }
    }
}

impl Reads<'_> {
    /// Loads the invite with this id.
    pub async fn course_invite(&self, id: i64) -> Result<Option<Guarded<Model>>, LoadError> {
        self.one(ById(id)).await
    }
}

impl Lists<'_> {
    /// Loads a page of a course's invitees, in one statement with those of other courses.
    pub async fn course_invitees(
        &self,
        manager: &CourseManager,
        filter: CourseInviteeFilter,
        sort: InviteeSort,
        page: Page,
    ) -> Result<Slice<Invitee>, ListError> {
        let list = List { filter, sort, page };
        self.of_parent(manager.course_id(), list).await
    }
}
