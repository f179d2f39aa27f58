//! Tags nested in invite codes.

use chrono::{DateTime, Utc};
use entity::tag::ActiveModel;
use sea_orm::ActiveValue::{Set, Unchanged};

use super::MAX_TEXT;
use crate::import::{
    row::{FieldError, Object},
    table::Rows,
    upsert::{Upsert, set_or},
};

/// Maximum length of a tag's name.
const MAX_TAG: usize = 64;

/// Reads a tag nested in an invite code. Updates only the columns that it names.
pub(super) fn nested(
    tag: &Object<'_>,
    now: DateTime<Utc>,
    rows: &mut Rows,
) -> Result<i64, FieldError> {
    let id = tag.id(&["id"])?;
    let description = tag.optional_text(&["description"], MAX_TEXT)?;
    let model = ActiveModel {
        id: Set(id),
        kind: Set(tag.enum_value(&["type", "kind"])?),
        name: Set(tag.non_blank(&["name"], MAX_TAG)?),
        description: if tag.contains("description") {
            Set(description)
        } else {
            Unchanged(None)
        },
        color: Set(color(tag)?),
        visible: set_or(tag.optional_bool("visible")?, true),
        active: set_or(tag.optional_bool("active")?, true),
        created_at: set_or(tag.optional_instant("created_at")?, now),
        // The source states that a tag is deleted, but not when.
        deleted_at: set_or(
            tag.optional_bool("deleted")?
                .map(|deleted| deleted.then_some(now)),
            None,
        ),
    };
    rows.tags.push(Upsert {
        model,
        path: tag.path().to_owned(),
    });
    Ok(id)
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
