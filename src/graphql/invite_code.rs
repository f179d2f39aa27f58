//! `InviteCode`: a personal code. Contract: `GET /api/v2/invite_code/{code}/`.

use async_graphql::{Context, ID, InputObject, Object};
use paged::paged;

use super::{
    connection::{Connection, PageArguments, Paged, connections},
    context::ContextExt,
    eager::{Eager, EagerList, Leaves, eager},
    error::{Failure, Nullable, nullable},
    external_id::{external_id, source},
    filter::{
        DateTimeRange, InviteOrder, InviteStatus, address, ids, range, search, statuses, texts,
    },
    id::{NodeKind, invite_id},
    invite::{InviteTarget, permissions},
    invite_event::{InviteEvent, history},
    json::leaves,
    scalar::{BigInt, DateTime},
    tag::Tag,
    user::User,
};
use crate::{
    access::{InviteCodeView, InviteView},
    invite::{Code, InviteKind, Status},
    loader::{invite_code::InviteCodeFilter as Filter, invite_code_by_code::Preload},
    paging::SortType,
};

/// A personal code that lets one person join the community.
#[derive(Clone)]
pub(super) struct InviteCode(pub(super) InviteCodeView);

impl Leaves for InviteCode {
    leaves! {
        "id" => id,
        "databaseId" => database_id,
        "code" => code,
        "name" => name,
        "email" => email,
        "role" => role,
        "generatedAt" => generated_at,
        "sentAt" => sent_at,
        "usedAt" => used_at,
        "status" => status,
        "isExpired" => is_expired,
        "createdAt" => created_at,
        "expiresAt" => expires_at,
        "acceptedAt" => accepted_at,
        "declinedAt" => declined_at,
        "cancelledAt" => cancelled_at,
    }
}

connections! {
    InviteCode => "InviteCodeConnection", "InviteCodeEdge";
}

impl InviteCode {
    async fn inviter_of(&self, ctx: &Context<'_>) -> Result<Option<User>, Failure> {
        let inviter = ctx.access()?.inviter_of(&self.0).await?;
        Ok(inviter.map(User))
    }
}

/// A personal code that lets one person join the community.
#[paged]
#[Object]
impl InviteCode {
    /// Global id of this invite; opaque.
    pub(super) async fn id(&self) -> ID {
        invite_id(InviteKind::InviteCode, self.0.bucket.into(), self.0.id)
    }

    /// Primary key in the source, as the REST contracts return it.
    pub(super) async fn database_id(&self) -> BigInt {
        BigInt(self.0.id)
    }

    /// Id of this code in its source, if the source has ids of its own. Null for viewers without an
    /// account.
    async fn external_id(&self, ctx: &Context<'_>) -> Nullable<String> {
        external_id(ctx, &self.0).await
    }

    /// Name of the source that gave `externalId`. Null if that is null.
    async fn source(&self, ctx: &Context<'_>) -> Nullable<String> {
        source(ctx, &self.0).await
    }

    /// The code itself. Visible to viewers who looked the invite up by it, to its inviter, and to
    /// staff; null for others.
    async fn code(&self) -> Option<&str> {
        self.0.code.as_ref().map(Code::as_str)
    }

    /// Name of the person invited.
    #[graphql(tag = "personal-data")]
    async fn name(&self) -> Option<&str> {
        self.0.name.as_deref()
    }

    /// E-mail address of the person invited. May be masked, as in `j…@e….com`.
    #[graphql(tag = "personal-data")]
    async fn email(&self) -> Option<&str> {
        self.0.email.as_deref()
    }

    /// Key of the role that the code grants.
    pub(super) async fn role(&self) -> Option<String> {
        self.0.role.clone()
    }

    /// Tags that the code grants, by name.
    async fn tags(&self, ctx: &Context<'_>) -> Result<EagerList<Tag>, Failure> {
        let tags = ctx.access()?.tags_of(&self.0).await?;
        Ok(tags.into_iter().map(Tag).collect())
    }

