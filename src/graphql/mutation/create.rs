//! Mutations that create invites.

use async_graphql::{Context, ID, InputObject, InputType, Object, Value};

use super::{
    key, keys,
    observed::{Payload, observed},
    user_error::{InviteErrorCode, InviteUserError, first_code},
};
use crate::{
    access::{
        CodeInvitee, CourseInvitee, CreatedInvite, Creation, EmailVisibility, SlugKey,
        WorkspaceInvitee,
    },
    graphql::{
        context::ContextExt,
        course::Course,
        course_invite::CourseInvite,
        error::{Failure, Nullable},
        id::NodeKind,
        invite_code::InviteCode,
        scalar::{DateTime, Url},
        user::User,
        workspace_invite::WorkspaceInvite,
    },
};

/// Invites to create to a workspace.
#[derive(Clone, Debug, InputObject)]
struct CreateWorkspaceInvitesInput {
    /// The workspace (its `id` or `databaseId`).
    workspace: ID,
    /// Whom to invite: 1 to 100 people.
    invitees: Vec<WorkspaceInviteeInput>,
    /// Message to the people invited, of at most 2000 characters.
    message: Option<String>,
    /// Time from which the invites cannot be accepted: in 7 days by default, in 30 at most.
    expires_at: Option<DateTime>,
    /// A key of at most 64 characters that the client chooses for this request. Sent again within a day,
    /// the request is not carried out again, and returns its first outcome.
    idempotency_key: Option<String>,
    /// Returned unchanged.
    client_mutation_id: Option<String>,
}

/// Somebody to invite to a workspace.
#[derive(Clone, Debug, InputObject)]
struct WorkspaceInviteeInput {
    /// E-mail address.
    email: String,
    /// Key of the role that accepting grants, one of `Workspace.grantableRoles`; `member` by default.
    role: Option<String>,
}

/// Invite codes to create.
#[derive(Clone, Debug, InputObject)]
struct CreateInviteCodesInput {
    /// Whom to invite: 1 to 100 people.
    invitees: Vec<InviteCodeInviteeInput>,
    /// Time from which the codes cannot be used: in 7 days by default, in 30 at most.
    expires_at: Option<DateTime>,
    /// A key of at most 64 characters that the client chooses for this request. Sent again within a day,
    /// the request is not carried out again, and returns its first outcome.
    idempotency_key: Option<String>,
    /// Returned unchanged.
    client_mutation_id: Option<String>,
}

/// Somebody to invite by a code.
#[derive(Clone, Debug, InputObject)]
struct InviteCodeInviteeInput {
    /// Name, of at most 255 characters.
    name: Option<String>,
    /// E-mail address. Only an account with this verified address may then use the code.
    email: Option<String>,
    /// Key of the role that using the code grants.
    role: Option<String>,
    /// Tags that using the code grants (their `id` or `databaseId`).
    tags: Option<Vec<ID>>,
}

/// People to invite to a course: 1 to 100 in both lists together.
#[derive(Clone, Debug, InputObject)]
struct CreateCourseInvitesInput {
    /// The course (its `id` or `databaseId`).
    course: ID,
    /// Users to invite (their `id` or `databaseId`).
    users: Option<Vec<ID>>,
    /// E-mail addresses to invite. An address is invited whether or not an account has it; the account that
    /// has verified it may then accept.
    emails: Option<Vec<String>>,
    /// A key of at most 64 characters that the client chooses for this request. Sent again within a day,
    /// the request is not carried out again, and returns its first outcome.
    idempotency_key: Option<String>,
    /// Returned unchanged.
    client_mutation_id: Option<String>,
}

/// Returns the idempotency key, and the request that it is for.
fn key_of<T: InputType>(input: &T, key: &Option<String>) -> Option<(String, String)> {
    /// Members that are not part of the request.
    const OTHER: [&str; 2] = ["clientMutationId", "idempotencyKey"];
    let key = key.clone()?;
    let mut request = input.to_value();
    if let Value::Object(members) = &mut request {
        members.retain(|name, _| !OTHER.contains(&name.as_str()));
    }
    Some((key, format!("{} {request}", T::type_name())))
}

