//! Tags inside invite codes.

use chrono::{DateTime, Utc};
use entity::tag::ActiveModel;
use sea_orm::ActiveValue::{Set, Unchanged};

use super::LONGEST_TEXT;
use crate::import::{
    row::{FieldError, Object},
    table::Rows,
    upsert::{Upsert, named_or},
};

/// Longest name of a tag.
const LONGEST_TAG: usize = 64;

/// Sets the columns that the tag names, and leaves the others as they are.
pub(super) fn nested(
    tag: &Object<'_>,
    now: DateTime<Utc>,
    rows: &mut Rows,
) -> Result<i64, FieldError> {
    let id = tag.id(&["id"])?;
    let description = tag.text_if(&["description"], LONGEST_TEXT)?;
    let model = ActiveModel {
        id: Set(id),
        kind: Set(tag.word(&["type", "kind"])?),
        name: Set(tag.filled(&["name"], LONGEST_TAG)?),
        description: if tag.names("description") {
            Set(description)
        } else {
            Unchanged(None)
        },
        color: Set(color(tag)?),
        visible: named_or(tag.flag_if("visible")?, true),
        active: named_or(tag.flag_if("active")?, true),
        created_at: named_or(tag.instant_if("created_at")?, now),
        // The source tells that a tag is deleted, but not since when.
        deleted_at: named_or(
            tag.flag_if("deleted")?
                .map(|deleted| deleted.then_some(now)),
            None,
        ),
    };
    rows.tags.push(Upsert {
        model,
        at: tag.path().to_owned(),
    });
    Ok(id)
}

fn color(tag: &Object<'_>) -> Result<String, FieldError> {
    let color = tag.text(&["color"], LONGEST_TEXT)?;
    match color.strip_prefix('#') {
        Some(digits) if digits.len() == 6 && digits.bytes().all(|b| b.is_ascii_hexdigit()) => {
            Ok(color)
        }
        _ => Err(tag.error("color", "expected #rrggbb")),
    }
}
