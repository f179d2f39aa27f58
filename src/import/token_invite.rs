//! Workspace invites by token. A file names them by the token in their link, or by the hashes of their
//! tokens; the database keeps the hashes in a table of their own.

use std::collections::HashMap;

use entity::{invite_token, workspace_invite};
use sea_orm::{
    ActiveValue::{NotSet, Set, Unchanged},
    ColumnTrait, DatabaseTransaction, DbErr, EntityTrait, PaginatorTrait, QueryFilter, QuerySelect,
};

use super::{
    change::{Change, Effects},
    chunk::CheckedRow,
    constraint::{self, TAKEN, WriteError},
    resolve::new_ids,
    row::FieldError,
    statement::LOOKED_UP,
    upsert::{self, Mode, Upsert},
};

/// An invite and the hashes of its tokens. The id may be missing. Without hashes, the id is the key.
#[derive(Clone, Debug)]
pub(super) struct TokenInvite {
    pub(super) invite: Upsert<workspace_invite::Entity>,
    pub(super) token_hashes: Vec<Vec<u8>>,
}

impl TokenInvite {
    /// Returns the id that the file states.
    pub(super) fn stated_id(&self) -> Option<i64> {
        match self.invite.model.id {
            Set(id) | Unchanged(id) => Some(id),
            NotSet => None,
        }
    }
}

/// The workspace of an invite, and the normalized address.
type Address = (i64, String);

impl TokenInvite {
    fn address(&self) -> Address {
        let model = &self.invite.model;
        let workspace = model.workspace_id.try_as_ref().copied();
        let email = model.email_norm.try_as_ref().cloned();
        (workspace.unwrap_or_default(), email.unwrap_or_default())
    }
}

/// Rows to write, with their ids.
struct Resolved {
    invites: Vec<Upsert<workspace_invite::Entity>>,
    /// Tokens that are not stored.
    tokens: Vec<Upsert<invite_token::Entity>>,
}

impl Resolved {
    /// Writes the tokens, after the invites. A further token is an event of its invite.
    async fn write_tokens(
        &self,
        transaction: &DatabaseTransaction,
        mut effects: Effects,
        records: bool,
    ) -> Result<Effects, WriteError> {
        upsert::write(transaction, self.tokens.iter(), false).await?;
        for token in self.tokens.iter().filter(|_| records) {
            if let Some(invite) = token.model.invite_id.try_as_ref() {
                let workspace = token.model.workspace_id.try_as_ref();
                effects.record_resent(*invite, workspace.copied());
            }
        }
        Ok(effects)
    }
}

/// Writes the invites and their tokens. With `records`, the effects have their events.
pub(super) async fn write(
    transaction: &DatabaseTransaction,
    invites: impl Iterator<Item = &TokenInvite>,
    records: bool,
) -> Result<Effects, WriteError> {
    let resolved = resolve(transaction, &invites.collect::<Vec<_>>()).await?;
    let effects = upsert::write(transaction, resolved.invites.iter(), records).await?;
    resolved.write_tokens(transaction, effects, records).await
}

/// Like [`write`]. An error names the field that caused it.
pub(super) async fn write_explained(
    transaction: &DatabaseTransaction,
    invites: &[TokenInvite],
    records: bool,
) -> Result<Effects, WriteError> {
    let resolved = resolve(transaction, &invites.iter().collect::<Vec<_>>()).await?;
    let effects = constraint::write(transaction, &resolved.invites, records).await?;
    resolved.write_tokens(transaction, effects, records).await
}

