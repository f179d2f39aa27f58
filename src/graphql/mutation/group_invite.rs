//! Mutations of a group's join link.

use async_graphql::{Context, ID, InputObject, Object};

use super::{
    key,
    observed::{Payload, observed},
    user_error::{InviteErrorCode, InviteUserError},
};
use crate::{
    access::{GroupView, Refused},
    graphql::{
        context::ContextExt,
        error::{Failure, Nullable},
        group::Group,
        group_invite::GroupInvite,
        id::NodeKind,
    },
};

/// A group whose link changes.
#[derive(Clone, Debug, InputObject)]
struct GroupInviteInput {
    /// The group (its `id` or `databaseId`).
    group: ID,
    /// Returned unchanged.
    client_mutation_id: Option<String>,
}

/// The outcome of changing a group's link.
struct GroupInvitePayload {
    outcome: Result<GroupView, Refused>,
    client_mutation_id: Option<String>,
}

impl GroupInvitePayload {
    fn new(outcome: Result<GroupView, Refused>, input: GroupInviteInput) -> Self {
        Self {
            outcome,
            client_mutation_id: input.client_mutation_id,
        }
    }
}

/// The outcome of changing a group's link.
#[Object]
impl GroupInvitePayload {
    /// The group. Null if `userErrors` is not empty.
    async fn group(&self) -> Option<Group> {
        self.outcome.clone().ok().map(Group)
    }

    /// The group's link. Null if it is switched off.
    async fn invite(&self, ctx: &Context<'_>) -> Nullable<GroupInvite> {
        let group = self.outcome.as_ref().ok()?;
        ctx.look_up(|access| access.group_invite_of(group), GroupInvite)
            .await
    }

    /// The reason for which nothing changed.
    async fn user_errors(&self) -> Vec<InviteUserError> {
        let refused = self.outcome.as_ref().err().copied();
        refused.map(InviteUserError::of_field).into_iter().collect()
    }

    /// The value of the input.
    async fn client_mutation_id(&self) -> Option<&str> {
        self.client_mutation_id.as_deref()
    }
}

impl Payload for GroupInvitePayload {
    fn refusal(&self) -> Option<InviteErrorCode> {
        let refused = self.outcome.as_ref().err()?;
        Some(InviteErrorCode::of(refused.refusal))
    }
}

/// Mutations of a group's link.
#[derive(Default)]
pub(super) struct GroupInviteMutation;

#[Object]
impl GroupInviteMutation {
    /// Makes the join link of a group, or returns the one that is there. For managers of the group, and
    /// staff.
    #[graphql(tag = "signed-in")]
    async fn enable_group_invite(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The group.")] input: GroupInviteInput,
    ) -> Nullable<GroupInvitePayload> {
        Some(observed(ctx, enable_group_invite(ctx, input)).await)
    }

    /// Gives the join link of a group a new code. The old code ends at once. For managers of the group,
    /// and staff.
    #[graphql(tag = "signed-in")]
    async fn rotate_group_invite(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The group.")] input: GroupInviteInput,
    ) -> Nullable<GroupInvitePayload> {
        Some(observed(ctx, rotate_group_invite(ctx, input)).await)
    }

    /// Switches the join link of a group off. For managers of the group, and staff.
    #[graphql(tag = "signed-in")]
    async fn disable_group_invite(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The group.")] input: GroupInviteInput,
    ) -> Nullable<GroupInvitePayload> {
        Some(observed(ctx, disable_group_invite(ctx, input)).await)
    }
}

async fn enable_group_invite(
    ctx: &Context<'_>,
    input: GroupInviteInput,
) -> Result<GroupInvitePayload, Failure> {
    let group = key(NodeKind::Group, &input.group);
    let outcome = ctx.access()?.enable_group_invite(group).await?;
    Ok(GroupInvitePayload::new(outcome, input))
}

async fn rotate_group_invite(
    ctx: &Context<'_>,
    input: GroupInviteInput,
) -> Result<GroupInvitePayload, Failure> {
    let group = key(NodeKind::Group, &input.group);
    let outcome = ctx.access()?.rotate_group_invite(group).await?;
    Ok(GroupInvitePayload::new(outcome, input))
}

async fn disable_group_invite(
    ctx: &Context<'_>,
    input: GroupInviteInput,
) -> Result<GroupInvitePayload, Failure> {
    let group = key(NodeKind::Group, &input.group);
    let outcome = ctx.access()?.disable_group_invite(group).await?;
    Ok(GroupInvitePayload::new(outcome, input))
}
