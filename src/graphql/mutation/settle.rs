//! Mutations of invites that exist: accept, decline, cancel, resend and update.

use async_graphql::{Context, ID, InputObject, Object, OneofObject};

use super::{
    invite_ref, keys,
    observed::{Payload, observed},
    user_error::{InviteErrorCode, InviteUserError, first_code},
};
use crate::{
    access::{Access, Answered, MAX_ROWS, Redeemed, SlugKey},
    graphql::{
        context::ContextExt,
        course::Course,
        error::{Failure, Nullable},
        group::Group,
        id::NodeKind,
        invite::{Invite, InviteTarget},
        one_of::OneOf,
        scalar::{DateTime, Url},
        workspace::Workspace,
    },
    invite::Refusal,
    lifecycle::{Changes, Settled},
    loader::{invite::InviteRef, role::Target},
};

/// Invites, by their global ids.
#[derive(Clone, Debug, InputObject)]
struct InviteIdsInput {
    /// Global ids of 1 to 100 invites of any kind.
    ids: Vec<ID>,
    /// Returned unchanged.
    client_mutation_id: Option<String>,
}

/// New values of an invite. A field that is left out or null stays.
#[derive(Clone, Debug, InputObject)]
struct UpdateInviteInput {
    /// Global id of a workspace invite or an invite code.
    id: ID,
    /// Key of the role that accepting grants.
    role: Option<String>,
    /// Time from which the invite cannot be accepted.
    expires_at: Option<DateTime>,
    /// Message to the person invited to a workspace; empty for none.
    message: Option<String>,
    /// Name of the person invited by a code; empty for none.
    name: Option<String>,
    /// Tags that using the code grants (their `id` or `databaseId`), instead of the present ones.
    tags: Option<Vec<ID>>,
    /// Returned unchanged.
    client_mutation_id: Option<String>,
}

/// The way to the invite: exactly one of these.
#[derive(Clone, Debug, OneofObject)]
#[graphql(name = "RedeemInviteInput")]
enum Redeem {
    /// The code of an invite code, as `inviteCode` reads it.
    Code(String),
    /// The token of a workspace invite.
    Token(String),
    /// The code of a group invite, as `groupPreview` reads it.
    GroupCode(String),
    /// The global id of an invite that is addressed to the viewer.
    Id(ID),
}

/// Reads [`Redeem`].
fn read(input: OneOf<Redeem>) -> Result<Redeem, Failure> {
    const EXPECTED: &str = "send exactly one of code, token, groupCode and id, as a string";
    input.read("input", EXPECTED)
}

impl Redeem {
    /// Name of the field that is given.
    fn field(&self) -> &'static str {
        match self {
            Self::Code(_) => "code",
            Self::Token(_) => "token",
            Self::GroupCode(_) => "groupCode",
            Self::Id(_) => "id",
        }
    }

    fn redeemed(&self) -> Redeemed {
        match self {
            Self::Code(code) => Redeemed::Code(code.clone()),
            Self::Token(token) => Redeemed::Token(token.clone()),
            Self::GroupCode(code) => Redeemed::GroupCode(code.clone()),
            Self::Id(id) => Redeemed::Id(invite_ref(id)),
        }
    }
}

/// Loads an invite, as the viewer sees it now.
async fn load(ctx: &Context<'_>, invite: Option<InviteRef>) -> Nullable<Invite> {
    let invite = invite?;
    ctx.look_up(|access| access.invite(invite), Invite::from)
        .await
}

/// The outcome of a mutation of one invite.
struct InvitePayload {
    outcome: Result<InviteRef, InviteUserError>,
    client_mutation_id: Option<String>,
}

/// The outcome of a mutation of one invite.
#[Object]
impl InvitePayload {
    /// The invite, as it is now. Null if `userErrors` is not empty, and for a declined code that the viewer
    /// saw only by holding it.
    async fn invite(&self, ctx: &Context<'_>) -> Nullable<Invite> {
        load(ctx, self.outcome.as_ref().ok().copied()).await
    }

    /// The reason for which nothing changed.
    async fn user_errors(&self) -> Vec<InviteUserError> {
        self.outcome.as_ref().err().cloned().into_iter().collect()
    }

