//! `CourseInvite` and the invitees of a course. Contract: `GET /api/v2/course/{id}/invite/`.

use async_graphql::{
    Context, ContextSelectionSet, Enum, ID, InputObject, Object, parser::types::Field,
};
use paged::paged;

use super::{
    connection::{
        Connection, ListOrder, ListPosition, PageArguments, PageInfo, Paged, connections,
    },
    context::ContextExt,
    course::Course,
    eager::{Eager, EagerList, Leaves, Nested, eager},
    error::{Failure, Nullable, nullable},
    external_id::{external_id, source},
    filter::{DateTimeRange, InviteStatus, OrderDirection, id, range, search, statuses},
    id::{NodeKind, invite_id},
    invite::{InviteTarget, permissions},
    invite_event::{InviteEvent, history},
    json::leaves,
    scalar::{BigInt, DateTime},
    user::User,
};
use crate::{
    access::{CourseInviteView, CourseView, EmailVisibility, InviteView},
    invite::{InviteKind, Joined, Status},
    loader::course_invite::{CourseInviteFilter as Filter, CourseInviteSort},
    paging::SortType,
};

/// A person's invitation to a course.
#[derive(Clone)]
pub(super) struct CourseInvite(pub(super) CourseInviteView);

impl Leaves for CourseInvite {
    leaves! {
        "id" => id,
        "databaseId" => database_id,
        "email" => email,
        "status" => status,
        "isExpired" => is_expired,
        "role" => role,
        "createdAt" => created_at,
        "expiresAt" => expires_at,
        "acceptedAt" => accepted_at,
        "declinedAt" => declined_at,
        "cancelledAt" => cancelled_at,
    }
}

connections! {
    CourseInvite => "CourseInviteConnection", "CourseInviteEdge";
}

impl CourseInvite {
    async fn course_of(&self, ctx: &Context<'_>) -> Result<Option<Course>, Failure> {
        let course = ctx.access()?.course_of(&self.0).await?;
        Ok(course.map(Course))
    }
}

/// A person's invitation to a course: of an account, or of an e-mail address. An invite to an address is for
/// the account that has verified it.
#[paged]
#[Object]
impl CourseInvite {
    /// Global id of this invite; opaque.
    pub(super) async fn id(&self) -> ID {
        invite_id(InviteKind::CourseInvite, self.0.course_id, self.0.id)
    }

    /// Primary key in the source.
    pub(super) async fn database_id(&self) -> BigInt {
        BigInt(self.0.id)
    }

    /// Id of this invite in its source, if the source has ids of its own. Null for viewers without an
    /// account.
    async fn external_id(&self, ctx: &Context<'_>) -> Nullable<String> {
        external_id(ctx, &self.0).await
    }

    /// Name of the source that gave `externalId`. Null if that is null.
    async fn source(&self, ctx: &Context<'_>) -> Nullable<String> {
        source(ctx, &self.0).await
    }

    /// The course that accepting joins. Null if the invite is no longer pending and the viewer may
    /// not see the course itself.
    async fn course(&self, ctx: &Context<'_>) -> Nullable<Eager<Course>> {
        nullable(self.course_of(ctx).await, Eager)
    }

    /// The user who is invited. Null if an address is invited.
    async fn invitee(&self, ctx: &Context<'_>) -> Nullable<Eager<User>> {
        ctx.look_up(|access| access.invitee_of(&self.0), eager(User))
            .await
    }

    /// The address that is invited. Null if a user is invited.
    #[graphql(tag = "personal-data")]
    pub(super) async fn email(&self) -> Option<&str> {
        self.0.email.as_deref()
    }

    /// Effective status at the time of the request. A user who is a member of the course has
    /// accepted; an invite to an address is pending until somebody accepts it. Course invites do not expire.
    pub(super) async fn status(&self) -> InviteStatus {
        self.0.status.into()
    }

    /// True if `status` is `EXPIRED`.
    pub(super) async fn is_expired(&self) -> bool {
        self.0.status == Status::Expired
    }