/// Splits the outcome of a request into that of its rows and its errors.
fn split(creation: Creation) -> (Vec<CreatedInvite>, Vec<InviteUserError>) {
    match creation {
        Ok(rows) => (rows, Vec::new()),
        Err(refused) => (Vec::new(), vec![InviteUserError::of_field(refused)]),
    }
}

fn errors_of(list: &str, at: usize, created: &CreatedInvite) -> Vec<InviteUserError> {
    let refused = created
        .refused
        .map(|refused| InviteUserError::of_row(list, at, refused));
    refused.into_iter().collect()
}

/// Returns the reason for which a row was refused.
fn refusal_of(created: &CreatedInvite) -> Option<InviteErrorCode> {
    let refused = created.refused?;
    Some(InviteErrorCode::of(refused.refusal))
}

/// The outcome of creating workspace invites.
struct CreateWorkspaceInvitesPayload {
    results: Vec<WorkspaceInviteResult>,
    user_errors: Vec<InviteUserError>,
    client_mutation_id: Option<String>,
}

/// The outcome of creating workspace invites.
#[Object]
impl CreateWorkspaceInvitesPayload {
    /// The outcome of each row of `invitees`, in their order. Empty if `userErrors` are not.
    async fn results(&self) -> &[WorkspaceInviteResult] {
        &self.results
    }

    /// The reasons for which nothing was created. Those of single rows are in `results`.
    async fn user_errors(&self) -> &[InviteUserError] {
        &self.user_errors
    }

    /// The value of the input.
    async fn client_mutation_id(&self) -> Option<&str> {
        self.client_mutation_id.as_deref()
    }
}

/// The outcome of inviting one person to a workspace.
struct WorkspaceInviteResult {
    email: String,
    at: usize,
    created: CreatedInvite,
}

/// The outcome of inviting one person to a workspace.
#[Object]
impl WorkspaceInviteResult {
    /// The address of the input.
    #[graphql(tag = "personal-data")]
    async fn email(&self) -> &str {
        &self.email
    }

    /// The new invite. With the error `ALREADY_INVITED`, the pending one.
    async fn invite(&self, ctx: &Context<'_>) -> Nullable<WorkspaceInvite> {
        let id = self.created.invite?;
        ctx.look_up(|access| access.workspace_invite(id), WorkspaceInvite)
            .await
    }

    /// Link to the invite, which works like a password. Returned this once, to who created the invite.
    async fn accept_url(&self) -> Option<Url> {
        self.created.accept_url.clone().map(Url)
    }

    /// The reason for which this person was not invited.
    async fn user_errors(&self) -> Vec<InviteUserError> {
        errors_of("invitees", self.at, &self.created)
    }
}

/// The outcome of creating invite codes.
struct CreateInviteCodesPayload {
    results: Vec<InviteCodeResult>,
    user_errors: Vec<InviteUserError>,
    client_mutation_id: Option<String>,
}

/// The outcome of creating invite codes.
#[Object]
impl CreateInviteCodesPayload {
    /// The outcome of each row of `invitees`, in their order. Empty if `userErrors` are not.
    async fn results(&self) -> &[InviteCodeResult] {
        &self.results
    }

    /// The reasons for which nothing was created. Those of single rows are in `results`.
    async fn user_errors(&self) -> &[InviteUserError] {
        &self.user_errors
    }

    /// The value of the input.
    async fn client_mutation_id(&self) -> Option<&str> {
        self.client_mutation_id.as_deref()
    }
}

/// The outcome of inviting one person by a code.
struct InviteCodeResult {
    at: usize,
    created: CreatedInvite,
}

/// The outcome of inviting one person by a code.
#[Object]
impl InviteCodeResult {
    /// The new invite code.
    async fn invite(&self, ctx: &Context<'_>) -> Nullable<InviteCode> {
        let id = self.created.invite?;
        ctx.look_up(|access| access.invite_code(id), InviteCode)
            .await
    }

    /// Link that uses the code. Returned this once; `InviteCode.code` stays.
    async fn accept_url(&self) -> Option<Url> {
        self.created.accept_url.clone().map(Url)
    }

    /// The reason for which this person was not invited.
    async fn user_errors(&self) -> Vec<InviteUserError> {
        errors_of("invitees", self.at, &self.created)
    }
}