/// Finds the id of each invite: by its tokens, else as the file states it, else a new one.
///
/// # Errors
/// A row states an id that an invite to another address has, or tokens of several invites.
async fn resolve(
    transaction: &DatabaseTransaction,
    rows: &[&TokenInvite],
) -> Result<Resolved, WriteError> {
    let hashes = rows.iter().flat_map(|row| &row.token_hashes);
    let hashes: Vec<_> = hashes.map(Vec::as_slice).collect();
    let mut ids = ids_by_token(transaction, &hashes).await?;
    let is_new = |row: &&&TokenInvite| {
        let is_known = row.token_hashes.iter().any(|hash| ids.contains_key(hash));
        row.invite.mode != Mode::Withdraw && !is_known
    };
    let new: Vec<_> = rows.iter().filter(is_new).collect();
    let stated: Vec<i64> = new.iter().filter_map(|row| row.stated_id()).collect();
    let mut taken = addresses(transaction, &stated).await?;
    let new_ids = new_ids(transaction, "workspace_invites", new.len() - stated.len());
    let mut new_ids = new_ids.await?.into_iter();
    let mut resolved = Resolved {
        invites: Vec::with_capacity(rows.len()),
        tokens: Vec::with_capacity(new.len()),
    };
    for row in rows {
        let mut invite = row.invite.clone();
        let taken_error = |field| FieldError::new(format!("{}{field}", row.invite.path), TAKEN);
        let mut by_token = row.token_hashes.iter().filter_map(|hash| ids.get(hash));
        let known = by_token.next().copied();
        if by_token.any(|other| Some(*other) != known) {
            return Err(WriteError::Row(taken_error("token_hashes")));
        }
        if invite.mode == Mode::Withdraw {
            // Nothing is withdrawn if there is no such invite.
            if let Some(id) = known.or(row.stated_id()) {
                invite.model.id = Set(id);
                resolved.invites.push(invite);
            }
            continue;
        }
        let id = match (known, row.stated_id()) {
            (Some(id), _) => id,
            // A source that sends an invite again gives it a further token. Without a token, the id is the key.
            (None, Some(id)) => {
                let own = row.address();
                let holder = taken.entry(id).or_insert_with(|| own.clone());
                if *holder != own && !row.token_hashes.is_empty() {
                    return Err(WriteError::Row(taken_error("id")));
                }
                id
            }
            (None, None) => {
                let missing = || DbErr::Custom("the database returned too few ids".to_owned());
                new_ids.next().ok_or_else(missing)?
            }
        };
        for hash in &row.token_hashes {
            if ids.insert(hash.clone(), id).is_none() {
                resolved.tokens.push(token(id, hash.clone(), row));
            }
        }
        invite.model.id = Set(id);
        resolved.invites.push(invite);
    }
    Ok(resolved)
}

fn token(invite_id: i64, token_hash: Vec<u8>, row: &TokenInvite) -> Upsert<invite_token::Entity> {
    let invite = &row.invite;
    let model = invite_token::ActiveModel {
        token_hash: Set(token_hash),
        invite_id: Unchanged(invite_id),
        workspace_id: invite.model.workspace_id.clone(),
        created_at: invite.model.created_at.clone(),
    };
    Upsert::write(model, &invite.path)
}

/// Loads the ids of the invites with these hashes of tokens.
pub(super) async fn ids_by_token(
    transaction: &DatabaseTransaction,
    hashes: &[&[u8]],
) -> Result<HashMap<Vec<u8>, i64>, DbErr> {
    let mut ids = HashMap::with_capacity(hashes.len());
    for hashes in hashes.chunks(LOOKED_UP) {
        let hashes = hashes.iter().copied();
        let tokens = invite_token::Entity::find()
            .filter(invite_token::Column::TokenHash.is_in(hashes))
            .all(transaction)
            .await?;
        ids.extend(
            tokens
                .into_iter()
                .map(|row| (row.token_hash, row.invite_id)),
        );
    }
    Ok(ids)
}

/// Returns the addresses of those of the ids that invites have.
async fn addresses(
    transaction: &DatabaseTransaction,
    ids: &[i64],
) -> Result<HashMap<i64, Address>, DbErr> {
    let mut addresses = HashMap::new();
    for ids in ids.chunks(LOOKED_UP) {
        let rows: Vec<(i64, i64, String)> = workspace_invite::Entity::find()
            .select_only()
            .columns([
                workspace_invite::Column::Id,
                workspace_invite::Column::WorkspaceId,
                workspace_invite::Column::EmailNorm,
            ])
            .filter(workspace_invite::Column::Id.is_in(ids.iter().copied()))
            .into_tuple()
            .all(transaction)
            .await?;
        let rows = rows.into_iter();
        addresses.extend(rows.map(|(id, workspace, email)| (id, (workspace, email))));
    }
    Ok(addresses)
}

/// Returns the number of pending invites that a chunk created without an expiry. Counts none if its rows state
/// that they have none.
pub(super) async fn never_expiring(
    transaction: &DatabaseTransaction,
    rows: &[CheckedRow],
    effects: &Effects,
) -> Result<u64, DbErr> {
    use workspace_invite::{Column, StoredStatus};
    if !rows.iter().any(|row| row.rows.lacks_expiry) {
        return Ok(0);
    }
    let new = effects.changes.iter();
    let new = new.filter(|(_, change)| **change == Change::New);
    let ids: Vec<i64> = new.filter_map(|(key, _)| key.first().copied()).collect();
    let mut number = 0;
    for ids in ids.chunks(LOOKED_UP) {
        number += workspace_invite::Entity::find()
            .filter(Column::Id.is_in(ids.iter().copied()))
            .filter(Column::Status.eq(StoredStatus::Pending))
            .filter(Column::ExpiresAt.is_null())
            .count(transaction)
            .await?;
    }
    Ok(number)
}

/// Returns the note on new invites that never expire.
pub(super) fn note(never_expire: u64) -> Option<String> {
    match never_expire {
        0 => None,
        1 => Some("1 new invite has no `expires_at`, and never expires".to_owned()),
        _ => Some(format!(
            "{never_expire} new invites have no `expires_at`, and never expire"
        )),
    }
}
