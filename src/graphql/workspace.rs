//! `Workspace`.

use async_graphql::{Context, ID, Object};

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
use crate::{access::WorkspaceView, loader::SortType};

/// A workspace: what a workspace invite joins.
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

/// A workspace: what a workspace invite joins.
#[Object]
impl Workspace {
    /// Names this workspace among all objects of the schema; opaque.
    pub(super) async fn id(&self) -> ID {
        global_id(NodeKind::Workspace, self.0.id)
    }

    /// Primary key in the source, as the REST contracts print it.
    async fn database_id(&self) -> BigInt {
        BigInt(self.0.id)
    }

    /// Name to show.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// What the workspace is for; may be empty.
    async fn description(&self) -> &str {
        &self.0.description
    }

    /// Logo to show.
    async fn logo_url(&self) -> Option<Url> {
        self.0.logo_url.clone().map(Url)
    }

    /// Role of the signed-in person in this workspace: `owner` and `admin` manage it. Null for who
    /// is no member.
    async fn viewer_role(&self, ctx: &Context<'_>) -> Nullable<String> {
        ctx.look_up(|access| access.workspace_role(self.0.id), |role| role)
            .await
    }

    /// Invites to this workspace, newest first unless ordered otherwise. Only for who manages it,
    /// and staff.
    #[graphql(tag = "signed-in")]
    #[allow(clippy::too_many_arguments)]
    async fn invites(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Narrows the list.", secret)] filter: Option<WorkspaceInviteFilter>,
        #[graphql(desc = "Order of the list; newest first by default.")] order_by: Option<
            InviteOrder,
        >,
        #[graphql(
            desc = "How many rows from the start, or behind `after`: 0 to 100; 25 by default."
        )]
        first: Option<i32>,
        #[graphql(desc = "Only rows behind this cursor.")] after: Option<String>,
        #[graphql(desc = "How many rows from the end, or ahead of `before`: 0 to 100.")]
        last: Option<i32>,
        #[graphql(desc = "Only rows ahead of this cursor.")] before: Option<String>,
    ) -> Nullable<Connection<WorkspaceInvite>> {
        let page = PageArguments {
            first,
            after,
            last,
            before,
        };
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
    /// A workspace, for its members, for who is invited to it, and for staff. Null for others, and
    /// when there is none.
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