    /// Key of the role that accepting grants.
    pub(super) async fn role(&self) -> Option<String> {
        Some(Joined::COURSE.to_owned())
    }

    /// The user who invited. Null if unknown, or if the account was deleted.
    pub(super) async fn inviter(&self, ctx: &Context<'_>) -> Nullable<Eager<User>> {
        ctx.look_up(
            |access| access.referenced_user(self.0.inviter_id, EmailVisibility::Hidden),
            eager(User),
        )
        .await
    }

    /// The course that accepting joins. Null if `course` is null.
    pub(super) async fn target(&self, ctx: &Context<'_>) -> Nullable<InviteTarget> {
        nullable(self.course_of(ctx).await, InviteTarget::Course)
    }

    /// Time of the invitation.
    pub(super) async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// Always null: course invites do not expire.
    pub(super) async fn expires_at(&self) -> Option<DateTime> {
        None
    }

    /// Time of acceptance. Null if not accepted, or if the source does not record it.
    pub(super) async fn accepted_at(&self) -> Option<DateTime> {
        self.0.accepted_at.map(DateTime)
    }

    /// The user who accepted. Null if not accepted, if unknown, or if the account was deleted.
    async fn accepted_by(&self, ctx: &Context<'_>) -> Nullable<Eager<User>> {
        ctx.look_up(
            |access| access.referenced_user(self.0.accepted_by_id, EmailVisibility::Hidden),
            eager(User),
        )
        .await
    }

    /// Time at which the invitee declined. Null if not declined.
    pub(super) async fn declined_at(&self) -> Option<DateTime> {
        self.0.declined_at.map(DateTime)
    }

    /// Time at which the invite was withdrawn. Null if not withdrawn.
    pub(super) async fn cancelled_at(&self) -> Option<DateTime> {
        self.0.cancelled_at.map(DateTime)
    }

    /// Events of this invite, newest first. Null unless the viewer is the inviter, manages the target, or
    /// is staff.
    pub(super) async fn history(
        &self,
        ctx: &Context<'_>,
        page: PageArguments,
    ) -> Nullable<Connection<InviteEvent>> {
        history(ctx, InviteView::CourseInvite(self.0.clone()), page).await
    }

    /// True if the viewer may accept the invite now.
    pub(super) async fn viewer_can_accept(&self, ctx: &Context<'_>) -> Result<bool, Failure> {
        Ok(permissions(ctx, InviteView::CourseInvite(self.0.clone()))
            .await?
            .accept)
    }

    /// True if the viewer may decline the invite now.
    pub(super) async fn viewer_can_decline(&self, ctx: &Context<'_>) -> Result<bool, Failure> {
        Ok(permissions(ctx, InviteView::CourseInvite(self.0.clone()))
            .await?
            .decline)
    }

    /// True if the viewer may withdraw the invite now.
    pub(super) async fn viewer_can_cancel(&self, ctx: &Context<'_>) -> Result<bool, Failure> {
        Ok(permissions(ctx, InviteView::CourseInvite(self.0.clone()))
            .await?
            .cancel)
    }

    /// True if the viewer may send the invite again now.
    pub(super) async fn viewer_can_resend(&self, ctx: &Context<'_>) -> Result<bool, Failure> {
        Ok(permissions(ctx, InviteView::CourseInvite(self.0.clone()))
            .await?
            .resend)
    }

    /// True if the viewer may change the invite now.
    pub(super) async fn viewer_can_update(&self, ctx: &Context<'_>) -> Result<bool, Failure> {
        Ok(permissions(ctx, InviteView::CourseInvite(self.0.clone()))
            .await?
            .update)
    }
}

/// Filters the invitees of a course. All given conditions must hold.
#[derive(Clone, Debug, Default, InputObject)]
pub(super) struct CourseInviteeFilter {
    /// Invited by this user (their `id` or `databaseId`).
    pub inviter: Option<ID>,
    /// With this text in the username or full name, ignoring case in every language.
    pub search: Option<String>,
    /// Invited within this range.
    pub created_at: Option<DateTimeRange>,
}

