//! Group invites, with their nested group.

use chrono::{DateTime, Utc};
use entity::group_invite::ActiveModel;
use sea_orm::ActiveValue::Set;

use super::{
    Kind, MAX_CODE,
    field::{DELETED, Field, fields},
    group,
};
use crate::import::{
    row::{FieldError, Object},
    table::Rows,
    upsert::Upsert,
};

const GROUP: [&str; 2] = ["group", "group_id"];

pub(super) fn fields() -> Vec<Field> {
    let own = fields! {
        &["id"] => Id, required, "Id of the link.";
        &GROUP => Reference(Kind::Groups), required, "The key: a group has one link.";
        &["code"] => Text(MAX_CODE), required, "The secret in the link; unique.";
        &["created_at"] => Instant, required, "Time of creation.";
        &["updated_at"] => Instant, required, "Time at which the code was last changed.";
        &["type"] => OneOf(&["GroupInvite"]), "`GroupInvite`", "Type of the object in the contract.";
        &["url"] => Url, "null", "The link, if the source has one; erased if the code changes without it.";
    };
    [own.as_slice(), &DELETED].concat()
}

pub(super) fn read(
    row: &Object<'_>,
    now: DateTime<Utc>,
    rows: &mut Rows,
) -> Result<(), FieldError> {
    if row.optional_text(&["type"], usize::MAX)?.is_some() {
        row.one_of(&["type"], &["GroupInvite"])?;
    }
    let group_id = match row.nested(&GROUP) {
        Some(group) => group::nested(&group, now, rows)?,
        None => row.id(&GROUP)?,
    };
    let model = ActiveModel {
        id: Set(row.id(&["id"])?),
        group_id: Set(group_id),
        code: Set(row.code(&["code"], MAX_CODE)?),
        url: row.nullable(&["url"], row.optional_url(&["url"])?),
        created_at: Set(row.instant("created_at")?),
        updated_at: Set(row.instant("updated_at")?),
    };
    rows.group_invites.push(Upsert::write(model, row.path()));
    Ok(())
}

/// Reads the key of a group whose link the source has deleted.
pub(super) fn withdraw(
    row: &Object<'_>,
    now: DateTime<Utc>,
    rows: &mut Rows,
) -> Result<(), FieldError> {
    let group_id = match row.nested(&GROUP) {
        Some(group) => group.id(&["id"])?,
        None => row.id(&GROUP)?,
    };
    rows.group_invites
        .push(Upsert::withdrawal_of(&[group_id], now));
    Ok(())
}
