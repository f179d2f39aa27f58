//! Members of groups and their roles.

use chrono::{DateTime, Utc};
use entity::group_member::ActiveModel;
use sea_orm::ActiveValue::Set;

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
        group_id: Set(row.id(&["group_id"])?),
        user_id: Set(row.id(&["user_id"])?),
        role: Set(row.one_of(&["role"], &["owner", "manager", "member"])?),
    };
    rows.group_members.push(Upsert {
        model,
        path: row.path().to_owned(),
    });
    Ok(())
}
