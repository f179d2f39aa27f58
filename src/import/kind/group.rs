//! Groups: rows of their own, and groups inside their invites.

use chrono::{DateTime, Utc};
use entity::group::ActiveModel;
use sea_orm::ActiveValue::{Set, Unchanged};

use super::{LONGEST_NAME, LONGEST_TEXT};
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
    let model = ActiveModel {
        deleted_at: Set(row.instant_if("deleted_at")?),
        ..profile(row, now)?
    };
    rows.groups.push(Upsert {
        model,
        at: row.path().to_owned(),
    });
    Ok(())
}

/// A group inside another row: sets the columns that it names, and leaves the others as they are.
pub(super) fn nested(
    group: &Object<'_>,
    now: DateTime<Utc>,
    rows: &mut Rows,
) -> Result<i64, FieldError> {
    let id = group.id(&["id"])?;
    rows.groups.push(Upsert {
        model: profile(group, now)?,
        at: group.path().to_owned(),
    });
    Ok(id)
}

fn profile(group: &Object<'_>, now: DateTime<Utc>) -> Result<ActiveModel, FieldError> {
    Ok(ActiveModel {
        id: Set(group.id(&["id"])?),
        slug: Set(group.slug(&["slug"], LONGEST_NAME)?),
        name: Set(group.text(&["name"], LONGEST_TEXT)?),
        created_at: named_or(group.instant_if("created_at")?, now),
        deleted_at: Unchanged(None),
    })
}
