//! Ids of a source and those in the database: `external_keys` has both. Rows that a source brings for the
//! first time get new ids.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap, HashSet},
};

use clap::ValueEnum;
use entity::{course_invite, external_key, user, workspace_invite};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, DbBackend, DbErr,
    EntityTrait, QueryFilter, QuerySelect, Statement, Value,
};

use super::{
    Kind, Rejection, Source,
    change::Key,
    chunk::{CheckedRow, Chunk},
    constraint::TAKEN,
    invitee,
    row::FieldError,
    source::ExternalId,
    statement::LOOKED_UP,
    token_invite,
    upsert::{self, Mode, Upsert},
};
use crate::invite::FIRST_ID;

/// The ids of rows in their source, by kind and id in the database.
#[derive(Debug, Default)]
pub struct Names {
    ids: HashMap<(Kind, i64), String>,
    /// The target and invitee of invites that have no id in the file, by their id in the database.
    invites: HashMap<i64, String>,
}

impl Names {
    /// Loads the ids that rows of a kind have in a source.
    ///
    /// # Errors
    /// The database fails.
    pub async fn load(
        &mut self,
        database: &impl ConnectionTrait,
        source: &Source,
        kind: Kind,
        ids: impl IntoIterator<Item = i64>,
    ) -> Result<(), DbErr> {
        let missing = ids
            .into_iter()
            .filter(|id| !self.ids.contains_key(&(kind, *id)));
        let missing: Vec<_> = missing.collect();
        for ids in missing.chunks(LOOKED_UP) {
            let rows: Vec<(i64, String)> = external_key::Entity::find()
                .select_only()
                .columns([external_key::Column::Id, external_key::Column::ExternalId])
                .filter(external_key::Column::Kind.eq(kind.table()))
                .filter(external_key::Column::Id.is_in(ids.iter().copied()))
                .filter(external_key::Column::Source.eq(source.as_str()))
                .into_tuple()
                .all(database)
                .await?;
            let names = rows.into_iter().map(|(id, text)| ((kind, id), text));
            self.ids.extend(names);
        }
        Ok(())
    }

    /// Loads the ids in the keys of rows of a kind.
    pub(super) async fn load_keys(
        &mut self,
        transaction: &DatabaseTransaction,
        source: &Source,
        kind: Kind,
        keys: impl Iterator<Item = &Key>,
    ) -> Result<(), DbErr> {
        let mut ids: BTreeMap<&str, HashSet<i64>> = BTreeMap::new();
        for (column, id) in keys.flat_map(|key| kind.key_columns(key)) {
            ids.entry(column).or_default().insert(id);
        }
        for (column, ids) in ids {
            let of = kind.of_id(column).unwrap_or(kind);
            self.load(transaction, source, of, ids).await?;
        }
        Ok(())
    }

    /// Returns the id of a row in its source, if it has one.
    pub fn get(&self, kind: Kind, id: i64) -> Option<&str> {
        self.ids.get(&(kind, id)).map(String::as_str)
    }

