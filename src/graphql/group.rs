//! `Group`.

use async_graphql::{Context, ID, Object};

use super::{
    connection::{Connection, PageArguments, Paged, connections},
    context::ContextExt,
    eager::{Eager, Leaves, eager},
    error::{Failure, Nullable},
    external_id::{ExternalIdInput, LookUp, external_id, source},
    filter::{InviteTargetFilter, InviteTargetOrder},
    group_invite::GroupInvite,
    id::{NodeKind, global_id},
    json::leaves,
    scalar::BigInt,
};
use crate::{
    access::{Access, GroupView},
    loader::role::Target,
};

/// A group. Its group invite is a link that joins it.
#[derive(Clone)]
pub(super) struct Group(pub(super) GroupView);

impl Leaves for Group {
    leaves! {
        "id" => id,
        "databaseId" => database_id,
        "slug" => slug,
        "name" => name,
    }
}

connections! {
    Group => "GroupConnection", "GroupEdge";
}

/// A group. Its group invite is a link that joins it.
#[Object]
impl Group {
    /// Global id of this group; opaque.
    pub(super) async fn id(&self) -> ID {
        global_id(NodeKind::Group, self.0.id)
    }

    /// Primary key in the source, as the REST contracts return it.
    async fn database_id(&self) -> BigInt {
        BigInt(self.0.id)
    }

    /// Id of this group in its source, if the source has ids of its own. Null for viewers without an
    /// account.
    async fn external_id(&self, ctx: &Context<'_>) -> Nullable<String> {
        external_id(ctx, &self.0).await
    }

    /// Name of the source that gave `externalId`. Null if that is null.
    async fn source(&self, ctx: &Context<'_>) -> Nullable<String> {
        source(ctx, &self.0).await
    }

    /// Name in URLs.
    async fn slug(&self) -> &str {
        &self.0.slug
    }

    /// Display name.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// True if the viewer may change this group's join link.
    async fn viewer_can_invite(&self, ctx: &Context<'_>) -> Result<bool, Failure> {
        let access = ctx.access()?;
        Ok(access.can_invite(Target::Group(self.0.id)).await?)
    }

    /// Role of the viewer in this group: `owner` and `manager` manage it. Null if not a member.
    async fn viewer_role(&self, ctx: &Context<'_>) -> Nullable<String> {
        ctx.look_up(|access| access.role(Target::Group(self.0.id)), |role| role)
            .await
    }

    /// The group's reusable join link. Null if the group has none. Only managers of the group and
    /// staff may select this field; others get the error `FORBIDDEN`, or `UNAUTHENTICATED` if
    /// signed out.
    #[graphql(tag = "signed-in")]
    async fn invite(&self, ctx: &Context<'_>) -> Nullable<Eager<GroupInvite>> {
        ctx.look_up(|access| access.group_invite_of(&self.0), eager(GroupInvite))
            .await
    }
}

/// Returns a page of the groups that the viewer manages.
pub(super) async fn groups(
    ctx: &Context<'_>,
    filter: Option<InviteTargetFilter>,
    order_by: Option<InviteTargetOrder>,
    page: PageArguments,
) -> Result<Connection<Group>, Failure> {
    let access = ctx.access()?;
    let managed = access.managed()?;
    let filter = filter.unwrap_or_default().parse()?;
    let (sort, list) = InviteTargetOrder::parse(order_by, "viewer.groups");
    let load = |page| access.groups(&managed, filter, sort, page);
    let page = Paged::load(ctx, list, page, load, Group).await;
    page.map(Connection)
}

/// Root fields about groups.
#[derive(Default)]
pub(super) struct GroupQuery;

#[Object]
impl GroupQuery {
    /// A group by id or slug, or by its id in a source, for viewers with an account. Null for others, and if
    /// it does not exist.
    async fn group(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "The group's `id`, `databaseId` or `slug`. Digits alone are a `databaseId`. Send this or `externalId`."
        )]
        id: Option<ID>,
        #[graphql(desc = "The group's id in its source. Send this or `id`.")] external_id: Option<
            ExternalIdInput,
        >,
    ) -> Nullable<Eager<Group>> {
        let find = async |access: &Access| {
            let by = LookUp::read(id, external_id)?;
            let key = by.key(access, NodeKind::Group).await?;
            Ok::<_, Failure>(access.group(key).await?)
        };
        ctx.look_up(find, eager(Group)).await
    }
}
