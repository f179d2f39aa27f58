//! Course invites by id, and the invites and invitees of a course.

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
    sea_query::{Expr, Func, JoinType, Query, SelectStatement},
};

use super::{
    InstantRange, ListError, Lists, LoadError, Reads, Rows,
    columns::{Columns, FromColumns, columns},
    filter::{Folded, any_status, contains_text, status_rank},
    key::any_of,
    listing::{Joined, ListOfParent, Listing, PAGE, Source, columns_of},
    scope::{ParentColumn, RowCost, rows_of},
    tables::is_live,
};
use crate::{
    access::proof::{CourseManager, Guarded},
    invite::{State, Status},
    paging::{Page, Slice, SortType},
};

/// Column with the invitee's username and full name, or their address, folded. Triggers keep it, so that a
/// search reads no users.
const INVITEE: &str = "invitee_folded";

columns!(course_invite: id, course_id, user_id, email, email_norm, invited_by_id, created_at, accepted_at, accepted_by_id, cancelled_at, declined_at, updated_at, last_sent_at, send_count, status, email_folded);

/// An invite with the invited account.
#[derive(Clone, Debug)]
pub struct Invitee {
    /// The invite.
    pub invite: Guarded<Model>,
    /// The account.
    pub user: Guarded<user::Model>,
}

/// Narrows a list of a course's invites.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct CourseInviteFilter {
    /// Effective status.
    pub statuses: Option<Vec<Status>>,
    /// The invited account.
    pub invitee: Option<i64>,
    /// The inviter.
    pub inviter: Option<i64>,
    /// Part of the invitee's username, full name or address.
    pub search: Option<String>,
    /// Time of the invite.
    pub invited: InstantRange,
}

/// The order of a course's invites. Ties are broken by id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CourseInviteSort {
    /// Time of the invite.
    CreatedAt,
    /// The invitee's username, in the database's order. Invites to an address sort as the empty text.
    Username,
    /// The invitee's full name, in the database's order. Invites to an address sort as the empty text.
    Name,
    /// The normalized address. Invites to an account sort as the empty text.
    Email,
    /// Effective status, as in [`Status::ALL`].
    Status,
}

impl CourseInviteSort {
    /// Returns the type of the values.
    pub fn sort_type(self) -> SortType {
        match self {
            Self::CreatedAt => SortType::Instant,
            Self::Username | Self::Name | Self::Email => SortType::Text,
            Self::Status => SortType::Int,
        }
    }
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct ById(i64);

/// The invites of a course.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Invites {
    filter: CourseInviteFilter,
    sort: CourseInviteSort,
    page: Page,
}

/// Those of them to an account, with the accounts.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Invitees(Invites);

/// State of a course invite. An account that is a member by now has accepted.
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

fn column(column: Column) -> Expr {
    Expr::col((Entity, column))
}

/// The address that invites are ordered by; empty for those to an account.
pub(super) fn address() -> Expr {
    Func::coalesce([column(Column::EmailNorm), "".into()]).into()
}

/// Selects invites whose course and account are not deleted. No path finds others.
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

impl Invites {
    /// Returns the list; if `with_invitees`, only invites to accounts, with those of the page.
    fn list(&self, database: &DatabaseConnection, with_invitees: bool) -> Listing {
        // Invites to an address have none.
        let user = |column| {
            Expr::from(Func::coalesce([
                Expr::col((user::Entity, column)),
                "".into(),
            ]))
        };
        let filter = &self.filter;
        let condition = match &filter.statuses {
            // The others are of deleted accounts.
            None => Condition::all().add(Column::Status.is_not_null()),
            Some(statuses) => Condition::all().add(any_status(statuses, status_is)),
        };
        let search = filter.search.as_ref().map(|text| {
            let invitee = Folded::stored(Expr::col((Entity, INVITEE)));
            contains_text(database.get_database_backend(), [invitee], text)
        });
        let condition = condition
            .add_option(with_invitees.then(|| Column::UserId.is_not_null()))
            .add_option(filter.invitee.map(|id| Column::UserId.eq(id)))
            .add_option(filter.inviter.map(|id| Column::InvitedById.eq(id)))
            .add_option(search)
            .add(filter.invited.contains(column(Column::CreatedAt)));
        let (sort, is_of_user) = match self.sort {
            CourseInviteSort::CreatedAt => (column(Column::CreatedAt), false),
            CourseInviteSort::Username => (user(user::Column::Username), true),
            CourseInviteSort::Name => (user(user::Column::FullName), true),
            CourseInviteSort::Email => (address(), false),
            CourseInviteSort::Status => (status_rank(status_is), false),
        };
        let invites = Query::select().from(Entity).cond_where(condition).take();
        let mut rows = invites.clone();
        if is_of_user {
            let invitee =
                Expr::col((user::Entity, user::Column::Id)).equals((Entity, Column::UserId));
            rows.join(JoinType::LeftJoin, user::Entity, invitee);
        }
        let (columns, joined) = match with_invitees {
            false => (columns_of::<Entity>(), Vec::new()),
            true => (
                vec![(column(Column::Id), Column::Id.as_str().to_owned())],
                vec![
                    Joined::new::<Entity>(Column::Id, (PAGE, Column::Id)),
                    Joined::new::<user::Entity>(user::Column::Id, (Entity, Column::UserId)),
                ],
            ),
        };
        let listing = Listing {
            name: Self::NAME,
            sources: vec![Source {
                rows,
                counted: Some(invites),
                columns,
                order: vec![sort, column(Column::Id)],
                of_parent: None,
            }],
            order: vec![self.sort.sort_type(), SortType::Int],
            joined,
        };
        listing.of(column(Column::CourseId))
    }
}

