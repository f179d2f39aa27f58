//! Invite codes, with the user, the inviter and the tags inside them.

use chrono::{DateTime, Utc};
use entity::invite_code::ActiveModel;
use sea_orm::ActiveValue::Set;

use super::{LONGEST_CODE, LONGEST_EMAIL, LONGEST_TEXT, tag, user};
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
    let address = row.filled_if(&["email"], LONGEST_EMAIL)?;
    let inviter = ["invited_by", "invited_by_id"];
    let model = ActiveModel {
        id: Set(id),
        code: Set(row.filled(&["code"], LONGEST_CODE)?),
        role: Set(row.text_if(&["role"], LONGEST_TEXT)?),
        name: Set(row.text_if(&["name"], LONGEST_TEXT)?),
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
        sent_at: Set(row.instant_if("sent_at")?),
        used_at: Set(row.instant_if("used_at")?),
        expires_at: Set(row.instant_if("expires_at")?),
        cancelled_at: Set(row.instant_if("cancelled_at")?),
    };
    rows.invite_codes.push(Upsert {
        model,
        at: row.path().to_owned(),
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
