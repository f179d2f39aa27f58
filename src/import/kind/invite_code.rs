//! Invite codes, with their nested user, inviter and tags.

use chrono::{DateTime, Utc};
use entity::invite_code::ActiveModel;
use sea_orm::ActiveValue::{Set, Unchanged};

use super::{MAX_CODE, MAX_TEXT, tag, user};
use crate::{
    email,
    import::{
        row::{FieldError, Object},
        table::Rows,
        tag_set::TagSet,
        upsert::Upsert,
    },
};

const EMAIL: &[&str] = &["email"];
const INVITER: &[&str] = &["invited_by", "invited_by_id"];
const USER: &[&str] = &["user", "user_id"];

pub(super) fn read(
    row: &Object<'_>,
    now: DateTime<Utc>,
    rows: &mut Rows,
) -> Result<(), FieldError> {
    let id = row.id(&["id"])?;
    let address = row.optional_address(EMAIL)?;
    let model = ActiveModel {
        id: Set(id),
        code: Set(row.non_blank(&["code"], MAX_CODE)?),
        role: row.nullable(&["role"], row.optional_text(&["role"], MAX_TEXT)?),
        name: row.nullable(&["name"], row.optional_text(&["name"], MAX_TEXT)?),
        email_norm: row.nullable(EMAIL, address.as_deref().and_then(email::normalize)),
        email: row.nullable(EMAIL, address),
        invited_by_id: row.nullable(
            INVITER,
            user::reference_or_stub(row, INVITER, "invited_by_", now, rows)?,
        ),
        user_id: row.nullable(USER, user::reference(row, USER, now, rows)?),
        generated_at: Set(row.instant("generated_at")?),
        sent_at: row.nullable(&["sent_at"], row.optional_instant("sent_at")?),
        used_at: row.nullable(&["used_at"], row.optional_instant("used_at")?),
        expires_at: row.nullable(&["expires_at"], row.optional_instant("expires_at")?),
        cancelled_at: row.nullable(&["cancelled_at"], row.optional_instant("cancelled_at")?),
        declined_at: Unchanged(None),
        updated_at: Unchanged(None),
        last_sent_at: Unchanged(None),
        send_count: Unchanged(0),
    };
    rows.invite_codes.push(Upsert::write(model, row.path()));
    if row.contains("tags") {
        let tags: Result<Vec<i64>, _> = row
            .objects("tags")?
            .iter()
            .map(|tag| tag::nested(tag, now, rows))
            .collect();
        rows.tag_sets.push(TagSet {
            invite_code_id: id,
            tags: tags?,
        });
    }
    Ok(())
}

/// Reads the key of a code that can no longer be used.
pub(super) fn withdraw(
    row: &Object<'_>,
    now: DateTime<Utc>,
    rows: &mut Rows,
) -> Result<(), FieldError> {
    rows.invite_codes.push(Upsert::withdrawal(row, now)?);
    Ok(())
}
