//! `Course`.

use async_graphql::{Context, Enum, ID, Object};

use super::{
    connection::{PageArguments, connections},
    context::Ask,
    course_invite::{CourseInviteeConnection, CourseInviteeFilter, CourseInviteeOrder, invitees},
    eager::{Eager, Leaves, eager},
    error::Nullable,
    id::{NodeKind, global_id, parse_global_id},
    json::{enum_leaves, leaves},
    scalar::BigInt,
    user::User,
};
use crate::access::{CourseKey, CourseView, EmailVisibility};

/// Who may know of a course.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "entity::course::CoursePrivacy")]
pub(super) enum CoursePrivacy {
    /// Not published: known to those who make it.
    Draft,
    /// Known to everybody signed in, who may join.
    Open,
    /// Known to everybody signed in, who may ask to join.
    Private,
    /// Known to those who are in it or invited.
    Secret,
}

enum_leaves!(CoursePrivacy);

/// A course: what a course invite joins.
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

/// A course: what a course invite joins.
#[Object]
impl Course {
    /// Names this course among all objects of the schema; opaque.
    pub(super) async fn id(&self) -> ID {
        global_id(NodeKind::Course, self.0.id)
    }

    /// Primary key in the source, as the REST contracts print it.
    async fn database_id(&self) -> BigInt {
        BigInt(self.0.id)
    }

    /// Name in URLs.
    async fn slug(&self) -> &str {
        &self.0.slug
    }

    /// Name to show.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// What the course is about; may be empty.
    async fn description(&self) -> &str {
        &self.0.description
    }

    /// Who may know of the course.
    async fn privacy(&self) -> CoursePrivacy {
        self.0.privacy.into()
    }

    /// Who made the course, and so manages it. Null when that account is gone.
    async fn created_by(&self, ctx: &Context<'_>) -> Nullable<Eager<User>> {
        ctx.look_up(
            |access| access.user_reached(Some(self.0.created_by_id), EmailVisibility::Hidden),
            eager(User),
        )
        .await
    }

    /// Role of the signed-in person in this course: `creator` and `manager` manage it. Null for
    /// who is no member.
    async fn viewer_role(&self, ctx: &Context<'_>) -> Nullable<String> {
        ctx.look_up(|access| access.course_role(self.0.id), |role| role)
            .await
    }

    /// Users invited and not yet members, oldest invites first unless ordered otherwise. Only for
    /// who manages the course, and staff.
    #[graphql(tag = "signed-in")]
    #[allow(clippy::too_many_arguments)]
    async fn invitees(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Narrows the list.", secret)] filter: Option<CourseInviteeFilter>,
        #[graphql(desc = "Order of the list; oldest invites first by default.")] order_by: Option<
            CourseInviteeOrder,
        >,
        #[graphql(
            desc = "How many rows from the start, or behind `after`: 0 to 100; 25 by default."
        )]
        first: Option<i32>,
        #[graphql(desc = "Only rows behind this cursor.")] after: Option<String>,
        #[graphql(desc = "How many rows from the end, or ahead of `before`: 0 to 100.")]
        last: Option<i32>,
        #[graphql(desc = "Only rows ahead of this cursor.")] before: Option<String>,
    ) -> Nullable<CourseInviteeConnection> {
        let page = PageArguments {
            first,
            after,
            last,
            before,
        };
        Some(Box::pin(invitees(ctx, &self.0, filter, order_by, page)).await)
    }
}

/// Root fields about courses.
#[derive(Default)]
pub(super) struct CourseQuery;

#[Object]
impl CourseQuery {
    /// A course, for signed-in viewers who may know of it. Null for others, and when there is
    /// none.
    async fn course(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "The course's `id`, `databaseId` or `slug`. Digits alone are a `databaseId`."
        )]
        id: ID,
    ) -> Nullable<Eager<Course>> {
        let key = match parse_global_id(&id) {
            Some((NodeKind::Course, id)) => CourseKey::Id(id),
            _ => CourseKey::from_text(&id),
        };
        ctx.look_up(|access| access.course(key), eager(Course))
            .await
    }
}
