//! Exports rows as NDJSON, in the format that the import of their kind reads.
//!
//! A row has the columns of its table, in their order and under their names, and refers to other rows by id.
//! Columns that the database derives from others are left out. The rows of a source have its ids.

use std::{
    collections::HashMap,
    io::{self, Write},
};

use chrono::SecondsFormat;
use entity::{
    course, course_invite, course_member, group, group_invite, group_member, invite_code,
    invite_code_tag, invite_token, tag, user, workspace, workspace_invite, workspace_member,
};
use sea_orm::{
    AccessMode, ColumnTrait, Condition, ConnectionTrait, DatabaseConnection, DatabaseTransaction,
    DbBackend, DbErr, EntityTrait, ExprTrait, IdenStatic, IsolationLevel, Iterable, ModelTrait,
    PrimaryKeyToColumn, QueryFilter, QueryOrder, QuerySelect, TransactionOptions, TransactionTrait,
    Value, sea_query::Expr,
};
use serde_json::Value as Json;

use crate::import::{Kind, Names, Source};

/// Rows per statement. Bounds memory.
const PAGE: u64 = 4096;

/// Reasons why an export ends early.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The output cannot be written.
    #[error("cannot write the output: {0}")]
    Output(#[from] io::Error),
    /// The database failed or became unreachable.
    #[error("the database failed: {0}")]
    Database(#[from] DbErr),
}

/// Rows that were written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Exported {
    /// Number of rows.
    pub rows: u64,
    /// Length of the longest row, in bytes.
    pub longest: usize,
}

/// A snapshot of the database. Reads return what was committed when it began.
#[derive(Debug)]
pub struct Snapshot(DatabaseTransaction);

impl Snapshot {
    /// Begins a read-only transaction.
    ///
    /// # Errors
    /// The database fails.
    pub async fn begin(database: &DatabaseConnection) -> Result<Self, DbErr> {
        // Transactions of SQLite have one snapshot without these options.
        let is_postgres = database.get_database_backend() == DbBackend::Postgres;
        let options = TransactionOptions {
            isolation_level: is_postgres.then_some(IsolationLevel::RepeatableRead),
            access_mode: is_postgres.then_some(AccessMode::ReadOnly),
            ..Default::default()
        };
        let transaction = database.begin_with_options(options).await?;
        if is_postgres {
            // A plan for any page might sort the whole table. Not every server has the setting.
            let custom = "SELECT set_config(name, 'force_custom_plan', true) FROM pg_settings \
                          WHERE name = 'plan_cache_mode'";
            transaction.execute_unprepared(custom).await?;
        }
        Ok(Self(transaction))
    }

    /// Writes all rows of a kind, or those of a source with its ids, one per line, in the order of their keys.
    /// Rows of a source that have no id there follow the others.
    ///
    /// # Errors
    /// The database or the output fails. Rows before that have been written.
    pub async fn write(
        &self,
        kind: Kind,
        source: Option<&Source>,
        output: &mut (dyn Write + Send),
    ) -> Result<Exported, ExportError> {
        const PLAIN: Layout = (&[], None);
        const USERS: Layout = (&["email_norm"], None);
        const CODES: Layout = (&["email_norm"], Some(Array::TagIds));
        const INVITES: Layout = (&["email_norm"], Some(Array::TokenHashes));
        const INVITEES: Layout = (&["email_norm", "status"], None);
        let rows = Rows { kind, source };
        match kind {
            Kind::Users => self.rows::<user::Entity>(rows, USERS, output).await,
            Kind::Workspaces => self.rows::<workspace::Entity>(rows, PLAIN, output).await,
            Kind::WorkspaceMembers => {
                self.rows::<workspace_member::Entity>(rows, PLAIN, output)
                    .await
            }
            Kind::Groups => self.rows::<group::Entity>(rows, PLAIN, output).await,
            Kind::GroupMembers => self.rows::<group_member::Entity>(rows, PLAIN, output).await,
            Kind::Tags => self.rows::<tag::Entity>(rows, PLAIN, output).await,
            Kind::Courses => self.rows::<course::Entity>(rows, PLAIN, output).await,
            Kind::CourseMembers => {
                self.rows::<course_member::Entity>(rows, PLAIN, output)
                    .await
            }
            Kind::InviteCodes => self.rows::<invite_code::Entity>(rows, CODES, output).await,
            Kind::WorkspaceInvites => {
                self.rows::<workspace_invite::Entity>(rows, INVITES, output)
                    .await
            }
            Kind::GroupInvites => self.rows::<group_invite::Entity>(rows, PLAIN, output).await,
            Kind::CourseInvites => {
                self.rows::<course_invite::Entity>(rows, INVITEES, output)
                    .await
            }
        }
    }

