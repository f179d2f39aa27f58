//! Tags, as rows or nested in invite codes.

use chrono::{DateTime, Utc};
use entity::tag::ActiveModel;
use sea_orm::ActiveValue::Set;

use super::{
    MAX_TAG, MAX_TEXT,
    field::{Field, LIVE, fields},
};
use crate::import::{
    row::{FieldError, Object},
    table::Rows,
    upsert::{Upsert, set_or},
};

pub(super) fn fields() -> Vec<Field> {
    let own = fields! {
        &["id"] => Id, required, "The key.";
        &["type", "kind"] => OneOf(&["user", "category", "contribution"]), required, "Type of the tag.";
        &["name"] => Text(MAX_TAG), required, "Unique among tags of the type that are not deleted.";
        &["color"] => Color, required, "The colour in which the tag is shown.";
        &["description"] => Text(MAX_TEXT), "null", "Description of the tag.";
        &["visible"] => Bool, "true", "True if the tag is shown beside a name.";
        &["active"] => Bool, "true", "True if the tag can still be granted.";
    };
    [own.as_slice(), &LIVE].concat()
}

pub(super) fn read(
    row: &Object<'_>,
    now: DateTime<Utc>,
    rows: &mut Rows,
) -> Result<(), FieldError> {
    let model = profile(row, now)?;
    rows.tags.push(Upsert::write(model, row.path()));
    Ok(())
}

/// Reads the key of a tag that the source has deleted.
pub(super) fn withdraw(
    row: &Object<'_>,
    now: DateTime<Utc>,
    rows: &mut Rows,
) -> Result<(), FieldError> {
    rows.tags.push(Upsert::withdrawal(row, now)?);
    Ok(())
}

/// Reads a tag nested in an invite code, which creates it if there is none with its id.
pub(super) fn nested(
    tag: &Object<'_>,
    now: DateTime<Utc>,
    rows: &mut Rows,
) -> Result<i64, FieldError> {
    let model = ActiveModel {
        deleted_at: Set(tag
            .optional_bool("deleted")?
            .unwrap_or_default()
            .then_some(now)),
        ..profile(tag, now)?
    };
    rows.tags.push(Upsert::create(model, tag.path()));
    tag.id(&["id"])
}

fn profile(tag: &Object<'_>, now: DateTime<Utc>) -> Result<ActiveModel, FieldError> {
    let description = tag.optional_text(&["description"], MAX_TEXT)?;
    Ok(ActiveModel {
        id: Set(tag.id(&["id"])?),
        kind: Set(tag.enum_value(&["type", "kind"])?),
        name: Set(tag.non_blank(&["name"], MAX_TAG)?),
        description: tag.nullable(&["description"], description),
        color: Set(color(tag)?),
        visible: tag.column(&["visible"], tag.optional_bool("visible")?, true),
        active: tag.column(&["active"], tag.optional_bool("active")?, true),
        created_at: set_or(tag.optional_instant("created_at")?, now),
        deleted_at: tag.deleted_at()?,
    })
}

fn color(tag: &Object<'_>) -> Result<String, FieldError> {
    let color = tag.text(&["color"], MAX_TEXT)?;
    match color.strip_prefix('#') {
        Some(digits) if digits.len() == 6 && digits.bytes().all(|b| b.is_ascii_hexdigit()) => {
            Ok(color)
        }
        _ => Err(tag.error("color", "expected #rrggbb")),
    }
}
