//! The user object of the SelfCommunity contracts.

use serde::Serialize;
use utoipa::ToSchema;

use crate::access::UserView;

/// A user.
#[derive(Serialize, ToSchema)]
#[schema(as = User)]
pub(super) struct CommunityUser {
    /// Unique integer value identifying this user.
    id: i64,
    /// Unique sign-in name.
    username: String,
    /// Display name; may be empty.
    real_name: String,
    /// Id of the user in the customer's own system; null if there is none, or if the viewer may
    /// not see it.
    #[schema(required)]
    ext_id: Option<String>,
    /// URL of the user's picture; null if there is none.
    #[schema(required, format = "uri")]
    avatar: Option<String>,
}

impl From<UserView> for CommunityUser {
    fn from(user: UserView) -> Self {
        Self {
            id: user.id(),
            username: user.username().to_owned(),
            real_name: user.full_name().to_owned(),
            ext_id: user.ext_id().map(str::to_owned),
            avatar: user.avatar_url().map(str::to_owned),
        }
    }
}
