//! `GET /api/v2/invite_code/{code}/` of SelfCommunity: an invite code, for anyone holding it.

use chrono::{DateTime, Utc};
use entity::tag::TagKind;
use futures_util::future::try_join3;
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    Endpoint, ErrorFormat, Request, community_user::CommunityUser, described_errors::PublicErrors,
    error::RestError, route,
};
use crate::{
    access::{TagView, UserView},
    invite::Code,
    loader::invite_code_by_code::Preload,
};

pub(super) const ENDPOINT: Endpoint = Endpoint {
    path: PATH,
    format: ErrorFormat::Drf,
    route: |format| route(format, find),
};

const PATH: &str = "/api/v2/invite_code/{code}/";

/// A personal code for joining the community.
#[derive(Serialize, ToSchema)]
pub(super) struct InviteCode {
    /// Unique integer value identifying this invite code.
    id: i64,
    /// The username of the user who sent the invite code; null if that account was deleted.
    #[schema(required)]
    invited_by_username: Option<String>,
    /// The role that using the code gives; null if there is none.
    #[schema(required)]
    role: Option<String>,
    /// The tags that using the code gives, sorted by name.
    tags: Vec<Tag>,
    /// The name of the person invited; null if the code is for anyone holding it.
    #[schema(required)]
    name: Option<String>,
    /// The email of the person invited; null if the code is for anyone holding it. The operator can
    /// have it masked for all but the parties of the invite: `j…@e….com`.
    #[schema(required)]
    email: Option<String>,
    /// Unique human readable code.
    code: String,
    /// Datetime of invite generation.
    generated_at: DateTime<Utc>,
    /// Datetime of invite send; null if it was not sent.
    #[schema(required)]
    sent_at: Option<DateTime<Utc>>,
    /// Datetime of invite use; null if it was not used.
    #[schema(required)]
    used_at: Option<DateTime<Utc>>,
    /// The id of the user who sent the invite code; null if that account was deleted.
    #[schema(required)]
    invited_by: Option<i64>,
    /// The account made with the code; null if the code was not used or that account was deleted.
    #[schema(required)]
    user: Option<CommunityUser>,
}

/// A label that an invite code gives to the account made with it.
#[derive(Serialize, ToSchema)]
struct Tag {
    /// Unique integer value identifying this tag.
    id: i64,
    /// True if the tag can still be given.
    active: bool,
    /// Kind of object that the tag labels.
    #[serde(rename = "type")]
    kind: TagType,
    /// Name, unique among the tags of its type.
    name: String,
    /// Meaning of the tag; null if there is no description.
    #[schema(required)]
    description: Option<String>,
    /// Color as `#rrggbb`.
    #[schema(pattern = "^#[0-9A-Fa-f]{6}$")]
    color: String,
    /// True if the tag is shown beside a name.
    visible: bool,
    /// Always false, because deleted tags are not listed.
    deleted: bool,
    /// Datetime of tag creation.
    created_at: DateTime<Utc>,
}

/// Kind of object that a tag labels.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum TagType {
    User,
    Category,
    Contribution,
}

impl From<TagView> for Tag {
    fn from(tag: TagView) -> Self {
        Self {
            id: tag.id,
            active: tag.active,
            kind: match tag.kind {
                TagKind::User => TagType::User,
                TagKind::Category => TagType::Category,
                TagKind::Contribution => TagType::Contribution,
            },
            name: tag.name,
            description: tag.description,
            color: tag.color,
            visible: tag.visible,
            deleted: false,
            created_at: tag.created_at,
        }
    }
}

/// Get a Specific Invite Code
///
/// This endpoint retrieves a specific invite code by code. This operation does not require
/// authentication: the code is the credential.
#[utoipa::path(
    get,
    path = PATH,
    operation_id = "getInviteCode",
    tag = "Invite codes",
    params(("code" = String, Path, max_length = 64, example = "WELCOME-2026",
        description = "The code identifying the invite, in any case unless several codes differ only in that.")),
    responses(
        (status = 200, description = "The invite code.", body = InviteCode, example = json!({
            "id": 2,
            "invited_by_username": "noor.haddad",
            "role": "member",
            "tags": [{
                "id": 2,
                "active": true,
                "type": "category",
                "name": "Rust",
                "description": "Given to those we know as Rust.",
                "color": "#336650",
                "visible": true,
                "deleted": false,
                "created_at": "2025-09-01T08:00:00Z"
            }],
            "name": "Omar Farouk",
            "email": "omar.farouk@example.com",
            "code": "USED-2026",
            "generated_at": "2026-03-03T09:00:00Z",
            "sent_at": "2026-03-03T09:05:00Z",
            "used_at": "2026-03-09T15:30:00Z",
            "invited_by": 2,
            "user": {
                "id": 12,
                "username": "omar.farouk",
                "real_name": "Omar Farouk",
                "ext_id": null,
                "avatar": "https://avatars.example.com/12.png"
            }
        })),
        PublicErrors
    ),
    security((), ("bearer" = []))
)]
pub(super) async fn find(request: Request) -> Result<InviteCode, RestError> {
    let (access, code) = (&request.access, &request.parameter);
    let invite = access
        .invite_code_by_code(code, Preload::ALL)
        .await?
        .ok_or(RestError::NotFound)?;
    let (inviter, user, tags) = try_join3(
        access.inviter_of(&invite),
        access.user_of(&invite),
        access.tags_of(&invite),
    )
    .await?;
    Ok(InviteCode {
        id: invite.id,
        invited_by: inviter.as_ref().map(UserView::id),
        invited_by_username: inviter.map(|inviter| inviter.username().to_owned()),
        role: invite.role,
        tags: tags.into_iter().map(Tag::from).collect(),
        name: invite.name,
        email: invite.email,
        // Access shows the code to anyone holding it.
        code: invite.code.map(Code::into_string).unwrap_or_default(),
        generated_at: invite.generated_at,
        sent_at: invite.sent_at,
        used_at: invite.used_at,
        user: user.map(CommunityUser::from),
    })
}
