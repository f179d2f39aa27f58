//! `Viewer`: the signed-in person and what concerns them.

use async_graphql::{Context, Object};

use super::{
    connection::{Connection, ListOrder, PageArguments, Paged},
    context::Ask,
    course::Course,
    error::{Failure, Nullable},
    filter::InviteOrder,
    group::Group,
    invite::{Invite, InviteFilter, Mailbox, invites},
    user::User,
    workspace::Workspace,
};
use crate::{access::UserView, loader::SortType};

/// The signed-in person and what concerns them.
pub(super) struct Viewer(UserView);

/// A list by id.
fn by_id(name: &str) -> ListOrder {
    ListOrder {
        name: name.to_owned(),
        sort: vec![SortType::Int],
        descending: false,
    }
}

/// The signed-in person and what concerns them.
#[Object]
impl Viewer {
    /// The signed-in person as a user.
    async fn user(&self) -> User {
        User(self.0.clone())
    }

    /// The workspaces that this person manages (staff: all), by id: where a manager's page starts.
    async fn workspaces(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "How many rows from the start, or behind `after`: 0 to 100; 25 by default."
        )]
        first: Option<i32>,
        #[graphql(desc = "Only rows behind this cursor.")] after: Option<String>,
        #[graphql(desc = "How many rows from the end, or ahead of `before`: 0 to 100.")]
        last: Option<i32>,
        #[graphql(desc = "Only rows ahead of this cursor.")] before: Option<String>,
    ) -> Result<Connection<Workspace>, Failure> {
        let list = by_id("viewer.workspaces");
        let page = PageArguments {
            first,
            after,
            last,
            before,
        }
        .page(ctx, &list)?;
        let slice = ctx.access()?.workspaces(&page).await?;
        Ok(Connection(Paged::new(&list, slice.map(Workspace))))
    }

    /// The groups that this person manages (staff: all), by id.
    async fn groups(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "How many rows from the start, or behind `after`: 0 to 100; 25 by default."
        )]
        first: Option<i32>,
        #[graphql(desc = "Only rows behind this cursor.")] after: Option<String>,
        #[graphql(desc = "How many rows from the end, or ahead of `before`: 0 to 100.")]
        last: Option<i32>,
        #[graphql(desc = "Only rows ahead of this cursor.")] before: Option<String>,
    ) -> Result<Connection<Group>, Failure> {
        let list = by_id("viewer.groups");
        let page = PageArguments {
            first,
            after,
            last,
            before,
        }
        .page(ctx, &list)?;
        let slice = ctx.access()?.groups(&page).await?;
        Ok(Connection(Paged::new(&list, slice.map(Group))))
    }

    /// The courses that this person manages (staff: all), by id.
    async fn courses(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "How many rows from the start, or behind `after`: 0 to 100; 25 by default."
        )]
        first: Option<i32>,
        #[graphql(desc = "Only rows behind this cursor.")] after: Option<String>,
        #[graphql(desc = "How many rows from the end, or ahead of `before`: 0 to 100.")]
        last: Option<i32>,
        #[graphql(desc = "Only rows ahead of this cursor.")] before: Option<String>,
    ) -> Result<Connection<Course>, Failure> {
        let list = by_id("viewer.courses");
        let page = PageArguments {
            first,
            after,
            last,
            before,
        }
        .page(ctx, &list)?;
        let slice = ctx.access()?.courses(&page).await?;
        Ok(Connection(Paged::new(&list, slice.map(Course))))
    }

    /// Invites that this person created, of every kind, newest first unless ordered otherwise.
    /// Group invites are never among them: their source does not tell who made them.
    #[allow(clippy::too_many_arguments)]
    async fn sent_invites(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Narrows the list.")] filter: Option<InviteFilter>,
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
    ) -> Result<Connection<Invite>, Failure> {
        let page = PageArguments {
            first,
            after,
            last,
            before,
        };
        invites(ctx, Mailbox::Sent, filter, order_by, page).await
    }

    /// Invites addressed to this person, by user or by verified e-mail address; pending ones
    /// unless the filter says otherwise. Newest first unless ordered otherwise.
    #[allow(clippy::too_many_arguments)]
    async fn received_invites(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Narrows the list; without `status`, to pending invites.")] filter: Option<
            InviteFilter,
        >,
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
    ) -> Result<Connection<Invite>, Failure> {
        let page = PageArguments {
            first,
            after,
            last,
            before,
        };
        invites(ctx, Mailbox::Received, filter, order_by, page).await
    }
}

/// Root field about the signed-in person.
#[derive(Default)]
pub(super) struct ViewerQuery;

#[Object]
impl ViewerQuery {
    /// The signed-in person and what concerns them. Null when signed out.
    async fn viewer(&self, ctx: &Context<'_>) -> Nullable<Viewer> {
        match ctx.access() {
            Ok(access) => access.viewer_user().map(Viewer).map(Ok),
            Err(failure) => Some(Err(failure)),
        }
    }
}