    /// The value of the input.
    async fn client_mutation_id(&self) -> Option<&str> {
        self.client_mutation_id.as_deref()
    }
}

/// The outcome of accepting an invite.
struct AcceptInvitePayload {
    outcome: Result<Answered, InviteUserError>,
}

async fn target(access: &Access, target: Target) -> Result<Option<InviteTarget>, Failure> {
    Ok(match target {
        Target::Workspace(id) => access
            .workspace(id)
            .await?
            .map(Workspace)
            .map(InviteTarget::Workspace),
        Target::Group(id) => access
            .group(SlugKey::Id(id))
            .await?
            .map(Group)
            .map(InviteTarget::Group),
        Target::Course(id) => access
            .course(SlugKey::Id(id))
            .await?
            .map(Course)
            .map(InviteTarget::Course),
    })
}

/// The outcome of accepting an invite.
#[Object]
impl AcceptInvitePayload {
    /// The invite, as it is now. Null if `userErrors` is not empty, and for a group's link, which only
    /// managers of the group see.
    async fn invite(&self, ctx: &Context<'_>) -> Nullable<Invite> {
        load(
            ctx,
            self.outcome.as_ref().ok().map(|answered| answered.invite),
        )
        .await
    }

    /// The workspace, group or course that the viewer has joined. Null for an invite code.
    async fn target(&self, ctx: &Context<'_>) -> Nullable<InviteTarget> {
        let joined = self.outcome.as_ref().ok()?.target?;
        ctx.look_up(|access| target(access, joined), |target| target)
            .await
    }

    /// The reason for which nothing changed.
    async fn user_errors(&self) -> Vec<InviteUserError> {
        self.outcome.as_ref().err().cloned().into_iter().collect()
    }
}

/// The outcome of cancelling one invite.
struct InviteResult {
    outcome: Result<InviteRef, InviteUserError>,
}

/// The outcome of cancelling one invite.
#[Object]
impl InviteResult {
    /// The invite, as it is now. Null if `userErrors` is not empty.
    async fn invite(&self, ctx: &Context<'_>) -> Nullable<Invite> {
        load(ctx, self.outcome.as_ref().ok().copied()).await
    }

    /// The reason for which it was not cancelled.
    async fn user_errors(&self) -> Vec<InviteUserError> {
        self.outcome.as_ref().err().cloned().into_iter().collect()
    }
}

/// The outcome of cancelling invites.
struct InvitesPayload {
    results: Vec<InviteResult>,
    user_errors: Vec<InviteUserError>,
    client_mutation_id: Option<String>,
}

/// The outcome of cancelling invites.
#[Object]
impl InvitesPayload {
    /// The outcome of each of the `ids`, in their order. Empty if `userErrors` are not.
    async fn results(&self) -> &[InviteResult] {
        &self.results
    }

    /// The reasons for which nothing changed. Those of single invites are in `results`.
    async fn user_errors(&self) -> &[InviteUserError] {
        &self.user_errors
    }

    /// The value of the input.
    async fn client_mutation_id(&self) -> Option<&str> {
        self.client_mutation_id.as_deref()
    }
}

/// The outcome of sending invites again.
struct ResendInvitesPayload {
    results: Vec<ResendInviteResult>,
    user_errors: Vec<InviteUserError>,
    client_mutation_id: Option<String>,
}

/// The outcome of sending invites again.
#[Object]
impl ResendInvitesPayload {
    /// The outcome of each of the `ids`, in their order. Empty if `userErrors` are not.
    async fn results(&self) -> &[ResendInviteResult] {
        &self.results
    }

    /// The reasons for which nothing changed. Those of single invites are in `results`.
    async fn user_errors(&self) -> &[InviteUserError] {
        &self.user_errors
    }

    /// The value of the input.
    async fn client_mutation_id(&self) -> Option<&str> {
        self.client_mutation_id.as_deref()
    }
}

/// The outcome of sending one invite again.
struct ResendInviteResult {
    outcome: Result<InviteRef, InviteUserError>,
    accept_url: Option<String>,
}

