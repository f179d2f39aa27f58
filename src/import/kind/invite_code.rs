//! Invite codes, with their nested user, inviter and tags.

use chrono::{DateTime, Utc};
use entity::invite_code::ActiveModel;
use sea_orm::ActiveValue::Set;

use super::{
    Kind, MAX_CODE, MAX_NAME, MAX_TEXT,
    field::{Field, LIFECYCLE, fields},
    tag, user,
};
use crate::{
    email, fold,
    import::{
        row::{FieldError, Object},
        table::Rows,
        tag_set::TagSet,
        upsert::Upsert,
    },
};

const NAME: &[&str] = &["name"];
const EMAIL: &[&str] = &["email"];
const INVITER: &[&str] = &["invited_by", "invited_by_id"];
const USER: &[&str] = &["user", "user_id"];

pub(super) fn fields() -> Vec<Field> {
    let own = fields! {
        &["id"] => Id, required, "The key.";
        &["code"] => Text(MAX_CODE), required, "The secret that people enter; unique.";
        &["role"] => Text(MAX_TEXT), "null", "Key of the role that using the code grants.";
        &["name"] => Text(MAX_TEXT), "null", "Name of the person who is invited.";
        EMAIL => Email, "null", "Address of the person who is invited.";
        INVITER => Reference(Kind::Users), "null", "The user who invites.";
        &["invited_by_username"] => Text(MAX_NAME), "null", "Username of `invited_by`, which is created if missing.";
        USER => Reference(Kind::Users), "null", "The user who used the code.";
        &["tags"] => Objects(Kind::Tags), "none", "All tags of the code, with those of `tag_ids`.";
        &["tag_ids"] => Ids(Kind::Tags), "none", "All tags of the code, with those of `tags`.";
        &["generated_at"] => Instant, required, "Time of creation.";
        &["sent_at"] => Instant, "null", "Time at which the code was sent.";
        &["used_at"] => Instant, "null", "Time at which the code was used: it is accepted.";
        &["expires_at"] => Instant, "null", "Time from which the code cannot be used.";
    };
    [own.as_slice(), &LIFECYCLE].concat()
}

pub(super) fn read(
    row: &Object<'_>,
    now: DateTime<Utc>,
    rows: &mut Rows,
) -> Result<(), FieldError> {
    let id = row.id(&["id"])?;
    let address = row.optional_address(EMAIL)?;
    let name = row.optional_text(NAME, MAX_TEXT)?;
    let model = ActiveModel {
        id: Set(id),
        code: Set(row.code(&["code"], MAX_CODE)?),
        role: row.nullable(&["role"], row.optional_text(&["role"], MAX_TEXT)?),
        name_folded: row.nullable(NAME, name.as_deref().and_then(fold::stored)),
        name: row.nullable(NAME, name),
        email_folded: row.nullable(EMAIL, address.as_deref().and_then(fold::stored)),
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
        declined_at: row.nullable(&["declined_at"], row.optional_instant("declined_at")?),
        updated_at: row.nullable(&["updated_at"], row.optional_instant("updated_at")?),
        last_sent_at: row.nullable(&["last_sent_at"], row.optional_instant("last_sent_at")?),
        send_count: row.column(&["send_count"], row.optional_count("send_count")?, 0),
    };
    rows.invite_codes.push(Upsert::write(model, row.path()));
    if row.contains("tags") || row.contains("tag_ids") {
        let mut tags = row.ids("tag_ids")?;
        for tag in row.objects("tags")? {
            tags.push(tag::nested(&tag, now, rows)?);
        }
        rows.tag_sets.push(TagSet {
            invite_code_id: id,
            tags,
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