    async fn rows<E>(
        &self,
        rows: Rows<'_>,
        layout: Layout,
        output: &mut (dyn Write + Send),
    ) -> Result<Exported, ExportError>
    where
        E: EntityTrait<Model: ModelTrait<Entity = E> + Sync>,
    {
        let mut written = Exported::default();
        for part in rows.parts() {
            let of_part = self.part::<E>(rows, &part, layout, output).await?;
            written.rows += of_part.rows;
            written.longest = written.longest.max(of_part.longest);
        }
        output.flush()?;
        Ok(written)
    }

    async fn part<E>(
        &self,
        rows: Rows<'_>,
        part: &Condition,
        (derived, array): Layout,
        output: &mut (dyn Write + Send),
    ) -> Result<Exported, ExportError>
    where
        E: EntityTrait<Model: ModelTrait<Entity = E> + Sync>,
    {
        let mut written = Exported::default();
        let mut text = Vec::new();
        let mut page = self.page::<E>(part, None).await?;
        while let (Some(first), Some(last)) = (page.first(), page.last()) {
            let mut arrays = match array {
                Some(array) => self.arrays(array, id(first), id(last)).await?,
                None => HashMap::new(),
            };
            let mut names = Names::default();
            if let Some(source) = rows.source {
                for column in E::Column::iter() {
                    if let Some(kind) = rows.kind.of_id(column.as_str()) {
                        let ids = page.iter().filter_map(|row| number(row.get(column)));
                        names.load(&self.0, source, kind, ids).await?;
                    }
                }
                let tags = arrays.values().flatten().filter_map(Json::as_i64);
                names.load(&self.0, source, Kind::Tags, tags).await?;
            }
            text.clear();
            for row in &page {
                let start = text.len();
                let mut separator = '{';
                for column in E::Column::iter() {
                    let name = column.as_str();
                    if derived.contains(&name) || name.ends_with("_folded") {
                        continue;
                    }
                    if let Some(value) = rows.value(&names, name, row.get(column))? {
                        write!(text, "{separator}\"{name}\":{value}")?;
                        separator = ',';
                    }
                }
                if let Some(array) = array {
                    let items = arrays.remove(&id(row)).unwrap_or_default();
                    if let Some(items) = rows.items(&names, array, items) {
                        write!(text, ",\"{}\":{}", array.name(), Json::Array(items))?;
                    }
                }
                text.push(b'}');
                written.longest = written.longest.max(text.len() - start);
                text.push(b'\n');
            }
            output.write_all(&text)?;
            written.rows += page.len() as u64;
            page = self.page::<E>(part, Some(last)).await?;
        }
        Ok(written)
    }

    /// Loads the rows of a part after `last`, or the first ones.
    async fn page<E>(
        &self,
        part: &Condition,
        last: Option<&E::Model>,
    ) -> Result<Vec<E::Model>, DbErr>
    where
        E: EntityTrait<Model: ModelTrait<Entity = E> + Sync>,
    {
        let mut page = E::find().filter(part.clone()).limit(PAGE);
        for column in keys::<E>() {
            page = page.order_by_asc(column);
        }
        if let Some(last) = last {
            let values = keys::<E>().map(|column| Expr::value(last.get(column)));
            let columns = keys::<E>().map(Expr::col);
            page = page.filter(Expr::tuple(columns).gt(Expr::tuple(values)));
        }
        page.all(&self.0).await
    }

