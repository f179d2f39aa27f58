//! Groups, as rows or nested in their invites.

use chrono::{DateTime, Utc};
use entity::group::ActiveModel;
use sea_orm::ActiveValue::{Set, Unchanged};

use super::{MAX_NAME, MAX_TEXT};
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
    let model = ActiveModel {
        deleted_at: Set(row.optional_instant("deleted_at")?),
        ..profile(row, now)?
    };
    rows.groups.push(Upsert {
        model,
        path: row.path().to_owned(),
    });
    Ok(())
}

/// Reads a group nested in another row. Updates only the columns that it names.
pub(super) fn nested(
    group: &Object<'_>,
    now: DateTime<Utc>,
    rows: &mut Rows,
) -> Result<i64, FieldError> {
    let id = group.id(&["id"])?;
    rows.groups.push(Upsert {
        model: profile(group, now)?,
        path: group.path().to_owned(),
    });
    Ok(id)
}

fn profile(group: &Object<'_>, now: DateTime<Utc>) -> Result<ActiveModel, FieldError> {
    Ok(ActiveModel {
        id: Set(group.id(&["id"])?),
        slug: Set(group.slug(&["slug"], MAX_NAME)?),
        name: Set(group.text(&["name"], MAX_TEXT)?),
        created_at: set_or(group.optional_instant("created_at")?, now),
        deleted_at: Unchanged(None),
    })
}
