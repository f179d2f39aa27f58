//! W1 to W4: accepting an invite by its token, creating one or a hundred, and cancelling a hundred.
//! Each is one statement in one transaction, and appends the gateway's events.

use std::{collections::HashMap, sync::Arc};

use aws_lc_rs::{
    digest::{SHA256, digest},
    rand,
};
use axum::{
    extract::{Path, State},
    http::HeaderMap,
};
use serde::Deserialize;
use tokio_postgres::Row;

use crate::{
    Baseline, instant::Instant, json::Json, response::RequestError, token::Viewer, uuid::Uuid,
};

/// Beginning of the links to new invites.
const ACCEPT_URL: &str = "https://app.example/i/workspace/";

/// Invites per inviter and day, and pending invites per workspace, as the benchmark configures the
/// gateway.
macro_rules! limits {
    () => {
        "(SELECT 1000000 AS per_day, 50000 AS open)"
    };
}

/// Condition on the viewer: an existing user who manages the workspace, or is staff.
macro_rules! manages {
    ($workspace:literal) => {
        concat!(
            "EXISTS (SELECT FROM users viewer WHERE viewer.id = $1 AND viewer.deleted_at IS NULL
                AND ($2 OR viewer.is_staff OR EXISTS (
                    SELECT FROM workspace_members member
                    WHERE member.workspace_id = ",
            $workspace,
            " AND member.user_id = viewer.id
                      AND member.role IN ('owner', 'admin'))))"
        )
    };
}

/// Accepts the invite of a token if it is pending and to a verified address of the viewer.
pub(crate) const ACCEPT: &str = "
    WITH accepted AS (
        UPDATE workspace_invites invite
        SET status = 'accepted', accepted_at = now(), accepted_by_id = $1, updated_at = now()
        FROM invite_tokens link, users viewer, workspaces workspace
        WHERE link.token_hash = $2 AND invite.id = link.invite_id
          AND viewer.id = $1 AND viewer.deleted_at IS NULL AND viewer.is_verified
          AND viewer.email_norm = invite.email_norm
          AND workspace.id = invite.workspace_id AND workspace.deleted_at IS NULL
          AND invite.status = 'pending' AND invite.expires_at > now()
        RETURNING invite.id, invite.workspace_id, invite.role
    ), joined AS (
        INSERT INTO workspace_members (workspace_id, user_id, role)
        SELECT workspace_id, $1, role FROM accepted
        ON CONFLICT (workspace_id, user_id) DO UPDATE SET role = excluded.role
        WHERE array_position($4::text[], excluded.role) < array_position($4::text[], workspace_members.role)
    ), recorded AS (
        INSERT INTO invite_events (id, type, kind, invite_id, target_id, actor_id, at)
        SELECT $3::uuid, 'accepted', 'workspace_invite', id, workspace_id, $1, now() FROM accepted
    )
    SELECT id, workspace_id FROM accepted";

/// Takes the lock under which invites to a workspace are created. It comes before the statement, which
/// sees the rows that were committed when it began.
pub(crate) const LOCK: &str = "SELECT pg_advisory_xact_lock((1::bigint << 60) # $1)";

