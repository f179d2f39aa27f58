//! People invited to courses: a page of users per row, or one user or address.

use chrono::{DateTime, Utc};
use entity::course_invite::ActiveModel;
use sea_orm::ActiveValue::{self, NotSet, Set, Unchanged};

use super::{
    Kind, course,
    field::{Field, LIFECYCLE, fields},
    user,
};
use crate::{
    email, fold,
    import::{
        replace::Part,
        row::{FieldError, Object},
        table::Rows,
        upsert::{Upsert, set_or},
    },
};

const COURSE: [&str; 2] = ["course", "course_id"];
const INVITEE: [&str; 2] = ["user", "user_id"];
const ADDRESS: [&str; 1] = ["email"];
const ACCEPTOR: [&str; 2] = ["accepted_by", "accepted_by_id"];
const INVITER: [&str; 2] = ["invited_by", "invited_by_id"];

pub(super) fn fields() -> Vec<Field> {
    let own = fields! {
        &["id"] => Id, "generated", "Id of a new invite. A stored one keeps its id.";
        &COURSE => Reference(Kind::Courses), required, "The key, with the user or the address.";
        &INVITEE => Reference(Kind::Users), "required without `email` and `results`", "The user who is invited.";
        &ADDRESS => Email, "required without a user", "The address that is invited. A row with a user ignores it.";
        &INVITER => Reference(Kind::Users), "null", "The user who invites.";
        &["created_at"] => Instant, "now", "Time of creation.";
        &["accepted_at"] => Instant, "null", "Time at which the invite was accepted.";
        &ACCEPTOR => Reference(Kind::Users), "null", "The user who accepted.";
        &["results"] => Objects(Kind::Users), "none", "A page of users with pending invites, one for each user.";
        &["results[].invited_at"] => Instant, "now", "Time of creation of the user's invite.";
        &["count"] => Count, "none", "Number of users on all pages. With `--replace`, the file must have them all.";
        &["next"] => Ignored, "none", "Derived from other fields.";
        &["previous"] => Ignored, "none", "Derived from other fields.";
    };
    [own.as_slice(), &LIFECYCLE].concat()
}

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
    if row.contains("results") {
        row.ignore(&["next", "previous"]);
        return page(row, course_id, invited_by_id, now, rows);
    }
    let user_id = user::reference(row, &INVITEE, now, rows)?;
    let address = address(row, user_id)?;
    let model = ActiveModel {
        // The key is the course and the user or address. An existing invite keeps its id.
        id: row.optional_id(&["id"])?.map_or(NotSet, Unchanged),
        course_id: Unchanged(course_id),
        user_id: Unchanged(user_id),
        email_norm: Unchanged(address.as_deref().and_then(email::normalize)),
        email_folded: spelling(address.as_deref().and_then(fold::stored), user_id),
        email: spelling(address, user_id),
        invited_by_id: row.nullable(&INVITER, invited_by_id),
        created_at: set_or(row.optional_instant("created_at")?, now),
        accepted_at: row.nullable(&["accepted_at"], row.optional_instant("accepted_at")?),
        accepted_by_id: row.nullable(&ACCEPTOR, user::reference(row, &ACCEPTOR, now, rows)?),
        cancelled_at: row.nullable(&["cancelled_at"], row.optional_instant("cancelled_at")?),
        declined_at: row.nullable(&["declined_at"], row.optional_instant("declined_at")?),
        updated_at: row.nullable(&["updated_at"], row.optional_instant("updated_at")?),
        last_sent_at: row.nullable(&["last_sent_at"], row.optional_instant("last_sent_at")?),
        send_count: row.column(&["send_count"], row.optional_count("send_count")?, 0),
        status: NotSet,
    };
    rows.course_invites.push(Upsert::write(model, row.path()));
    Ok(())
}

/// Reads the address of the person who is invited, unless it is a user.
///
/// # Errors
/// There is no user, and no address.
fn address(row: &Object<'_>, user_id: Option<i64>) -> Result<Option<String>, FieldError> {
    if user_id.is_some() {
        row.ignore(&ADDRESS);
        return Ok(None);
    }
    match row.optional_address(&ADDRESS)? {
        None => row.required(&INVITEE, None),
        address => Ok(address),
    }
}

/// Returns the column of an address as entered, which differs from the key. A user has none.
fn spelling(text: Option<String>, user_id: Option<i64>) -> ActiveValue<Option<String>> {
    match user_id {
        Some(_) => Unchanged(None),
        None => Set(text),
    }
}

/// Reads the course, and the users or the address whose invites are withdrawn.
pub(super) fn withdraw(
    row: &Object<'_>,
    now: DateTime<Utc>,
    rows: &mut Rows,
) -> Result<(), FieldError> {
    let key = |object: Option<Object<'_>>, names: &[&str]| match object {
        Some(object) => object.id(&["id"]),
        None => row.id(names),
    };
    let course_id = key(row.nested(&COURSE), &COURSE)?;
    let invitees: Vec<(Option<i64>, Option<String>)> = if row.contains("results") {
        let invitees = row.objects("results")?;
        let ids = invitees.iter().map(|invitee| invitee.id(&["id"]));
        let keys = ids.map(|id| Ok((Some(id?), None)));
        keys.collect::<Result<_, FieldError>>()?
    } else {
        let user_id = match row.nested(&INVITEE) {
            Some(user) => Some(user.id(&["id"])?),
            None => row.optional_id(&INVITEE)?,
        };
        let address = address(row, user_id)?;
        vec![(user_id, address.as_deref().and_then(email::normalize))]
    };
    for (user_id, email_norm) in invitees {
        let model = ActiveModel {
            course_id: Set(course_id),
            user_id: Set(user_id),
            email_norm: Set(email_norm),
            cancelled_at: Set(Some(now)),
            ..Default::default()
        };
        let withdrawal = Upsert::withdraw(model, row.path());
        rows.course_invites.push(withdrawal);
    }
    Ok(())
}

/// Adds one invite per user of a page. Generated ids follow the order of the page.
fn page(
    row: &Object<'_>,
    course_id: i64,
    invited_by_id: Option<i64>,
    now: DateTime<Utc>,
    rows: &mut Rows,
) -> Result<(), FieldError> {
    let invitees = row.objects("results")?;
    rows.parts.push(Part {
        course_id,
        users: invitees
            .iter()
            .filter_map(|invitee| invitee.id(&["id"]).ok())
            .collect(),
        of: row
            .optional_count("count")?
            .and_then(|count| u64::try_from(count).ok()),
    });
    for invitee in invitees {
        let model = ActiveModel {
            id: NotSet,
            course_id: Unchanged(course_id),
            user_id: Unchanged(Some(user::nested(&invitee, now, rows)?)),
            email_norm: Unchanged(None),
            email_folded: Unchanged(None),
            email: Unchanged(None),
            // The contract's page does not name the inviter, so a stored one is kept.
            invited_by_id: invited_by_id.map_or(Unchanged(None), |id| Set(Some(id))),
            created_at: set_or(invitee.optional_instant("invited_at")?, now),
            // Users on the page have a pending invite.
            accepted_at: Set(None),
            accepted_by_id: Unchanged(None),
            cancelled_at: Set(None),
            declined_at: Unchanged(None),
            updated_at: Unchanged(None),
            last_sent_at: Unchanged(None),
            send_count: Unchanged(0),
            status: NotSet,
        };
        rows.course_invites.push(Upsert::write(model, row.path()));
    }
    Ok(())
}