/// Fields to order a course's invitees by. Ties are broken by the invite's id in the same
/// direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub(super) enum CourseInviteeOrderField {
    /// Time of the invitation.
    InvitedAt,
    /// The user's username.
    Username,
    /// The user's full name.
    Name,
}

impl From<CourseInviteeOrderField> for CourseInviteSort {
    fn from(field: CourseInviteeOrderField) -> Self {
        match field {
            CourseInviteeOrderField::InvitedAt => Self::CreatedAt,
            CourseInviteeOrderField::Username => Self::Username,
            CourseInviteeOrderField::Name => Self::Name,
        }
    }
}

/// Order of a course's invitees.
#[derive(Clone, Copy, Debug, InputObject)]
pub(super) struct CourseInviteeOrder {
    /// Field to order by.
    pub field: CourseInviteeOrderField,
    /// Direction of the order.
    pub direction: OrderDirection,
}

/// Filters the invites to a course. All given conditions must hold.
#[derive(Clone, Debug, Default, InputObject)]
pub(super) struct CourseInviteFilter {
    /// With any of these statuses.
    pub status: Option<Vec<InviteStatus>>,
    /// For this user, invited by account (their `id` or `databaseId`).
    pub invitee: Option<ID>,
    /// Created by this user (their `id` or `databaseId`).
    pub inviter: Option<ID>,
    /// With this text in the username, full name or address of the invitee, ignoring case.
    pub search: Option<String>,
    /// Created within this range.
    pub created_at: Option<DateTimeRange>,
}

/// Fields to order a course's invites by. Ties are broken by id in the same direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "CourseInviteSort")]
pub(super) enum CourseInviteOrderField {
    /// Time of the invitation.
    CreatedAt,
    /// The invitee's username. Invites to an address sort as the empty text.
    Username,
    /// The invitee's full name. Invites to an address sort as the empty text.
    Name,
    /// The normalized address. Invites to a user sort as the empty text.
    Email,
    /// Effective status: `PENDING`, `ACCEPTED`, `DECLINED`, `CANCELLED`.
    Status,
}

/// Order of a course's invites.
#[derive(Clone, Copy, Debug, InputObject)]
pub(super) struct CourseInviteOrder {
    /// Field to order by.
    pub field: CourseInviteOrderField,
    /// Direction of the order.
    pub direction: OrderDirection,
}

/// A page of the users invited to a course.
pub(super) struct CourseInviteeConnection(Paged<(User, CourseInvite)>);

/// A page of the users invited to a course. The nodes are users; the edges carry their invites.
#[Object]
impl CourseInviteeConnection {
    /// The rows of this page, each with its cursor and invite.
    async fn edges(&self) -> EagerList<CourseInviteeEdge<'_>> {
        let rows = self.0.rows();
        rows.map(|(position, (user, invite))| CourseInviteeEdge {
            position,
            user,
            invite,
        })
        .collect()
    }

    /// The invitees of this page without their cursors and invites.
    async fn nodes(&self) -> EagerList<&User> {
        self.0.nodes().map(|(user, _)| user).collect()
    }

    /// Position of this page in its list.
    async fn page_info(&self) -> PageInfo {
        self.0.page_info()
    }

    /// Length of the whole list. Counted only if selected.
    async fn total_count(&self) -> i32 {
        self.0.total_count()
    }
}

/// An invitee with their cursor and invite.
pub(super) struct CourseInviteeEdge<'a> {
    position: ListPosition<'a>,
    user: &'a User,
    invite: &'a CourseInvite,
}

impl Leaves for CourseInviteeEdge<'_> {
    leaves! {
        "cursor" => cursor,
    }

    fn nested<'a>(ctx: &ContextSelectionSet<'a>, field: &'a Field) -> Option<Nested<'a, Self>>
    where
        Self: 'a,
    {
        match field.name.node.as_str() {
            "node" => Nested::new(ctx, field, |edge: &Self| edge.user),
            "invite" => Nested::new(ctx, field, |edge: &Self| edge.invite),
            _ => None,
        }
    }
}

