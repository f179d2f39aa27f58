//! `Workspace`.

use async_graphql::{Context, ID, Object};
use paged::paged;

use super::{
    connection::{Connection, PageArguments, Paged, connections},
    context::Ask,
    eager::{Eager, Leaves, eager},
    error::{Failure, Nullable},
    filter::InviteOrder,
    id::{NodeKind, global_id, parse_id},
    json::leaves,
    scalar::{BigInt, Url},
    workspace_invite::{WorkspaceInvite, WorkspaceInviteFilter},
};
use crate::{access::WorkspaceView, paging::SortType};

/// A workspace, which workspace invites are for.
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

/// A workspace, which workspace invites are for.
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

    /// Role of the viewer in this workspace: `owner` and `admin` manage it. Null if not a member.
    async fn viewer_role(&self, ctx: &Context<'_>) -> Nullable<String> {
        ctx.look_up(|access| access.workspace_role(self.0.id), |role| role)
            .await
    }

    /// Invites to this workspace, newest first by default. For managers of the workspace, and
    /// staff.
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
        Some(Box::pin(invites(ctx, &self.0, filter, order_by, page)).await)
    }
}

async fn invites(
    ctx: &Context<'_>,
    workspace: &WorkspaceView,
    filter: Option<WorkspaceInviteFilter>,
    order_by: Option<InviteOrder>,
    page: PageArguments,
) -> Result<Connection<WorkspaceInvite>, Failure> {
    let access = ctx.access()?;
    // Who may not see the list learns nothing of which arguments it would take.
    let manager = access.workspace_manager(workspace).await?;
    let filter = filter.unwrap_or_default().read()?;
    let list = format!("workspace:{}.invites", workspace.id);
    let (sort, list) = InviteOrder::of(order_by, &list, &[SortType::Int]);
    let page = page.page(ctx, &list)?;
    let slice = access
        .workspace_invites_of(&manager, filter, sort, page)
        .await?;
    Ok(Connection(Paged::new(&list, slice.map(WorkspaceInvite))))
}

/// Root fields about workspaces.
#[derive(Default)]
pub(super) struct WorkspaceQuery;

#[Object]
impl WorkspaceQuery {
    /// A workspace by id, for its members, users with a pending invite to it, and staff. Null for
    /// others, and if it does not exist.
    async fn workspace(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The workspace's `id` or `databaseId`.")] id: ID,
    ) -> Nullable<Eager<Workspace>> {
        let id = parse_id(NodeKind::Workspace, &id)?;
        ctx.look_up(|access| access.workspace(id), eager(Workspace))
            .await
    }
}