/// The outcome of sending one invite again.
#[Object]
impl ResendInviteResult {
    /// The invite, as it is now. Null if `userErrors` is not empty.
    async fn invite(&self, ctx: &Context<'_>) -> Nullable<Invite> {
        load(ctx, self.outcome.as_ref().ok().copied()).await
    }

    /// One more link to a workspace invite, which works like a password. Returned this once, to who
    /// sent it again. Links sent before keep working.
    async fn accept_url(&self) -> Option<Url> {
        self.accept_url.clone().map(Url)
    }

    /// The reason for which it was not sent.
    async fn user_errors(&self) -> Vec<InviteUserError> {
        self.outcome.as_ref().err().cloned().into_iter().collect()
    }
}

/// Reads the ids of a mutation.
fn checked(ids: &[ID]) -> Result<Vec<Option<InviteRef>>, InviteUserError> {
    let refused = match ids.len() {
        0 => "Send at least one id.",
        1..=MAX_ROWS => return Ok(ids.iter().map(invite_ref).collect()),
        _ => "Send at most 100 ids.",
    };
    Err(InviteUserError::new(
        Refusal::Invalid(refused),
        ["ids".to_owned()],
    ))
}

/// Returns the outcome of the invite `at`.
fn outcome_at(
    at: usize,
    invite: Option<InviteRef>,
    outcome: Result<Settled, Refusal>,
) -> Result<InviteRef, InviteUserError> {
    let outcome = outcome.and_then(|_| invite.ok_or(Refusal::NotFound));
    outcome.map_err(|refusal| InviteUserError::new(refusal, ["ids".to_owned(), at.to_string()]))
}

impl Payload for InvitePayload {
    fn refusal(&self) -> Option<InviteErrorCode> {
        refusal_of(&self.outcome)
    }
}

impl Payload for AcceptInvitePayload {
    fn refusal(&self) -> Option<InviteErrorCode> {
        refusal_of(&self.outcome)
    }
}

impl Payload for InvitesPayload {
    fn refusal(&self) -> Option<InviteErrorCode> {
        first_code(&self.user_errors)
    }

    fn rows(&self) -> Option<Vec<Option<InviteErrorCode>>> {
        let rows = self.results.iter().map(|row| refusal_of(&row.outcome));
        Some(rows.collect())
    }
}

impl Payload for ResendInvitesPayload {
    fn refusal(&self) -> Option<InviteErrorCode> {
        first_code(&self.user_errors)
    }

    fn rows(&self) -> Option<Vec<Option<InviteErrorCode>>> {
        let rows = self.results.iter().map(|row| refusal_of(&row.outcome));
        Some(rows.collect())
    }
}

fn refusal_of<T>(outcome: &Result<T, InviteUserError>) -> Option<InviteErrorCode> {
    outcome.as_ref().err().map(|error| error.code)
}

/// Mutations of invites that exist.
#[derive(Default)]
pub(super) struct SettleMutation;

#[Object]
impl SettleMutation {
    /// Changes a pending invite. For managers of its target, the inviter of a code, and staff.
    #[graphql(tag = "signed-in")]
    async fn update_invite(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The invite and its new values.")] input: UpdateInviteInput,
    ) -> Nullable<InvitePayload> {
        Some(observed(ctx, update_invite(ctx, input)).await)
    }

    /// Sends invites again. A workspace invite that has expired is renewed. What was sent before keeps
    /// working. For managers of the target, the inviter of a code, and staff.
    #[graphql(tag = "signed-in")]
    async fn resend_invites(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The invites.")] input: InviteIdsInput,
    ) -> Nullable<ResendInvitesPayload> {
        Some(observed(ctx, resend_invites(ctx, input)).await)
    }

    /// Withdraws pending invites. For managers of the target, the inviter of a code, and staff. An invite
    /// that was withdrawn before is no error.
    #[graphql(tag = "signed-in")]
    async fn cancel_invites(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The invites.")] input: InviteIdsInput,
    ) -> Nullable<InvitesPayload> {
        Some(observed(ctx, cancel_invites(ctx, input)).await)
    }