/// An invitee with their cursor and invite.
#[Object]
impl CourseInviteeEdge<'_> {
    /// Cursor of the row: a value for `after` or `before` of the same list in the same order.
    async fn cursor(&self) -> String {
        self.position.cursor()
    }

    /// The invitee.
    async fn node(&self) -> Eager<&User> {
        Eager(self.user)
    }

    /// The invite.
    async fn invite(&self) -> Eager<&CourseInvite> {
        Eager(self.invite)
    }
}

impl CourseInviteeFilter {
    fn parse(self) -> Result<Filter, Failure> {
        Ok(Filter {
            inviter: id("filter.inviter", NodeKind::User, self.inviter)?,
            search: search("filter.search", self.search)?,
            invited: range("filter.createdAt", self.created_at)?,
            ..Filter::default()
        })
    }
}

impl CourseInviteFilter {
    fn parse(self) -> Result<Filter, Failure> {
        Ok(Filter {
            statuses: statuses(self.status),
            invitee: id("filter.invitee", NodeKind::User, self.invitee)?,
            inviter: id("filter.inviter", NodeKind::User, self.inviter)?,
            search: search("filter.search", self.search)?,
            invited: range("filter.createdAt", self.created_at)?,
        })
    }
}

impl CourseInviteeOrder {
    /// Oldest invites first.
    const DEFAULT: Self = Self {
        field: CourseInviteeOrderField::InvitedAt,
        direction: OrderDirection::Asc,
    };

    /// Returns the sort, and the list of a course in this order.
    fn parse(order: Option<Self>, course: &CourseView) -> (CourseInviteSort, ListOrder) {
        let Self { field, direction } = order.unwrap_or(Self::DEFAULT);
        let by = CourseInviteSort::from(field);
        let list = format!("course:{}.invitees", course.id);
        let sort = vec![by.sort_type(), SortType::Int];
        (by, direction.list(&list, field, sort))
    }
}

impl CourseInviteOrder {
    /// Newest invites first.
    const DEFAULT: Self = Self {
        field: CourseInviteOrderField::CreatedAt,
        direction: OrderDirection::Desc,
    };

    /// Returns the sort, and the list of a course in this order.
    fn parse(order: Option<Self>, course: &CourseView) -> (CourseInviteSort, ListOrder) {
        let Self { field, direction } = order.unwrap_or(Self::DEFAULT);
        let by = CourseInviteSort::from(field);
        let list = format!("course:{}.invites", course.id);
        let sort = vec![by.sort_type(), SortType::Int];
        (by, direction.list(&list, field, sort))
    }
}

/// Returns a page of a course's invitees.
pub(super) async fn course_invitees(
    ctx: &Context<'_>,
    course: &CourseView,
    filter: Option<CourseInviteeFilter>,
    order_by: Option<CourseInviteeOrder>,
    page: PageArguments,
) -> Result<CourseInviteeConnection, Failure> {
    let access = ctx.access()?;
    let manager = access.course_manager(course).await?;
    let filter = filter.unwrap_or_default().parse()?;
    let (sort, list) = CourseInviteeOrder::parse(order_by, course);
    let load = |page| access.course_invitees(&manager, filter, sort, page);
    let wrap = |(user, invite)| (User(user), CourseInvite(invite));
    let page = Paged::load(ctx, list, page, load, wrap).await;
    page.map(CourseInviteeConnection)
}

/// Returns a page of a course's invites.
pub(super) async fn course_invites(
    ctx: &Context<'_>,
    course: &CourseView,
    filter: Option<CourseInviteFilter>,
    order_by: Option<CourseInviteOrder>,
    page: PageArguments,
) -> Result<Connection<CourseInvite>, Failure> {
    let access = ctx.access()?;
    let manager = access.course_manager(course).await?;
    let filter = filter.unwrap_or_default().parse()?;
    let (sort, list) = CourseInviteOrder::parse(order_by, course);
    let load = |page| access.course_invites(&manager, filter, sort, page);
    let page = Paged::load(ctx, list, page, load, CourseInvite).await;
    page.map(Connection)
}
