//! Tags of invite codes. A row replaces all tags of its code.

use std::collections::{BTreeSet, HashMap};

use entity::invite_code_tag;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, DatabaseTransaction, DbErr, EntityTrait, QueryFilter,
};

use super::{
    change::{Change, Effects},
    constraint::{WriteError, is_refused},
    row::FieldError,
    statement::LOOKED_UP,
    upsert::{self, Upsert},
};

/// The complete set of tags of an invite code.
#[derive(Clone, Debug)]
pub(super) struct TagSet {
    pub(super) invite_code_id: i64,
    pub(super) tags: Vec<i64>,
}

impl TagSet {
    /// Like [`Self::replace`]. An error names the field that caused it.
    pub(super) async fn replace_explained(
        transaction: &DatabaseTransaction,
        sets: &[Self],
    ) -> Result<Effects, WriteError> {
        let replaced = Self::replace(transaction, sets.iter()).await;
        replaced.map_err(|error| match is_refused(&error) {
            // The row has created the tags that it describes.
            true => WriteError::Row(FieldError::new("tag_ids", "no such tag")),
            false => WriteError::Database(error),
        })
    }

    /// Replaces the tags of each code by its last set. Returns the codes whose tags change.
    pub(super) async fn replace(
        transaction: &DatabaseTransaction,
        sets: impl Iterator<Item = &Self>,
    ) -> Result<Effects, DbErr> {
        let sets: HashMap<i64, &[i64]> = sets
            .map(|set| (set.invite_code_id, set.tags.as_slice()))
            .collect();
        let mut effects = Effects::default();
        if sets.is_empty() {
            return Ok(effects);
        }
        let wanted: BTreeSet<(i64, i64)> = sets
            .iter()
            .flat_map(|(code, tags)| tags.iter().map(|tag| (*code, *tag)))
            .collect();
        let codes: Vec<i64> = sets.keys().copied().collect();
        let mut stored = Vec::new();
        for codes in codes.chunks(LOOKED_UP) {
            let pairs = invite_code_tag::Entity::find()
                .filter(invite_code_tag::Column::InviteCodeId.is_in(codes.iter().copied()));
            stored.extend(pairs.all(transaction).await?);
        }
        let (kept, excess): (BTreeSet<_>, BTreeSet<_>) = stored
            .iter()
            .map(|pair| (pair.invite_code_id, pair.tag_id))
            .partition(|pair| wanted.contains(pair));
        for (invite_code_id, tag_id) in excess {
            effects.record(vec![invite_code_id], Change::Changed);
            invite_code_tag::Entity::delete_by_id((invite_code_id, tag_id))
                .exec(transaction)
                .await?;
        }
        let missing: Vec<_> = wanted
            .difference(&kept)
            .map(|(invite_code_id, tag_id)| {
                let model = invite_code_tag::ActiveModel {
                    invite_code_id: Set(*invite_code_id),
                    tag_id: Set(*tag_id),
                };
                Upsert::<invite_code_tag::Entity>::write(model, "")
            })
            .collect();
        upsert::write(transaction, missing.iter(), false).await?;
        for (invite_code_id, _) in wanted.difference(&kept) {
            effects.record(vec![*invite_code_id], Change::Changed);
        }
        Ok(effects)
    }
}
