//! `WorkspaceInvite`: an e-mail invitation. Contract: `GET /api/v1/invites/{token}/`.

use std::borrow::Cow;

use async_graphql::{Context, ID, InputObject, Object};
use paged::paged;

use super::{
    connection::{Connection, PageArguments, Paged, connections},
    context::ContextExt,
    eager::{Eager, Leaves, eager},
    error::{Failure, Nullable, nullable},
    external_id::{external_id, source},
    filter::{
        DateTimeRange, InviteOrder, InviteStatus, address, id, ids, range, search, statuses, texts,
    },
    id::{NodeKind, invite_id},
    invite::{InviteTarget, permissions},
    invite_event::{InviteEvent, history},
    json::leaves,
    scalar::{BigInt, DateTime},
    user::User,
    workspace::Workspace,
};
use crate::{
    access::{EmailVisibility, InviteView, WorkspaceInviteView, WorkspaceView, inviter_name},
    invite::{InviteKind, Status},
    loader::workspace_invite::WorkspaceInviteFilter as Filter,
    paging::SortType,
};

/// An e-mail invitation to a workspace. No field returns its token, which works like a password.
#[derive(Clone)]
pub(super) struct WorkspaceInvite(pub(super) WorkspaceInviteView);

impl Leaves for WorkspaceInvite {
    leaves! {
        "id" => id,
        "databaseId" => database_id,
        "email" => email,
        "role" => role,
        "roleDisplay" => role_display,
        "message" => message,
        "status" => status,
        "isExpired" => is_expired,
        "createdAt" => created_at,
        "expiresAt" => expires_at,
        "acceptedAt" => accepted_at,
        "declinedAt" => declined_at,
        "cancelledAt" => cancelled_at,
        "lastSentAt" => last_sent_at,
        "sendCount" => send_count,
    }
}

connections! {
    WorkspaceInvite => "WorkspaceInviteConnection", "WorkspaceInviteEdge";
}

impl WorkspaceInvite {
    async fn inviter_of(&self, ctx: &Context<'_>) -> Result<Option<User>, Failure> {
        let invite = &self.0;
        let inviter = ctx
            .access()?
            .referenced_user(invite.inviter_id(), invite.inviter_email)
            .await?;
        Ok(inviter.map(User))
    }

    async fn workspace_of(&self, ctx: &Context<'_>) -> Result<Option<Workspace>, Failure> {
        let workspace = ctx.access()?.referenced_workspace(&self.0).await?;
        Ok(workspace.map(Workspace))
    }
}

/// An e-mail invitation to a workspace. No field returns its token, which works like a password.
#[paged]
#[Object]
impl WorkspaceInvite {
    /// Global id of this invite; opaque.
    pub(super) async fn id(&self) -> ID {
        invite_id(
            InviteKind::WorkspaceInvite,
            self.0.workspace_id(),
            self.0.id(),
        )
    }

    /// Primary key in the source, as the REST contracts return it.
    pub(super) async fn database_id(&self) -> BigInt {
        BigInt(self.0.id())
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

    /// E-mail address of the person invited. May be masked, as in `j…@e….com`.
    #[graphql(tag = "personal-data")]
    async fn email(&self) -> Option<Cow<'_, str>> {
        self.0.email()
    }

    /// The workspace that accepting joins. Null if the invite is no longer pending and the viewer,
    /// who did not look it up by its token, may not see the workspace itself.
    async fn workspace(&self, ctx: &Context<'_>) -> Nullable<Eager<Workspace>> {
        nullable(self.workspace_of(ctx).await, Eager)
    }

    /// Display name of the inviter: the full name, or else the username.
    #[graphql(tag = "personal-data")]
    async fn inviter_name(&self, ctx: &Context<'_>) -> Nullable<String> {
        let inviter = self.inviter_of(ctx).await;
        nullable(inviter, |User(inviter)| inviter_name(&inviter).to_owned())
    }

    /// Key of the role that accepting grants.
    pub(super) async fn role(&self) -> Option<String> {
        Some(self.0.role().0.to_owned())
    }

    /// Display name of the role; `UNKNOWN` if the key has none.
    async fn role_display(&self) -> &str {
        self.0.role().display_name()
    }

    /// Message of the inviter.
    async fn message(&self) -> Option<&str> {
        self.0.message()
    }