/// The outcome of inviting people to a course.
struct CreateCourseInvitesPayload {
    course: Option<i64>,
    results: Vec<CourseInviteResult>,
    user_errors: Vec<InviteUserError>,
    client_mutation_id: Option<String>,
}

/// The outcome of inviting people to a course.
#[Object]
impl CreateCourseInvitesPayload {
    /// The course. Null if the viewer may not see it.
    async fn course(&self, ctx: &Context<'_>) -> Nullable<Course> {
        let id = self.course?;
        ctx.look_up(|access| access.course(SlugKey::Id(id)), Course)
            .await
    }

    /// The outcome of each row of `users`, then of `emails`, in their order. Empty if `userErrors` are not.
    async fn results(&self) -> &[CourseInviteResult] {
        &self.results
    }

    /// The reasons for which nothing was created. Those of single rows are in `results`.
    async fn user_errors(&self) -> &[InviteUserError] {
        &self.user_errors
    }

    /// The value of the input.
    async fn client_mutation_id(&self) -> Option<&str> {
        self.client_mutation_id.as_deref()
    }
}

/// The outcome of inviting one person to a course.
struct CourseInviteResult {
    invitee: CourseInvitee,
    /// Place in its list of the input.
    at: usize,
    created: CreatedInvite,
}

/// The outcome of inviting one person to a course.
#[Object]
impl CourseInviteResult {
    /// The user of the input. Null in a row of `emails`, and if there is no user with this id.
    async fn user(&self, ctx: &Context<'_>) -> Nullable<User> {
        let CourseInvitee::User(id) = self.invitee else {
            return None;
        };
        let hidden = EmailVisibility::Hidden;
        ctx.look_up(|access| access.referenced_user(id, hidden), User)
            .await
    }

    /// The address of the input. Null in a row of `users`.
    #[graphql(tag = "personal-data")]
    async fn email(&self) -> Option<&str> {
        match &self.invitee {
            CourseInvitee::User(_) => None,
            CourseInvitee::Email(email) => Some(email),
        }
    }

    /// The new invite. With the error `ALREADY_INVITED`, the pending one.
    async fn invite(&self, ctx: &Context<'_>) -> Nullable<CourseInvite> {
        let id = self.created.invite?;
        ctx.look_up(|access| access.course_invite(id), CourseInvite)
            .await
    }

    /// The reason for which this person was not invited.
    async fn user_errors(&self) -> Vec<InviteUserError> {
        errors_of(self.invitee.list(), self.at, &self.created)
    }
}

impl Payload for CreateWorkspaceInvitesPayload {
    fn refusal(&self) -> Option<InviteErrorCode> {
        first_code(&self.user_errors)
    }

    fn rows(&self) -> Option<Vec<Option<InviteErrorCode>>> {
        let rows = self.results.iter().map(|row| refusal_of(&row.created));
        Some(rows.collect())
    }
}

impl Payload for CreateInviteCodesPayload {
    fn refusal(&self) -> Option<InviteErrorCode> {
        first_code(&self.user_errors)
    }

    fn rows(&self) -> Option<Vec<Option<InviteErrorCode>>> {
        let rows = self.results.iter().map(|row| refusal_of(&row.created));
        Some(rows.collect())
    }
}

impl Payload for CreateCourseInvitesPayload {
    fn refusal(&self) -> Option<InviteErrorCode> {
        first_code(&self.user_errors)
    }

    fn rows(&self) -> Option<Vec<Option<InviteErrorCode>>> {
        let rows = self.results.iter().map(|row| refusal_of(&row.created));
        Some(rows.collect())
    }
}

/// Mutations that create invites.
#[derive(Default)]
pub(super) struct CreateMutation;

#[Object]
impl CreateMutation {
    /// Invites people to a workspace by e-mail address. For managers of the workspace, and staff. Each
    /// row has its own outcome. `acceptUrl` is the link to send.
    #[graphql(tag = "signed-in")]
    async fn create_workspace_invites(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The invites to create.")] input: CreateWorkspaceInvitesInput,
    ) -> Nullable<CreateWorkspaceInvitesPayload> {
        Some(observed(ctx, create_workspace_invites(ctx, input)).await)
    }

