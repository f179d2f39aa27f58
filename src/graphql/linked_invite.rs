//! `LinkedInvite`: the invite that the code or token of any link leads to.

use async_graphql::{Context, Object, OneofObject, Union};

use super::{
    context::ContextExt,
    error::Nullable,
    group_preview::GroupPreview,
    invite_code::{InviteCode, preload},
    one_of::OneOf,
    workspace_invite::WorkspaceInvite,
};

/// The invite that a link leads to. A group's link leads to a preview of the group; only its managers
/// read the invite, by `Group.invite`.
#[derive(Clone, Union)]
#[allow(
    clippy::large_enum_variant,
    reason = "a field has one, and no list has any"
)]
pub(super) enum LinkedInvite {
    InviteCode(InviteCode),
    WorkspaceInvite(WorkspaceInvite),
    GroupPreview(GroupPreview),
}

/// The code or token in a link: exactly one of these.
#[derive(Clone, Debug, OneofObject)]
pub(super) enum InviteBy {
    /// The code of an invite code, as `inviteCode` reads it.
    Code(String),
    /// The token of a workspace invite.
    Token(String),
    /// The code of a group invite, as `groupPreview` reads it.
    GroupCode(String),
}

/// Root field of links.
#[derive(Default)]
pub(super) struct LinkedInviteQuery;

#[Object]
impl LinkedInviteQuery {
    /// The invite that a link leads to, for anyone who has the link. Combines `inviteCode`,
    /// `workspaceInvite` and `groupPreview`, with their rules. Null for an unknown code or token.
    async fn invite(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The code or token in the link.", secret)] by: OneOf<InviteBy>,
    ) -> Nullable<LinkedInvite> {
        const EXPECTED: &str = "send exactly one of code, token and groupCode, as a string";
        match by.read("by", EXPECTED) {
            Err(failure) => Some(Err(failure)),
            Ok(InviteBy::Code(code)) => {
                let preload = preload(ctx);
                ctx.look_up(
                    |access| access.invite_code_by_code(&code, preload),
                    |view| InviteCode(view).into(),
                )
                .await
            }
            Ok(InviteBy::Token(token)) => {
                ctx.look_up(
                    |access| access.workspace_invite_by_token(&token),
                    |view| WorkspaceInvite(view).into(),
                )
                .await
            }
            Ok(InviteBy::GroupCode(code)) => {
                ctx.look_up(
                    |access| access.group_preview(&code),
                    |preview| GroupPreview::from(preview).into(),
                )
                .await
            }
        }
    }
}
