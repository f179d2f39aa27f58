//! `Viewer`: the signed-in viewer, and their lists.

use async_graphql::{Context, Object};
use paged::paged;

use super::{
    connection::{Connection, PageArguments},
    context::ContextExt,
    course::{Course, courses},
    error::{Failure, Nullable},
    filter::{InviteOrder, InviteTargetFilter, InviteTargetOrder},
    group::{Group, groups},
    invite::{Invite, InviteFilter, invites},
    user::User,
    workspace::{Workspace, workspaces},
};
use crate::{access::UserView, loader::invite::Mailbox};

/// The signed-in viewer; as a user, if they have an account.
pub(super) struct Viewer(Option<UserView>);

/// The signed-in viewer. The lists of a viewer without an account are empty.
#[paged]
#[Object]
impl Viewer {
    /// True if the person whom the token names has an account here. Without one, public look-ups work, and
    /// what needs an account is refused with the code `FORBIDDEN` and the reason `NO_ACCOUNT`.
    async fn has_account(&self) -> bool {
        self.0.is_some()
    }

    /// The viewer as a user. Null without an account.
    async fn user(&self) -> Option<User> {
        self.0.clone().map(User)
    }

    /// The workspaces that the viewer manages; for staff, all workspaces. Ordered by id by default.
    async fn workspaces(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Filters the list.", secret)] filter: Option<InviteTargetFilter>,
        #[graphql(desc = "Order of the list; by id by default.")] order_by: Option<
            InviteTargetOrder,
        >,
        page: PageArguments,
    ) -> Result<Connection<Workspace>, Failure> {
        match self.0 {
            Some(_) => Box::pin(workspaces(ctx, filter, order_by, page)).await,
            None => Ok(Connection::empty()),
        }
    }

    /// The groups that the viewer manages; for staff, all groups. Ordered by id by default.
    async fn groups(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Filters the list.", secret)] filter: Option<InviteTargetFilter>,
        #[graphql(desc = "Order of the list; by id by default.")] order_by: Option<
            InviteTargetOrder,
        >,
        page: PageArguments,
    ) -> Result<Connection<Group>, Failure> {
        match self.0 {
            Some(_) => Box::pin(groups(ctx, filter, order_by, page)).await,
            None => Ok(Connection::empty()),
        }
    }

    /// The courses that the viewer manages; for staff, all courses. Ordered by id by default.
    async fn courses(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Filters the list.", secret)] filter: Option<InviteTargetFilter>,
        #[graphql(desc = "Order of the list; by id by default.")] order_by: Option<
            InviteTargetOrder,
        >,
        page: PageArguments,
    ) -> Result<Connection<Course>, Failure> {
        match self.0 {
            Some(_) => Box::pin(courses(ctx, filter, order_by, page)).await,
            None => Ok(Connection::empty()),
        }
    }

    /// Invites that the viewer created, newest first by default. Never group invites: their source
    /// does not record who created them.
    async fn sent_invites(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Filters the list.")] filter: Option<InviteFilter>,
        #[graphql(desc = "Order of the list; newest first by default.")] order_by: Option<
            InviteOrder,
        >,
        page: PageArguments,
    ) -> Result<Connection<Invite>, Failure> {
        match self.0 {
            Some(_) => Box::pin(invites(ctx, Mailbox::Sent, filter, order_by, page)).await,
            None => Ok(Connection::empty()),
        }
    }

    /// Invites to the viewer, by account or by verified e-mail address. Pending invites, newest
    /// first, by default.
    async fn received_invites(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Filters the list; without `status`, to pending invites.")] filter: Option<
            InviteFilter,
        >,
        #[graphql(desc = "Order of the list; newest first by default.")] order_by: Option<
            InviteOrder,
        >,
        page: PageArguments,
    ) -> Result<Connection<Invite>, Failure> {
        match self.0 {
            Some(_) => Box::pin(invites(ctx, Mailbox::Received, filter, order_by, page)).await,
            None => Ok(Connection::empty()),
        }
    }
}

/// Root field of the viewer.
#[derive(Default)]
pub(super) struct ViewerQuery;

#[Object]
impl ViewerQuery {
    /// The signed-in viewer. Null if signed out.
    async fn viewer(&self, ctx: &Context<'_>) -> Nullable<Viewer> {
        match ctx.access() {
            Ok(access) if access.viewer().is_signed_in() => Some(Ok(Viewer(access.viewer_user()))),
            Ok(_) => None,
            Err(failure) => Some(Err(failure)),
        }
    }
}
