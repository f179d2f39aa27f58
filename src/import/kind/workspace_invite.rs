//! Workspace invites, with their nested workspace and inviter.

use chrono::{DateTime, Utc};
use entity::{workspace, workspace_invite::ActiveModel};
use sea_orm::ActiveValue::{NotSet, Set, Unchanged};

use super::{MAX_EMAIL, MAX_NAME, MAX_TEXT, user};
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

pub(super) fn read(
    row: &Object<'_>,
    now: DateTime<Utc>,
    rows: &mut Rows,
) -> Result<(), FieldError> {
    let address = row.non_blank(&["email"], MAX_EMAIL)?;
    let model = ActiveModel {
        // The key is the token. An existing invite keeps its id.
        id: row.optional_id(&["id"])?.map_or(NotSet, Unchanged),
        workspace_id: Set(workspace(row, now, rows)?),
        inviter_id: Set(user::reference(row, &["inviter", "inviter_id"], now, rows)?),
        email_norm: Set(email::normalize(&address).unwrap_or_default()),
        email: Set(address),
        role: Set(role(row)?),
        message: Set(row.optional_non_empty(&["message"], MAX_TEXT)?),
        status: Set(row.enum_value(&["status"])?),
        created_at: set_or(row.optional_instant("created_at")?, now),
        expires_at: Set(row.instant("expires_at")?),
        accepted_at: Set(row.optional_instant("accepted_at")?),
        accepted_by_id: Set(user::reference(
            row,
            &["accepted_by", "accepted_by_id"],
            now,
            rows,
        )?),
        cancelled_at: Set(row.optional_instant("cancelled_at")?),
        declined_at: Unchanged(None),
        updated_at: Unchanged(None),
        last_sent_at: Unchanged(None),
        send_count: Unchanged(0),
    };
    rows.workspace_invites.push(TokenInvite {
        invite: Upsert {
            model,
            path: row.path().to_owned(),
        },
        token_hash: token(row)?.hash(),
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

/// Reads the workspace from the row's `workspace_…` fields, or a reference to an existing one.
fn workspace(row: &Object<'_>, now: DateTime<Utc>, rows: &mut Rows) -> Result<i64, FieldError> {
    let id = row.id(&["workspace_id"])?;
    let description = row.optional_text(&["workspace_description"], MAX_TEXT)?;
    let logo = row.optional_non_empty(&["workspace_logo"], MAX_TEXT)?;
    if let Some(name) = row.optional_text(&["workspace_name"], MAX_TEXT)? {
        let model = workspace::ActiveModel {
            id: Set(id),
            name: Set(name),
            description: set_or(description, String::new()),
            logo_url: if row.contains("workspace_logo") {
                Set(logo)
            } else {
                Unchanged(None)
            },
            created_at: Unchanged(now),
            deleted_at: Unchanged(None),
        };
        rows.workspaces.push(Upsert {
            model,
            path: format!("{}workspace_", row.path()),
        });
    }
    Ok(id)
}

/// Returns the role's key, or derives it from the display name: `Team Lead` gives `team_lead`.
fn role(row: &Object<'_>) -> Result<String, FieldError> {
    let key = row.optional_non_empty(&["role"], MAX_NAME)?;
    let display = row.optional_non_empty(&["role_display"], MAX_NAME)?;
    let key = key.or_else(|| Some(display?.trim().to_lowercase().replace(' ', "_")));
    Ok(key
        .filter(|key| !key.is_empty())
        .unwrap_or_else(|| "unknown".to_owned()))
}
