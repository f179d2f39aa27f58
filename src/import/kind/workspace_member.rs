//! Members of workspaces and their roles.

use chrono::{DateTime, Utc};
use entity::workspace_member::ActiveModel;
use sea_orm::ActiveValue::Set;

use super::{MAX_NAME, is_over, role_key};
use crate::import::{
    row::{FieldError, Object},
    table::Rows,
    upsert::Upsert,
};

pub(super) fn read(
    row: &Object<'_>,
    now: DateTime<Utc>,
    rows: &mut Rows,
) -> Result<(), FieldError> {
    if is_over(row)? {
        return withdraw(row, now, rows);
    }
    let model = ActiveModel {
        workspace_id: Set(row.id(&["workspace_id"])?),
        user_id: Set(row.id(&["user_id"])?),
        role: Set(role_key(&row.non_blank(&["role"], MAX_NAME)?)),
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
