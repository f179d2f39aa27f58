//! Invited users of courses: a page of them a row, or one of them.

use chrono::{DateTime, Utc};
use entity::course_invite::ActiveModel;
use sea_orm::ActiveValue::{NotSet, Set, Unchanged};

use super::{course, user};
use crate::import::{
    row::{FieldError, Object},
    table::Rows,
    upsert::{Upsert, named_or},
};

const COURSE: [&str; 2] = ["course", "course_id"];
const INVITEE: [&str; 2] = ["user", "user_id"];
const INVITER: [&str; 2] = ["invited_by", "invited_by_id"];

pub(super) fn read(
    row: &Object<'_>,
    now: DateTime<Utc>,
    rows: &mut Rows,
) -> Result<(), FieldError> {
    let course_id = match row.nested(&COURSE) {
        Some(course) => course::nested(&course, now, rows)?,
        None => row.id(&COURSE)?,
    };
    let invited_by_id = user::reference(row, &INVITER, now, rows)?;
    if row.names("results") {
        return page(row, course_id, invited_by_id, now, rows);
    }
    let user_id = user::reference(row, &INVITEE, now, rows)?;
    let model = ActiveModel {
        // Known again by course and user, an invite keeps the id that it got first.
        id: row.id_if(&["id"])?.map_or(NotSet, Unchanged),
        course_id: Set(course_id),
        user_id: Set(row.required(&INVITEE, user_id)?),
        invited_by_id: Set(invited_by_id),
        created_at: named_or(row.instant_if("created_at")?, now),
        accepted_at: Set(row.instant_if("accepted_at")?),
        cancelled_at: Set(row.instant_if("cancelled_at")?),
    };
    rows.course_invites.push(Upsert {
        model,
        at: row.path().to_owned(),
    });
    Ok(())
}

/// One invite a user of the page, in the page's order: their ids count up in it.
fn page(
    row: &Object<'_>,
    course_id: i64,
    invited_by_id: Option<i64>,
    now: DateTime<Utc>,
    rows: &mut Rows,
) -> Result<(), FieldError> {
    for invitee in row.objects("results")? {
        let model = ActiveModel {
            id: NotSet,
            course_id: Set(course_id),
            user_id: Set(user::nested(&invitee, now, rows)?),
            // The contract's page does not tell who invited: what is known then stays.
            invited_by_id: invited_by_id.map_or(Unchanged(None), |id| Set(Some(id))),
            created_at: named_or(invitee.instant_if("invited_at")?, now),
            // Who is on the page has neither accepted nor been uninvited.
            accepted_at: Set(None),
            cancelled_at: Set(None),
        };
        rows.course_invites.push(Upsert {
            model,
            at: row.path().to_owned(),
        });
    }
    Ok(())
}
