//! Ids that objects have in their source, and objects by such an id.

use std::{
    borrow::Cow,
    collections::HashMap,
    sync::{Arc, OnceLock},
};

use async_graphql::dataloader::Loader;
use batch_loader::Key;
use entity::external_key::{Column, Entity};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, ExprTrait, QueryFilter, QuerySelect, QueryTrait, Select,
    Value,
    sea_query::{ArrayType, Expr, Values},
};

use super::{LoadError, Reads, Rows, columns::Columns, key::any_of};
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

/// Number of kinds.
const KINDS: usize = 9;

/// All kinds, with the condition for their keys. It has no parameter, so that one text serves all keys.
const ALL: [(ExternalKind, &str); KINDS] = [
    (ExternalKind::User, "kind = 'users'"),
    (ExternalKind::Tag, "kind = 'tags'"),
    (ExternalKind::Workspace, "kind = 'workspaces'"),
    (ExternalKind::Group, "kind = 'groups'"),
    (ExternalKind::Course, "kind = 'courses'"),
    (
        ExternalKind::Invite(InviteKind::InviteCode),
        "kind = 'invite_codes'",
    ),
    (
        ExternalKind::Invite(InviteKind::WorkspaceInvite),
        "kind = 'workspace_invites'",
    ),
    (
        ExternalKind::Invite(InviteKind::GroupInvite),
        "kind = 'group_invites'",
    ),
    (
        ExternalKind::Invite(InviteKind::CourseInvite),
        "kind = 'course_invites'",
    ),
];

/// Texts of a statement, one for each kind.
type Texts = [OnceLock<Arc<str>>; KINDS];

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
        static TEXTS: Texts = [const { OnceLock::new() }; KINDS];
        let mut found = HashMap::new();
        for ((kind, condition), text) in ALL.iter().zip(&TEXTS) {
            let of_kind = keys.iter().filter(|key| key.0 == *kind);
            let ids: Vec<i64> = of_kind.map(|key| key.1).collect();
            if ids.is_empty() {
                continue;
            }
            let rows = self.rows_of_keys(&ids, text, |ids| {
                let wanted = any_of(self.database(), (Entity, Column::Id), ids.iter().copied());
                keys_where(condition).filter(wanted).into_query()
            });
            for row in &rows.await? {
                let (key, id) = read(&mut Columns::from(row, 0))?;
                found.insert(OfObject(*kind, id), key);
            }
        }
        Ok(found)
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
        let mut found = HashMap::new();
        for (kind, condition) in ALL {
            let of_kind = keys.iter().filter(|key| key.0 == kind);
            let of_kind: Vec<&ExternalKey> = of_kind.map(|key| &key.1).collect();
            if of_kind.is_empty() {
                continue;
            }
            let rows = if self.router.postgres().is_some() {
                let sql = format!(
                    "SELECT source, external_id, id FROM external_keys WHERE {condition} \
                     AND (source, external_id) IN (SELECT * FROM unnest($1, $2))"
                );
                let column = |value: fn(&ExternalKey) -> &String| {
                    let texts = of_kind.iter().map(|key| value(key).clone().into());
                    Value::Array(ArrayType::String, Some(Box::new(texts.collect())))
                };
                let values = || {
                    Values(vec![
                        column(|key| &key.source),
                        column(|key| &key.external_id),
                    ])
                };
                self.router.all_of_text(&sql.into(), values).await?
            } else {
                // Padded, so that few distinct statements exist.
                let last = of_kind.last().copied();
                let count = of_kind.len().next_power_of_two();
                let pairs = of_kind.iter().copied().chain(last.into_iter().cycle());
                let wanted = pairs.take(count).fold(Condition::any(), |any, key| {
                    any.add(
                        Column::Source
                            .eq(&key.source)
                            .and(Column::ExternalId.eq(&key.external_id)),
                    )
                });
                let statement = keys_where(condition).filter(wanted).into_query();
                self.router.all(&statement).await?
            };
            for row in &rows {
                let (key, id) = read(&mut Columns::from(row, 0))?;
                found.insert(ByKey(kind, key), id);
            }
        }
        Ok(found)
    }
}

fn keys_where(condition: &'static str) -> Select<Entity> {
    Entity::find()
        .select_only()
        .columns([Column::Source, Column::ExternalId, Column::Id])
        .filter(Expr::cust(condition))
}

fn read(columns: &mut Columns<'_>) -> Result<(ExternalKey, i64), LoadError> {
    let key = ExternalKey {
        source: columns.next()?,
        external_id: columns.next()?,
    };
    Ok((key, columns.next()?))
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
