//! `User`.

use std::borrow::Cow;

use async_graphql::{Context, Enum, ID, InputObject, Object};
use paged::paged;

use super::{
    connection::{Connection, ListOrder, PageArguments, Paged, connections},
    context::ContextExt,
    eager::Leaves,
    error::{Failure, Nullable},
    external_id::{external_id, source},
    filter::{InviteOrder, OrderDirection, address, search},
    id::{NodeKind, global_id},
    invite::{Invite, InviteFilter, invites_of_user},
    json::leaves,
    scalar::{BigInt, Url},
};
use crate::{
    access::UserView,
    loader::{
        invite::Mailbox,
        user::{UserFilter as Filter, UserSort},
    },
};

/// A person with an account.
#[derive(Clone)]
pub(super) struct User(pub(super) UserView);

impl Leaves for User {
    leaves! {
        "id" => id,
        "databaseId" => database_id,
        "username" => username,
        "fullName" => full_name,
        "avatarUrl" => avatar_url,
        "isVerified" => is_verified,
        "extId" => ext_id,
        "email" => email,
    }
}

connections! {
    User => "UserConnection", "UserEdge";
}

/// A person with an account.
#[paged]
#[Object(shareable)]
impl User {
    /// Global id of this user; opaque.
    pub(super) async fn id(&self) -> ID {
        global_id(NodeKind::User, self.0.id())
    }

    /// Primary key in the source, as the REST contracts return it.
    async fn database_id(&self) -> BigInt {
        BigInt(self.0.id())
    }

    /// Id of the user in their source, if it has ids of its own. Visible to the user, to staff and, for an
    /// invitee of a course, to its managers. Null for others.
    #[graphql(tag = "personal-data")]
    async fn external_id(&self, ctx: &Context<'_>) -> Nullable<String> {
        external_id(ctx, &self.0).await
    }

    /// Name of the source that gave `externalId`. Null if that is null.
    #[graphql(tag = "personal-data")]
    async fn source(&self, ctx: &Context<'_>) -> Nullable<String> {
        source(ctx, &self.0).await
    }

    /// Unique sign-in name.
    #[graphql(tag = "personal-data")]
    async fn username(&self) -> &str {
        self.0.username()
    }

    /// Display name; may be empty.
    #[graphql(tag = "personal-data")]
    async fn full_name(&self) -> &str {
        self.0.full_name()
    }

    /// URL of the profile picture.
    #[graphql(tag = "personal-data")]
    async fn avatar_url(&self) -> Option<Url> {
        self.0.avatar_url().map(|url| Url(url.to_owned()))
    }

    /// True if the user has proven that the e-mail address is theirs.
    async fn is_verified(&self) -> bool {
        self.0.is_verified()
    }

    /// Id in the customer's own system. Visible to staff and, for an invitee of a course, to its
    /// managers. Null for others.
    #[graphql(tag = "personal-data")]
    async fn ext_id(&self) -> Option<&str> {
        self.0.ext_id()
    }

    /// E-mail address. Visible to the user and to staff. Of a workspace invite's inviter, also to
    /// viewers who looked the invite up by its token; then it may be masked, as in `j…@e….com`.
    /// Null for others.
    #[graphql(tag = "personal-data")]
    async fn email(&self) -> Option<Cow<'_, str>> {
        self.0.email()
    }

    /// Invites that the user created, newest first by default. Never group invites: their source does not
    /// record who created them. Only staff may select this field; others get the error `FORBIDDEN`, or
    /// `UNAUTHENTICATED` if signed out. `Viewer` has the viewer's own.
    #[graphql(tag = "signed-in")]
    async fn sent_invites(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Filters the list.")] filter: Option<InviteFilter>,
        #[graphql(desc = "Order of the list; newest first by default.")] order_by: Option<
            InviteOrder,
        >,
        page: PageArguments,
    ) -> Nullable<Connection<Invite>> {
        let invites = invites_of_user(ctx, &self.0, Mailbox::Sent, filter, order_by, page);
        Some(Box::pin(invites).await)
    }

    /// Invites to the user, by account or by verified e-mail address. Pending invites, newest first, by
    /// default. Only staff may select this field; others get the error `FORBIDDEN`, or `UNAUTHENTICATED`
    /// if signed out. `Viewer` has the viewer's own.
    #[graphql(tag = "signed-in")]
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
    ) -> Nullable<Connection<Invite>> {
        let invites = invites_of_user(ctx, &self.0, Mailbox::Received, filter, order_by, page);
        Some(Box::pin(invites).await)
    }
}

/// Filters the list of users. All given conditions must hold.
#[derive(Clone, Debug, Default, InputObject)]
pub(super) struct UserFilter {
    /// With this e-mail address, verified or not, ignoring case.
    pub email: Option<String>,
    /// With this text in the username, full name or e-mail address, ignoring case.
    pub search: Option<String>,
}

impl UserFilter {
    fn parse(self) -> Result<Filter, Failure> {
        Ok(Filter {
            email_norm: address("filter.email", self.email)?,
            search: search("filter.search", self.search)?,
        })
    }
}

/// Fields to order users by. Ties are broken by id in the same direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "UserSort")]
pub(super) enum UserOrderField {
    /// Primary key in the source.
    Id,
    /// Sign-in name.
    Username,
    /// Full name.
    Name,
    /// E-mail address, ignoring case. Users without one come before all others.
    Email,
}

/// Order of users.
#[derive(Clone, Copy, Debug, InputObject)]
pub(super) struct UserOrder {
    /// Field to order by.
    pub field: UserOrderField,
    /// Direction of the order.
    pub direction: OrderDirection,
}

impl UserOrder {
    const DEFAULT: Self = Self {
        field: UserOrderField::Id,
        direction: OrderDirection::Asc,
    };

    /// Returns the sort, and the list in this order.
    fn parse(order: Option<Self>) -> (UserSort, ListOrder) {
        let Self { field, direction } = order.unwrap_or(Self::DEFAULT);
        let by = UserSort::from(field);
        (by, direction.list("users", field, by.sort_types()))
    }
}

/// Root field of users.
#[derive(Default)]
pub(super) struct UserQuery;

#[paged]
#[Object]
impl UserQuery {
    /// All users, ordered by id by default. Only staff may select this field; others get the error
    /// `FORBIDDEN`, or `UNAUTHENTICATED` if signed out.
    #[graphql(tag = "signed-in")]
    async fn users(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Filters the list.", secret)] filter: Option<UserFilter>,
        #[graphql(desc = "Order of the list; by id by default.")] order_by: Option<UserOrder>,
        page: PageArguments,
    ) -> Nullable<Connection<User>> {
        Some(Box::pin(users(ctx, filter, order_by, page)).await)
    }
}

/// Returns a page of all users.
async fn users(
    ctx: &Context<'_>,
    filter: Option<UserFilter>,
    order_by: Option<UserOrder>,
    page: PageArguments,
) -> Result<Connection<User>, Failure> {
    let access = ctx.access()?;
    let staff = access.staff()?;
    let filter = filter.unwrap_or_default().parse()?;
    let (sort, list) = UserOrder::parse(order_by);
    let load = |page| access.users(&staff, filter, sort, page);
    let page = Paged::load(ctx, list, page, load, User).await;
    page.map(Connection)
}
