//! Members of groups and their roles.

use chrono::{DateTime, Utc};
use entity::group_member::ActiveModel;
use sea_orm::ActiveValue::Set;

use super::{
    Kind,
    field::{Field, MEMBERSHIP, fields},
    is_over, member_role,
};
use crate::import::{
    row::{FieldError, Object},
    table::Rows,
    upsert::Upsert,
};

const ROLES: &[&str] = &["owner", "manager", "member"];

pub(super) fn fields() -> Vec<Field> {
    let own = fields! {
        &["group_id"] => IdOf(Kind::Groups), required, "The key, with `user_id`.";
        &["user_id"] => IdOf(Kind::Users), required, "The member.";
        &["role"] => OneOf(ROLES), required, "`owner` and `manager` manage the group.";
    };
    [own.as_slice(), &MEMBERSHIP].concat()
}

pub(super) fn read(
    row: &Object<'_>,
    now: DateTime<Utc>,
    rows: &mut Rows,
) -> Result<(), FieldError> {
    if is_over(row)? {
        return withdraw(row, now, rows);
    }
    let model = ActiveModel {
        group_id: Set(row.id(&["group_id"])?),
        user_id: Set(row.id(&["user_id"])?),
        role: Set(member_role(row, ROLES)?),
    };
    rows.group_members.push(Upsert::write(model, row.path()));
    Ok(())
}

/// Reads the key of a membership that has ended.
pub(super) fn withdraw(
    row: &Object<'_>,
    now: DateTime<Utc>,
    rows: &mut Rows,
) -> Result<(), FieldError> {
    rows.group_members.push(Upsert::withdrawal(row, now)?);
    Ok(())
}
