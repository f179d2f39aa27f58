//! Memberships of the viewer in workspaces, groups and courses. One statement loads all that a
//! request needs at a time, and the request caches them. They are read from the primary, so that
//! a withdrawn role takes effect at once.

use std::{
    borrow::Cow,
    collections::HashMap,
    sync::{Arc, Mutex},
};

use async_graphql::dataloader::Loader;
use batch_loader::Key;
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
    filter::far_future, lock, tables::Members,
};
use crate::{access::proof::SelfProof, invite::CREATOR};

/// A workspace, group or course, in which the viewer may have a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    /// The workspace with this id.
    Workspace(i64),
    /// The group with this id.
    Group(i64),
    /// The course with this id.
    Course(i64),
}

/// Membership of the viewer in a target.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Membership {
    /// Their role; none if not a member. The creator of a course has the role `creator`.
    pub role: Option<String>,
    /// An invite to it is pending. Always false for groups.
    pub is_invited: bool,
}

/// Loads the memberships of one viewer, and caches them.
pub struct RoleLoader {
    viewer: Arc<SelfProof>,
    now: DateTime<Utc>,
    loaders: Arc<Loaders>,
    known: Mutex<HashMap<Target, Membership>>,
}

impl RoleLoader {
    /// Creates the loader for one request of `viewer` at `now`.
    pub fn new(loaders: Arc<Loaders>, viewer: SelfProof, now: DateTime<Utc>) -> Self {
        Self {
            viewer: Arc::new(viewer),
            now,
            loaders,
            known: Mutex::default(),
        }
    }

    /// Forgets all roles, so that a change within the request takes effect. No role may be loading
    /// meanwhile, since its old value would be cached.
    pub fn forget(&self) {
        lock(&self.known).clear();
    }

    /// Returns the viewer's membership in `target`.
    pub async fn membership(&self, target: Target) -> Result<Membership, LoadError> {
        if let Some(known) = lock(&self.known).get(&target) {
            return Ok(known.clone());
        }
        let key = MembershipKey {
            viewer: self.viewer.clone(),
            target,
        };
        let row = self.loaders.reads(Freshness::Primary).one(key).await?;
        let row = row.unwrap_or_default();
        let membership = Membership {
            role: row.role,
            is_invited: row.invited_until.is_some_and(|until| until > self.now),
        };
        lock(&self.known).insert(target, membership.clone());
        Ok(membership)
    }
}

/// Key of a membership: the viewer and the target.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct MembershipKey {
    viewer: Arc<SelfProof>,
    target: Target,
}

/// A membership as stored, independent of the time.
#[derive(Clone, Debug, Default)]
struct MembershipRow {
    role: Option<String>,
    /// Expiry of a pending invite.
    invited_until: Option<DateTime<Utc>>,
}

impl Key for MembershipKey {
    fn kind() -> Cow<'static, str> {
        "membership".into()
    }
}

impl Loader<MembershipKey> for Rows {
    type Value = MembershipRow;
    type Error = LoadError;

