//! Courses, as rows or nested in pages of their invited users.

use chrono::{DateTime, Utc};
use entity::course::ActiveModel;
use sea_orm::ActiveValue::{Set, Unchanged};

use super::{
    Kind, MAX_NAME, MAX_TEXT,
    field::{Field, LIVE, fields},
    user,
};
use crate::{
    fold,
    import::{
        row::{FieldError, Object},
        table::Rows,
        upsert::{Upsert, set_or},
    },
};

const CREATOR: &[&str] = &["created_by", "created_by_id"];

pub(super) fn fields() -> Vec<Field> {
    let own = fields! {
        &["id"] => Id, required, "The key.";
        &["slug"] => Slug(MAX_NAME), required, "Unique among courses that are not deleted.";
        &["name"] => Text(MAX_TEXT), required, "Display name.";
        &["description"] => Text(MAX_TEXT), "empty", "Shown to people who are invited.";
        &["privacy"] => OneOf(&["draft", "open", "private", "secret"]), required, "Who sees the course.";
        CREATOR => Reference(Kind::Users), "null", "The user who created the course, and so manages it.";
    };
    [own.as_slice(), &LIVE].concat()
}

pub(super) fn read(
    row: &Object<'_>,
    now: DateTime<Utc>,
    rows: &mut Rows,
) -> Result<(), FieldError> {
    let description = row.optional_text(&["description"], MAX_TEXT)?;
    let model = ActiveModel {
        description: row.column(&["description"], description, String::new()),
        deleted_at: row.deleted_at()?,
        ..profile(row, now, rows)?
    };
    rows.courses.push(Upsert::write(model, row.path()));
    Ok(())
}

/// Reads the key of a course that the source has deleted.
pub(super) fn withdraw(
    row: &Object<'_>,
    now: DateTime<Utc>,
    rows: &mut Rows,
) -> Result<(), FieldError> {
    rows.courses.push(Upsert::withdrawal(row, now)?);
    Ok(())
}

/// Reads a course nested in another row, which creates it if there is none with its id.
pub(super) fn nested(
    course: &Object<'_>,
    now: DateTime<Utc>,
    rows: &mut Rows,
) -> Result<i64, FieldError> {
    course.ignore(&["deleted_at", "deleted"]);
    let id = course.id(&["id"])?;
    let model = profile(course, now, rows)?;
    rows.courses.push(Upsert::create(model, course.path()));
    Ok(id)
}

fn profile(
    course: &Object<'_>,
    now: DateTime<Utc>,
    rows: &mut Rows,
) -> Result<ActiveModel, FieldError> {
    let description = course.optional_text(&["description"], MAX_TEXT)?;
    let creator = user::reference(course, CREATOR, now, rows)?;
    let id = course.id(&["id"])?;
    let slug = course.slug(&["slug"], MAX_NAME)?;
    let name = course.text(&["name"], MAX_TEXT)?;
    Ok(ActiveModel {
        id: Set(id),
        slug: Set(slug),
        name_folded: Set(fold::stored(&name)),
        name: Set(name),
        description: set_or(description, String::new()),
        privacy: Set(course.enum_value(&["privacy"])?),
        created_by_id: course.nullable(CREATOR, creator),
        created_at: set_or(course.optional_instant("created_at")?, now),
        deleted_at: Unchanged(None),
    })
}
