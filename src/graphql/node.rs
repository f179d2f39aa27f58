//! Objects that have a global id, and the fields that look them up by it.

use async_graphql::{Context, ID, Interface, Object};
use futures_util::future::try_join_all;

use super::{
    context::ContextExt,
    course::Course,
    course_invite::CourseInvite,
    error::{Failure, Nullable},
    group::Group,
    group_invite::GroupInvite,
    id::{Named, NodeKind, parse_event_id, parse_global_id},
    invite_code::InviteCode,
    invite_event::InviteEvent,
    tag::Tag,
    user::User,
    workspace::Workspace,
    workspace_invite::WorkspaceInvite,
};
use crate::{
    access::{Access, InviteView, SlugKey},
    loader::invite::InviteRef,
};

/// An object with a global id.
#[derive(Clone, Interface)]
#[graphql(field(name = "id", ty = "ID", desc = "Global id of this object; opaque."))]
pub(super) enum Node {
    InviteCode(InviteCode),
    WorkspaceInvite(WorkspaceInvite),
    GroupInvite(GroupInvite),
    CourseInvite(CourseInvite),
    User(User),
    Tag(Tag),
    Workspace(Workspace),
    Group(Group),
    Course(Course),
    InviteEvent(InviteEvent),
}

/// The object of that global id, by the rules of its kind.
async fn named(access: &Access, id: &str) -> Result<Option<Node>, Failure> {
    if let Some(named) = parse_global_id(id) {
        return fetch(access, named).await;
    }
    match parse_event_id(id) {
        Some(id) => Ok(node(access.invite_event(id).await?, InviteEvent)),
        None => Ok(None),
    }
}

/// The object that an id names, by the rules of its kind.
pub(super) async fn fetch(access: &Access, named: Named) -> Result<Option<Node>, Failure> {
    let Named { kind, id, target } = named;
    Ok(match kind {
        NodeKind::Invite(kind) => {
            let invite = access.invite(InviteRef { kind, id, target });
            invite.await?.map(Node::from)
        }
        NodeKind::User => node(access.user(id).await?, User),
        NodeKind::Tag => node(access.tag(id).await?, Tag),
        NodeKind::Workspace => node(access.workspace(id).await?, Workspace),
        NodeKind::Group => node(access.group(SlugKey::Id(id)).await?, Group),
        NodeKind::Course => node(access.course(SlugKey::Id(id)).await?, Course),
    })
}

impl From<InviteView> for Node {
    fn from(view: InviteView) -> Self {
        match view {
            InviteView::InviteCode(view) => InviteCode(view).into(),
            InviteView::WorkspaceInvite(view) => WorkspaceInvite(view).into(),
            InviteView::GroupInvite(view) => GroupInvite(view).into(),
            InviteView::CourseInvite(view) => CourseInvite(view).into(),
        }
    }
}

fn node<V, T: Into<Node>>(view: Option<V>, wrap: impl FnOnce(V) -> T) -> Option<Node> {
    view.map(|view| wrap(view).into())
}

/// Root fields that look up objects by global id.
#[derive(Default)]
pub(super) struct NodeQuery;

#[Object]
impl NodeQuery {
    /// An object by its global id. Null if it does not exist, or if the viewer may not see it.
    async fn node(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "A global id: the value of an `id` field.")] id: ID,
    ) -> Nullable<Node> {
        ctx.look_up(|access| named(access, &id), |node| node).await
    }

    /// Objects by their global ids, in the order of the ids. Null in place of each object that does
    /// not exist or that the viewer may not see.
    async fn nodes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Global ids, at most 100.")] ids: Vec<ID>,
    ) -> Result<Vec<Option<Node>>, Failure> {
        let access = ctx.access()?;
        try_join_all(ids.iter().map(|id| named(access, id))).await
    }
}
