//! What one viewer is in workspaces, groups and courses: loaded in one statement for all that one
//! request touches, and kept as long as the request lasts. It is read from the primary, so that a
//! role that is withdrawn counts at once.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use async_graphql::dataloader::Loader;
use chrono::{DateTime, Utc};
use entity::{
    course, course_invite, course_member, group_member, workspace_invite, workspace_member,
};
use sea_orm::{
    ColumnTrait, DatabaseConnection, DbBackend, ExprTrait, Value,
    sea_query::{
        CommonTableExpression, Expr, Func, IntoColumnRef, JoinType, Query, SelectStatement,
        UnionType, ValueType, WithClause,
    },
};

use super::{
    Freshness, LoadError, Loaders, Rows, columns::Columns, course_invite::is_open,
    filter::far_future, lock,
};
use crate::{access::proof::Person, invite::CREATOR};

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

/// Tells what one viewer is in places, and remembers it.
pub struct RoleLoader {
    viewer: Arc<Person>,
    now: DateTime<Utc>,
    loaders: Arc<Loaders>,
    known: Mutex<HashMap<Place, Standing>>,
}

impl RoleLoader {
    /// For one request of `viewer` at `now`.
    pub fn new(loaders: Arc<Loaders>, viewer: Person, now: DateTime<Utc>) -> Self {
        Self {
            viewer: Arc::new(viewer),
            now,
            loaders,
            known: Mutex::default(),
        }
    }

    /// Forgets all roles, so that a change within the request takes effect. No role may be loading
    /// meanwhile, since it would be remembered as it was.
    pub fn forget(&self) {
        lock(&self.known).clear();
    }

    /// What the viewer is in `place`.
    pub async fn standing(&self, place: Place) -> Result<Standing, LoadError> {
        if let Some(known) = lock(&self.known).get(&place) {
            return Ok(known.clone());
        }
        let asked = Asked {
            viewer: self.viewer.clone(),
            place,
        };
        let ties = self.loaders.reads(Freshness::Primary).one(asked).await?;
        let ties = ties.unwrap_or_default();
        let standing = Standing {
            role: ties.role,
            is_invited: ties.invited_until.is_some_and(|until| until > self.now),
        };
        lock(&self.known).insert(place, standing.clone());
        Ok(standing)
    }
}

/// Whose standing is asked, and where.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Asked {
    viewer: Arc<Person>,
    place: Place,
}

/// What ties a person to a place, whatever the time.
#[derive(Clone, Debug, Default)]
struct Ties {
    role: Option<String>,
    /// Until when an invite waits for their answer.
    invited_until: Option<DateTime<Utc>>,
}

impl Loader<Asked> for Rows {
    type Value = Ties;
    type Error = LoadError;

    async fn load(&self, asked: &[Asked]) -> Result<HashMap<Asked, Ties>, LoadError> {
        let Some(statement) = statement(self.database(), asked) else {
            return Ok(HashMap::new());
        };
        let mut found: HashMap<Asked, Ties> = HashMap::new();
        for row in self.servers.all(&statement).await? {
            let mut columns = Columns::from(&row, 0);
            let index: i64 = columns.next()?;
            let Some(asked) = usize::try_from(index)
                .ok()
                .and_then(|index| asked.get(index))
            else {
                continue;
            };
            let ties = found.entry(asked.clone()).or_default();
            match columns.next::<Option<String>>()? {
                None => {
                    let until: Option<DateTime<Utc>> = columns.next()?;
                    ties.invited_until = Ord::max(ties.invited_until, until);
                }
                Some(role) if ties.role.is_none() || role == CREATOR => ties.role = Some(role),
                Some(_) => {}
            }
        }
        Ok(found)
    }
}

const WORKSPACE: i32 = 1;
const GROUP: i32 = 2;
const COURSE: i32 = 3;

/// What is asked, as a table of its own.
const ASKED: &str = "asked";
const INDEX: &str = "index";
const KIND: &str = "kind";
const PLACE_ID: &str = "place_id";
const USER_ID: &str = "user_id";
const EMAIL: &str = "email_norm";

/// Stands for the address of who has proven none: arrays of text hold no null here.
const NO_EMAIL: &str = "";

const ROLE: &str = "role";
const UNTIL: &str = "until";