    /// Returns the id of a row in its source, or else that in the database.
    pub(super) fn text(&self, kind: Kind, id: i64) -> Cow<'_, str> {
        self.get(kind, id)
            .map_or_else(|| id.to_string().into(), Cow::Borrowed)
    }

    /// Loads the target and invitee of invites to workspaces and courses whose ids the gateway made, and which
    /// have none in the source. Leaves invites to addresses out, unless `shows_addresses`.
    pub(super) async fn load_invites(
        &mut self,
        transaction: &DatabaseTransaction,
        source: Option<&Source>,
        kind: Kind,
        keys: impl Iterator<Item = &Key>,
        shows_addresses: bool,
    ) -> Result<(), DbErr> {
        use {course_invite::Column as Course, workspace_invite::Column as Workspace};
        let ids = keys.filter_map(|key| key.first().copied());
        let ids: Vec<i64> = ids
            .filter(|id| *id >= FIRST_ID && self.get(kind, *id).is_none())
            .collect();
        let mut invites: Vec<(i64, i64, Option<i64>, Option<String>)> = Vec::new();
        for ids in ids.chunks(LOOKED_UP) {
            let ids = ids.iter().copied();
            match kind {
                Kind::CourseInvites => {
                    let rows = course_invite::Entity::find()
                        .select_only()
                        .columns([Course::Id, Course::CourseId, Course::UserId, Course::Email])
                        .filter(Course::Id.is_in(ids));
                    invites.extend(rows.into_tuple().all(transaction).await?);
                }
                Kind::WorkspaceInvites => {
                    let rows: Vec<(i64, i64, String)> = workspace_invite::Entity::find()
                        .select_only()
                        .columns([Workspace::Id, Workspace::WorkspaceId, Workspace::Email])
                        .filter(Workspace::Id.is_in(ids))
                        .into_tuple()
                        .all(transaction)
                        .await?;
                    let rows = rows.into_iter();
                    invites.extend(rows.map(|(id, of, email)| (id, of, None, Some(email))));
                }
                _ => return Ok(()),
            }
        }
        let (of, column) = match kind {
            Kind::CourseInvites => (Kind::Courses, "course_id"),
            _ => (Kind::Workspaces, "workspace_id"),
        };
        if let Some(source) = source {
            let targets = invites.iter().map(|(_, target, ..)| *target);
            self.load(transaction, source, of, targets).await?;
            let users = invites.iter().filter_map(|(_, _, user, _)| *user);
            self.load(transaction, source, Kind::Users, users).await?;
        }
        for (id, target, user, email) in invites {
            let invitee = match (user, email) {
                (Some(user), _) => format!("user_id={}", self.text(Kind::Users, user)),
                (None, Some(email)) if shows_addresses => format!("email={email}"),
                (None, _) => continue,
            };
            let text = format!("{column}={} {invitee}", self.text(of, target));
            self.invites.insert(id, text);
        }
        Ok(())
    }

    /// Returns the key of a row of a kind with the names of its columns, such as `course_id=1 user_id=12`.
    pub(super) fn key_text(&self, kind: Kind, key: &Key) -> String {
        if let Some(text) = key.first().and_then(|id| self.invites.get(id)) {
            return text.clone();
        }
        let parts = kind.key_columns(key).into_iter().map(|(column, id)| {
            let of = kind.of_id(column).unwrap_or(kind);
            format!("{column}={}", self.text(of, id))
        });
        parts.collect::<Vec<_>>().join(" ")
    }
}

/// The rows of a chunk, with ids of the database.
pub(super) struct Resolved {
    /// Rows whose references are known.
    pub(super) rows: Vec<CheckedRow>,
    /// The other rows.
    pub(super) rejections: Vec<Rejection>,
    /// Ids that the source gave to objects of the rows.
    pub(super) names: Names,
    /// Keys to store: those that rows bring, by line.
    new: Vec<(u64, Kind, i64)>,
    /// Stored objects to which their source gave another id, or the first one.
    renamed: HashMap<Kind, Vec<i64>>,
}

/// Replaces the ids of a source in the rows of a chunk. Imports of the same source wait for the end of the
/// transaction, so that two give one id to a new object.
pub(super) async fn resolve(
    transaction: &DatabaseTransaction,
    source: &Source,
    chunk: &Chunk,
) -> Result<Resolved, DbErr> {
    lock(transaction, source).await?;
    let mut ids = stored_ids(transaction, source, &chunk.stated).await?;
    let known: HashSet<i64> = ids.keys().copied().collect();
    let mut stored = StoredRows::find(transaction, source, chunk, &ids).await?;
    ids.extend(stored.ids.iter().map(|(stated, (_, id))| (*stated, *id)));
    let brought: Vec<Vec<i64>> = chunk.rows.iter().map(|row| row.rows.brought()).collect();
    let mut unknown: Vec<(Kind, Vec<i64>)> = Vec::new();
    let mut seen = HashSet::new();
    for stated in brought.iter().flatten() {
        if !ids.contains_key(stated) && seen.insert(*stated) {
            let kind = chunk.stated[stated].kind;
            match unknown.iter_mut().find(|(of, _)| *of == kind) {
                Some((_, of_kind)) => of_kind.push(*stated),
                None => unknown.push((kind, vec![*stated])),
            }
        }
    }
    for (kind, stated) in unknown {
        let new = new_ids(transaction, kind.table(), stated.len()).await?;
        ids.extend(stated.into_iter().zip(new));
    }
    let mut resolved = Resolved {
        rows: Vec::with_capacity(chunk.rows.len()),
        rejections: Vec::new(),
        names: Names::default(),
        new: Vec::new(),
        renamed: HashMap::new(),
    };
    for (stated, ExternalId { kind, text }) in &chunk.stated {
        if let Some(id) = ids.get(stated) {
            resolved.names.ids.insert((*kind, *id), text.clone());
        }
    }
    for (row, brought) in chunk.rows.iter().zip(brought) {
        // Of several ids that a file gives to an object, the last counts.
        for stated in &brought {
            let ExternalId { kind, text } = &chunk.stated[stated];
            resolved
                .names
                .ids
                .insert((*kind, ids[stated]), text.clone());
        }
        let unknown = row.rows.unknown_id(&ids).map(|(field, stated)| {
            let ExternalId { kind, text } = &chunk.stated[&stated];
            FieldError::new(field, format!("{}{WITH_ID}{text:?}", no_such(*kind)))
        });
        let foreign = stored.foreign.remove(&row.line);
        let foreign = foreign.map(|()| FieldError::new("token", TAKEN));
        if let Some(error) = unknown.or(foreign) {
            resolved.rejections.push(Rejection::new(row.line, error));
            continue;
        }
        let mut row = row.clone();
        row.rows.set_ids(&ids);
        let new = brought.iter().filter(|stated| !known.contains(stated));
        let new = new.map(|stated| (row.line, chunk.stated[stated].kind, ids[stated]));
        resolved.new.extend(new);
        resolved.rows.push(row);
    }
    for (kind, id) in stored.ids.into_values() {
        resolved.renamed.entry(kind).or_default().push(id);
    }
    Ok(resolved)
}

