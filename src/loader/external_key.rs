//! Ids that objects have in their source, and objects by such an id.

use std::{borrow::Cow, collections::HashMap};

use async_graphql::dataloader::Loader;
use batch_loader::Key;
use entity::external_key::{Column, Entity};
use sea_orm::{
    DatabaseConnection, DbBackend, EntityTrait, ExprTrait, QueryFilter, QuerySelect, QueryTrait,
    Value,
    sea_query::{ArrayType, Expr, Func, Query, SelectStatement, ValueTuple},
};

use super::{LoadError, Reads, Rows, columns::Columns};
use crate::invite::InviteKind;

/// Kind of objects that may have an id in a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ExternalKind {
    /// Users.
    User,
    /// Tags.
    Tag,
    /// Workspaces.
    Workspace,
    /// Groups.
    Group,
    /// Courses.
    Course,
    /// Invites.
    Invite(InviteKind),
}

/// All kinds, and how `external_keys` names them: by their tables.
const KINDS: [(ExternalKind, &str); 9] = [
    (ExternalKind::User, "users"),
    (ExternalKind::Tag, "tags"),
    (ExternalKind::Workspace, "workspaces"),
    (ExternalKind::Group, "groups"),
    (ExternalKind::Course, "courses"),
    (ExternalKind::Invite(InviteKind::InviteCode), "invite_codes"),
    (
        ExternalKind::Invite(InviteKind::WorkspaceInvite),
        "workspace_invites",
    ),
    (
        ExternalKind::Invite(InviteKind::GroupInvite),
        "group_invites",
    ),
    (
        ExternalKind::Invite(InviteKind::CourseInvite),
        "course_invites",
    ),
];

impl ExternalKind {
    fn as_str(self) -> &'static str {
        let named = KINDS.iter().find(|(kind, _)| *kind == self);
        named.map_or("", |(_, name)| name)
    }

    fn named(name: &str) -> Option<Self> {
        let named = KINDS.iter().find(|(_, other)| *other == name);
        named.map(|(kind, _)| *kind)
    }
}

/// An id in a source.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ExternalKey {
    /// Name of the source.
    pub source: String,
    /// Id there.
    pub external_id: String,
}

/// The id in its source of an object.
#[derive(Clone, PartialEq, Eq, Hash)]
struct OfObject(ExternalKind, i64);

impl Key for OfObject {
    fn kind() -> Cow<'static, str> {
        "external_key_of_object".into()
    }
}

impl Loader<OfObject> for Rows {
    type Value = ExternalKey;
    type Error = LoadError;

    async fn load(&self, keys: &[OfObject]) -> Result<HashMap<OfObject, ExternalKey>, LoadError> {
        let wanted = keys
            .iter()
            .map(|OfObject(kind, id)| vec![kind.as_str().into(), (*id).into()]);
        let columns = [
            (Column::Kind, ArrayType::String),
            (Column::Id, ArrayType::BigInt),
        ];
        let found = self.external_keys(&columns, wanted.collect()).await?;
        Ok(found
            .into_iter()
            .map(|(kind, key, id)| (OfObject(kind, id), key))
            .collect())
    }
}

/// The object with an id in a source.
#[derive(Clone, PartialEq, Eq, Hash)]
struct ByKey(ExternalKind, ExternalKey);

impl Key for ByKey {
    fn kind() -> Cow<'static, str> {
        "object_by_external_key".into()
    }
}

impl Loader<ByKey> for Rows {
    type Value = i64;
    type Error = LoadError;

    async fn load(&self, keys: &[ByKey]) -> Result<HashMap<ByKey, i64>, LoadError> {
        let wanted = keys.iter().map(|ByKey(kind, key)| {
            let (source, id) = (key.source.as_str(), key.external_id.as_str());
            vec![kind.as_str().into(), source.into(), id.into()]
        });
        let columns = [Column::Kind, Column::Source, Column::ExternalId]
            .map(|column| (column, ArrayType::String));
        let found = self.external_keys(&columns, wanted.collect()).await?;
        Ok(found
            .into_iter()
            .map(|(kind, key, id)| (ByKey(kind, key), id))
            .collect())
    }
}

impl Rows {
    /// Loads the keys whose `columns` have one of these rows of values, in one statement for all kinds.
    async fn external_keys(
        &self,
        columns: &[(Column, ArrayType)],
        wanted: Vec<Vec<Value>>,
    ) -> Result<Vec<(ExternalKind, ExternalKey, i64)>, LoadError> {
        let names = columns.iter().map(|(column, _)| Expr::col(*column));
        let types: Vec<_> = columns.iter().map(|(_, of)| of.clone()).collect();
        let statement = Entity::find()
            .select_only()
            .columns([Column::Kind, Column::Source, Column::ExternalId, Column::Id])
            .filter(Expr::tuple(names).in_subquery(listed(self.database(), &types, wanted)))
            .into_query();
        let mut found = Vec::new();
        for row in &self.router.all(&statement).await? {
            let mut columns = Columns::from(row, 0);
            let kind: String = columns.next()?;
            let key = ExternalKey {
                source: columns.next()?,
                external_id: columns.next()?,
            };
            if let Some(kind) = ExternalKind::named(&kind) {
                found.push((kind, key, columns.next()?));
            }
        }
        Ok(found)
    }
}

/// Selects rows of values of these types. They are arrays on PostgreSQL, and elsewhere a list, padded with its
/// last row to a power of two, so that the database sees few texts.
fn listed(
    database: &DatabaseConnection,
    types: &[ArrayType],
    mut rows: Vec<Vec<Value>>,
) -> SelectStatement {
    const LISTED: &str = "listed";
    let mut select = Query::select().expr(Expr::cust("*")).take();
    if database.get_database_backend() == DbBackend::Postgres {
        let arrays = types.iter().enumerate().map(|(at, of)| {
            let column = rows.iter().map(|row| row[at].clone()).collect();
            Expr::val(Value::Array(of.clone(), Some(Box::new(column))))
        });
        let rows = Func::cust("unnest").args(arrays);
        return select.from_function(rows, LISTED).take();
    }
    if let Some(last) = rows.last().cloned() {
        rows.resize(rows.len().next_power_of_two(), last);
    }
    let rows = rows.into_iter().map(ValueTuple::Many);
    select.from_values(rows, LISTED).take()
}

impl Reads<'_> {
    /// Loads the id in its source of an object; none if it came from no source with ids of its own.
    pub async fn external_key(
        &self,
        kind: ExternalKind,
        id: i64,
    ) -> Result<Option<ExternalKey>, LoadError> {
        self.one(OfObject(kind, id)).await
    }

    /// Loads the id of the object with an id in a source, which may be deleted.
    pub async fn id_by_external_key(
        &self,
        kind: ExternalKind,
        key: ExternalKey,
    ) -> Result<Option<i64>, LoadError> {
        self.one(ByKey(kind, key)).await
    }
}
