//! `GroupInvite`: a group's reusable join link. Contract: `GET /v3/groups/{id}/invite`.

use async_graphql::{Context, ID, Object};
use paged::paged;

use super::{
    connection::{Connection, ListOrder, PageArguments, Paged, connections},
    context::ContextExt,
    eager::{Eager, Leaves},
    error::{Failure, Nullable, nullable},
    external_id::{external_id, source},
    filter::InviteStatus,
    group::Group,
    id::invite_id,
    invite::{InviteTarget, permissions},
    invite_event::{InviteEvent, history},
    json::leaves,
    scalar::{BigInt, DateTime, Url},
    user::User,
};
use crate::{
    access::{GroupInviteView, InviteView},
    invite::{InviteKind, Joined, Status},
    paging::SortType,
};

/// A group's reusable join link. Visible to managers of the group.
#[derive(Clone)]
pub(super) struct GroupInvite(pub(super) GroupInviteView);

impl Leaves for GroupInvite {
    leaves! {
        "id" => id,
        "databaseId" => database_id,
        "code" => code,
        "updatedAt" => updated_at,
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
    GroupInvite => "GroupInviteConnection", "GroupInviteEdge";
}

impl GroupInvite {
    async fn group_of(&self, ctx: &Context<'_>) -> Result<Option<Group>, Failure> {
        let group = ctx.access()?.group_of(&self.0).await?;
        Ok(group.map(Group))
    }

    /// The group; rows are loaded only with one that is there, so that it can only just have been
    /// deleted.
    async fn live_group(&self, ctx: &Context<'_>) -> Result<Group, Failure> {
        self.group_of(ctx).await?.ok_or(Failure::Unavailable)
    }
}

/// A group's reusable join link. Visible to managers of the group.
#[paged]
#[Object]
impl GroupInvite {
    /// Global id of this invite; opaque.
    pub(super) async fn id(&self) -> ID {
        invite_id(InviteKind::GroupInvite, self.0.group_id, self.0.id)
    }

    /// Primary key in the source, as the REST contracts return it.
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

    /// The code in the link.
    async fn code(&self) -> &str {
        self.0.code.as_str()
    }

    /// Public URL that accepts the invite. Contains the code.
    async fn url(&self, ctx: &Context<'_>) -> Result<Url, Failure> {
        let Group(group) = self.live_group(ctx).await?;
        Ok(Url(ctx.access()?.group_invite_url(&group, &self.0)))
    }

    /// The group that accepting joins.
    async fn group(&self, ctx: &Context<'_>) -> Result<Group, Failure> {
        self.live_group(ctx).await
    }

    /// Time of the code's last change.
    async fn updated_at(&self) -> DateTime {
        DateTime(self.0.updated_at)
    }

    /// Always `PENDING`: the link can be used any number of times.
    pub(super) async fn status(&self) -> InviteStatus {
        Status::Pending.into()
    }

    /// Always false: the link does not expire.
    pub(super) async fn is_expired(&self) -> bool {
        false
    }

    /// Key of the role that accepting grants.
    pub(super) async fn role(&self) -> Option<String> {
        Some(Joined::GROUP.to_owned())
    }

    /// Always null: the source does not record who created the link.
    pub(super) async fn inviter(&self) -> Nullable<Eager<User>> {
        None
    }

    /// The group that accepting joins.
    pub(super) async fn target(&self, ctx: &Context<'_>) -> Nullable<InviteTarget> {
        nullable(self.group_of(ctx).await, InviteTarget::Group)
    }

    /// Time of creation.
    pub(super) async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// Always null: the link does not expire.
    pub(super) async fn expires_at(&self) -> Option<DateTime> {
        None
    }

    /// Always null: the link is for many people.
    pub(super) async fn accepted_at(&self) -> Option<DateTime> {
        None
    }

    /// Always null: the link is for many people.
    pub(super) async fn declined_at(&self) -> Option<DateTime> {
        None
    }

    /// Always null: a link that is switched off is deleted.
    pub(super) async fn cancelled_at(&self) -> Option<DateTime> {
        None
    }

    /// Events of this invite, newest first. Null unless the viewer is the inviter, manages the target, or
    /// is staff.
    pub(super) async fn history(
        &self,
        ctx: &Context<'_>,
        page: PageArguments,
    ) -> Nullable<Connection<InviteEvent>> {
        history(ctx, InviteView::GroupInvite(self.0.clone()), page).await
    }

    /// True if the viewer may accept the invite now.
    pub(super) async fn viewer_can_accept(&self, ctx: &Context<'_>) -> Result<bool, Failure> {
        Ok(permissions(ctx, InviteView::GroupInvite(self.0.clone()))
            .await?
            .accept)
    }

    /// True if the viewer may decline the invite now.
    pub(super) async fn viewer_can_decline(&self, ctx: &Context<'_>) -> Result<bool, Failure> {
        Ok(permissions(ctx, InviteView::GroupInvite(self.0.clone()))
            .await?
            .decline)
    }

    /// True if the viewer may withdraw the invite now.
    pub(super) async fn viewer_can_cancel(&self, ctx: &Context<'_>) -> Result<bool, Failure> {
        Ok(permissions(ctx, InviteView::GroupInvite(self.0.clone()))
            .await?
            .cancel)
    }

    /// True if the viewer may send the invite again now.
    pub(super) async fn viewer_can_resend(&self, ctx: &Context<'_>) -> Result<bool, Failure> {
        Ok(permissions(ctx, InviteView::GroupInvite(self.0.clone()))
            .await?
            .resend)
    }

    /// True if the viewer may change the invite now.
    pub(super) async fn viewer_can_update(&self, ctx: &Context<'_>) -> Result<bool, Failure> {
        Ok(permissions(ctx, InviteView::GroupInvite(self.0.clone()))
            .await?
            .update)
    }
}

/// Root fields about group invites.
#[derive(Default)]
pub(super) struct GroupInviteQuery;

#[paged]
#[Object]
impl GroupInviteQuery {
    /// The invites of all groups that the viewer manages; for staff, of all groups. Newest first.
    #[graphql(tag = "signed-in")]
    async fn group_invites(
        &self,
        ctx: &Context<'_>,
        page: PageArguments,
    ) -> Nullable<Connection<GroupInvite>> {
        Some(Box::pin(group_invites(ctx, page)).await)
    }
}

/// Returns a page of the invites of all groups that the viewer manages.
async fn group_invites(
    ctx: &Context<'_>,
    page: PageArguments,
) -> Result<Connection<GroupInvite>, Failure> {
    let access = ctx.access()?;
    let managed = access.managed()?;
    let list = ListOrder {
        name: "groupInvites".to_owned(),
        sort: vec![SortType::Instant, SortType::Int],
        descending: true,
    };
    let load = |page| access.group_invites(&managed, page);
    let page = Paged::load(ctx, list, page, load, GroupInvite).await;
    page.map(Connection)
}