/// Creates invites to a workspace: a row per address, with its refusal or its new id.
pub(crate) const CREATE: &str = concat!(
    "WITH input AS (
        SELECT * FROM unnest($4::text[], $5::text[], $6::bytea[], $7::uuid[])
            WITH ORDINALITY AS input (email, email_norm, token_hash, event_id, n)
        WHERE ", manages!("$3"), "
          AND EXISTS (SELECT FROM workspaces WHERE id = $3 AND deleted_at IS NULL)
    ), judged AS (
        SELECT n, refusal, CASE WHEN refusal IS NULL THEN nextval('workspace_invites_id_seq') END AS id
        FROM (
            SELECT n, CASE
                WHEN refusal IS NULL AND used + nth > per_day THEN 'LIMIT_REACHED'
                WHEN refusal IS NULL AND pending + nth > open THEN 'LIMIT_REACHED'
                ELSE refusal END AS refusal
            FROM (
                SELECT n, refusal, count(*) FILTER (WHERE refusal IS NULL) OVER (ORDER BY n) AS nth
                FROM (
                    SELECT n, CASE
                        WHEN (SELECT true FROM workspace_invites invite
                            WHERE invite.workspace_id = $3 AND invite.email_norm = input.email_norm
                              AND invite.status = 'pending' AND invite.expires_at > now() LIMIT 1)
                            THEN 'ALREADY_INVITED'
                        WHEN EXISTS (SELECT FROM users member_user
                            WHERE member_user.email_norm = input.email_norm
                              AND member_user.is_verified AND member_user.deleted_at IS NULL
                              AND (SELECT true FROM workspace_members member
                                  WHERE member.workspace_id = $3 AND member.user_id = member_user.id))
                            THEN 'ALREADY_MEMBER' END AS refusal
                    FROM input
                    OFFSET 0 -- so that refusals are looked up once
                ) refused
            ) numbered, ", limits!(), " limits, LATERAL (
                SELECT (SELECT count(*) FROM (SELECT FROM workspace_invites
                            WHERE inviter_id = $1 AND created_at > now() - interval '1 day'
                              AND id + 0 >= 1000000000000 LIMIT per_day) recent)
                     + (SELECT count(*) FROM (SELECT FROM invite_codes
                            WHERE invited_by_id = $1 AND generated_at > now() - interval '1 day'
                              AND id + 0 >= 1000000000000 LIMIT per_day) recent)
                     + (SELECT count(*) FROM (SELECT FROM course_invites
                            WHERE invited_by_id = $1 AND created_at > now() - interval '1 day'
                              AND id + 0 >= 1000000000000 LIMIT per_day) recent) AS used,
                       (SELECT count(*) FROM (SELECT FROM workspace_invites
                            WHERE workspace_id = $3 AND status = 'pending' AND expires_at > now()
                            LIMIT open) counted) AS pending
                OFFSET 0
            ) existing
        ) limited
    ), new AS (
        SELECT judged.id, input.* FROM judged JOIN input USING (n) WHERE refusal IS NULL
    ), created AS (
        INSERT INTO workspace_invites (id, workspace_id, inviter_id, email, email_norm, role, status,
            created_at, expires_at, last_sent_at, send_count)
        SELECT id, $3, $1, email, email_norm, 'member', 'pending', now(), now() + interval '7 days',
               now(), 1 FROM new
    ), linked AS (
        INSERT INTO invite_tokens (token_hash, invite_id, workspace_id, created_at)
        SELECT token_hash, id, $3, now() FROM new
    ), recorded AS (
        INSERT INTO invite_events (id, type, kind, invite_id, target_id, actor_id, at)
        SELECT event_id, 'created', 'workspace_invite', id, $3, $1, now() FROM new
    )
    SELECT refusal, id, now() + interval '7 days' FROM judged ORDER BY n"
);

/// Cancels invites that the viewer manages. Locks them in the order of their ids.
pub(crate) const CANCEL: &str = concat!(
    "WITH wanted AS MATERIALIZED (
        SELECT invite.id, event_id
        FROM unnest($3::bigint[], $4::uuid[]) AS input (id, event_id)
        JOIN workspace_invites invite ON invite.id = input.id
        WHERE ",
    manages!("invite.workspace_id"),
    "
        ORDER BY invite.id FOR UPDATE OF invite
    ), cancelled AS (
        UPDATE workspace_invites invite
        SET status = 'cancelled', cancelled_at = now(), declined_at = NULL, updated_at = now()
        FROM wanted
        WHERE invite.id = wanted.id AND (invite.status = 'expired' OR invite.status = 'pending')
        RETURNING invite.id, workspace_id, event_id
    ), recorded AS (
        INSERT INTO invite_events (id, type, kind, invite_id, target_id, actor_id, at)
        SELECT event_id, 'cancelled', 'workspace_invite', id, workspace_id, $1, now() FROM cancelled
    )
    SELECT id, workspace_id FROM cancelled"
);

/// Roles in descending order.
const ROLES: [&str; 8] = [
    "owner", "admin", "manager", "editor", "member", "billing", "viewer", "guest",
];

