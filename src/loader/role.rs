//! What one viewer is in workspaces, groups and courses: loaded in one statement for all that one
//! request touches, and kept as long as the request lasts.

use std::collections::HashMap;

use async_graphql::dataloader::{DataLoader, HashMapCache, Loader};
use chrono::{DateTime, Utc};
use entity::{
    course, course_invite, course_member, group_member, workspace_invite, workspace_member,
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseConnection, ExprTrait,
    sea_query::{Expr, Query, SelectStatement, UnionType},
};

use super::{
    LoadError, Loaders, Status, course::CREATOR, course_invite::is_open, gather::Gathered,
    key::any_of, workspace_invite::status_is,
};
use crate::access::proof::Person;

/// Something that a viewer may have a role in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// The workspace of that id.
    Workspace(i64),
    /// The group of that id.
    Group(i64),
    /// The course of that id.
    Course(i64),
}

/// What the viewer is in a place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Their role; none where they are no member. Who made a course is its `creator`.
    pub role: Option<String>,
    /// Whether an invite to it waits for their answer; told of workspaces and courses.
    pub is_invited: bool,
}

/// Loads what one viewer is in places.
pub struct RoleLoader(DataLoader<Roles, HashMapCache>);

struct Roles {
    viewer: Person,
    now: DateTime<Utc>,
    database: DatabaseConnection,
}

impl Loaders {
    /// A loader of the viewer's roles, to live as long as one request.
    pub fn roles_of(&self, viewer: Person, now: DateTime<Utc>) -> RoleLoader {
        let roles = Roles {
            viewer,
            now,
            database: self.database.clone(),
        };
        let cache = HashMapCache::default();
        RoleLoader(DataLoader::with_cache(roles, Gathered, Gathered, cache))
    }
}

impl RoleLoader {
    /// What the viewer is in `place`.
    pub async fn standing(&self, place: Place) -> Result<Standing, LoadError> {
        Ok(self.0.load_one(place).await?.unwrap_or_default())
    }
}

impl Loader<Place> for Roles {
    type Value = Standing;
    type Error = LoadError;

    async fn load(&self, places: &[Place]) -> Result<HashMap<Place, Standing>, LoadError> {
        // Places without a row are answered too, so that the request remembers them.
        let mut found: HashMap<Place, Standing> = places
            .iter()
            .map(|place| (*place, Standing::default()))
            .collect();
        let Some(statement) = self.statement(places) else {
            return Ok(found);
        };
        for row in self.database.query_all(&statement).await? {
            let (kind, id): (i32, i64) = (row.try_get("", "kind")?, row.try_get("", "id")?);
            let role: Option<String> = row.try_get("", "role")?;
            let place = match kind {
                WORKSPACE => Place::Workspace(id),
                GROUP => Place::Group(id),
                _ => Place::Course(id),
            };
            let Some(standing) = found.get_mut(&place) else {
                continue;
            };
            match role {
                None => standing.is_invited = true,
                Some(role) if standing.role.is_none() || role == CREATOR => {
                    standing.role = Some(role);
                }
                Some(_) => {}
            }
        }
        Ok(found)
    }
}

const WORKSPACE: i32 = 1;
const GROUP: i32 = 2;
const COURSE: i32 = 3;

impl Roles {
    /// One statement for all kinds of places that are asked for.
    fn statement(&self, places: &[Place]) -> Option<SelectStatement> {
        let ids =
            |of: fn(&Place) -> Option<i64>| -> Vec<i64> { places.iter().filter_map(of).collect() };
        let workspaces = ids(|place| matches!(place, Place::Workspace(_)).then(|| place.id()));
        let groups = ids(|place| matches!(place, Place::Group(_)).then(|| place.id()));
        let courses = ids(|place| matches!(place, Place::Course(_)).then(|| place.id()));

        let mut parts = Vec::new();
        if !workspaces.is_empty() {
            use workspace_member::{Column, Entity};
            let mut part = self.part(
                WORKSPACE,
                Expr::col(Column::WorkspaceId),
                Expr::col(Column::Role),
            );
            part.from(Entity)
                .and_where(Column::UserId.eq(self.viewer.user_id()))
                .and_where(any_of(
                    &self.database,
                    Column::WorkspaceId,
                    workspaces.iter().copied(),
                ));
            parts.push(part);

            if let Some(email) = self.viewer.verified_email_norm() {
                use workspace_invite::{Column, Entity};
                let mut invitee = self.part(WORKSPACE, Expr::col(Column::WorkspaceId), no_role());
                invitee
                    .from(Entity)
                    .and_where(Column::EmailNorm.eq(email))
                    .and_where(any_of(&self.database, Column::WorkspaceId, workspaces))
                    .cond_where(status_is(Status::Pending, self.now));
                parts.push(invitee);
            }
        }
        if !groups.is_empty() {
            use group_member::{Column, Entity};
            let mut part = self.part(GROUP, Expr::col(Column::GroupId), Expr::col(Column::Role));
            part.from(Entity)
                .and_where(Column::UserId.eq(self.viewer.user_id()))
                .and_where(any_of(&self.database, Column::GroupId, groups));
            parts.push(part);
        }
        if !courses.is_empty() {
            let wanted = |column| any_of(&self.database, column, courses.iter().copied());

            use course_member::Column as Member;
            let mut member =
                self.part(COURSE, Expr::col(Member::CourseId), Expr::col(Member::Role));
            member
                .from(course_member::Entity)
                .and_where(Member::UserId.eq(self.viewer.user_id()))
                .and_where(wanted("course_id"));

            use course::Column as Course;
            let mut creator = self.part(COURSE, Expr::col(Course::Id), Expr::val(CREATOR));
            creator
                .from(course::Entity)
                .and_where(Course::CreatedById.eq(self.viewer.user_id()))
                .and_where(wanted("id"));

            use course_invite::Column as Invite;
            let mut invitee = self.part(COURSE, Expr::col(Invite::CourseId), no_role());
            invitee
                .from(course_invite::Entity)
                .and_where(Invite::UserId.eq(self.viewer.user_id()))
                .and_where(wanted("course_id"))
                .cond_where(is_open());
            parts.extend([member, creator, invitee]);
        }
        parts.into_iter().reduce(|mut all, part| {
            all.union(UnionType::All, part);
            all
        })
    }

    fn part(&self, kind: i32, id: Expr, role: Expr) -> SelectStatement {
        Query::select()
            .expr_as(Expr::val(kind), "kind")
            .expr_as(id, "id")
            .expr_as(role, "role")
            .take()
    }
}

/// Stands where a row tells of an invite and not of a role.
fn no_role() -> Expr {
    Expr::val(None::<String>).cast_as("text")
}

impl Place {
    /// Key of the workspace, group or course.
    pub fn id(self) -> i64 {
        match self {
            Self::Workspace(id) | Self::Group(id) | Self::Course(id) => id,
        }
    }
}
