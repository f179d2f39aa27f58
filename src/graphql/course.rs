//! `Course`.

use async_graphql::{Context, Enum, ID, Object};
use paged::paged;

use super::{
    connection::{Connection, PageArguments, Paged, connections},
    context::ContextExt,
    course_invite::{
        CourseInvite, CourseInviteFilter, CourseInviteOrder, CourseInviteeConnection,
        CourseInviteeFilter, CourseInviteeOrder, course_invitees, course_invites,
    },
    eager::{Eager, Leaves, eager},
    error::{Failure, Nullable},
    external_id::{ExternalIdInput, LookUp, external_id, source},
    filter::{InviteTargetFilter, InviteTargetOrder},
    id::{NodeKind, global_id},
    invite_counts::InviteCounts,
    json::{enum_leaves, leaves},
    scalar::BigInt,
    user::User,
};
use crate::{
    access::{Access, CourseView, EmailVisibility},
    loader::role::Target,
};

/// Visibility of a course.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "entity::course::CoursePrivacy")]
pub(super) enum CoursePrivacy {
    /// Not published: visible to its managers.
    Draft,
    /// Visible to every signed-in viewer; anyone may join.
    Open,
    /// Visible to every signed-in viewer; joining takes a request.
    Private,
    /// Visible to members and to users with a pending invite.
    Secret,
}

enum_leaves!(CoursePrivacy);

/// A course. Course invites invite users to it.
#[derive(Clone)]
pub(super) struct Course(pub(super) CourseView);

impl Leaves for Course {
    leaves! {
        "id" => id,
        "databaseId" => database_id,
        "slug" => slug,
        "name" => name,
        "description" => description,
        "privacy" => privacy,
    }
}

connections! {
    Course => "CourseConnection", "CourseEdge";
}

/// A course. Course invites invite users to it.
#[paged]
#[Object]
impl Course {
    /// Global id of this course; opaque.
    pub(super) async fn id(&self) -> ID {
        global_id(NodeKind::Course, self.0.id)
    }

    /// Primary key in the source, as the REST contracts return it.
    async fn database_id(&self) -> BigInt {
        BigInt(self.0.id)
    }

    /// Id of this course in its source, if the source has ids of its own. Null for viewers without an
    /// account.
    async fn external_id(&self, ctx: &Context<'_>) -> Nullable<String> {
        external_id(ctx, &self.0).await
    }

    /// Name of the source that gave `externalId`. Null if that is null.
    async fn source(&self, ctx: &Context<'_>) -> Nullable<String> {
        source(ctx, &self.0).await
    }

    /// Name in URLs.
    async fn slug(&self) -> &str {
        &self.0.slug
    }

    /// Display name.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Description of the course; may be empty.
    async fn description(&self) -> &str {
        &self.0.description
    }

    /// Visibility of the course.
    async fn privacy(&self) -> CoursePrivacy {
        self.0.privacy.into()
    }

    /// The user who created the course, and who manages it. Null if unknown, or if the account was
    /// deleted.
    async fn created_by(&self, ctx: &Context<'_>) -> Nullable<Eager<User>> {
        ctx.look_up(
            |access| access.referenced_user(self.0.created_by_id, EmailVisibility::Hidden),
            eager(User),
        )
        .await
    }

    /// True if the viewer may invite users to this course.
    async fn viewer_can_invite(&self, ctx: &Context<'_>) -> Result<bool, Failure> {
        let access = ctx.access()?;
        Ok(access.can_invite(Target::Course(self.0.id)).await?)
    }

    /// Numbers of the invites to this course by status. Null unless the viewer manages the course or is
    /// staff.
    async fn invite_counts(&self, ctx: &Context<'_>) -> Nullable<InviteCounts> {
        ctx.look_up(
            |access| access.course_invite_counts(&self.0),
            InviteCounts::from,
        )
        .await
    }

    /// Role of the viewer in this course: `creator` and `manager` manage it. Null if not a member.
    async fn viewer_role(&self, ctx: &Context<'_>) -> Nullable<String> {
        ctx.look_up(|access| access.role(Target::Course(self.0.id)), |role| role)
            .await
    }

    /// Users who are invited and not yet members, oldest invites first by default. Only managers of
    /// the course and staff may select this field; others get the error `FORBIDDEN`, or
    /// `UNAUTHENTICATED` if signed out.
    #[graphql(tag = "signed-in")]
    async fn invitees(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Filters the list.", secret)] filter: Option<CourseInviteeFilter>,
        #[graphql(desc = "Order of the list; oldest invites first by default.")] order_by: Option<
            CourseInviteeOrder,
        >,
        page: PageArguments,
    ) -> Nullable<CourseInviteeConnection> {
        Some(Box::pin(course_invitees(ctx, &self.0, filter, order_by, page)).await)
    }

    /// Invites to this course in every status, newest first by default. Invites for deleted accounts
    /// are not listed. Only managers of the course and staff may select this field; others get the error
    /// `FORBIDDEN`, or `UNAUTHENTICATED` if signed out.
    #[graphql(tag = "signed-in")]
    async fn invites(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Filters the list.", secret)] filter: Option<CourseInviteFilter>,
        #[graphql(desc = "Order of the list; newest first by default.")] order_by: Option<
            CourseInviteOrder,
        >,
        page: PageArguments,
    ) -> Nullable<Connection<CourseInvite>> {
        Some(Box::pin(course_invites(ctx, &self.0, filter, order_by, page)).await)
    }
}

/// Returns a page of the courses that the viewer manages.
pub(super) async fn courses(
    ctx: &Context<'_>,
    filter: Option<InviteTargetFilter>,
    order_by: Option<InviteTargetOrder>,
    page: PageArguments,
) -> Result<Connection<Course>, Failure> {
    let access = ctx.access()?;
    let managed = access.managed()?;
    let filter = filter.unwrap_or_default().parse()?;
    let (sort, list) = InviteTargetOrder::parse(order_by, "viewer.courses");
    let load = |page| access.courses(&managed, filter, sort, page);
    let page = Paged::load(ctx, list, page, load, Course).await;
    page.map(Connection)
}

/// Root fields about courses.
#[derive(Default)]
pub(super) struct CourseQuery;

#[Object]
impl CourseQuery {
    /// A course by id or slug, or by its id in a source. Null if it does not exist, or if the viewer may
    /// not see it.
    async fn course(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "The course's `id`, `databaseId` or `slug`. Digits alone are a `databaseId`. Send this or `externalId`."
        )]
        id: Option<ID>,
        #[graphql(desc = "The course's id in its source. Send this or `id`.")] external_id: Option<
            ExternalIdInput,
        >,
    ) -> Nullable<Eager<Course>> {
        let find = async |access: &Access| {
            let by = LookUp::read(id, external_id)?;
            let key = by.key(access, NodeKind::Course).await?;
            Ok::<_, Failure>(access.course(key).await?)
        };
        ctx.look_up(find, eager(Course)).await
    }
}
