//! Invite codes, with the user, the inviter and the tags inside them.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use entity::{invite_code::ActiveModel, invite_code_tag};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, DatabaseTransaction, DbErr, EntityTrait, QueryFilter,
};

use super::{LONGEST_CODE, LONGEST_EMAIL, LONGEST_TEXT, tag, user};
use crate::{
    email,
    import::{
        row::{FieldError, Object},
        table::Rows,
        upsert::{self, Upsert},
    },
};

pub(super) fn read(
    row: &Object<'_>,
    now: DateTime<Utc>,
    rows: &mut Rows,
) -> Result<(), FieldError> {
    let id = row.id(&["id"])?;
    let address = row.filled_if(&["email"], LONGEST_EMAIL)?;
    let inviter = ["invited_by", "invited_by_id"];
    let model = ActiveModel {
        id: Set(id),
        code: Set(row.filled(&["code"], LONGEST_CODE)?),
        role: Set(row.text_if(&["role"], LONGEST_TEXT)?),
        name: Set(row.text_if(&["name"], LONGEST_TEXT)?),
        email_norm: Set(address.as_deref().map(email::normalize)),
        email: Set(address),
        invited_by_id: Set(user::reference_or_stub(
            row,
            &inviter,
            "invited_by_",
            now,
            rows,
        )?),
        user_id: Set(user::reference(row, &["user", "user_id"], now, rows)?),
        generated_at: Set(row.instant("generated_at")?),
        sent_at: Set(row.instant_if("sent_at")?),
        used_at: Set(row.instant_if("used_at")?),
        expires_at: Set(row.instant_if("expires_at")?),
        cancelled_at: Set(row.instant_if("cancelled_at")?),
    };
    rows.invite_codes.push(Upsert {
        model,
        at: row.path().to_owned(),
    });
    let tags: Result<Vec<i64>, _> = row
        .objects("tags")?
        .iter()
        .map(|tag| tag::nested(tag, now, rows))
        .collect();
    rows.tag_sets.push(TagSet {
        invite_code_id: id,
        tags: tags?,
    });
    Ok(())
}

/// Exactly the tags that an invite code shall have.
#[derive(Clone, Debug)]
pub(in crate::import) struct TagSet {
    invite_code_id: i64,
    tags: Vec<i64>,
}

impl TagSet {
    /// Makes the tags of each code what its last set says.
    pub(in crate::import) async fn replace(
        transaction: &DatabaseTransaction,
        sets: impl Iterator<Item = &Self>,
    ) -> Result<(), DbErr> {
        let sets: HashMap<i64, &[i64]> = sets
            .map(|set| (set.invite_code_id, set.tags.as_slice()))
            .collect();
        if sets.is_empty() {
            return Ok(());
        }
        let wanted: BTreeSet<(i64, i64)> = sets
            .iter()
            .flat_map(|(code, tags)| tags.iter().map(|tag| (*code, *tag)))
            .collect();
        let stored = invite_code_tag::Entity::find()
            .filter(invite_code_tag::Column::InviteCodeId.is_in(sets.keys().copied()))
            .all(transaction)
            .await?;
        let (kept, excess): (BTreeSet<_>, BTreeSet<_>) = stored
            .iter()
            .map(|pair| (pair.invite_code_id, pair.tag_id))
            .partition(|pair| wanted.contains(pair));
        for (invite_code_id, tag_id) in excess {
            invite_code_tag::Entity::delete_by_id((invite_code_id, tag_id))
                .exec(transaction)
                .await?;
        }
        let missing: Vec<_> = wanted
            .difference(&kept)
            .map(
                |(invite_code_id, tag_id)| Upsert::<invite_code_tag::Entity> {
                    model: invite_code_tag::ActiveModel {
                        invite_code_id: Set(*invite_code_id),
                        tag_id: Set(*tag_id),
                    },
                    at: String::new(),
                },
            )
            .collect();
        upsert::write(transaction, missing.iter()).await
    }
}