    /// Loads the arrays of the invites whose ids are in a range.
    async fn arrays(
        &self,
        array: Array,
        first: i64,
        last: i64,
    ) -> Result<HashMap<i64, Vec<Json>>, DbErr> {
        use invite_code_tag::Column::{InviteCodeId, TagId};
        use invite_token::Column::{InviteId, TokenHash};
        let mut arrays: HashMap<_, Vec<_>> = HashMap::new();
        match array {
            Array::TagIds => {
                let rows = invite_code_tag::Entity::find()
                    .filter(InviteCodeId.between(first, last))
                    .order_by_asc(TagId);
                for row in rows.all(&self.0).await? {
                    let tags = arrays.entry(row.invite_code_id).or_default();
                    tags.push(row.tag_id.into());
                }
            }
            Array::TokenHashes => {
                let rows = invite_token::Entity::find()
                    .filter(InviteId.between(first, last))
                    .order_by_asc(TokenHash);
                for row in rows.all(&self.0).await? {
                    let hashes = arrays.entry(row.invite_id).or_default();
                    hashes.push(hex(&row.token_hash).into());
                }
            }
        }
        Ok(arrays)
    }
}

/// The rows to write.
#[derive(Clone, Copy)]
struct Rows<'a> {
    kind: Kind,
    source: Option<&'a Source>,
}

impl Rows<'_> {
    /// Returns the conditions for the rows, in their order.
    fn parts(self) -> Vec<Condition> {
        if self.source.is_none() {
            return vec![Condition::all()];
        }
        let of_source = self.kind.of_source(self.source);
        match self.kind {
            // A row of these needs no id to be imported.
            Kind::WorkspaceInvites | Kind::CourseInvites => {
                let has_id = self.kind.is_of_source("id", self.source);
                let other = of_source.add(has_id.clone().not());
                vec![Condition::all().add(has_id), other]
            }
            Kind::GroupInvites => vec![of_source.add(self.kind.is_of_source("id", self.source))],
            _ => vec![of_source],
        }
    }

    /// Returns the value of a column. None for a reference to a row that is not of the source.
    fn value(self, names: &Names, column: &str, value: Value) -> Result<Option<Json>, DbErr> {
        match (self.source, self.kind.of_id(column), number(value.clone())) {
            (Some(_), Some(kind), Some(id)) => Ok(match names.get(kind, id) {
                Some(name) => Some(name.into()),
                None => (column == "id").then_some(Json::Null),
            }),
            _ => json(value).map(Some),
        }
    }

    /// Returns the items of an array. None if a tag is not of the source.
    fn items(self, names: &Names, array: Array, items: Vec<Json>) -> Option<Vec<Json>> {
        match (self.source, array) {
            (Some(_), Array::TagIds) => {
                let tags = items.iter().filter_map(Json::as_i64);
                tags.map(|tag| names.get(Kind::Tags, tag).map(Json::from))
                    .collect()
            }
            _ => Some(items),
        }
    }
}

/// Returns a 64-bit integer.
fn number(value: Value) -> Option<i64> {
    match value {
        Value::BigInt(number) => number,
        _ => None,
    }
}

/// Columns of a table that are left out, besides those of folded text, and an array that follows the columns.
type Layout = (&'static [&'static str], Option<Array>);

/// A field whose values are in a table of their own.
#[derive(Clone, Copy)]
enum Array {
    TagIds,
    TokenHashes,
}

impl Array {
    fn name(self) -> &'static str {
        match self {
            Self::TagIds => "tag_ids",
            Self::TokenHashes => "token_hashes",
        }
    }
}

/// Returns the columns of the primary key.
fn keys<E: EntityTrait>() -> impl Iterator<Item = E::Column> {
    E::PrimaryKey::iter().map(PrimaryKeyToColumn::into_column)
}

/// Returns the first value of the primary key.
fn id<M: ModelTrait>(row: &M) -> i64 {
    let key = keys::<M::Entity>().next();
    key.and_then(|column| number(row.get(column)))
        .unwrap_or_default()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Returns a value of a column in the format that the import reads.
fn json(value: Value) -> Result<Json, DbErr> {
    Ok(match value {
        value if value == value.as_null() => Json::Null,
        Value::Bool(Some(flag)) => flag.into(),
        Value::Int(Some(number)) => number.into(),
        Value::BigInt(Some(number)) => number.into(),
        Value::String(Some(text)) => text.into(),
        Value::ChronoDateTimeUtc(Some(at)) => {
            at.to_rfc3339_opts(SecondsFormat::AutoSi, true).into()
        }
        other => {
            let reason = format!("no JSON for {:?}", other.array_type());
            return Err(DbErr::Type(reason));
        }
    })
}