    /// The user who accepted the invite. Visible to that user, the invitee, the inviter, managers
    /// of the workspace, and staff. Null for others, if nobody accepted it, and if the account was
    /// deleted.
    async fn accepted_by(&self, ctx: &Context<'_>) -> Nullable<Eager<User>> {
        ctx.look_up(
            |access| access.referenced_user(self.0.accepted_by_id(), EmailVisibility::Hidden),
            eager(User),
        )
        .await
    }

    /// Effective status at the time of the request: a pending invite past its expiry is `EXPIRED`.
    pub(super) async fn status(&self) -> InviteStatus {
        self.0.status.into()
    }

    /// True if `status` is `EXPIRED`.
    pub(super) async fn is_expired(&self) -> bool {
        self.0.status == Status::Expired
    }

    /// The user who invited. Null if unknown, or if the account was deleted.
    pub(super) async fn inviter(&self, ctx: &Context<'_>) -> Nullable<Eager<User>> {
        nullable(self.inviter_of(ctx).await, Eager)
    }

    /// The workspace that accepting joins. Null if `workspace` is null.
    pub(super) async fn target(&self, ctx: &Context<'_>) -> Nullable<InviteTarget> {
        nullable(self.workspace_of(ctx).await, InviteTarget::Workspace)
    }

    /// Time of creation.
    pub(super) async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at())
    }

    /// Time from which the invite cannot be accepted. Null if it never expires.
    pub(super) async fn expires_at(&self) -> Option<DateTime> {
        self.0.expires_at().map(DateTime)
    }

    /// Time of acceptance. Null if not accepted.
    pub(super) async fn accepted_at(&self) -> Option<DateTime> {
        self.0.accepted_at().map(DateTime)
    }

    /// Time at which the invitee declined. Null if not declined.
    pub(super) async fn declined_at(&self) -> Option<DateTime> {
        self.0.declined_at().map(DateTime)
    }

    /// Time at which the invite was withdrawn. Null if not withdrawn.
    pub(super) async fn cancelled_at(&self) -> Option<DateTime> {
        self.0.cancelled_at().map(DateTime)
    }

    /// Time at which the gateway last sent the invite. Null if it did not.
    async fn last_sent_at(&self) -> Option<DateTime> {
        self.0.last_sent_at().map(DateTime)
    }

    /// Number of times that the gateway sent the invite.
    async fn send_count(&self) -> i32 {
        self.0.send_count()
    }

    /// Events of this invite, newest first. Null unless the viewer is the inviter, manages the target, or
    /// is staff.
    pub(super) async fn history(
        &self,
        ctx: &Context<'_>,
        page: PageArguments,
    ) -> Nullable<Connection<InviteEvent>> {
        history(ctx, InviteView::WorkspaceInvite(self.0.clone()), page).await
    }

    /// True if the viewer may accept the invite now.
    pub(super) async fn viewer_can_accept(&self, ctx: &Context<'_>) -> Result<bool, Failure> {
        Ok(
            permissions(ctx, InviteView::WorkspaceInvite(self.0.clone()))
                .await?
                .accept,
        )
    }

    /// True if the viewer may decline the invite now.
    pub(super) async fn viewer_can_decline(&self, ctx: &Context<'_>) -> Result<bool, Failure> {
        Ok(
            permissions(ctx, InviteView::WorkspaceInvite(self.0.clone()))
                .await?
                .decline,
        )
    }

    /// True if the viewer may withdraw the invite now.
    pub(super) async fn viewer_can_cancel(&self, ctx: &Context<'_>) -> Result<bool, Failure> {
        Ok(
            permissions(ctx, InviteView::WorkspaceInvite(self.0.clone()))
                .await?
                .cancel,
        )
    }

    /// True if the viewer may send the invite again now.
    pub(super) async fn viewer_can_resend(&self, ctx: &Context<'_>) -> Result<bool, Failure> {
        Ok(
            permissions(ctx, InviteView::WorkspaceInvite(self.0.clone()))
                .await?
                .resend,
        )
    }

    /// True if the viewer may change the invite now.
    pub(super) async fn viewer_can_update(&self, ctx: &Context<'_>) -> Result<bool, Failure> {
        Ok(
            permissions(ctx, InviteView::WorkspaceInvite(self.0.clone()))
                .await?
                .update,
        )
    }
}

