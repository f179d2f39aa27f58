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
    /// Global id of this user; opaque.
    pub(super) async fn id(&self) -> ID {
        global_id(NodeKind::User, self.0.id())
    }

    /// Primary key in the source, as the REST contracts return it.
    async fn database_id(&self) -> BigInt {
        BigInt(self.0.id())
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
}
