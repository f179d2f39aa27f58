//! Q3: the first workspaces that the viewer manages, with their newest invites and inviters.

use std::sync::Arc;

use axum::{extract::State, http::HeaderMap};
use tokio_postgres::Row;

use crate::{
    Baseline,
    instant::Instant,
    json::{Json, ListKey, User},
    response::RequestError,
};

/// Invites per workspace on a page.
const PAGE: usize = 10;

/// One row per invite, with one more than a page per workspace, and at least one row per workspace.
/// PostgreSQL does not execute the half of the union that does not apply to the viewer.
pub(crate) const STATEMENT: &str = "
    WITH viewer AS MATERIALIZED (
        SELECT id, $2 OR is_staff AS is_staff FROM users WHERE id = $1 AND deleted_at IS NULL
    ), managed AS MATERIALIZED (
        SELECT id, name FROM (
            SELECT workspace.id, workspace.name
            FROM workspace_members member
            JOIN workspaces workspace ON workspace.id = member.workspace_id
            WHERE (SELECT NOT is_staff FROM viewer) AND member.user_id = $1
              AND member.role IN ('owner', 'admin') AND workspace.deleted_at IS NULL
            UNION ALL
            SELECT id, name FROM workspaces
            WHERE (SELECT is_staff FROM viewer) AND deleted_at IS NULL
        ) every
        ORDER BY id LIMIT 20
    )
    SELECT managed.id, managed.name, invite.id, invite.email, invite.role, invite.status,
           invite.created_at, invite.expires_at,
           inviter.id, inviter.username, inviter.full_name, inviter.avatar_url
    FROM managed
    LEFT JOIN LATERAL (
        SELECT * FROM workspace_invites
        WHERE workspace_id = managed.id ORDER BY created_at DESC, id DESC LIMIT 11
    ) invite ON TRUE
    LEFT JOIN users inviter ON inviter.id = invite.inviter_id AND inviter.deleted_at IS NULL
    ORDER BY managed.id, invite.created_at DESC, invite.id DESC";

pub(crate) async fn managed(
    State(baseline): State<Arc<Baseline>>,
    headers: HeaderMap,
) -> Result<Json, RequestError> {
    let viewer = baseline.tokens.viewer(&headers)?;
    let rows = baseline
        .database
        .rows(
            |prepared| &prepared.workspaces,
            &[&viewer.id, &viewer.has_staff_scope],
        )
        .await?;
    let now = Instant::now();
    let mut json = Json::new();
    json.raw(r#"{"data":{"viewer":{"workspaces":{"nodes":["#);
    let mut rest = rows.as_slice();
    let mut separator = "";
    while let Some(first) = rest.first() {
        let id: i64 = first.try_get(0)?;
        let mut length = 1;
        while let Some(row) = rest.get(length)
            && row.try_get::<_, i64>(0)? == id
        {
            length += 1;
        }
        let (of_workspace, others) = rest.split_at(length);
        rest = others;
        json.raw(separator)
            .raw(r#"{"id":"#)
            .id("Workspace", id)
            .raw(r#","name":"#)
            .string(first.try_get(1)?);
        invites(&mut json, id, of_workspace, now)?;
        json.raw("}");
        separator = ",";
    }
    json.raw("]}}}}");
    Ok(json)
}

fn invites(
    json: &mut Json,
    workspace: i64,
    rows: &[Row],
    now: Instant,
) -> Result<(), RequestError> {
    let is_empty = match rows.first() {
        Some(row) => row.try_get::<_, Option<i64>>(2)?.is_none(),
        None => true,
    };
    let rows = if is_empty { &[] } else { rows };
    let page = &rows[..rows.len().min(PAGE)];
    json.raw(r#","invites":{"pageInfo":{"hasNextPage":"#)
        .boolean(rows.len() > PAGE)
        .raw(r#","endCursor":"#);
    match page.last() {
        Some(row) => {
            let place = ListKey {
                kind: "workspace",
                parent: workspace,
                list: "invites/CreatedAt/Desc",
            };
            json.cursor(place, row.try_get(6)?, row.try_get(2)?)
        }
        None => json.raw("null"),
    };
    json.raw(r#"},"nodes":["#);
    let mut separator = "";
    for row in page {
        let email: &str = row.try_get(3)?;
        let expires_at: Instant = row.try_get(7)?;
        let status = match row.try_get(5)? {
            "accepted" => "ACCEPTED",
            "cancelled" => "CANCELLED",
            "pending" if expires_at > now => "PENDING",
            _ => "EXPIRED",
        };
        json.raw(separator)
            .raw(r#"{"id":"#)
            .invite_id("WorkspaceInvite", workspace, row.try_get(2)?)
            .raw(r#","email":"#)
            .string_or_null(Some(email).filter(|email| !email.is_empty()))
            .raw(r#","role":"#)
            .string(row.try_get(4)?)
            .raw(r#","status":""#)
            .raw(status)
            .raw(r#"","createdAt":"#)
            .instant(row.try_get(6)?)
            .raw(r#","expiresAt":"#)
            .instant(expires_at)
            .raw(r#","inviter":"#)
            .user_or_null(User::read(row, 8)?.as_ref())
            .raw("}");
        separator = ",";
    }
    json.raw("]}");
    Ok(())
}