/// Filters a list of workspace invites. All given conditions must hold.
#[derive(Clone, Debug, Default, InputObject)]
pub(super) struct WorkspaceInviteFilter {
    /// Of any of these workspaces (their `id` or `databaseId`).
    pub workspace: Option<Vec<ID>>,
    /// With any of these statuses.
    pub status: Option<Vec<InviteStatus>>,
    /// Granting any of these roles (keys, compared exactly).
    pub role: Option<Vec<String>>,
    /// Created by this user (their `id` or `databaseId`).
    pub inviter: Option<ID>,
    /// For the person with this address, ignoring case.
    pub email: Option<String>,
    /// With this text in the address of the person invited or in the message, ignoring case in every
    /// language.
    pub search: Option<String>,
    /// Created within this range.
    pub created_at: Option<DateTimeRange>,
    /// Expiring within this range.
    pub expires_at: Option<DateTimeRange>,
}

impl WorkspaceInviteFilter {
    fn parse(self) -> Result<Filter, Failure> {
        Ok(Filter {
            workspaces: ids("filter.workspace", NodeKind::Workspace, self.workspace)?,
            statuses: statuses(self.status),
            roles: texts("filter.role", self.role)?,
            inviter: id("filter.inviter", NodeKind::User, self.inviter)?,
            email_norm: address("filter.email", self.email)?,
            search: search("filter.search", self.search)?,
            created: range("filter.createdAt", self.created_at)?,
            expires: range("filter.expiresAt", self.expires_at)?,
        })
    }
}

/// Root fields about workspace invites.
#[derive(Default)]
pub(super) struct WorkspaceInviteQuery;

#[paged]
#[Object]
impl WorkspaceInviteQuery {
    /// A workspace invite by its token, for anyone who has the token. Null if it does not exist.
    async fn workspace_invite(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The token from the invite's link.", secret)] token: String,
    ) -> Nullable<Eager<WorkspaceInvite>> {
        ctx.look_up(
            |access| access.workspace_invite_by_token(&token),
            eager(WorkspaceInvite),
        )
        .await
    }

    /// The invites of all workspaces that the viewer manages; for staff, of all workspaces. Newest
    /// first by default.
    #[graphql(tag = "signed-in")]
    async fn workspace_invites(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Filters the list.", secret)] filter: Option<WorkspaceInviteFilter>,
        #[graphql(desc = "Order of the list; newest first by default.")] order_by: Option<
            InviteOrder,
        >,
        page: PageArguments,
    ) -> Nullable<Connection<WorkspaceInvite>> {
        Some(Box::pin(workspace_invites(ctx, filter, order_by, page)).await)
    }
}

/// Returns a page of the invites of all workspaces that the viewer manages.
async fn workspace_invites(
    ctx: &Context<'_>,
    filter: Option<WorkspaceInviteFilter>,
    order_by: Option<InviteOrder>,
    page: PageArguments,
) -> Result<Connection<WorkspaceInvite>, Failure> {
    let access = ctx.access()?;
    let managed = access.managed()?;
    let filter = filter.unwrap_or_default().parse()?;
    let (sort, list) = InviteOrder::parse(order_by, "workspaceInvites", &[SortType::Int]);
    let load = |page| access.workspace_invites(&managed, filter, sort, page);
    let page = Paged::load(ctx, list, page, load, WorkspaceInvite).await;
    page.map(Connection)
}

/// Returns a page of a workspace's invites.
pub(super) async fn workspace_invites_of(
    ctx: &Context<'_>,
    workspace: &WorkspaceView,
    filter: Option<WorkspaceInviteFilter>,
    order_by: Option<InviteOrder>,
    page: PageArguments,
) -> Result<Connection<WorkspaceInvite>, Failure> {
    let access = ctx.access()?;
    let manager = access.workspace_manager(workspace).await?;
    let filter = filter.unwrap_or_default().parse()?;
    let list = format!("workspace:{}.invites", workspace.id);
    let (sort, list) = InviteOrder::parse(order_by, &list, &[SortType::Int]);
    let load = |page| access.workspace_invites_of(&manager, filter, sort, page);
    let page = Paged::load(ctx, list, page, load, WorkspaceInvite).await;
    page.map(Connection)
}
