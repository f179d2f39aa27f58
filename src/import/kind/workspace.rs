//! Workspaces.

use chrono::{DateTime, Utc};
use entity::workspace::ActiveModel;
use sea_orm::ActiveValue::Set;

use super::MAX_TEXT;
use crate::import::{
    row::{FieldError, Object},
    table::Rows,
    upsert::{Upsert, set_or},
};

pub(super) fn read(
    row: &Object<'_>,
    now: DateTime<Utc>,
    rows: &mut Rows,
) -> Result<(), FieldError> {
    let description = row.optional_text(&["description"], MAX_TEXT)?;
    let model = ActiveModel {
        id: Set(row.id(&["id"])?),
        name: Set(row.text(&["name"], MAX_TEXT)?),
        description: Set(description.unwrap_or_default()),
        logo_url: Set(row.optional_non_empty(&["logo_url"], MAX_TEXT)?),
        created_at: set_or(row.optional_instant("created_at")?, now),
        deleted_at: Set(row.optional_instant("deleted_at")?),
    };
    rows.workspaces.push(Upsert {
        model,
        path: row.path().to_owned(),
    });
    Ok(())
}
