//! `Invite`: what all kinds of invites share, and the lists that mix them.

use async_graphql::{Context, Enum, ID, InputObject, Interface, Union};
use futures_util::future::try_join_all;

use super::{
    connection::{Connection, PageArguments, Paged, connections},
    context::Ask,
    course::Course,
    course_invite::CourseInvite,
    eager::{Eager, Leaves},
    error::{Failure, Nullable},
    filter::{DateTimeRange, InviteOrder, InviteStatus, range, statuses},
    group::Group,
    group_invite::GroupInvite,
    invite_code::InviteCode,
    scalar::{BigInt, DateTime},
    user::User,
    workspace::Workspace,
    workspace_invite::WorkspaceInvite,
};
use crate::{
    access::InviteView,
    invite::InviteKind as Kind,
    loader::{Slice, SortType, invite::InviteFilter as Filter},
};

/// What all kinds of invites share. The concrete types keep their contract's own words beside
/// these.
#[derive(Clone, Interface)]
#[allow(clippy::duplicated_attributes, reason = "several fields have one type")]
#[graphql(
    field(
        name = "id",
        ty = "ID",
        desc = "Names this invite among all objects of the schema; opaque."
    ),
    field(
        name = "database_id",
        ty = "BigInt",
        desc = "Primary key in the source, as the REST contracts print it."
    ),
    field(
        name = "status",
        ty = "InviteStatus",
        desc = "Effective status at the instant of the request: a pending invite past its expiry is `EXPIRED`."
    ),
    field(
        name = "is_expired",
        ty = "bool",
        desc = "Whether `status` is `EXPIRED`."
    ),
    field(
        name = "role",
        ty = "Option<String>",
        desc = "Stable key of the role that accepting gives."
    ),
    field(
        name = "inviter",
        ty = "Nullable<Eager<User>>",
        desc = "Who invited. Null when that account is gone, or unknown."
    ),
    field(
        name = "target",
        ty = "Nullable<InviteTarget>",
        desc = "What accepting joins. Null where the invite is for the whole community, and where the viewer may not see the target any more."
    ),
    field(
        name = "created_at",
        ty = "DateTime",
        desc = "When the invite was made."
    ),
    field(
        name = "expires_at",
        ty = "Option<DateTime>",
        desc = "From when on it cannot be accepted any more. Null: never."
    ),
    field(
        name = "accepted_at",
        ty = "Option<DateTime>",
        desc = "When it was accepted. Null while it is not, and where the source does not tell."
    )
)]
pub(super) enum Invite {
    InviteCode(InviteCode),
    WorkspaceInvite(WorkspaceInvite),
    GroupInvite(GroupInvite),
    CourseInvite(CourseInvite),
}

impl Leaves for Invite {}

/// What accepting an invite joins.
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

/// Narrows a list of invites of every kind. All that is given must hold.
#[derive(Clone, Debug, Default, InputObject)]
pub(super) struct InviteFilter {
    /// Of any of these kinds.
    pub kind: Option<Vec<InviteKind>>,
    /// With any of these statuses.
    pub status: Option<Vec<InviteStatus>>,
    /// Made within this range.
    pub created_at: Option<DateTimeRange>,
    /// Expiring within this range; an invite that never expires is outside of every range.
    pub expires_at: Option<DateTimeRange>,
}

/// Whose list of invites.
#[derive(Clone, Copy)]
pub(super) enum Mailbox {
    Sent,
    Received,
}

/// A page of the invites that the viewer sent or received.
pub(super) async fn invites(
    ctx: &Context<'_>,
    mailbox: Mailbox,
    filter: Option<InviteFilter>,
    order_by: Option<InviteOrder>,
    page: PageArguments,
) -> Result<Connection<Invite>, Failure> {
    let access = ctx.access()?;
    let filter = filter.unwrap_or_default();
    let kinds = filter
        .kind
        .map(|kinds| kinds.into_iter().map(Into::into).collect());
    let mut filter = Filter {
        kinds,
        statuses: statuses(filter.status),
        created: range("filter.createdAt", filter.created_at)?,
        expires: range("filter.expiresAt", filter.expires_at)?,
    };
    let list = match mailbox {
        Mailbox::Sent => "viewer.sentInvites",
        Mailbox::Received => {
            filter
                .statuses
                .get_or_insert_with(|| vec![InviteStatus::Pending.into()]);
            "viewer.receivedInvites"
        }
    };
    let (sort, list) = InviteOrder::of(order_by, list, &[SortType::Int, SortType::Int]);
    let page = page.page(ctx, &list)?;
    let slice = match mailbox {
        Mailbox::Sent => access.sent_invites(&filter, sort, &page).await?,
        Mailbox::Received => access.received_invites(&filter, sort, &page).await?,
    };
    let found = try_join_all(slice.rows.iter().map(|(_, invite)| access.invite(*invite))).await?;
    let positions = slice.rows.into_iter().map(|(position, _)| position);
    let rows = positions
        .zip(found)
        // One that was deleted between the two statements is no row of the list any more.
        .filter_map(|(position, view)| Some((position, Invite::from(view?))))
        .collect();
    let slice = Slice {
        rows,
        has_next: slice.has_next,
        has_previous: slice.has_previous,
        total: slice.total,
    };
    Ok(Connection(Paged::new(&list, slice)))
}