    /// Accepts an invite: the viewer becomes a member, and keeps a higher role that they have. An
    /// invite for an e-mail address is accepted by the account with this verified address.
    #[graphql(tag = "signed-in")]
    async fn accept_invite(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The way to the invite.")] input: OneOf<Redeem>,
    ) -> Nullable<AcceptInvitePayload> {
        Some(observed(ctx, accept_invite(ctx, input)).await)
    }

    /// Declines an invite, in place of accepting it.
    #[graphql(tag = "signed-in")]
    async fn decline_invite(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The way to the invite.")] input: OneOf<Redeem>,
    ) -> Nullable<InvitePayload> {
        Some(observed(ctx, decline_invite(ctx, input)).await)
    }
}

async fn update_invite(
    ctx: &Context<'_>,
    input: UpdateInviteInput,
) -> Result<InvitePayload, Failure> {
    let changes = Changes {
        role: input.role,
        expires_at: input.expires_at.map(|DateTime(at)| at),
        message: input.message,
        name: input.name,
        tags: None,
    };
    let tags = input.tags.map(|tags| keys(NodeKind::Tag, &tags));
    let update = ctx
        .access()?
        .update_invite(invite_ref(&input.id), changes, tags);
    let outcome = update.await?;
    Ok(InvitePayload {
        outcome: outcome.map_err(InviteUserError::of_field),
        client_mutation_id: input.client_mutation_id,
    })
}

async fn resend_invites(
    ctx: &Context<'_>,
    input: InviteIdsInput,
) -> Result<ResendInvitesPayload, Failure> {
    let access = ctx.access()?;
    access.self_proof()?;
    let mut payload = ResendInvitesPayload {
        results: Vec::new(),
        user_errors: Vec::new(),
        client_mutation_id: input.client_mutation_id,
    };
    match checked(&input.ids) {
        Err(error) => payload.user_errors.push(error),
        Ok(invites) => {
            let outcomes = access.resend_invites(&invites).await?;
            let rows = invites.into_iter().zip(outcomes).enumerate();
            let result = |(at, (invite, outcome)): (usize, (_, Result<Settled, Refusal>))| {
                let token = outcome.as_ref().ok().and_then(|settled| settled.token);
                ResendInviteResult {
                    accept_url: token.and_then(|token| access.accept_url(token)),
                    outcome: outcome_at(at, invite, outcome),
                }
            };
            payload.results = rows.map(result).collect();
        }
    }
    Ok(payload)
}

async fn cancel_invites(
    ctx: &Context<'_>,
    input: InviteIdsInput,
) -> Result<InvitesPayload, Failure> {
    let access = ctx.access()?;
    access.self_proof()?;
    let mut payload = InvitesPayload {
        results: Vec::new(),
        user_errors: Vec::new(),
        client_mutation_id: input.client_mutation_id,
    };
    match checked(&input.ids) {
        Err(error) => payload.user_errors.push(error),
        Ok(invites) => {
            let outcomes = access.cancel_invites(&invites).await?;
            let rows = invites.into_iter().zip(outcomes).enumerate();
            let result = |(at, (invite, outcome))| InviteResult {
                outcome: outcome_at(at, invite, outcome),
            };
            payload.results = rows.map(result).collect();
        }
    }
    Ok(payload)
}

async fn accept_invite(
    ctx: &Context<'_>,
    input: OneOf<Redeem>,
) -> Result<AcceptInvitePayload, Failure> {
    let input = read(input)?;
    let outcome = ctx.access()?.accept_invite(&input.redeemed()).await?;
    let at_field = |refusal| InviteUserError::new(refusal, [input.field().to_owned()]);
    Ok(AcceptInvitePayload {
        outcome: outcome.map_err(at_field),
    })
}

async fn decline_invite(ctx: &Context<'_>, input: OneOf<Redeem>) -> Result<InvitePayload, Failure> {
    let input = read(input)?;
    let outcome = ctx.access()?.decline_invite(&input.redeemed()).await?;
    let at_field = |refusal| InviteUserError::new(refusal, [input.field().to_owned()]);
    Ok(InvitePayload {
        outcome: outcome.map(|answered| answered.invite).map_err(at_field),
        client_mutation_id: None,
    })
}