    /// Time of creation; equals `createdAt`.
    async fn generated_at(&self) -> DateTime {
        DateTime(self.0.generated_at)
    }

    /// Time of sending. Null if not sent.
    async fn sent_at(&self) -> Option<DateTime> {
        self.0.sent_at.map(DateTime)
    }

    /// Time of use; equals `acceptedAt`. Null if not used.
    async fn used_at(&self) -> Option<DateTime> {
        self.0.used_at.map(DateTime)
    }

    /// Username of `inviter`.
    #[graphql(tag = "personal-data")]
    async fn invited_by_username(&self, ctx: &Context<'_>) -> Nullable<String> {
        let inviter = self.inviter_of(ctx).await;
        nullable(inviter, |User(inviter)| inviter.username().to_owned())
    }

    /// The account created with this code. Null if the code was not used, or if the account was
    /// deleted.
    async fn user(&self, ctx: &Context<'_>) -> Nullable<Eager<User>> {
        ctx.look_up(|access| access.user_of(&self.0), eager(User))
            .await
    }

    /// Effective status at the time of the request: a pending invite past its expiry is `EXPIRED`.
    pub(super) async fn status(&self) -> InviteStatus {
        self.0.status.into()
    }

    /// True if `status` is `EXPIRED`.
    pub(super) async fn is_expired(&self) -> bool {
        self.0.status == Status::Expired
    }

    /// The user who created the code. Null if unknown, or if the account was deleted.
    pub(super) async fn inviter(&self, ctx: &Context<'_>) -> Nullable<Eager<User>> {
        nullable(self.inviter_of(ctx).await, Eager)
    }

    /// Always null: a code is for the whole community.
    pub(super) async fn target(&self) -> Nullable<InviteTarget> {
        None
    }

    /// Time of creation.
    pub(super) async fn created_at(&self) -> DateTime {
        DateTime(self.0.generated_at)
    }

    /// Time from which the code cannot be used. Null if it never expires.
    pub(super) async fn expires_at(&self) -> Option<DateTime> {
        self.0.expires_at.map(DateTime)
    }

    /// Time of use. Null if not used.
    pub(super) async fn accepted_at(&self) -> Option<DateTime> {
        self.0.used_at.map(DateTime)
    }

    /// Time at which the invitee declined. Null if not declined.
    pub(super) async fn declined_at(&self) -> Option<DateTime> {
        self.0.declined_at.map(DateTime)
    }

    /// Time at which the invite was withdrawn. Null if not withdrawn.
    pub(super) async fn cancelled_at(&self) -> Option<DateTime> {
        self.0.cancelled_at.map(DateTime)
    }

    /// Events of this invite, newest first. Null unless the viewer is the inviter, manages the target, or
    /// is staff.
    pub(super) async fn history(
        &self,
        ctx: &Context<'_>,
        page: PageArguments,
    ) -> Nullable<Connection<InviteEvent>> {
        history(ctx, InviteView::InviteCode(self.0.clone()), page).await
    }

    /// True if the viewer may accept the invite now.
    pub(super) async fn viewer_can_accept(&self, ctx: &Context<'_>) -> Result<bool, Failure> {
        Ok(permissions(ctx, InviteView::InviteCode(self.0.clone()))
            .await?
            .accept)
    }

    /// True if the viewer may decline the invite now.
    pub(super) async fn viewer_can_decline(&self, ctx: &Context<'_>) -> Result<bool, Failure> {
        Ok(permissions(ctx, InviteView::InviteCode(self.0.clone()))
            .await?
            .decline)
    }

    /// True if the viewer may withdraw the invite now.
    pub(super) async fn viewer_can_cancel(&self, ctx: &Context<'_>) -> Result<bool, Failure> {
        Ok(permissions(ctx, InviteView::InviteCode(self.0.clone()))
            .await?
            .cancel)
    }

