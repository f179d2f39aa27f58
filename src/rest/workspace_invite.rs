//! `GET /api/v1/invites/{token}/` of AISquare Studio: a workspace invite, for anyone holding its
//! token.

use chrono::{DateTime, Utc};
use futures_util::future::try_join;
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    Endpoint, ErrorFormat, Request, described_errors::PublicErrors, error::RestError, route,
};
use crate::{
    access::{UserView, inviter_name},
    invite::Status,
};

pub(super) const ENDPOINT: Endpoint = Endpoint {
    path: PATH,
    format: ErrorFormat::Drf,
    route: |format| route(format, find),
};

const PATH: &str = "/api/v1/invites/{token}/";

/// Public details of a workspace invite (no authentication required). Used when users click
/// invite links before logging in.
#[derive(Serialize, ToSchema)]
pub(super) struct WorkspaceInvitePublic {
    /// Email address of the person being invited. The operator can have it masked for all but the
    /// parties of the invite: `j…@e….com`.
    #[schema(format = Email)]
    email: String,
    /// Name of the workspace.
    workspace_name: String,
    /// Unique integer value identifying the workspace.
    workspace_id: i64,
    /// Description of the workspace; empty if there is none.
    workspace_description: String,
    /// URL of the workspace's logo; empty if there is none.
    workspace_logo: String,
    /// The inviter; null if that account was deleted, a case that the contract does not define.
    #[schema(required)]
    inviter: Option<SimpleUser>,
    /// Full name of the inviter, or else their username; empty if that account was deleted.
    inviter_name: String,
    /// Human-readable role name, or "UNKNOWN" if not found.
    #[schema(value_type = String)]
    role_display: &'static str,
    /// True if the invite is expired, false otherwise.
    is_expired: bool,
    /// When this invite expires; null if never, a case that the contract does not define.
    #[schema(required)]
    expires_at: Option<DateTime<Utc>>,
    /// Message from the inviter; empty if there is none.
    message: String,
    /// Current status of the invitation.
    status: InviteStatus,
}

/// A user with their profile picture.
#[derive(Serialize, ToSchema)]
struct SimpleUser {
    /// Unique integer value identifying this user.
    id: i64,
    /// Email address; empty if there is none. The operator can have it masked for all but the
    /// parties of the invite: `j…@e….com`.
    #[schema(format = Email)]
    email: String,
    /// Display name; may be empty.
    full_name: String,
    /// Unique sign-in name.
    username: String,
    /// True if the user has proven that the address is theirs.
    is_verified: bool,
    /// The URL of the profile picture, or null if not available.
    #[schema(required, format = "uri")]
    profile_picture: Option<String>,
}

impl From<UserView> for SimpleUser {
    fn from(user: UserView) -> Self {
        Self {
            id: user.id(),
            email: user.email().unwrap_or_default().into_owned(),
            full_name: user.full_name().to_owned(),
            username: user.username().to_owned(),
            is_verified: user.is_verified(),
            profile_picture: user.avatar_url().map(str::to_owned),
        }
    }
}

/// Current status of an invitation. A pending one past its expiry is expired.
///
/// * `pending` - Pending
/// * `accepted` - Accepted
/// * `cancelled` - Cancelled
/// * `expired` - Expired
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = Status21eEnum)]
enum InviteStatus {
    Pending,
    Accepted,
    Cancelled,
    Expired,
}

impl From<Status> for InviteStatus {
    fn from(status: Status) -> Self {
        match status {
            Status::Pending => Self::Pending,
            Status::Accepted => Self::Accepted,
            // The contract has no word for a refusal.
            Status::Cancelled | Status::Declined => Self::Cancelled,
            Status::Expired => Self::Expired,
        }
    }
}

/// Get Workspace Invite Details
///
/// Retrieve details of a workspace invite using its token (public endpoint).
#[utoipa::path(
    get,
    path = PATH,
    operation_id = "getWorkspaceInvite",
    tag = "Workspace invites",
    params(("token" = String, Path, example = "d0000000-0000-4000-8000-000000000001",
        description = "The token in the invite link.")),
    responses(
        (status = 200, description = "Invite details retrieved", body = WorkspaceInvitePublic,
        example = json!({
            "email": "jonas.weber@example.org",
            "workspace_name": "Atlas Research",
            "workspace_id": 1,
            "workspace_description": "Where the people of Atlas Research work together.",
            "workspace_logo": "https://logos.example.com/1.svg",
            "inviter": {
                "id": 3,
                "email": "ingrid.sorensen@example.com",
                "full_name": "Ingrid Sørensen",
                "username": "ingrid.sorensen",
                "is_verified": true,
                "profile_picture": "https://avatars.example.com/3.png"
            },
            "inviter_name": "Ingrid Sørensen",
            "role_display": "Member",
            "is_expired": false,
            "expires_at": "2099-12-31T23:59:00Z",
            "message": "Come and join us.",
            "status": "pending"
        })),
        PublicErrors
    ),
    security((), ("bearer" = []))
)]
pub(super) async fn find(request: Request) -> Result<WorkspaceInvitePublic, RestError> {
    let access = &request.access;
    let invite = access
        .workspace_invite_by_token(&request.parameter)
        .await?
        .ok_or(RestError::NotFound)?;
    let (workspace, inviter) = try_join(
        access.referenced_workspace(&invite),
        access.referenced_user(invite.inviter_id(), invite.inviter_email),
    )
    .await?;
    let workspace = workspace.ok_or(RestError::NotFound)?;
    Ok(WorkspaceInvitePublic {
        email: invite.email().unwrap_or_default().into_owned(),
        workspace_name: workspace.name,
        workspace_id: workspace.id,
        workspace_description: workspace.description,
        workspace_logo: workspace.logo_url.unwrap_or_default(),
        inviter_name: inviter
            .as_ref()
            .map(|inviter| inviter_name(inviter).to_owned())
            .unwrap_or_default(),
        inviter: inviter.map(SimpleUser::from),
        role_display: invite.role().display_name(),
        is_expired: invite.status == Status::Expired,
        expires_at: invite.expires_at(),
        message: invite.message().unwrap_or_default().to_owned(),
        status: invite.status.into(),
    })
}
