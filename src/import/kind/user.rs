//! Users, as rows or nested in other rows.

use chrono::{DateTime, Utc};
use entity::user::ActiveModel;
use sea_orm::ActiveValue::Set;

use super::{
    MAX_NAME, MAX_TEXT,
    field::{Field, LIVE, fields},
};
use crate::{
    email, fold,
    import::{
        row::{FieldError, Object},
        table::Rows,
        upsert::{Upsert, set_or},
    },
};

const EMAIL: &[&str] = &["email"];
const FULL_NAME: &[&str] = &["full_name", "real_name"];
const AVATAR: &[&str] = &["avatar_url", "avatar", "profile_picture"];

pub(super) fn fields() -> Vec<Field> {
    let own = fields! {
        &["id"] => Id, required, "The key.";
        &["username"] => Text(MAX_NAME), required, "Unique among users who are not deleted.";
        FULL_NAME => Text(MAX_TEXT), required, "Display name.";
        EMAIL => Email, "empty", "Invites to this address are the user's if it is verified.";
        AVATAR => Url, "null", "A picture.";
        &["is_verified"] => Bool, "false", "True if the address is known to be the user's.";
        &["ext_id"] => Text(MAX_NAME), "null", "Id of the user elsewhere; bearer tokens may name users by it.";
        &["is_staff"] => Bool, "false", "True for staff.";
    };
    [own.as_slice(), &LIVE].concat()
}

pub(super) fn read(
    row: &Object<'_>,
    now: DateTime<Utc>,
    rows: &mut Rows,
) -> Result<(), FieldError> {
    let address = row.optional_address(EMAIL)?;
    let email_norm = address.as_deref().and_then(email::normalize);
    let id = row.id(&["id"])?;
    let username = row.identifier(&["username"], MAX_NAME)?;
    let full_name = row.text(FULL_NAME, MAX_TEXT)?;
    let model = ActiveModel {
        id: Set(id),
        username_folded: Set(fold::stored(&username)),
        username: Set(username),
        full_name_folded: Set(fold::stored(&full_name)),
        full_name: Set(full_name),
        email_folded: row.nullable(EMAIL, address.as_deref().and_then(fold::stored)),
        email_norm: row.column(EMAIL, email_norm, String::new()),
        email: row.column(EMAIL, address, String::new()),
        avatar_url: row.nullable(AVATAR, row.optional_url(AVATAR)?),
        is_verified: row.column(&["is_verified"], row.optional_bool("is_verified")?, false),
        ext_id: row.nullable(&["ext_id"], row.optional_non_empty(&["ext_id"], MAX_NAME)?),
        is_staff: row.column(&["is_staff"], row.optional_bool("is_staff")?, false),
        created_at: set_or(row.optional_instant("created_at")?, now),
        deleted_at: row.deleted_at()?,
    };
    rows.users.push(Upsert::write(model, row.path()));
    Ok(())
}

/// Reads the key of a user whom the source has deleted.
pub(super) fn withdraw(
    row: &Object<'_>,
    now: DateTime<Utc>,
    rows: &mut Rows,
) -> Result<(), FieldError> {
    rows.users.push(Upsert::withdrawal(row, now)?);
    Ok(())
}

/// Reads a user nested in another row. A new user gets the fields of the row, and is neither verified nor
/// staff. An existing user stays as they are.
///
/// Only rows of users change a user, verify an address, or make somebody staff. So an outdated name in the
/// row of an invite changes no user, and the author of an invite cannot grant rights.
pub(super) fn nested(
    user: &Object<'_>,
    now: DateTime<Utc>,
    rows: &mut Rows,
) -> Result<i64, FieldError> {
    // Fields of the contracts. A row of an invite verifies nobody.
    user.ignore(&[
        "is_verified",
        "is_staff",
        "created_at",
        "deleted_at",
        "deleted",
    ]);
    let id = user.id(&["id"])?;
    let username = user.identifier(&["username"], MAX_NAME)?;
    let address = user.nested_address(EMAIL)?;
    let full_name = user.optional_text(FULL_NAME, MAX_TEXT)?.unwrap_or_default();
    let model = ActiveModel {
        full_name_folded: Set(fold::stored(&full_name)),
        full_name: Set(full_name),
        avatar_url: Set(user.nested_url(AVATAR)?),
        ext_id: Set(user.optional_non_empty(&["ext_id"], MAX_NAME)?),
        email_folded: Set(address.as_deref().and_then(fold::stored)),
        email_norm: Set(address
            .as_deref()
            .and_then(email::normalize)
            .unwrap_or_default()),
        email: Set(address.unwrap_or_default()),
        ..stub(id, username, now)
    };
    rows.users.push(Upsert::create(model, user.path()));
    Ok(id)
}

/// Returns a user with only an id and a username.
fn stub(id: i64, username: String, now: DateTime<Utc>) -> ActiveModel {
    ActiveModel {
        id: Set(id),
        username_folded: Set(fold::stored(&username)),
        username: Set(username),
        full_name: Set(String::new()),
        full_name_folded: Set(None),
        email: Set(String::new()),
        email_norm: Set(String::new()),
        email_folded: Set(None),
        avatar_url: Set(None),
        is_verified: Set(false),
        ext_id: Set(None),
        is_staff: Set(false),
        created_at: Set(now),
        deleted_at: Set(None),
    }
}

/// Reads a reference to a user in one of `names`: an id, or a nested user.
pub(super) fn reference(
    row: &Object<'_>,
    names: &[&str],
    now: DateTime<Utc>,
    rows: &mut Rows,
) -> Result<Option<i64>, FieldError> {
    match row.nested(names) {
        Some(user) => nested(&user, now, rows).map(Some),
        None => row.optional_id(names),
    }
}

/// Like [`reference`]. If the row has an id and a `…username`, also creates the user if it does not
/// exist.
pub(super) fn reference_or_stub(
    row: &Object<'_>,
    names: &[&str],
    prefix: &str,
    now: DateTime<Utc>,
    rows: &mut Rows,
) -> Result<Option<i64>, FieldError> {
    let id = reference(row, names, now, rows)?;
    let name = format!("{prefix}username");
    let username = row.optional_identifier(&[&name], MAX_NAME)?;
    if let (Some(id), Some(username), None) = (id, username, row.nested(names)) {
        let path = format!("{}{prefix}", row.path());
        rows.users
            .push(Upsert::create(stub(id, username, now), &path));
    }
    Ok(id)
}
