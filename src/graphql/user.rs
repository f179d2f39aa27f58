//! `User`.

use std::borrow::Cow;

use async_graphql::{ID, Object};

use super::{
    eager::Leaves,
    id::{NodeKind, global_id},
    json::leaves,
    scalar::{BigInt, Url},
};
use crate::access::UserView;

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

/// A person with an account.
#[Object(shareable)]
impl User {
    /// Names this user among all objects of the schema; opaque.
    pub(super) async fn id(&self) -> ID {
        global_id(NodeKind::User, self.0.id())
    }

    /// Primary key in the source, as the REST contracts print it.
    async fn database_id(&self) -> BigInt {
        BigInt(self.0.id())
    }

    /// Unique sign-in name.
    #[graphql(tag = "personal-data")]
    async fn username(&self) -> &str {
        self.0.username()
    }

    /// Name to show; may be empty.
    #[graphql(tag = "personal-data")]
    async fn full_name(&self) -> &str {
        self.0.full_name()
    }

    /// Picture to show.
    #[graphql(tag = "personal-data")]
    async fn avatar_url(&self) -> Option<Url> {
        self.0.avatar_url().map(|url| Url(url.to_owned()))
    }

    /// Whether the user's address is proven to be theirs.
    async fn is_verified(&self) -> bool {
        self.0.is_verified()
    }

    /// Id in the customer's own system. Shown to staff, and to who manages a course of an invitee
    /// of that course; otherwise null.
    #[graphql(tag = "personal-data")]
    async fn ext_id(&self) -> Option<&str> {
        self.0.ext_id()
    }

    /// Address. Shown to the user and to staff, and as the inviter's of a workspace invite to who
    /// looked that up by its token (possibly masked, as in `j…@e….com`); otherwise null.
    #[graphql(tag = "personal-data")]
    async fn email(&self) -> Option<Cow<'_, str>> {
        self.0.email()
    }
}
