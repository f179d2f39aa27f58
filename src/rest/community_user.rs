//! A user, as the contracts of SelfCommunity show one.

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
    /// Name to show; may be empty.
    real_name: String,
    /// Id of the user in the customer's own system; null when there is none, or when it is not
    /// shown to the viewer.
    #[schema(required)]
    ext_id: Option<String>,
    /// URL of the user's picture; null when there is none.
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