    /// True if the viewer may send the invite again now.
    pub(super) async fn viewer_can_resend(&self, ctx: &Context<'_>) -> Result<bool, Failure> {
        Ok(permissions(ctx, InviteView::InviteCode(self.0.clone()))
            .await?
            .resend)
    }

    /// True if the viewer may change the invite now.
    pub(super) async fn viewer_can_update(&self, ctx: &Context<'_>) -> Result<bool, Failure> {
        Ok(permissions(ctx, InviteView::InviteCode(self.0.clone()))
            .await?
            .update)
    }
}

/// Filters a list of invite codes. All given conditions must hold.
#[derive(Clone, Debug, Default, InputObject)]
pub(super) struct InviteCodeFilter {
    /// With any of these statuses.
    pub status: Option<Vec<InviteStatus>>,
    /// Granting any of these roles (keys, compared exactly).
    pub role: Option<Vec<String>>,
    /// Granting any of these tags (their `id` or `databaseId`).
    pub tag: Option<Vec<ID>>,
    /// For the person with this address, ignoring case.
    pub email: Option<String>,
    /// With this text in the name or address of the person invited, ignoring case in every language.
    pub search: Option<String>,
    /// Created within this range.
    pub created_at: Option<DateTimeRange>,
}

impl InviteCodeFilter {
    fn parse(self) -> Result<Filter, Failure> {
        Ok(Filter {
            statuses: statuses(self.status),
            roles: texts("filter.role", self.role)?,
            tags: ids("filter.tag", NodeKind::Tag, self.tag)?,
            email_norm: address("filter.email", self.email)?,
            search: search("filter.search", self.search)?,
            created: range("filter.createdAt", self.created_at)?,
        })
    }
}

/// Returns the relations of a code that are selected.
pub(super) fn preload(ctx: &Context<'_>) -> Preload {
    let selected = ctx.look_ahead();
    let is_selected = |field| selected.field(field).exists();
    Preload {
        inviter: is_selected("inviter") || is_selected("invitedByUsername"),
        user: is_selected("user"),
        tags: is_selected("tags"),
    }
}

/// Root fields about invite codes.
#[derive(Default)]
pub(super) struct InviteCodeQuery;

#[paged]
#[Object]
impl InviteCodeQuery {
    /// An invite code by its code, for anyone who has the code. Null if it does not exist.
    async fn invite_code(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "The code. Blanks and punctuation around it are ignored, and case unless it is mixed \
            or ambiguous.",
            secret
        )]
        code: String,
    ) -> Nullable<Eager<InviteCode>> {
        let preload = preload(ctx);
        ctx.look_up(
            |access| access.invite_code_by_code(&code, preload),
            eager(InviteCode),
        )
        .await
    }

    /// The invite codes that the viewer created; for staff, all codes. Newest first by default.
    #[graphql(tag = "signed-in")]
    async fn invite_codes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Filters the list.", secret)] filter: Option<InviteCodeFilter>,
        #[graphql(desc = "Order of the list; newest first by default.")] order_by: Option<
            InviteOrder,
        >,
        page: PageArguments,
    ) -> Nullable<Connection<InviteCode>> {
        Some(Box::pin(invite_codes(ctx, filter, order_by, page)).await)
    }
}

/// Returns a page of the codes that the viewer created; for staff, of all codes.
async fn invite_codes(
    ctx: &Context<'_>,
    filter: Option<InviteCodeFilter>,
    order_by: Option<InviteOrder>,
    page: PageArguments,
) -> Result<Connection<InviteCode>, Failure> {
    let access = ctx.access()?;
    let managed = access.managed()?;
    let filter = filter.unwrap_or_default().parse()?;
    let (sort, list) = InviteOrder::parse(order_by, "inviteCodes", &[SortType::Int]);
    let load = |page| access.invite_codes(&managed, filter, sort, page);
    let page = Paged::load(ctx, list, page, load, InviteCode).await;
    page.map(Connection)
}