impl ListOfParent for Invites {
    type Row = Guarded<Model>;
    type Parent = course::Entity;
    const NAME: &'static str = "course_invites";

    fn scope(course: Option<ParentColumn<'_>>) -> Vec<SelectStatement> {
        vec![rows_of::<Entity>(Column::CourseId, course)]
    }

    fn listing(&self, database: &DatabaseConnection) -> Listing {
        self.list(database, false)
    }

    fn page(&self) -> &Page {
        &self.page
    }

    /// One status has an index, and an invitee has one invite.
    fn row_cost(&self) -> RowCost {
        let Self { filter, sort, page } = self;
        if filter.invitee.is_some() {
            return RowCost::default();
        }
        let statuses = filter.statuses.as_ref();
        let has_index = statuses.is_none_or(|statuses| statuses.len() == 1);
        let filters = RowCost::sum([
            (true, RowCost::search(filter.search.as_deref())),
            (!has_index, RowCost::COMPARE),
            (filter.inviter.is_some(), RowCost::COMPARE),
            (*sort != CourseInviteSort::CreatedAt, RowCost::SORT),
        ]);
        filters.of_page(page)
    }

    fn read(columns: &mut Columns<'_>) -> Result<Self::Row, DbErr> {
        Model::sealed(columns)
    }
}

impl ListOfParent for Invitees {
    type Row = Invitee;
    type Parent = course::Entity;
    const NAME: &'static str = "course_invitees";

    fn scope(course: Option<ParentColumn<'_>>) -> Vec<SelectStatement> {
        Invites::scope(course)
    }

    fn listing(&self, database: &DatabaseConnection) -> Listing {
        let Self(invites) = self;
        Listing {
            name: Self::NAME,
            ..invites.list(database, true)
        }
    }

    fn page(&self) -> &Page {
        self.0.page()
    }

    fn row_cost(&self) -> RowCost {
        self.0.row_cost()
    }

    fn read(columns: &mut Columns<'_>) -> Result<Invitee, DbErr> {
        Ok(Invitee {
            invite: Model::sealed(columns)?,
            user: user::Model::sealed(columns)?,
        })
    }
}

impl Reads<'_> {
    /// Loads the invite with this id.
    pub async fn course_invite(&self, id: i64) -> Result<Option<Guarded<Model>>, LoadError> {
        self.one(ById(id)).await
    }
}

impl Lists<'_> {
    /// Loads a page of a course's invites in any status, in one statement with those of other courses.
    pub async fn course_invites(
        &self,
        manager: &CourseManager,
        filter: CourseInviteFilter,
        sort: CourseInviteSort,
        page: Page,
    ) -> Result<Slice<Guarded<Model>>, ListError> {
        let list = Invites { filter, sort, page };
        self.of_parent(manager.course_id(), list).await
    }

    /// Loads a page of a course's invitees: the accounts whose invites are pending.
    pub async fn course_invitees(
        &self,
        manager: &CourseManager,
        filter: CourseInviteFilter,
        sort: CourseInviteSort,
        page: Page,
    ) -> Result<Slice<Invitee>, ListError> {
        let filter = CourseInviteFilter {
            statuses: Some(vec![Status::Pending]),
            ..filter
        };
        let list = Invitees(Invites { filter, sort, page });
        self.of_parent(manager.course_id(), list).await
    }
}
