//! Workspaces.

use chrono::{DateTime, Utc};
use entity::workspace::ActiveModel;
use sea_orm::ActiveValue::Set;

use super::{
    MAX_TEXT,
    field::{Field, LIVE, fields},
};
use crate::{
    fold,
    import::{
        row::{FieldError, Object},
        table::Rows,
        upsert::{Upsert, set_or},
    },
};

pub(super) fn fields() -> Vec<Field> {
    let own = fields! {
        &["id"] => Id, required, "The key.";
        &["name"] => Text(MAX_TEXT), required, "Display name.";
        &["description"] => Text(MAX_TEXT), "empty", "Shown to people who are invited.";
        &["logo_url"] => Url, "null", "A picture.";
    };
    [own.as_slice(), &LIVE].concat()
}

pub(super) fn read(
    row: &Object<'_>,
    now: DateTime<Utc>,
    rows: &mut Rows,
) -> Result<(), FieldError> {
    let description = row.optional_text(&["description"], MAX_TEXT)?;
    let id = row.id(&["id"])?;
    let name = row.text(&["name"], MAX_TEXT)?;
    let model = ActiveModel {
        id: Set(id),
        name_folded: Set(fold::stored(&name)),
        name: Set(name),
        description: row.column(&["description"], description, String::new()),
        logo_url: row.nullable(&["logo_url"], row.optional_url(&["logo_url"])?),
        created_at: set_or(row.optional_instant("created_at")?, now),
        deleted_at: row.deleted_at()?,
    };
    rows.workspaces.push(Upsert::write(model, row.path()));
    Ok(())
}

/// Reads the key of a workspace that the source has deleted.
pub(super) fn withdraw(
    row: &Object<'_>,
    now: DateTime<Utc>,
    rows: &mut Rows,
) -> Result<(), FieldError> {
    rows.workspaces.push(Upsert::withdrawal(row, now)?);
    Ok(())
}
