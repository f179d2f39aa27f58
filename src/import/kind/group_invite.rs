//! Group invites, with their nested group.

use chrono::{DateTime, Utc};
use entity::group_invite::ActiveModel;
use sea_orm::ActiveValue::Set;

use super::{MAX_CODE, group};
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
    if row.optional_text(&["type"], usize::MAX)?.is_some() {
        row.one_of(&["type"], &["GroupInvite"])?;
    }
    let names = ["group", "group_id"];
    let group_id = match row.nested(&names) {
        Some(group) => group::nested(&group, now, rows)?,
        None => row.id(&names)?,
    };
    let model = ActiveModel {
        id: Set(row.id(&["id"])?),
        group_id: Set(group_id),
        code: Set(row.non_blank(&["code"], MAX_CODE)?),
        created_at: Set(row.instant("created_at")?),
        updated_at: Set(row.instant("updated_at")?),
    };
    rows.group_invites.push(Upsert {
        model,
        path: row.path().to_owned(),
    });
    Ok(())
}
