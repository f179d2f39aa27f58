//! `Invite`: what all kinds of invites share, and the lists that mix them.

use async_graphql::{Context, Enum, ID, InputObject, Interface, Union};
use futures_util::future::try_join_all;

use super::{
    connection::{Connection, PageArguments, Paged, connections},
    context::ContextExt,
    course::Course,
    course_invite::CourseInvite,
    eager::{Eager, Leaves},
    error::{Failure, Nullable},
    filter::{DateTimeRange, InviteOrder, InviteStatus, range, statuses},
    group::Group,
    group_invite::GroupInvite,
    invite_code::InviteCode,
    invite_event::InviteEvent,
    scalar::{BigInt, DateTime},
    user::User,
    workspace::Workspace,
    workspace_invite::WorkspaceInvite,
};
use crate::{
    access::{Access, AccessError, InviteView, Permissions, UserView},
    invite::{InviteKind as Kind, Status},
    loader::invite::{InviteFilter as Filter, InviteRef, Mailbox},
    paging::{Slice, SortType},
};

/// Fields that all kinds of invites share. The concrete types have their contract's fields as well.
#[derive(Clone, Interface)]
#[allow(clippy::duplicated_attributes, reason = "several fields have one type")]
#[graphql(
    field(name = "id", ty = "ID", desc = "Global id of this invite; opaque."),
    field(
        name = "database_id",
        ty = "BigInt",
        desc = "Primary key in the source, as the REST contracts return it."
    ),
    field(
        name = "status",
        ty = "InviteStatus",
        desc = "Effective status at the time of the request: a pending invite past its expiry is `EXPIRED`."
    ),
    field(
        name = "is_expired",
        ty = "bool",
        desc = "True if `status` is `EXPIRED`."
    ),
    field(
        name = "role",
        ty = "Option<String>",
        desc = "Key of the role that accepting grants."
    ),
    field(
        name = "inviter",
        ty = "Nullable<Eager<User>>",
        desc = "The user who invited. Null if unknown, or if the account was deleted."
    ),
    field(
        name = "target",
        ty = "Nullable<InviteTarget>",
        desc = "The workspace, group or course that accepting joins. Null for invites to the whole community, and if the viewer may no longer see the target."
    ),
    field(name = "created_at", ty = "DateTime", desc = "Time of creation."),
    field(
        name = "expires_at",
        ty = "Option<DateTime>",
        desc = "Time from which the invite cannot be accepted. Null if it never expires."
    ),
    field(
        name = "accepted_at",
        ty = "Option<DateTime>",
        desc = "Time of acceptance. Null if not accepted, or if the source does not record it."
    ),
    field(
        name = "declined_at",
        ty = "Option<DateTime>",
        desc = "Time at which the invitee declined. Null if not declined."
    ),
    field(
        name = "cancelled_at",
        ty = "Option<DateTime>",
        desc = "Time at which the invite was withdrawn. Null if not withdrawn."
    ),
    field(
        name = "history",
        ty = "Nullable<Connection<InviteEvent>>",
        desc = "Events of this invite, newest first. Null unless the viewer is the inviter, manages the target, or is staff.",
        arg(
            name = "first",
            ty = "Option<i32>",
            desc = "Number of rows from the start, or behind `after`: 0 to 100; 25 by default."
        ),
        arg(
            name = "after",
            ty = "Option<String>",
            desc = "Only rows behind this cursor."
        ),
        arg(
            name = "last",
            ty = "Option<i32>",
            desc = "Number of rows from the end, or ahead of `before`: 0 to 100."
        ),
        arg(
            name = "before",
            ty = "Option<String>",
            desc = "Only rows ahead of this cursor."
        )
    ),
    field(
        name = "viewer_can_accept",
        ty = "Result<bool, Failure>",
        desc = "True if the viewer may accept the invite now."
    ),
    field(
        name = "viewer_can_decline",
        ty = "Result<bool, Failure>",
        desc = "True if the viewer may decline the invite now."
    ),
    field(
        name = "viewer_can_cancel",
        ty = "Result<bool, Failure>",
        desc = "True if the viewer may withdraw the invite now."
    ),
    field(
        name = "viewer_can_resend",
        ty = "Result<bool, Failure>",
        desc = "True if the viewer may send the invite again now."
    ),
    field(
        name = "viewer_can_update",
        ty = "Result<bool, Failure>",
        desc = "True if the viewer may change the invite now."
    )
)]
pub(super) enum Invite {
    InviteCode(InviteCode),
    WorkspaceInvite(WorkspaceInvite),
    GroupInvite(GroupInvite),
    CourseInvite(CourseInvite),
}

impl Leaves for Invite {}

/// Returns what the viewer may do with an invite.
pub(super) async fn permissions(
    ctx: &Context<'_>,
    invite: InviteView,
) -> Result<Permissions, Failure> {
    Ok(ctx.access()?.permissions(&invite).await?)
}

