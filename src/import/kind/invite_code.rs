//! Invite codes, with their nested user, inviter and tags.

use chrono::{DateTime, Utc};
use entity::invite_code::ActiveModel;
use sea_orm::ActiveValue::{Set, Unchanged};

use super::{MAX_CODE, MAX_EMAIL, MAX_TEXT, tag, user};
use crate::{
    email,
    import::{
        row::{FieldError, Object},
        table::Rows,
        tag_set::TagSet,
        upsert::Upsert,
    },
};

pub(super) fn read(
    row: &Object<'_>,
    now: DateTime<Utc>,
    rows: &mut Rows,
) -> Result<(), FieldError> {
    let id = row.id(&["id"])?;
    let address = row.optional_non_empty(&["email"], MAX_EMAIL)?;
    let inviter = ["invited_by", "invited_by_id"];
    let model = ActiveModel {
        id: Set(id),
        code: Set(row.non_blank(&["code"], MAX_CODE)?),
        role: Set(row.optional_text(&["role"], MAX_TEXT)?),
        name: Set(row.optional_text(&["name"], MAX_TEXT)?),
        email_norm: Set(address.as_deref().and_then(email::normalize)),
        email: Set(address),
        invited_by_id: Set(user::reference_or_stub(
            row,
            &inviter,
            "invited_by_",
            now,
            rows,
        )?),
        user_id: Set(user::reference(row, &["user", "user_id"], now, rows)?),
        generated_at: Set(row.instant("generated_at")?),
        sent_at: Set(row.optional_instant("sent_at")?),
        used_at: Set(row.optional_instant("used_at")?),
        expires_at: Set(row.optional_instant("expires_at")?),
        cancelled_at: Set(row.optional_instant("cancelled_at")?),
        declined_at: Unchanged(None),
        updated_at: Unchanged(None),
        last_sent_at: Unchanged(None),
        send_count: Unchanged(0),
    };
    rows.invite_codes.push(Upsert {
        model,
        path: row.path().to_owned(),
    });
    let tags: Result<Vec<i64>, _> = row
        .objects("tags")?
        .iter()
        .map(|tag| tag::nested(tag, now, rows))
        .collect();
    rows.tag_sets.push(TagSet {
        invite_code_id: id,
        tags: tags?,
    });
    Ok(())
}
