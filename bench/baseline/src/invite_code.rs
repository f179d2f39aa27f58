//! Q1: an invite code with its inviter, user and tags.

use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use axum::extract::{Path, State};

use crate::{
    Baseline,
    instant::Instant,
    json::{Json, User},
    response::RequestError,
};

/// One row per tag.
pub(crate) const STATEMENT: &str = "
    SELECT code.id, code.code, code.role, code.name, nullif(code.email, ''), code.generated_at,
           code.expires_at, code.used_at IS NOT NULL, code.cancelled_at IS NOT NULL,
           inviter.id, inviter.username, inviter.full_name, inviter.avatar_url,
           account.id, account.username, account.full_name, account.avatar_url,
           tag.id, tag.kind, tag.name, tag.color
    FROM invite_codes code
    LEFT JOIN users inviter ON inviter.id = code.invited_by_id AND inviter.deleted_at IS NULL
    LEFT JOIN users account ON account.id = code.user_id AND account.deleted_at IS NULL
    LEFT JOIN (invite_code_tags given JOIN tags tag ON tag.id = given.tag_id AND tag.deleted_at IS NULL)
        ON given.invite_code_id = code.id
    WHERE code.code = $1
    ORDER BY tag.name, tag.id";

pub(crate) async fn by_code(
    State(baseline): State<Arc<Baseline>>,
    Path(code): Path<String>,
) -> Result<Json, RequestError> {
    let rows = baseline
        .database
        .rows(|prepared| &prepared.invite_code, &[&code])
        .await?;
    let mut json = Json::new();
    let Some(row) = rows.first() else {
        json.raw(r#"{"data":{"inviteCode":null}}"#);
        return Ok(json);
    };
    let code: &str = row.try_get(1)?;
    let bucket = i64::from(digest(&SHA256, code.as_bytes()).as_ref()[0]);
    let expires_at: Option<Instant> = row.try_get(6)?;
    let status = if row.try_get(7)? {
        "ACCEPTED"
    } else if row.try_get(8)? {
        "CANCELLED"
    } else if expires_at.is_some_and(|expires_at| expires_at <= Instant::now()) {
        "EXPIRED"
    } else {
        "PENDING"
    };
    json.raw(r#"{"data":{"inviteCode":{"id":"#)
        .invite_id("InviteCode", bucket, row.try_get(0)?)
        .raw(r#","code":"#)
        .string(code)
        .raw(r#","role":"#)
        .string_or_null(row.try_get(2)?)
        .raw(r#","name":"#)
        .string_or_null(row.try_get(3)?)
        .raw(r#","email":"#)
        .string_or_null(row.try_get(4)?)
        .raw(r#","status":""#)
        .raw(status)
        .raw(r#"","createdAt":"#)
        .instant(row.try_get(5)?)
        .raw(r#","expiresAt":"#)
        .instant_or_null(expires_at)
        .raw(r#","inviter":"#)
        .user_or_null(User::read(row, 9)?.as_ref())
        .raw(r#","user":"#)
        .user_or_null(User::read(row, 13)?.as_ref())
        .raw(r#","tags":["#);
    let mut separator = "";
    for row in &rows {
        let Some(id) = row.try_get(17)? else {
            continue;
        };
        let kind: &str = row.try_get(18)?;
        json.raw(separator)
            .raw(r#"{"id":"#)
            .id("Tag", id)
            .raw(r#","kind":""#)
            .raw(match kind {
                "user" => "USER",
                "category" => "CATEGORY",
                _ => "CONTRIBUTION",
            })
            .raw(r#"","name":"#)
            .string(row.try_get(19)?)
            .raw(r#","color":"#)
            .string_or_null(Some(row.try_get(20)?).filter(|color: &&str| !color.is_empty()))
            .raw("}");
        separator = ",";
    }
    json.raw("]}}}");
    Ok(json)
}
