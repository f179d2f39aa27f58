//! Users, as rows or nested in other rows.

use chrono::{DateTime, Utc};
use entity::user::ActiveModel;
use sea_orm::ActiveValue::{Set, Unchanged};

use super::{MAX_EMAIL, MAX_NAME, MAX_TEXT};
use crate::{
    email,
    import::{
        row::{FieldError, Object},
        table::Rows,
        upsert::{Upsert, set_or},
    },
};

const FULL_NAME: &[&str] = &["full_name", "real_name"];
const AVATAR: &[&str] = &["avatar_url", "avatar", "profile_picture"];

pub(super) fn read(
    row: &Object<'_>,
    now: DateTime<Utc>,
    rows: &mut Rows,
) -> Result<(), FieldError> {
    let address = row
        .optional_text(&["email"], MAX_EMAIL)?
        .unwrap_or_default();
    let model = ActiveModel {
        id: Set(row.id(&["id"])?),
        username: Set(row.non_blank(&["username"], MAX_NAME)?),
        full_name: Set(row.text(FULL_NAME, MAX_TEXT)?),
        email_norm: Set(email::normalize(&address).unwrap_or_default()),
        email: Set(address),
        avatar_url: Set(row.optional_non_empty(AVATAR, MAX_TEXT)?),
        is_verified: Set(row.optional_bool("is_verified")?.unwrap_or_default()),
        ext_id: Set(row.optional_non_empty(&["ext_id"], MAX_NAME)?),
        is_staff: Set(row.optional_bool("is_staff")?.unwrap_or_default()),
        created_at: set_or(row.optional_instant("created_at")?, now),
        deleted_at: Set(row.optional_instant("deleted_at")?),
    };
    rows.users.push(Upsert {
        model,
        path: row.path().to_owned(),
    });
    Ok(())
}

/// Reads a user nested in another row. A new account gets the columns that the row names, and is
/// neither verified nor staff. An existing account only changes its name and picture.
///
/// Only rows of users verify an address, appoint staff, or change the columns that tokens and
/// invites match. So the author of an invite's row cannot grant rights.
pub(super) fn nested(
    user: &Object<'_>,
    now: DateTime<Utc>,
    rows: &mut Rows,
) -> Result<i64, FieldError> {
    let id = user.id(&["id"])?;
    let username = user.non_blank(&["username"], MAX_NAME)?;
    let mut model = ActiveModel {
        full_name: set_or(user.optional_text(FULL_NAME, MAX_TEXT)?, String::new()),
        // Tokens may identify users by it, so an existing account keeps its own.
        ext_id: Unchanged(user.optional_non_empty(&["ext_id"], MAX_NAME)?),
        ..stub(id, username, now)
    };
    if let Some(address) = user.optional_non_empty(&["email"], MAX_EMAIL)? {
        model.email_norm = Unchanged(email::normalize(&address).unwrap_or_default());
        model.email = Unchanged(address);
    }
    let avatar = user.optional_non_empty(AVATAR, MAX_TEXT)?;
    if AVATAR.iter().any(|name| user.contains(name)) {
        model.avatar_url = Set(avatar);
    }
    rows.users.push(Upsert {
        model,
        path: user.path().to_owned(),
    });
    Ok(id)
}

/// Returns a user with only an id and a username. Does not change an existing account.
fn stub(id: i64, username: String, now: DateTime<Utc>) -> ActiveModel {
    ActiveModel {
        id: Set(id),
        username: Unchanged(username),
        full_name: Unchanged(String::new()),
        email: Unchanged(String::new()),
        email_norm: Unchanged(String::new()),
        avatar_url: Unchanged(None),
        is_verified: Unchanged(false),
        ext_id: Unchanged(None),
        is_staff: Unchanged(false),
        created_at: Unchanged(now),
        deleted_at: Unchanged(None),
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
    let username = row.optional_non_empty(&[&name], MAX_NAME)?;
    if let (Some(id), Some(username), None) = (id, username, row.nested(names)) {
        rows.users.push(Upsert {
            model: stub(id, username, now),
            path: format!("{}{prefix}", row.path()),
        });
    }
    Ok(id)
}
