//! Workspace invites, with their nested workspace and inviter.

use chrono::{DateTime, Utc};
use entity::{workspace, workspace_invite::ActiveModel};
use sea_orm::ActiveValue::{NotSet, Set, Unchanged};

use super::{MAX_NAME, MAX_TEXT, role_key, user};
use crate::{
    email,
    import::{
        row::{FieldError, Object},
        table::Rows,
        token_invite::TokenInvite,
        upsert::{Upsert, set_or},
    },
    invite::Token,
};

const INVITER: &[&str] = &["inviter", "inviter_id"];
const ACCEPTOR: &[&str] = &["accepted_by", "accepted_by_id"];
const MESSAGE: &[&str] = &["message"];

/// Role of an invite whose row has none.
const UNKNOWN_ROLE: &str = "unknown";

pub(super) fn read(
    row: &Object<'_>,
    now: DateTime<Utc>,
    rows: &mut Rows,
) -> Result<(), FieldError> {
    // Fields of the contract that the gateway derives.
    row.ignore(&[
        "inviter_name",
        "is_expired",
        "workspace_name",
        "workspace_description",
        "workspace_logo",
    ]);
    let address = row.required(&["email"], row.optional_address(&["email"])?)?;
    let model = ActiveModel {
        // The key is the token. An existing invite keeps its id.
        id: row.optional_id(&["id"])?.map_or(NotSet, Unchanged),
        workspace_id: Set(workspace(row, now, rows)?),
        inviter_id: row.nullable(INVITER, user::reference(row, INVITER, now, rows)?),
        email_norm: Set(email::normalize(&address).unwrap_or_default()),
        email: Set(address),
        role: row.column(
            &["role", "role_display"],
            role(row)?,
            UNKNOWN_ROLE.to_owned(),
        ),
        message: row.nullable(MESSAGE, row.optional_non_empty(MESSAGE, MAX_TEXT)?),
        status: Set(row.enum_value(&["status"])?),
        created_at: set_or(row.optional_instant("created_at")?, now),
        expires_at: Set(row.instant("expires_at")?),
        accepted_at: row.nullable(&["accepted_at"], row.optional_instant("accepted_at")?),
        accepted_by_id: row.nullable(ACCEPTOR, user::reference(row, ACCEPTOR, now, rows)?),
        cancelled_at: row.nullable(&["cancelled_at"], row.optional_instant("cancelled_at")?),
        declined_at: Unchanged(None),
        updated_at: Unchanged(None),
        last_sent_at: Unchanged(None),
        send_count: Unchanged(0),
    };
    rows.workspace_invites.push(TokenInvite {
        invite: Upsert::write(model, row.path()),
        token_hash: Some(token(row)?.hash()),
    });
    Ok(())
}

/// Reads the token or the id of an invite that can no longer be accepted.
pub(super) fn withdraw(
    row: &Object<'_>,
    now: DateTime<Utc>,
    rows: &mut Rows,
) -> Result<(), FieldError> {
    let id = row.optional_id(&["id"])?;
    let token_hash = match (id, row.contains("token")) {
        (Some(_), false) => None,
        _ => Some(token(row)?.hash()),
    };
    // An id of another source must not name an invite whose token the row does not have.
    let id = id.filter(|_| token_hash.is_none());
    let model = ActiveModel {
        id: id.map_or(NotSet, Set),
        cancelled_at: Set(Some(now)),
        ..Default::default()
    };
    rows.workspace_invites.push(TokenInvite {
        invite: Upsert::withdraw(model, row.path()),
        token_hash,
    });
    Ok(())
}

fn token(row: &Object<'_>) -> Result<Token, FieldError> {
    let text = row.text(&["token"], MAX_TEXT)?;
    // Look-ups accept only this format. The nil UUID is no secret.
    Token::parse(&text)
        .filter(|token| !token.uuid().is_nil())
        .ok_or_else(|| {
            row.error(
                "token",
                "expected a UUID with hyphens, other than the nil UUID",
            )
        })
}

/// Reads the workspace from the row's `workspace_…` fields, which create it if there is none with its id,
/// or a reference to an existing one.
fn workspace(row: &Object<'_>, now: DateTime<Utc>, rows: &mut Rows) -> Result<i64, FieldError> {
    let id = row.id(&["workspace_id"])?;
    let description = row.optional_text(&["workspace_description"], MAX_TEXT)?;
    let logo = row.nested_url(&["workspace_logo"])?;
    if let Some(name) = row.optional_text(&["workspace_name"], MAX_TEXT)? {
        let model = workspace::ActiveModel {
            id: Set(id),
            name: Set(name),
            description: Set(description.unwrap_or_default()),
            logo_url: Set(logo),
            created_at: Set(now),
            deleted_at: Set(None),
        };
        let path = format!("{}workspace_", row.path());
        rows.workspaces.push(Upsert::create(model, &path));
    }
    Ok(id)
}

/// Reads the key of the role, from `role` or else from the display name: `team_lead` for `Team Lead`.
fn role(row: &Object<'_>) -> Result<Option<String>, FieldError> {
    let key = row.optional_non_empty(&["role"], MAX_NAME)?;
    let display = row.optional_non_empty(&["role_display"], MAX_NAME)?;
    let key = key.or(display).map(|role| role_key(&role));
    Ok(key.filter(|key| !key.is_empty()))
}