/// Text before an id in a reason.
pub(super) const WITH_ID: &str = " with the id ";

/// Start of the reason why a reference is rejected.
fn no_such(kind: Kind) -> String {
    format!("no such {}", kind.table().trim_end_matches('s'))
}

impl Resolved {
    /// Adds the ids of the source to the reasons of `rejections`, which the database gave.
    pub(super) fn name(&self, rejections: &mut [Rejection]) {
        for rejection in rejections {
            let Ok(at) = self
                .rows
                .binary_search_by_key(&rejection.line, |row| row.line)
            else {
                continue;
            };
            let id = self.rows[at].rows.id_at(&rejection.field);
            let mut kinds = Kind::value_variants().iter();
            let kind = kinds.find(|kind| rejection.reason == no_such(**kind));
            if let (Some(id), Some(kind)) = (id, kind)
                && let Some(text) = self.names.get(*kind, id)
            {
                rejection.reason = format!("{}{WITH_ID}{text:?}", rejection.reason);
            }
        }
    }

    /// Stores the keys of the objects that the accepted rows bring.
    pub(super) async fn store(
        &self,
        transaction: &DatabaseTransaction,
        source: &Source,
        rejections: &[Rejection],
    ) -> Result<(), DbErr> {
        let rejected: HashSet<u64> = rejections.iter().map(|row| row.line).collect();
        let new = self
            .new
            .iter()
            .filter(|(line, ..)| !rejected.contains(line));
        let new: HashSet<(Kind, i64)> = new.map(|(_, kind, id)| (*kind, *id)).collect();
        for (kind, ids) in &self.renamed {
            let ids: Vec<i64> = ids
                .iter()
                .copied()
                .filter(|id| new.contains(&(*kind, *id)))
                .collect();
            for ids in ids.chunks(LOOKED_UP) {
                external_key::Entity::delete_many()
                    .filter(external_key::Column::Kind.eq(kind.table()))
                    .filter(external_key::Column::Id.is_in(ids.iter().copied()))
                    .exec(transaction)
                    .await?;
            }
        }
        let keys = new.into_iter().map(|(kind, id)| {
            let model = external_key::ActiveModel {
                source: Set(source.as_str().to_owned()),
                kind: Set(kind.table().to_owned()),
                external_id: Set(self.names.text(kind, id).into_owned()),
                id: Set(id),
            };
            Upsert::<external_key::Entity>::write(model, "")
        });
        let keys: Vec<_> = keys.collect();
        upsert::write(transaction, keys.iter(), false).await?;
        Ok(())
    }
}

/// Waits for other imports of the source. SQLite has one writer at a time.
async fn lock(transaction: &DatabaseTransaction, source: &Source) -> Result<(), DbErr> {
    if transaction.get_database_backend() == DbBackend::Postgres {
        let sql = "SELECT pg_advisory_xact_lock(hashtextextended('external_keys ' || $1, 0))";
        let values = [source.as_str().into()];
        let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, values);
        transaction.execute_raw(statement).await?;
    }
    Ok(())
}