    /// Creates invite codes. For staff, and for tokens with the scope `invites:codes`. Each row has its
    /// own outcome. `acceptUrl` is the link to send.
    #[graphql(tag = "signed-in")]
    async fn create_invite_codes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The codes to create.")] input: CreateInviteCodesInput,
    ) -> Nullable<CreateInviteCodesPayload> {
        Some(observed(ctx, create_invite_codes(ctx, input)).await)
    }

    /// Invites people to a course, by account or by e-mail address. For managers of the course, and staff. Each
    /// row has its own outcome. An invite that was cancelled or declined is opened again.
    #[graphql(tag = "signed-in")]
    async fn create_course_invites(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The people to invite.")] input: CreateCourseInvitesInput,
    ) -> Nullable<CreateCourseInvitesPayload> {
        Some(observed(ctx, create_course_invites(ctx, input)).await)
    }
}

async fn create_workspace_invites(
    ctx: &Context<'_>,
    input: CreateWorkspaceInvitesInput,
) -> Result<CreateWorkspaceInvitesPayload, Failure> {
    let key_of_request = key_of(&input, &input.idempotency_key);
    let workspace = key(NodeKind::Workspace, &input.workspace);
    let emails: Vec<_> = input.invitees.iter().map(|row| row.email.clone()).collect();
    let invitees = input.invitees.into_iter().map(|row| WorkspaceInvitee {
        email: row.email,
        role: row.role,
    });
    let expires_at = input.expires_at.map(|DateTime(at)| at);
    let created = ctx.access()?.create_workspace_invites(
        workspace,
        invitees.collect(),
        input.message,
        expires_at,
        key_of_request,
    );
    let (rows, user_errors) = split(Box::pin(created).await?);
    let results = emails.into_iter().zip(rows).enumerate();
    let results =
        results.map(|(at, (email, created))| WorkspaceInviteResult { email, at, created });
    Ok(CreateWorkspaceInvitesPayload {
        results: results.collect(),
        user_errors,
        client_mutation_id: input.client_mutation_id,
    })
}

async fn create_invite_codes(
    ctx: &Context<'_>,
    input: CreateInviteCodesInput,
) -> Result<CreateInviteCodesPayload, Failure> {
    let key_of_request = key_of(&input, &input.idempotency_key);
    let invitees = input.invitees.into_iter().map(|row| CodeInvitee {
        name: row.name.filter(|name| !name.is_empty()),
        email: row.email,
        role: row.role,
        tags: keys(NodeKind::Tag, &row.tags.unwrap_or_default()),
    });
    let expires_at = input.expires_at.map(|DateTime(at)| at);
    let created = ctx
        .access()?
        .create_invite_codes(invitees.collect(), expires_at, key_of_request);
    let (rows, user_errors) = split(Box::pin(created).await?);
    let results = rows.into_iter().enumerate();
    let results = results.map(|(at, created)| InviteCodeResult { at, created });
    Ok(CreateInviteCodesPayload {
        results: results.collect(),
        user_errors,
        client_mutation_id: input.client_mutation_id,
    })
}

async fn create_course_invites(
    ctx: &Context<'_>,
    input: CreateCourseInvitesInput,
) -> Result<CreateCourseInvitesPayload, Failure> {
    let key_of_request = key_of(&input, &input.idempotency_key);
    let course = key(NodeKind::Course, &input.course);
    let users = keys(NodeKind::User, &input.users.unwrap_or_default());
    let users = users.into_iter().map(CourseInvitee::User).enumerate();
    let emails = input.emails.unwrap_or_default().into_iter();
    let emails = emails.map(CourseInvitee::Email).enumerate();
    let (places, invitees): (Vec<_>, Vec<_>) = users.chain(emails).unzip();
    let created = ctx
        .access()?
        .create_course_invites(course, invitees.clone(), key_of_request);
    let (rows, user_errors) = split(Box::pin(created).await?);
    let results = places.into_iter().zip(invitees).zip(rows);
    let results = results.map(|((at, invitee), created)| CourseInviteResult {
        invitee,
        at,
        created,
    });
    Ok(CreateCourseInvitesPayload {
        course,
        results: results.collect(),
        user_errors,
        client_mutation_id: input.client_mutation_id,
    })
}
