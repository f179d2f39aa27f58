//! Course invites by course and invitee. A file names an invite by its course and the user or address that is
//! invited; the database keeps one for each.

use std::{borrow::Cow, collections::HashMap};

use entity::course_invite::{ActiveModel, Column, Entity};
use sea_orm::{
    ActiveValue::{NotSet, Set, Unchanged},
    ColumnTrait, ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait, IdenStatic, QueryFilter,
    QuerySelect, Statement,
};

use super::{
    change::Effects,
    constraint::{self, TAKEN, WriteError},
    resolve::new_ids,
    row::FieldError,
    statement::{LOOKED_UP, sources},
    upsert::{self, Mode, Upsert},
};

/// The course, and the invited user or normalized address.
pub(super) type Key = (i64, Option<i64>, Option<String>);

/// Returns the key of an invite.
pub(super) fn key(Upsert { model, .. }: &Upsert<Entity>) -> Key {
    let course = model.course_id.try_as_ref().copied().unwrap_or_default();
    let user = model.user_id.try_as_ref().copied().flatten();
    let address = model.email_norm.try_as_ref().cloned().flatten();
    (course, user, address)
}

/// Writes the invites.
pub(super) async fn write(
    transaction: &DatabaseTransaction,
    invites: impl Iterator<Item = &Upsert<Entity>>,
    records: bool,
) -> Result<Effects, WriteError> {
    let resolved = resolve(transaction, &invites.collect::<Vec<_>>()).await?;
    Ok(upsert::write(transaction, resolved.iter(), records).await?)
}

/// Like [`write`]. An error names the field that caused it.
pub(super) async fn write_explained(
    transaction: &DatabaseTransaction,
    invites: &[Upsert<Entity>],
    records: bool,
) -> Result<Effects, WriteError> {
    let resolved = resolve(transaction, &invites.iter().collect::<Vec<_>>()).await?;
    constraint::write(transaction, &resolved, records).await
}

/// Returns the id that the file states.
pub(super) fn stated_id(row: &Upsert<Entity>) -> Option<i64> {
    match row.model.id {
        Set(id) | Unchanged(id) => Some(id),
        NotSet => None,
    }
}

/// Finds the id of each invite: by its key, else as the file states it, else a new one.
///
/// # Errors
/// A new row states an id that another invite has.
async fn resolve(
    transaction: &DatabaseTransaction,
    rows: &[&Upsert<Entity>],
) -> Result<Vec<Upsert<Entity>>, WriteError> {
    let mut ids = stored_ids(transaction, rows).await?;
    let is_new =
        |row: &&&Upsert<Entity>| row.mode != Mode::Withdraw && !ids.contains_key(&key(row));
    let new: Vec<_> = rows.iter().filter(is_new).collect();
    let stated: Vec<i64> = new.iter().filter_map(|row| stated_id(row)).collect();
    let mut holders = holders(transaction, &stated).await?;
    let unnumbered = new.len() - stated.len();
    let mut new_ids = new_ids(transaction, "course_invites", unnumbered)
        .await?
        .into_iter();
    let mut resolved = Vec::with_capacity(rows.len());
    for row in rows {
        let key = key(row);
        let id = match (ids.get(&key), stated_id(row)) {
            (Some(id), _) => *id,
            // Nothing is withdrawn if there is no such invite.
            (None, _) if row.mode == Mode::Withdraw => continue,
            (None, Some(id)) => {
                if *holders.entry(id).or_insert_with(|| key.clone()) != key {
                    let taken = FieldError::new(format!("{}id", row.path), TAKEN);
                    return Err(WriteError::Row(taken));
                }
                id
            }
            (None, None) => {
                let missing = || DbErr::Custom("the database returned too few ids".to_owned());
                new_ids.next().ok_or_else(missing)?
            }
        };
        ids.insert(key, id);
        let mut invite = (*row).clone();
        invite.model.id = Set(id);
        resolved.push(invite);
    }
    Ok(resolved)
}

/// Returns the ids of the invites that are stored, by their keys.
pub(super) async fn stored_ids(
    transaction: &DatabaseTransaction,
    rows: &[&Upsert<Entity>],
) -> Result<HashMap<Key, i64>, DbErr> {
    let mut ids = HashMap::with_capacity(rows.len());
    for invitee in [Column::UserId, Column::EmailNorm] {
        let has_it = |row: &&&Upsert<Entity>| {
            let (_, user, address) = key(row);
            match invitee {
                Column::UserId => user.is_some(),
                _ => address.is_some(),
            }
        };
        let models = rows
            .iter()
            .filter(has_it)
            .map(|row| Cow::Borrowed(&row.model));
        add_ids(transaction, &models.collect::<Vec<_>>(), invitee, &mut ids).await?;
    }
    Ok(ids)
}

/// Adds the ids of the invites that are stored, by course and `invitee`.
async fn add_ids(
    transaction: &DatabaseTransaction,
    models: &[Cow<'_, ActiveModel>],
    invitee: Column,
    ids: &mut HashMap<Key, i64>,
) -> Result<(), DbErr> {
    let backend = transaction.get_database_backend();
    let columns = vec![Column::CourseId, invitee];
    let invitee = invitee.as_str();
    for (source, values) in sources::<Entity>(backend, columns, models) {
        let sql = format!(
            "WITH named (course_id, {invitee}) AS ({source}) \
             SELECT id, course_id, user_id, email_norm FROM course_invites \
             WHERE (course_id, {invitee}) IN (SELECT course_id, {invitee} FROM named)"
        );
        let statement = Statement::from_sql_and_values(backend, sql, values);
        for row in transaction.query_all_raw(statement).await? {
            let at = |at: usize| row.try_get_by_index::<Option<i64>>(at);
            let key = (row.try_get_by_index(1)?, at(2)?, row.try_get_by_index(3)?);
            ids.insert(key, row.try_get_by_index(0)?);
        }
    }
    Ok(())
}

/// Returns the keys of those of the ids that invites have.
async fn holders(
    transaction: &DatabaseTransaction,
    ids: &[i64],
) -> Result<HashMap<i64, Key>, DbErr> {
    let mut holders = HashMap::new();
    for ids in ids.chunks(LOOKED_UP) {
        let rows: Vec<(i64, i64, Option<i64>, Option<String>)> = Entity::find()
            .select_only()
            .columns([
                Column::Id,
                Column::CourseId,
                Column::UserId,
                Column::EmailNorm,
            ])
            .filter(Column::Id.is_in(ids.iter().copied()))
            .into_tuple()
            .all(transaction)
            .await?;
        let rows = rows.into_iter();
        holders.extend(rows.map(|(id, course, user, email)| (id, (course, user, email))));
    }
    Ok(holders)
}
