//! Users: rows of their own, and users inside other rows.

use chrono::{DateTime, Utc};
use entity::user::ActiveModel;
use sea_orm::ActiveValue::{Set, Unchanged};

use super::{LONGEST_EMAIL, LONGEST_NAME, LONGEST_TEXT};
use crate::{
    email,
    import::{
        row::{FieldError, Object},
        table::Rows,
        upsert::{Upsert, named_or},
    },
};

const FULL_NAME: &[&str] = &["full_name", "real_name"];
const AVATAR: &[&str] = &["avatar_url", "avatar", "profile_picture"];

pub(super) fn read(
    row: &Object<'_>,
    now: DateTime<Utc>,
    rows: &mut Rows,
) -> Result<(), FieldError> {
    let address = row.text_if(&["email"], LONGEST_EMAIL)?.unwrap_or_default();
    let model = ActiveModel {
        id: Set(row.id(&["id"])?),
        username: Set(row.filled(&["username"], LONGEST_NAME)?),
        full_name: Set(row.text(FULL_NAME, LONGEST_TEXT)?),
        email_norm: Set(email::normalize(&address).unwrap_or_default()),
        email: Set(address),
        avatar_url: Set(row.filled_if(AVATAR, LONGEST_TEXT)?),
        is_verified: Set(row.flag_if("is_verified")?.unwrap_or_default()),
        ext_id: Set(row.filled_if(&["ext_id"], LONGEST_NAME)?),
        is_staff: Set(row.flag_if("is_staff")?.unwrap_or_default()),
        created_at: named_or(row.instant_if("created_at")?, now),
        deleted_at: Set(row.instant_if("deleted_at")?),
    };
    rows.users.push(Upsert {
        model,
        at: row.path().to_owned(),
    });
    Ok(())
}

/// A user inside another row. A new account gets the columns that the row names, and is neither
/// verified nor staff. An existing account changes in its name and picture alone.
///
/// Only rows of users verify an address, appoint staff, or change what tokens and invites go by:
/// whoever writes the row of an invite does not thereby grant rights.
pub(super) fn nested(
    user: &Object<'_>,
    now: DateTime<Utc>,
    rows: &mut Rows,
) -> Result<i64, FieldError> {
    let id = user.id(&["id"])?;
    let username = user.filled(&["username"], LONGEST_NAME)?;
    let mut model = ActiveModel {
        full_name: named_or(user.text_if(FULL_NAME, LONGEST_TEXT)?, String::new()),
        // Tokens may name their user by it, so an existing account keeps its own.
        ext_id: Unchanged(user.filled_if(&["ext_id"], LONGEST_NAME)?),
        ..stub(id, username, now)
    };
    if let Some(address) = user.filled_if(&["email"], LONGEST_EMAIL)? {
        model.email_norm = Unchanged(email::normalize(&address).unwrap_or_default());
        model.email = Unchanged(address);
    }
    let avatar = user.filled_if(AVATAR, LONGEST_TEXT)?;
    if AVATAR.iter().any(|name| user.names(name)) {
        model.avatar_url = Set(avatar);
    }
    rows.users.push(Upsert {
        model,
        at: user.path().to_owned(),
    });
    Ok(id)
}

/// A user of whom no more is known than this: nothing in a row that is there is changed.
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

/// A user to whom a row refers: by id, or as a nested user, under one of `names`.
pub(super) fn reference(
    row: &Object<'_>,
    names: &[&str],
    now: DateTime<Utc>,
    rows: &mut Rows,
) -> Result<Option<i64>, FieldError> {
    match row.nested(names) {
        Some(user) => nested(&user, now, rows).map(Some),
        None => row.id_if(names),
    }
}

/// As [`reference`], where the row's `…username` names a user known by id alone: such a user is
/// made if it is not there.
pub(super) fn reference_or_stub(
    row: &Object<'_>,
    names: &[&str],
    prefix: &str,
    now: DateTime<Utc>,
    rows: &mut Rows,
) -> Result<Option<i64>, FieldError> {
    let id = reference(row, names, now, rows)?;
    let name = format!("{prefix}username");
    let username = row.filled_if(&[&name], LONGEST_NAME)?;
    if let (Some(id), Some(username), None) = (id, username, row.nested(names)) {
        rows.users.push(Upsert {
            model: stub(id, username, now),
            at: format!("{}{prefix}", row.path()),
        });
    }
    Ok(id)
}
