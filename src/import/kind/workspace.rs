//! Workspaces.

use chrono::{DateTime, Utc};
use entity::workspace::ActiveModel;
use sea_orm::ActiveValue::Set;

use super::LONGEST_TEXT;
use crate::import::{
    row::{FieldError, Object},
    table::Rows,
    upsert::{Upsert, named_or},
};

pub(super) fn read(
    row: &Object<'_>,
    now: DateTime<Utc>,
    rows: &mut Rows,
) -> Result<(), FieldError> {
    let description = row.text_if(&["description"], LONGEST_TEXT)?;
    let model = ActiveModel {
        id: Set(row.id(&["id"])?),
        name: Set(row.text(&["name"], LONGEST_TEXT)?),
        description: Set(description.unwrap_or_default()),
        logo_url: Set(row.filled_if(&["logo_url"], LONGEST_TEXT)?),
        created_at: named_or(row.instant_if("created_at")?, now),
        deleted_at: Set(row.instant_if("deleted_at")?),
    };
    rows.workspaces.push(Upsert {
        model,
        at: row.path().to_owned(),
    });
    Ok(())
}
