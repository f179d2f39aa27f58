//! Groups, as rows or nested in their invites.

use chrono::{DateTime, Utc};
use entity::group::ActiveModel;
use sea_orm::ActiveValue::{Set, Unchanged};

use super::{
    MAX_NAME, MAX_TEXT,
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
        &["slug"] => Slug(MAX_NAME), required, "Unique among groups that are not deleted.";
        &["name"] => Text(MAX_TEXT), required, "Display name.";
    };
    [own.as_slice(), &LIVE].concat()
}

pub(super) fn read(
    row: &Object<'_>,
    now: DateTime<Utc>,
    rows: &mut Rows,
) -> Result<(), FieldError> {
    let model = ActiveModel {
        deleted_at: row.deleted_at()?,
        ..profile(row, now)?
    };
    rows.groups.push(Upsert::write(model, row.path()));
    Ok(())
}

/// Reads the key of a group that the source has deleted.
pub(super) fn withdraw(
    row: &Object<'_>,
    now: DateTime<Utc>,
    rows: &mut Rows,
) -> Result<(), FieldError> {
    rows.groups.push(Upsert::withdrawal(row, now)?);
    Ok(())
}

/// Reads a group nested in another row, which creates it if there is none with its id.
pub(super) fn nested(
    group: &Object<'_>,
    now: DateTime<Utc>,
    rows: &mut Rows,
) -> Result<i64, FieldError> {
    group.ignore(&["deleted_at", "deleted"]);
    let id = group.id(&["id"])?;
    rows.groups
        .push(Upsert::create(profile(group, now)?, group.path()));
    Ok(id)
}

fn profile(group: &Object<'_>, now: DateTime<Utc>) -> Result<ActiveModel, FieldError> {
    let id = group.id(&["id"])?;
    let slug = group.slug(&["slug"], MAX_NAME)?;
    let name = group.text(&["name"], MAX_TEXT)?;
    Ok(ActiveModel {
        id: Set(id),
        slug: Set(slug),
        name_folded: Set(fold::stored(&name)),
        name: Set(name),
        created_at: set_or(group.optional_instant("created_at")?, now),
        deleted_at: Unchanged(None),
    })
}