pub(crate) async fn accept(
    State(baseline): State<Arc<Baseline>>,
    Path(token): Path<String>,
    headers: HeaderMap,
) -> Result<Json, RequestError> {
    let viewer = baseline.tokens.viewer(&headers)?;
    let token: Uuid = token.parse().map_err(|_| RequestError::Forbidden)?;
    let event = event_ids(1)?;
    let writer = baseline.database.writer().await?;
    let rows = writer
        .rows(
            |prepared| &prepared.accept,
            &[&viewer.id, &hash(token), &event[0], &ROLES.as_slice()],
        )
        .await?;
    let row = rows.first().ok_or(RequestError::Forbidden)?;
    let mut json = Json::new();
    json.raw(r#"{"data":{"acceptInvite":{"invite":{"id":"#)
        .invite_id("WorkspaceInvite", row.try_get(1)?, row.try_get(0)?)
        .raw(r#","status":"ACCEPTED"},"userErrors":[]}}}"#);
    Ok(json)
}

#[derive(Deserialize)]
struct Invitations {
    workspace: i64,
    emails: Vec<String>,
}

pub(crate) async fn create(
    State(baseline): State<Arc<Baseline>>,
    headers: HeaderMap,
    body: String,
) -> Result<Json, RequestError> {
    let Viewer {
        id,
        has_staff_scope,
    } = baseline.tokens.viewer(&headers)?;
    let Invitations { workspace, emails } = read(&body)?;
    let normalized: Vec<String> = emails
        .iter()
        .map(|email| email.to_ascii_lowercase())
        .collect();
    let tokens = emails
        .iter()
        .map(|_| Uuid::random())
        .collect::<Result<Vec<_>, _>>()?;
    let hashes: Vec<Vec<u8>> = tokens.iter().copied().map(hash).collect();
    let events = event_ids(emails.len())?;
    let writer = baseline.database.writer().await?;
    let rows = writer
        .rows_under_lock(
            workspace,
            |prepared| &prepared.create,
            &[
                &id,
                &has_staff_scope,
                &workspace,
                &emails,
                &normalized,
                &hashes,
                &events,
            ],
        )
        .await?;
    if rows.is_empty() {
        return Err(RequestError::Forbidden);
    }
    let mut json = Json::new();
    json.raw(r#"{"data":{"createWorkspaceInvites":{"results":["#);
    let mut separator = "";
    for ((row, email), token) in rows.iter().zip(&emails).zip(&tokens) {
        json.raw(separator);
        created(&mut json, workspace, row, email, *token)?;
        separator = ",";
    }
    json.raw(r#"],"userErrors":[]}}}"#);
    Ok(json)
}

fn created(
    json: &mut Json,
    workspace: i64,
    row: &Row,
    email: &str,
    token: Uuid,
) -> Result<(), RequestError> {
    let refusal: Option<&str> = row.try_get(0)?;
    let Some(id) = row.try_get(1)? else {
        json.raw(r#"{"invite":null,"acceptUrl":null,"userErrors":[{"code":"#)
            .string_or_null(refusal)
            .raw("}]}");
        return Ok(());
    };
    let expires_at: Instant = row.try_get(2)?;
    json.raw(r#"{"invite":{"id":"#)
        .invite_id("WorkspaceInvite", workspace, id)
        .raw(r#","email":"#)
        .string(email)
        .raw(r#","role":"member","status":"PENDING","expiresAt":"#)
        .instant(expires_at)
        .raw(r#"},"acceptUrl":"#)
        .string(&format!("{ACCEPT_URL}{token}"))
        .raw(r#","userErrors":[]}"#);
    Ok(())
}

#[derive(Deserialize)]
struct Cancellation {
    ids: Vec<i64>,
}

pub(crate) async fn cancel(
    State(baseline): State<Arc<Baseline>>,
    headers: HeaderMap,
    body: String,
) -> Result<Json, RequestError> {
    let Viewer {
        id,
        has_staff_scope,
    } = baseline.tokens.viewer(&headers)?;
    let Cancellation { ids } = read(&body)?;
    let events = event_ids(ids.len())?;
    let writer = baseline.database.writer().await?;
    let rows = writer
        .rows(
            |prepared| &prepared.cancel,
            &[&id, &has_staff_scope, &ids, &events],
        )
        .await?;
    if rows.len() != ids.len() {
        return Err(RequestError::Forbidden);
    }
    let mut json = Json::new();
    json.raw(r#"{"data":{"cancelInvites":{"results":["#);
    let workspaces = rows
        .iter()
        .map(|row| Ok((row.try_get(0)?, row.try_get(1)?)));
    let workspaces: HashMap<i64, i64> = workspaces.collect::<Result<_, RequestError>>()?;
    let mut separator = "";
    for id in ids {
        let workspace = workspaces.get(&id).copied();
        let workspace = workspace.ok_or(RequestError::Forbidden)?;
        json.raw(separator)
            .raw(r#"{"invite":{"id":"#)
            .invite_id("WorkspaceInvite", workspace, id)
            .raw(r#","status":"CANCELLED"},"userErrors":[]}"#);
        separator = ",";
    }
    json.raw(r#"]}}}"#);
    Ok(json)
}

fn read<'a, T: Deserialize<'a>>(body: &'a str) -> Result<T, RequestError> {
    serde_json::from_str(body).map_err(|_| RequestError::Malformed)
}

/// Returns the hash that is stored of a token.
fn hash(token: Uuid) -> Vec<u8> {
    digest(&SHA256, token.as_bytes()).as_ref().to_vec()
}

fn event_ids(count: usize) -> Result<Vec<Uuid>, RequestError> {
    let now = Instant::now();
    (0..count).map(|_| Uuid::at(now)).collect()
}

impl Uuid {
    /// Returns a random UUID (version 4).
    fn random() -> Result<Self, RequestError> {
        let mut bytes = [0; 16];
        rand::fill(&mut bytes).map_err(|_| RequestError::Failed)?;
        Ok(Self::with_version(bytes, 4))
    }

    /// Returns a UUID that begins with an instant (version 7).
    fn at(instant: Instant) -> Result<Self, RequestError> {
        let mut bytes = [0; 16];
        rand::fill(&mut bytes).map_err(|_| RequestError::Failed)?;
        bytes[..6].copy_from_slice(&instant.millis().to_be_bytes()[2..]);
        Ok(Self::with_version(bytes, 7))
    }
}
