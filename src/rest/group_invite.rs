//! `GET /v3/groups/{id}/invite` of Are.na: a group's invite code, for managers of the group.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    Endpoint, ErrorFormat, Request, described_errors::ArenaManagerErrors, error::RestError, route,
};
use crate::access::SlugKey;

pub(super) const ENDPOINT: Endpoint = Endpoint {
    path: PATH,
    format: ErrorFormat::Arena,
    route: |format| route(format, find),
};

const PATH: &str = "/v3/groups/{id}/invite";

/// Shareable invite code for joining a group
#[derive(Serialize, ToSchema)]
pub(super) struct GroupInvite {
    /// Unique identifier for the invite code
    #[schema(examples(12345))]
    id: i64,
    /// Kind of the resource
    #[serde(rename = "type")]
    kind: GroupInviteType,
    /// Invite code required to join the group
    #[schema(examples("abc123xyz"))]
    code: String,
    /// Public URL for accepting the group invite
    #[schema(
        format = "uri",
        examples("https://app.example/group/research-studio/invite/abc123xyz")
    )]
    url: String,
    /// When the invite code was created
    #[schema(examples("2023-01-15T10:30:00Z"))]
    created_at: DateTime<Utc>,
    /// When the invite code was last updated
    #[schema(examples("2023-01-15T10:30:00Z"))]
    updated_at: DateTime<Utc>,
    /// Links to this resource
    #[serde(rename = "_links")]
    links: Links,
}

/// Kind of the resource
#[derive(Serialize, ToSchema)]
enum GroupInviteType {
    GroupInvite,
}

/// HATEOAS links for navigation and discovery. Follows HAL (Hypertext Application Language) format
/// where link relationships are expressed as object keys.
#[derive(Serialize, ToSchema)]
struct Links {
    /// This resource, addressed by the group's id
    #[serde(rename = "self")]
    this: Link,
}

/// A hypermedia link containing the URL of a linked resource. The relationship type is expressed
/// by the key in the parent `_links` object.
#[derive(Serialize, ToSchema)]
struct Link {
    /// The URL of the linked resource
    #[schema(format = "uri")]
    href: String,
}

/// Get group invite
///
/// Returns the group's shareable invite code and public invite URL. Only users who can manage the
/// group may view the reusable invite code. A group without a code gives 404.
#[utoipa::path(
    get,
    path = PATH,
    operation_id = "getGroupInvite",
    tag = "Group invites",
    params(("id" = String, Path, example = "research-studio",
        description = "Resource ID or slug. A value of digits only is an ID.")),
    responses(
        (status = 200, description = "The group's invite.", body = GroupInvite, example = json!({
            "id": 12345,
            "type": "GroupInvite",
            "code": "abc123xyz",
            "url": "https://app.example/group/research-studio/invite/abc123xyz",
            "created_at": "2023-01-15T10:30:00Z",
            "updated_at": "2023-01-15T10:30:00Z",
            "_links": {"self": {"href": "https://invites.example.com/v3/groups/1/invite"}}
        })),
        ArenaManagerErrors
    ),
    security(("bearer" = []))
)]
pub(super) async fn find(request: Request) -> Result<GroupInvite, RestError> {
    request.require_account()?;
    let access = &request.access;
    let group = access
        .group(SlugKey::from_text(&request.parameter))
        .await?
        .ok_or(RestError::NotFound)?;
    let invite = access
        .group_invite_of(&group)
        .await?
        .ok_or(RestError::NotFound)?;
    Ok(GroupInvite {
        id: invite.id,
        kind: GroupInviteType::GroupInvite,
        url: access.group_invite_url(&group, &invite),
        code: invite.code.into_string(),
        created_at: invite.created_at,
        updated_at: invite.updated_at,
        links: Links {
            this: Link {
                href: request.settings.url(PATH, group.id).into(),
            },
        },
    })
}
