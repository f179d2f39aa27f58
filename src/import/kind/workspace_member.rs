//! Members of workspaces and their roles.

use chrono::{DateTime, Utc};
use entity::workspace_member::ActiveModel;
use sea_orm::ActiveValue::Set;

use super::MAX_NAME;
use crate::import::{
    row::{FieldError, Object},
    table::Rows,
    upsert::Upsert,
};

pub(super) fn read(
    row: &Object<'_>,
    _now: DateTime<Utc>,
    rows: &mut Rows,
) -> Result<(), FieldError> {
    let model = ActiveModel {
        workspace_id: Set(row.id(&["workspace_id"])?),
        user_id: Set(row.id(&["user_id"])?),
        role: Set(row.non_blank(&["role"], MAX_NAME)?),
    };
    rows.workspace_members.push(Upsert {
        model,
        path: row.path().to_owned(),
    });
    Ok(())
}