/// Loads the ids of stored keys, by the numbers that stand for them.
async fn stored_ids(
    transaction: &DatabaseTransaction,
    source: &Source,
    stated: &HashMap<i64, ExternalId>,
) -> Result<HashMap<i64, i64>, DbErr> {
    let mut by_kind: HashMap<Kind, HashMap<&str, i64>> = HashMap::new();
    for (stated, ExternalId { kind, text }) in stated {
        by_kind.entry(*kind).or_default().insert(text, *stated);
    }
    let mut ids = HashMap::with_capacity(stated.len());
    for (kind, stated) in by_kind {
        let texts: Vec<&str> = stated.keys().copied().collect();
        for texts in texts.chunks(LOOKED_UP) {
            let rows: Vec<(String, i64)> = external_key::Entity::find()
                .select_only()
                .columns([external_key::Column::ExternalId, external_key::Column::Id])
                .filter(external_key::Column::Source.eq(source.as_str()))
                .filter(external_key::Column::Kind.eq(kind.table()))
                .filter(external_key::Column::ExternalId.is_in(texts.iter().copied()))
                .into_tuple()
                .all(transaction)
                .await?;
            let found = rows.into_iter();
            ids.extend(found.filter_map(|(text, id)| Some((*stated.get(text.as_str())?, id))));
        }
    }
    Ok(ids)
}

/// Stored rows that rows of the file name otherwise than by their id: invites by their token, or by their course
/// and user, and accounts that the gateway made by their external id.
#[derive(Default)]
struct StoredRows {
    /// Their kind and id, by the number that stands for the id that the row states.
    ids: HashMap<i64, (Kind, i64)>,
    /// Lines of rows with the token of another source.
    foreign: HashMap<u64, ()>,
}

impl StoredRows {
    async fn find(
        transaction: &DatabaseTransaction,
        source: &Source,
        chunk: &Chunk,
        ids: &HashMap<i64, i64>,
    ) -> Result<Self, DbErr> {
        let mut found = Self::default();
        found.add_accounts(transaction, chunk, ids).await?;
        found.add_course_invites(transaction, chunk, ids).await?;
        found
            .add_workspace_invites(transaction, source, chunk, ids)
            .await?;
        Ok(found)
    }

    /// Adds the accounts of people who signed in before their source brought them: otherwise two accounts would
    /// have one external id, and their tokens would be refused.
    async fn add_accounts(
        &mut self,
        transaction: &DatabaseTransaction,
        chunk: &Chunk,
        ids: &HashMap<i64, i64>,
    ) -> Result<(), DbErr> {
        use user::Column::{DeletedAt, ExtId, Id};
        let mut stated = HashMap::new();
        for user in chunk.rows.iter().flat_map(|row| &row.rows.users) {
            if user.mode == Mode::Write
                && let (Set(id), Set(Some(ext_id))) = (&user.model.id, &user.model.ext_id)
                && !ids.contains_key(id)
            {
                stated.insert(ext_id.as_str(), *id);
            }
        }
        let ext_ids: Vec<&str> = stated.keys().copied().collect();
        for ext_ids in ext_ids.chunks(LOOKED_UP) {
            let accounts: Vec<(String, i64)> = user::Entity::find()
                .select_only()
                .columns([ExtId, Id])
                .filter(ExtId.is_in(ext_ids.iter().copied()))
                .filter(DeletedAt.is_null())
                .filter(Id.gte(FIRST_ID))
                .filter(Kind::Users.of_source(None))
                .into_tuple()
                .all(transaction)
                .await?;
            for (ext_id, id) in accounts {
                self.ids.insert(stated[ext_id.as_str()], (Kind::Users, id));
            }
        }
        Ok(())
    }