    async fn load(
        &self,
        keys: &[MembershipKey],
    ) -> Result<HashMap<MembershipKey, MembershipRow>, LoadError> {
        let Some(statement) = statement(self.database(), keys) else {
            return Ok(HashMap::new());
        };
        let mut found: HashMap<MembershipKey, MembershipRow> = HashMap::new();
        for row in self.router.all(&statement).await? {
            let mut columns = Columns::from(&row, 0);
            let index: i64 = columns.next()?;
            let Some(key) = usize::try_from(index)
                .ok()
                .and_then(|index| keys.get(index))
            else {
                continue;
            };
            let membership = found.entry(key.clone()).or_default();
            match columns.next::<Option<String>>()? {
                None => {
                    let until: Option<DateTime<Utc>> = columns.next()?;
                    membership.invited_until = Ord::max(membership.invited_until, until);
                }
                Some(role) if membership.role.is_none() || role == CREATOR => {
                    membership.role = Some(role);
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

/// The keys, as a table of their own.
const KEYS: &str = "asked";
const INDEX: &str = "index";
const KIND: &str = "kind";
const TARGET_ID: &str = "target_id";
const USER_ID: &str = "user_id";
const EMAIL: &str = "email_norm";

/// Replaces a missing verified address, since arrays of text hold no null here.
const NO_EMAIL: &str = "";

const ROLE: &str = "role";
const UNTIL: &str = "until";

/// Selects the memberships of all keys, of every kind of target.
fn statement(database: &DatabaseConnection, keys: &[MembershipKey]) -> Option<SelectStatement> {
    let has = |kind| keys.iter().any(|key| key.target.kind() == kind);
    let mut parts = Vec::new();
    if has(WORKSPACE) {
        parts.push(members::<workspace_member::Entity>(WORKSPACE));

        use workspace_invite::{Column as Invite, Entity as Invites, StoredStatus};
        let mut invitee = part(WORKSPACE, no_role(), super::workspace_invite::expiry());
        let address = Expr::col((Invites, Invite::EmailNorm))
            .equals((KEYS, EMAIL))
            .and(Expr::col((KEYS, EMAIL)).ne(NO_EMAIL));
        let here = is_target((Invites, Invite::WorkspaceId)).and(address);
        invitee
            .join(JoinType::InnerJoin, Invites, here)
            .and_where(Invite::Status.eq(StoredStatus::Pending));
        parts.push(invitee);
    }
    if has(GROUP) {
        parts.push(members::<group_member::Entity>(GROUP));
    }
    if has(COURSE) {
        parts.push(members::<course_member::Entity>(COURSE));

        use course::{Column as Course, Entity as Courses};
        let mut creator = part(COURSE, Expr::val(CREATOR), no_end());
        let here = is_target((Courses, Course::Id)).and(is_viewer((Courses, Course::CreatedById)));
        creator.join(JoinType::InnerJoin, Courses, here);

        use course_invite::{Column as Invite, Entity as Invites};
        let invitee = |is_theirs: Expr| {
            let here = is_target((Invites, Invite::CourseId)).and(is_theirs);
            part(COURSE, no_role(), Expr::val(far_future()))
                .join(JoinType::InnerJoin, Invites, here)
                .cond_where(is_open())
                .take()
        };
        let by_account = invitee(is_viewer((Invites, Invite::UserId)));
        // No row has the empty address.
        let by_address = invitee(Expr::col((Invites, Invite::EmailNorm)).equals((KEYS, EMAIL)));
        parts.extend([creator, by_account, by_address]);
    }
    let mut statement = parts.into_iter().reduce(|mut all, part| {
        all.union(UnionType::All, part);
        all
    })?;
    let table = CommonTableExpression::new()
        .query(rows_of_keys(database, keys))
        .columns([INDEX, KIND, TARGET_ID, USER_ID, EMAIL])
        .table_name(KEYS)
        .to_owned();
    statement.with_cte(WithClause::new().cte(table).to_owned());
    Some(statement)
}

/// Selects the keys as rows. They are arrays on PostgreSQL, and elsewhere a list, padded with its
/// last row to a power of two, so that the database sees few texts.
fn rows_of_keys(database: &DatabaseConnection, keys: &[MembershipKey]) -> SelectStatement {
    let email = |key: &MembershipKey| {
        let email = key.viewer.verified_email_norm();
        email.unwrap_or(NO_EMAIL).to_owned()
    };
    if database.get_database_backend() == DbBackend::Postgres {
        fn column<V: Into<Value> + ValueType>(values: impl Iterator<Item = V>) -> Expr {
            let values = values.map(Into::into).collect();
            let array = Value::Array(V::array_type(), Some(Box::new(values)));
            Func::cust("unnest").arg(Expr::val(array)).into()
        }
        let mut rows = Query::select();
        rows.expr(column((0i64..).take(keys.len())))
            .expr(column(keys.iter().map(|key| key.target.kind())))
            .expr(column(keys.iter().map(|key| key.target.id())))
            .expr(column(keys.iter().map(|key| key.viewer.user_id())))
            .expr(column(keys.iter().map(email)));
        return rows;
    }
    let length = keys.len().next_power_of_two();
    let last = (0i64..).zip(keys).last();
    let padding = std::iter::repeat(last).flatten();
    let padded = (0i64..).zip(keys).chain(padding).take(length);
    let padded = padded.map(|(index, key)| {
        let (target, viewer) = (key.target, key.viewer.user_id());
        (index, target.kind(), target.id(), viewer, email(key))
    });
    Query::select()
        .expr(Expr::cust("*"))
        .from_values(padded, "listed")
        .take()
}

fn part(kind: i32, role: Expr, until: Expr) -> SelectStatement {
    Query::select()
        .expr_as(Expr::col((KEYS, INDEX)), INDEX)
        .expr_as(role, ROLE)
        .expr_as(until, UNTIL)
        .from(KEYS)
        .and_where(Expr::col((KEYS, KIND)).eq(kind))
        .take()
}

/// Selects the roles of members.
fn members<M: Members>(kind: i32) -> SelectStatement {
    let mut member = part(kind, Expr::col((M::default(), M::ROLE)), no_end());
    let here = is_target((M::default(), M::TARGET)).and(is_viewer((M::default(), M::USER)));
    member.join(JoinType::InnerJoin, M::default(), here);
    member
}

fn is_target(column: impl IntoColumnRef) -> Expr {
    Expr::col(column).equals((KEYS, TARGET_ID))
}

fn is_viewer(column: impl IntoColumnRef) -> Expr {
    Expr::col(column).equals((KEYS, USER_ID))
}

/// The expiry in rows that are no invite.
fn no_end() -> Expr {
    Expr::val(None::<DateTime<Utc>>).cast_as("timestamptz")
}

/// The role in rows of invites.
fn no_role() -> Expr {
    Expr::val(None::<String>).cast_as("text")
}

impl Target {
    /// Returns the id of the workspace, group or course.
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
