//! Who belongs to a workspace, in which role.

use chrono::{DateTime, Utc};
use entity::workspace_member::ActiveModel;
use sea_orm::ActiveValue::Set;

use super::LONGEST_NAME;
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
        role: Set(row.filled(&["role"], LONGEST_NAME)?),
    };
    rows.workspace_members.push(Upsert {
        model,
        at: row.path().to_owned(),
    });
    Ok(())
}
