//! `GroupPreview`: a group as the holder of its code sees it.

use async_graphql::{Context, Object, SimpleObject};

use super::{context::ContextExt, error::Nullable};
use crate::access;

/// A group, as the holder of its code sees it before joining.
#[derive(Clone, SimpleObject)]
pub(super) struct GroupPreview {
    /// Display name.
    name: String,
    /// Name in URLs.
    slug: String,
    /// Number of members.
    member_count: i64,
    /// True if the viewer is a member.
    viewer_is_member: bool,
}

impl From<access::GroupPreview> for GroupPreview {
    fn from(preview: access::GroupPreview) -> Self {
        Self {
            name: preview.name,
            slug: preview.slug,
            member_count: preview.member_count,
            viewer_is_member: preview.viewer_is_member,
        }
    }
}

/// Root field of previews.
#[derive(Default)]
pub(super) struct GroupPreviewQuery;

#[Object]
impl GroupPreviewQuery {
    /// The group that a group invite's code joins, for everybody who has the code. Null for an unknown
    /// code. A client that sends too many unknown codes is refused for a while.
    async fn group_preview(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "The invite's code. Blanks and punctuation around it are ignored, and case unless it is \
            mixed or ambiguous.",
            secret
        )]
        code: String,
    ) -> Nullable<GroupPreview> {
        ctx.look_up(|access| access.group_preview(&code), GroupPreview::from)
            .await
    }
}