/// Targets that accepting an invite joins.
#[derive(Clone, Union)]
pub(super) enum InviteTarget {
    Workspace(Workspace),
    Group(Group),
    Course(Course),
}

/// The kinds of invites.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "Kind")]
pub(super) enum InviteKind {
    /// A personal code: `InviteCode`.
    InviteCode,
    /// An e-mail invitation to a workspace: `WorkspaceInvite`.
    WorkspaceInvite,
    /// A group's reusable join link: `GroupInvite`.
    GroupInvite,
    /// A user's invitation to a course: `CourseInvite`.
    CourseInvite,
}

connections! {
    Invite => "InviteConnection", "InviteEdge";
}

impl From<InviteView> for Invite {
    fn from(view: InviteView) -> Self {
        match view {
            InviteView::InviteCode(view) => InviteCode(view).into(),
            InviteView::WorkspaceInvite(view) => WorkspaceInvite(view).into(),
            InviteView::GroupInvite(view) => GroupInvite(view).into(),
            InviteView::CourseInvite(view) => CourseInvite(view).into(),
        }
    }
}

/// Filters a list of invites of every kind. All given conditions must hold.
#[derive(Clone, Debug, Default, InputObject)]
pub(super) struct InviteFilter {
    /// Of any of these kinds.
    pub kind: Option<Vec<InviteKind>>,
    /// With any of these statuses.
    pub status: Option<Vec<InviteStatus>>,
    /// Created within this range.
    pub created_at: Option<DateTimeRange>,
    /// Expiring within this range. An invite that never expires is in no range.
    pub expires_at: Option<DateTimeRange>,
}

impl InviteFilter {
    fn parse(self) -> Result<Filter, Failure> {
        let kinds = self.kind;
        Ok(Filter {
            kinds: kinds.map(|kinds| kinds.into_iter().map(Into::into).collect()),
            statuses: statuses(self.status),
            created: range("filter.createdAt", self.created_at)?,
            expires: range("filter.expiresAt", self.expires_at)?,
        })
    }
}

/// Returns a page of the viewer's invites.
pub(super) async fn invites(
    ctx: &Context<'_>,
    mailbox: Mailbox,
    filter: Option<InviteFilter>,
    order_by: Option<InviteOrder>,
    page: PageArguments,
) -> Result<Connection<Invite>, Failure> {
    let access = ctx.access()?;
    let viewer = access.self_proof()?;
    let filter = parse(filter, mailbox)?;
    let list = format!("viewer.{}", name(mailbox));
    let (sort, list) = InviteOrder::parse(order_by, &list, &[SortType::Int, SortType::Int]);
    let load = async |page| {
        let slice = access.invites(&viewer, mailbox, filter, sort, page);
        views(access, slice.await?).await
    };
    let page = Paged::load(ctx, list, page, load, Invite::from).await;
    page.map(Connection)
}

/// Returns a page of a user's invites, for staff.
pub(super) async fn invites_of_user(
    ctx: &Context<'_>,
    user: &UserView,
    mailbox: Mailbox,
    filter: Option<InviteFilter>,
    order_by: Option<InviteOrder>,
    page: PageArguments,
) -> Result<Connection<Invite>, Failure> {
    let access = ctx.access()?;
    let staff = access.staff()?;
    let filter = parse(filter, mailbox)?;
    let list = format!("user:{}.{}", user.id(), name(mailbox));
    let (sort, list) = InviteOrder::parse(order_by, &list, &[SortType::Int, SortType::Int]);
    let load = async |page| {
        let slice = access.invites_of_user(&staff, user, mailbox, filter, sort, page);
        views(access, slice.await?).await
    };
    let page = Paged::load(ctx, list, page, load, Invite::from).await;
    page.map(Connection)
}

/// Reads the filter of a mailbox. Received invites are pending, by default.
fn parse(filter: Option<InviteFilter>, mailbox: Mailbox) -> Result<Filter, Failure> {
    let mut filter = filter.unwrap_or_default().parse()?;
    if mailbox == Mailbox::Received {
        filter.statuses.get_or_insert_with(|| vec![Status::Pending]);
    }
    Ok(filter)
}

/// Name of the field.
fn name(mailbox: Mailbox) -> &'static str {
    match mailbox {
        Mailbox::Sent => "sentInvites",
        Mailbox::Received => "receivedInvites",
    }
}

/// Loads the invites of a page, each by the rules of its kind.
async fn views(access: &Access, slice: Slice<InviteRef>) -> Result<Slice<InviteView>, AccessError> {
    let found = try_join_all(slice.rows.iter().map(|(_, invite)| access.invite(*invite))).await?;
    let mut found = found.into_iter();
    // An invite may have been deleted since the list was loaded.
    Ok(slice.filter_map(|_| found.next().flatten()))
}
