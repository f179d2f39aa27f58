//! Members of workspaces and their roles.

use chrono::{DateTime, Utc};
use entity::workspace_member::ActiveModel;
use sea_orm::ActiveValue::Set;

use super::{
    Kind, MAX_NAME,
    field::{Field, MEMBERSHIP, fields},
    is_over, role_key,
};
use crate::{
    import::{
        row::{FieldError, Object},
        table::Rows,
        upsert::Upsert,
    },
    invite::ROLES,
};

pub(super) fn fields() -> Vec<Field> {
    let own = fields! {
        &["workspace_id"] => IdOf(Kind::Workspaces), required, "The key, with `user_id`.";
        &["user_id"] => IdOf(Kind::Users), required, "The member.";
        &["role"] => Text(MAX_NAME), required, "`owner` and `admin` manage the workspace. `Team Lead` is `team_lead`.";
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
    let role = role_key(&row.non_blank(&["role"], MAX_NAME)?);
    if !ROLES.contains(&role.as_str()) {
        rows.other_role = Some(role.clone());
    }
    let model = ActiveModel {
        workspace_id: Set(row.id(&["workspace_id"])?),
        user_id: Set(row.id(&["user_id"])?),
        role: Set(role),
    };
    rows.workspace_members
        .push(Upsert::write(model, row.path()));
    Ok(())
}

/// Reads the key of a membership that has ended.
pub(super) fn withdraw(
    row: &Object<'_>,
    now: DateTime<Utc>,
    rows: &mut Rows,
) -> Result<(), FieldError> {
    rows.workspace_members.push(Upsert::withdrawal(row, now)?);
    Ok(())
}
