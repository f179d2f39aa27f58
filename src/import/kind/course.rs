//! Courses: rows of their own, and courses inside pages of their invited users.

use chrono::{DateTime, Utc};
use entity::course::ActiveModel;
use sea_orm::ActiveValue::{Set, Unchanged};

use super::{LONGEST_NAME, LONGEST_TEXT, user};
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
        description: Set(description.unwrap_or_default()),
        deleted_at: Set(row.instant_if("deleted_at")?),
        ..profile(row, now, rows)?
    };
    rows.courses.push(Upsert {
        model,
        at: row.path().to_owned(),
    });
    Ok(())
}

/// A course inside another row: sets the columns that it names, and leaves the others as they are.
pub(super) fn nested(
    course: &Object<'_>,
    now: DateTime<Utc>,
    rows: &mut Rows,
) -> Result<i64, FieldError> {
    let id = course.id(&["id"])?;
    let model = profile(course, now, rows)?;
    rows.courses.push(Upsert {
        model,
        at: course.path().to_owned(),
    });
    Ok(id)
}

fn profile(
    course: &Object<'_>,
    now: DateTime<Utc>,
    rows: &mut Rows,
) -> Result<ActiveModel, FieldError> {
    let description = course.text_if(&["description"], LONGEST_TEXT)?;
    let creator = user::reference(course, &["created_by", "created_by_id"], now, rows)?;
    Ok(ActiveModel {
        id: Set(course.id(&["id"])?),
        slug: Set(course.slug(&["slug"], LONGEST_NAME)?),
        name: Set(course.text(&["name"], LONGEST_TEXT)?),
        description: named_or(description, String::new()),
        privacy: Set(course.word(&["privacy"])?),
        created_by_id: Set(course.required(&["created_by"], creator)?),
        created_at: named_or(course.instant_if("created_at")?, now),
        deleted_at: Unchanged(None),
    })
}
