//! Workspace invites, with the workspace and the inviter inside them.

use chrono::{DateTime, Utc};
use entity::{workspace, workspace_invite::ActiveModel};
use sea_orm::ActiveValue::{NotSet, Set, Unchanged};
use uuid::{Uuid, fmt::Hyphenated};

use super::{LONGEST_EMAIL, LONGEST_NAME, LONGEST_TEXT, user};
use crate::{
    email,
    import::{
        row::{FieldError, Object},
        table::Rows,
        upsert::{Upsert, named_or},
    },
};

pub(super) fn read(
    row: &Object<'_>,
    now: DateTime<Utc>,
    rows: &mut Rows,
) -> Result<(), FieldError> {
    let address = row.filled(&["email"], LONGEST_EMAIL)?;
    let model = ActiveModel {
        // Known again by the token, an invite keeps the id that it got first.
        id: row.id_if(&["id"])?.map_or(NotSet, Unchanged),
        token: Set(token(row)?),
        workspace_id: Set(workspace(row, now, rows)?),
        inviter_id: Set(user::reference(row, &["inviter", "inviter_id"], now, rows)?),
        email_norm: Set(email::normalize(&address).unwrap_or_default()),
        email: Set(address),
        role: Set(role(row)?),
        message: Set(row.filled_if(&["message"], LONGEST_TEXT)?),
        status: Set(row.word(&["status"])?),
        created_at: named_or(row.instant_if("created_at")?, now),
        expires_at: Set(row.instant("expires_at")?),
        accepted_at: Set(row.instant_if("accepted_at")?),
        accepted_by_id: Set(user::reference(
            row,
            &["accepted_by", "accepted_by_id"],
            now,
            rows,
        )?),
        cancelled_at: Set(row.instant_if("cancelled_at")?),
    };
    rows.workspace_invites.push(Upsert {
        model,
        at: row.path().to_owned(),
    });
    Ok(())
}

fn token(row: &Object<'_>) -> Result<Uuid, FieldError> {
    let text = row.text(&["token"], LONGEST_TEXT)?;
    // The one way of writing a token that look-ups read; the nil UUID is what no secret is.
    Uuid::try_parse(&text)
        .ok()
        .filter(|token| !token.is_nil() && text.len() == Hyphenated::LENGTH)
        .ok_or_else(|| {
            row.error(
                "token",
                "expected a UUID with hyphens, and not the nil UUID",
            )
        })
}

/// The workspace: as the row's `workspace_…` fields have it, or one that is there already.
fn workspace(row: &Object<'_>, now: DateTime<Utc>, rows: &mut Rows) -> Result<i64, FieldError> {
    let id = row.id(&["workspace_id"])?;
    let description = row.text_if(&["workspace_description"], LONGEST_TEXT)?;
    let logo = row.filled_if(&["workspace_logo"], LONGEST_TEXT)?;
    if let Some(name) = row.text_if(&["workspace_name"], LONGEST_TEXT)? {
        let model = workspace::ActiveModel {
            id: Set(id),
            name: Set(name),
            description: named_or(description, String::new()),
            logo_url: if row.names("workspace_logo") {
                Set(logo)
            } else {
                Unchanged(None)
            },
            created_at: Unchanged(now),
            deleted_at: Unchanged(None),
        };
        rows.workspaces.push(Upsert {
            model,
            at: format!("{}workspace_", row.path()),
        });
    }
    Ok(id)
}

/// The role's key, or else the one that its name for people comes from: `Team Lead`, `team_lead`.
fn role(row: &Object<'_>) -> Result<String, FieldError> {
    let key = row.filled_if(&["role"], LONGEST_NAME)?;
    let display = row.filled_if(&["role_display"], LONGEST_NAME)?;
    let key = key.or_else(|| Some(display?.trim().to_lowercase().replace(' ', "_")));
    Ok(key
        .filter(|key| !key.is_empty())
        .unwrap_or_else(|| "unknown".to_owned()))
}