/// One statement for all kinds of places that are asked for.
fn statement(database: &DatabaseConnection, asked: &[Asked]) -> Option<SelectStatement> {
    let has = |kind| asked.iter().any(|asked| asked.place.kind() == kind);
    let mut parts = Vec::new();
    if has(WORKSPACE) {
        use workspace_member::{Column, Entity};
        let role = Expr::col((Entity, Column::Role));
        let mut member = part(WORKSPACE, role, no_end());
        let here = is_place((Entity, Column::WorkspaceId)).and(is_viewer((Entity, Column::UserId)));
        member.join(JoinType::InnerJoin, Entity, here);
        parts.push(member);

        use workspace_invite::{Column as Invite, Entity as Invites, StoredStatus};
        let until = Expr::col((Invites, Invite::ExpiresAt));
        let mut invitee = part(WORKSPACE, no_role(), until);
        let address = Expr::col((Invites, Invite::EmailNorm))
            .equals((ASKED, EMAIL))
            .and(Expr::col((ASKED, EMAIL)).ne(NO_EMAIL));
        let here = is_place((Invites, Invite::WorkspaceId)).and(address);
        invitee
            .join(JoinType::InnerJoin, Invites, here)
            .and_where(Invite::Status.eq(StoredStatus::Pending));
        parts.push(invitee);
    }
    if has(GROUP) {
        use group_member::{Column, Entity};
        let mut member = part(GROUP, Expr::col((Entity, Column::Role)), no_end());
        let here = is_place((Entity, Column::GroupId)).and(is_viewer((Entity, Column::UserId)));
        member.join(JoinType::InnerJoin, Entity, here);
        parts.push(member);
    }
    if has(COURSE) {
        use course_member::{Column, Entity};
        let mut member = part(COURSE, Expr::col((Entity, Column::Role)), no_end());
        let here = is_place((Entity, Column::CourseId)).and(is_viewer((Entity, Column::UserId)));
        member.join(JoinType::InnerJoin, Entity, here);

        use course::{Column as Course, Entity as Courses};
        let mut creator = part(COURSE, Expr::val(CREATOR), no_end());
        let here = is_place((Courses, Course::Id)).and(is_viewer((Courses, Course::CreatedById)));
        creator.join(JoinType::InnerJoin, Courses, here);

        use course_invite::{Column as Invite, Entity as Invites};
        let mut invitee = part(COURSE, no_role(), Expr::val(far_future()));
        let here = is_place((Invites, Invite::CourseId)).and(is_viewer((Invites, Invite::UserId)));
        invitee
            .join(JoinType::InnerJoin, Invites, here)
            .cond_where(is_open());
        parts.extend([member, creator, invitee]);
    }
    let mut statement = parts.into_iter().reduce(|mut all, part| {
        all.union(UnionType::All, part);
        all
    })?;
    let table = CommonTableExpression::new()
        .query(rows_asked(database, asked))
        .columns([INDEX, KIND, PLACE_ID, USER_ID, EMAIL])
        .table_name(ASKED)
        .to_owned();
    statement.with_cte(WithClause::new().cte(table).to_owned());
    Some(statement)
}

/// What is asked as rows: arrays on PostgreSQL, elsewhere a list padded to a power of two with its
/// last row, so that the database sees few texts.
fn rows_asked(database: &DatabaseConnection, asked: &[Asked]) -> SelectStatement {
    let email = |asked: &Asked| {
        let email = asked.viewer.verified_email_norm();
        email.unwrap_or(NO_EMAIL).to_owned()
    };
    if database.get_database_backend() == DbBackend::Postgres {
        fn column<V: Into<Value> + ValueType>(values: impl Iterator<Item = V>) -> Expr {
            let values = values.map(Into::into).collect();
            let array = Value::Array(V::array_type(), Some(Box::new(values)));
            Func::cust("unnest").arg(Expr::val(array)).into()
        }
        let mut rows = Query::select();
        rows.expr(column((0i64..).take(asked.len())))
            .expr(column(asked.iter().map(|asked| asked.place.kind())))
            .expr(column(asked.iter().map(|asked| asked.place.id())))
            .expr(column(asked.iter().map(|asked| asked.viewer.user_id())))
            .expr(column(asked.iter().map(email)));
        return rows;
    }
    let length = asked.len().next_power_of_two();
    let last = (0i64..).zip(asked).last();
    let padding = std::iter::repeat(last).flatten();
    let padded = (0i64..).zip(asked).chain(padding).take(length);
    let padded = padded.map(|(index, asked)| {
        let (place, viewer) = (asked.place, asked.viewer.user_id());
        (index, place.kind(), place.id(), viewer, email(asked))
    });
    Query::select()
        .expr(Expr::cust("*"))
        .from_values(padded, "listed")
        .take()
}

fn part(kind: i32, role: Expr, until: Expr) -> SelectStatement {
    Query::select()
        .expr_as(Expr::col((ASKED, INDEX)), INDEX)
        .expr_as(role, ROLE)
        .expr_as(until, UNTIL)
        .from(ASKED)
        .and_where(Expr::col((ASKED, KIND)).eq(kind))
        .take()
}

fn is_place(column: impl IntoColumnRef) -> Expr {
    Expr::col(column).equals((ASKED, PLACE_ID))
}

fn is_viewer(column: impl IntoColumnRef) -> Expr {
    Expr::col(column).equals((ASKED, USER_ID))
}

/// Stands where a row tells of no invite.
fn no_end() -> Expr {
    Expr::val(None::<DateTime<Utc>>).cast_as("timestamptz")
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

    fn kind(self) -> i32 {
        match self {
            Self::Workspace(_) => WORKSPACE,
            Self::Group(_) => GROUP,
            Self::Course(_) => COURSE,
        }
    }
}
