//! `Workspace`.

use async_graphql::{Context, ID, Object};
use paged::paged;

use super::{
    connection::{Connection, PageArguments, Paged, connections},
    context::ContextExt,
    eager::{Eager, Leaves, eager},
    error::{Failure, Nullable},
    external_id::{ExternalIdInput, LookUp, external_id, id_of, source},
    filter::{InviteOrder, InviteTargetFilter, InviteTargetOrder},
    id::{NodeKind, global_id, parse_id},
    invite_counts::InviteCounts,
    json::leaves,
    scalar::{BigInt, Url},
    workspace_invite::{WorkspaceInvite, WorkspaceInviteFilter, workspace_invites_of},
};
use crate::{
    access::{Access, WorkspaceView},
    loader::role::Target,
};

/// A workspace. Workspace invites invite people to it by e-mail.
#[derive(Clone)]
pub(super) struct Workspace(pub(super) WorkspaceView);

impl Leaves for Workspace {
    leaves! {
        "id" => id,
        "databaseId" => database_id,
        "name" => name,
        "description" => description,
        "logoUrl" => logo_url,
    }
}

connections! {
    Workspace => "WorkspaceConnection", "WorkspaceEdge";
}

/// A workspace. Workspace invites invite people to it by e-mail.
#[paged]
#[Object]
impl Workspace {
    /// Global id of this workspace; opaque.
    pub(super) async fn id(&self) -> ID {
        global_id(NodeKind::Workspace, self.0.id)
    }

    /// Primary key in the source, as the REST contracts return it.
    async fn database_id(&self) -> BigInt {
        BigInt(self.0.id)
    }

    /// Id of this workspace in its source, if the source has ids of its own. Null for viewers without an
    /// account.
    async fn external_id(&self, ctx: &Context<'_>) -> Nullable<String> {
        external_id(ctx, &self.0).await
    }

    /// Name of the source that gave `externalId`. Null if that is null.
    async fn source(&self, ctx: &Context<'_>) -> Nullable<String> {
        source(ctx, &self.0).await
    }

    /// Display name.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Description of the workspace; may be empty.
    async fn description(&self) -> &str {
        &self.0.description
    }

    /// URL of the logo.
    async fn logo_url(&self) -> Option<Url> {
        self.0.logo_url.clone().map(Url)
    }

    /// Numbers of the invites to this workspace by status. Null unless the viewer manages the workspace or is
    /// staff.
    async fn invite_counts(&self, ctx: &Context<'_>) -> Nullable<InviteCounts> {
        ctx.look_up(
            |access| access.workspace_invite_counts(&self.0),
            InviteCounts::from,
        )
        .await
    }

    /// Role of the viewer in this workspace: `owner` and `admin` manage it. Null if not a member.
    async fn viewer_role(&self, ctx: &Context<'_>) -> Nullable<String> {
        ctx.look_up(
            |access| access.role(Target::Workspace(self.0.id)),
            |role| role,
        )
        .await
    }

    /// True if the viewer may invite people to this workspace.
    async fn viewer_can_invite(&self, ctx: &Context<'_>) -> Result<bool, Failure> {
        let access = ctx.access()?;
        Ok(access.can_invite(Target::Workspace(self.0.id)).await?)
    }

    /// Keys of the roles that the viewer may grant in this workspace, from the highest to the lowest.
    /// Empty if the viewer may not invite people.
    async fn grantable_roles(&self, ctx: &Context<'_>) -> Result<&'static [&'static str], Failure> {
        Ok(ctx.access()?.grantable_roles(self.0.id).await?)
    }

    /// Invites to this workspace, newest first by default. Only managers of the workspace and staff
    /// may select this field; others get the error `FORBIDDEN`, or `UNAUTHENTICATED` if signed out.
    #[graphql(tag = "signed-in")]
    async fn invites(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Filters the list.", secret)] filter: Option<WorkspaceInviteFilter>,
        #[graphql(desc = "Order of the list; newest first by default.")] order_by: Option<
            InviteOrder,
        >,
        page: PageArguments,
    ) -> Nullable<Connection<WorkspaceInvite>> {
        Some(Box::pin(workspace_invites_of(ctx, &self.0, filter, order_by, page)).await)
    }
}

/// Returns a page of the workspaces that the viewer manages.
pub(super) async fn workspaces(
    ctx: &Context<'_>,
    filter: Option<InviteTargetFilter>,
    order_by: Option<InviteTargetOrder>,
    page: PageArguments,
) -> Result<Connection<Workspace>, Failure> {
    let access = ctx.access()?;
    let managed = access.managed()?;
    let filter = filter.unwrap_or_default().parse()?;
    let (sort, list) = InviteTargetOrder::parse(order_by, "viewer.workspaces");
    let load = |page| access.workspaces(&managed, filter, sort, page);
    let page = Paged::load(ctx, list, page, load, Workspace).await;
    page.map(Connection)
}

/// Root fields about workspaces.
#[derive(Default)]
pub(super) struct WorkspaceQuery;

#[Object]
impl WorkspaceQuery {
    /// A workspace by id, or by its id in a source, for its members, users with a pending invite to it, and
    /// staff. Null for others, and if it does not exist.
    async fn workspace(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The workspace's `id` or `databaseId`. Send this or `externalId`.")]
        id: Option<ID>,
        #[graphql(desc = "The workspace's id in its source. Send this or `id`.")]
        external_id: Option<ExternalIdInput>,
    ) -> Nullable<Eager<Workspace>> {
        let find = async |access: &Access| {
            let id = match LookUp::read(id, external_id)? {
                LookUp::Id(id) => parse_id(NodeKind::Workspace, &id),
                LookUp::External(key) => Some(id_of(access, NodeKind::Workspace, &key).await?),
            };
            match id {
                Some(id) => Ok(access.workspace(id).await?),
                None => Ok::<_, Failure>(None),
            }
        };
        ctx.look_up(find, eager(Workspace)).await
    }
}