    async fn add_course_invites(
        &mut self,
        transaction: &DatabaseTransaction,
        chunk: &Chunk,
        ids: &HashMap<i64, i64>,
    ) -> Result<(), DbErr> {
        let mut rows = Vec::new();
        for invite in chunk.rows.iter().flat_map(|row| &row.rows.course_invites) {
            let stated = invitee::stated_id(invite).filter(|stated| !ids.contains_key(stated));
            if let Some(stated) = stated {
                let mut invite = invite.clone();
                upsert::set_ids(&mut invite, ids);
                rows.push((stated, invite));
            }
        }
        let invites: Vec<_> = rows.iter().map(|(_, invite)| invite).collect();
        let stored = invitee::stored_ids(transaction, &invites).await?;
        for (stated, invite) in &rows {
            if let Some(id) = stored.get(&invitee::key(invite)) {
                self.ids.insert(*stated, (Kind::CourseInvites, *id));
            }
        }
        Ok(())
    }

    async fn add_workspace_invites(
        &mut self,
        transaction: &DatabaseTransaction,
        source: &Source,
        chunk: &Chunk,
        ids: &HashMap<i64, i64>,
    ) -> Result<(), DbErr> {
        let rows = || {
            chunk.rows.iter().flat_map(|row| {
                let invites = row.rows.workspace_invites.iter();
                invites.map(move |invite| (row.line, invite))
            })
        };
        let hashes: Vec<&[u8]> = rows()
            .flat_map(|(_, invite)| &invite.token_hashes)
            .map(Vec::as_slice)
            .collect();
        let by_token = token_invite::ids_by_token(transaction, &hashes).await?;
        let found: Vec<i64> = by_token.values().copied().collect();
        let mut foreign: HashSet<i64> = HashSet::new();
        for ids in found.chunks(LOOKED_UP) {
            let rows: Vec<i64> = external_key::Entity::find()
                .select_only()
                .column(external_key::Column::Id)
                .filter(external_key::Column::Kind.eq(Kind::WorkspaceInvites.table()))
                .filter(external_key::Column::Id.is_in(ids.iter().copied()))
                .filter(external_key::Column::Source.ne(source.as_str()))
                .into_tuple()
                .all(transaction)
                .await?;
            foreign.extend(rows);
        }
        for (line, invite) in rows() {
            let mut stored = invite
                .token_hashes
                .iter()
                .filter_map(|hash| by_token.get(hash));
            let Some(id) = stored.next() else { continue };
            if foreign.contains(id) {
                self.foreign.insert(line, ());
            } else if invite.invite.mode == Mode::Write
                && let Some(stated) = invite.stated_id()
                && !ids.contains_key(&stated)
            {
                self.ids.insert(stated, (Kind::WorkspaceInvites, *id));
            }
        }
        Ok(())
    }
}

/// Takes ids of the gateway's own for new rows of a table.
pub(super) async fn new_ids(
    transaction: &DatabaseTransaction,
    table: &str,
    count: usize,
) -> Result<Vec<i64>, DbErr> {
    if count == 0 {
        return Ok(Vec::new());
    }
    let rows = i64::try_from(count).unwrap_or(i64::MAX);
    let backend = transaction.get_database_backend();
    if backend == DbBackend::Postgres {
        let sql =
            "SELECT nextval(pg_get_serial_sequence($1, 'id')) AS id FROM generate_series(1, $2)";
        let values: [Value; 2] = [table.into(), rows.into()];
        let statement = Statement::from_sql_and_values(backend, sql, values);
        let rows = transaction.query_all_raw(statement).await?;
        return rows.iter().map(|row| row.try_get("", "id")).collect();
    }
    // Also after ids whose rows are not written yet, or deleted.
    let sql = format!(
        "SELECT max({}, coalesce((SELECT max(id) FROM {table}), 0), \
             coalesce((SELECT max(id) FROM external_keys WHERE kind = ?1), 0), \
             coalesce((SELECT seq FROM sqlite_sequence WHERE name = ?1), 0)) AS id",
        FIRST_ID - 1
    );
    let statement = Statement::from_sql_and_values(backend, sql, [table.into()]);
    let last = transaction.query_one_raw(statement).await?;
    let missing = || DbErr::Custom("the database returned no id".to_owned());
    let last: i64 = last.ok_or_else(missing)?.try_get("", "id")?;
    // Only of tables whose ids SQLite generates.
    let sql = "UPDATE sqlite_sequence SET seq = ? WHERE name = ?";
    let values: [Value; 2] = [(last + rows).into(), table.into()];
    let statement = Statement::from_sql_and_values(backend, sql, values);
    transaction.execute_raw(statement).await?;
    Ok((last + 1..=last + rows).collect())
}
