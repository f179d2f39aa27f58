//! Workspace invites, with their nested workspace and inviter.

use chrono::{DateTime, Utc};
use entity::{
    workspace,
    workspace_invite::{ActiveModel, StoredStatus},
};
use sea_orm::ActiveValue::{NotSet, Set, Unchanged};

use super::{
    Kind, MAX_NAME, MAX_TEXT,
    field::{Field, LIFECYCLE, fields},
    role_key, user,
};
use crate::{
    email, fold,
    import::{
        row::{FieldError, Object},
        table::Rows,
        token_invite::TokenInvite,
        upsert::{Upsert, set_or},
    },
    invite,
};

const INVITER: &[&str] = &["inviter", "inviter_id"];
const ACCEPTOR: &[&str] = &["accepted_by", "accepted_by_id"];
const MESSAGE: &[&str] = &["message"];

const STATUSES: &[&str] = &["pending", "accepted", "cancelled", "expired"];

/// Role of an invite whose row has none.
const UNKNOWN_ROLE: &str = "unknown";

pub(super) fn fields() -> Vec<Field> {
    let own = fields! {
        &["id"] => Id, "generated", "Id of a new invite. A stored one keeps its id.";
        &["token"] => Token, "required without `token_hashes`", "The key: the secret in the invite's link.";
        &["token_hashes"] => Hashes, "none", "SHA-256 of each token: of the 16 bytes of a UUID, or of the text. If empty, `id` is the key.";
        &["workspace_id"] => IdOf(Kind::Workspaces), required, "The workspace.";
        &["workspace_name"] => Text(MAX_TEXT), "none", "Name of a workspace to create, if it is missing.";
        &["workspace_description"] => Text(MAX_TEXT), "empty", "Description of a workspace to create.";
        &["workspace_logo"] => Url, "null", "Picture of a workspace to create.";
        &["email"] => Email, required, "Address of the person who is invited.";
        INVITER => Reference(Kind::Users), "null", "The user who invites.";
        &["role", "role_display"] => Text(MAX_NAME), "`unknown`", "Role of the new member; `Team Lead` is `team_lead`.";
        MESSAGE => Text(MAX_TEXT), "null", "Message of the inviter.";
        &["status"] => OneOf(STATUSES), required, "A pending invite expires at `expires_at`.";
        &["created_at"] => Instant, "now", "Time of creation.";
        &["expires_at"] => Instant, "null", "Time from which the invite cannot be accepted. A new invite without it never expires.";
        &["accepted_at"] => Instant, "null", "Time at which the invite was accepted.";
        ACCEPTOR => Reference(Kind::Users), "null", "The user who accepted.";
        &["inviter_name"] => Ignored, "none", "Derived from other fields.";
        &["is_expired"] => Ignored, "none", "Derived from other fields.";
    };
    [own.as_slice(), &LIFECYCLE].concat()
}

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
    let message = row.optional_non_empty(MESSAGE, MAX_TEXT)?;
    let status = status(row)?;
    rows.lacks_expiry = status == StoredStatus::Pending && !row.contains("expires_at");
    let model = ActiveModel {
        // The key is the token. An existing invite keeps its id.
        id: row.optional_id(&["id"])?.map_or(NotSet, Unchanged),
        workspace_id: Set(workspace(row, now, rows)?),
        inviter_id: row.nullable(INVITER, user::reference(row, INVITER, now, rows)?),
        email_norm: Set(email::normalize(&address).unwrap_or_default()),
        email_folded: Set(fold::stored(&address)),
        email: Set(address),
        role: row.column(
            &["role", "role_display"],
            role(row)?,
            UNKNOWN_ROLE.to_owned(),
        ),
        message_folded: row.nullable(MESSAGE, message.as_deref().and_then(fold::stored)),
        message: row.nullable(MESSAGE, message),
        status: Set(status),
        created_at: set_or(row.optional_instant("created_at")?, now),
        expires_at: row.nullable(&["expires_at"], row.optional_instant("expires_at")?),
        accepted_at: row.nullable(&["accepted_at"], row.optional_instant("accepted_at")?),
        accepted_by_id: row.nullable(ACCEPTOR, user::reference(row, ACCEPTOR, now, rows)?),
        cancelled_at: row.nullable(&["cancelled_at"], row.optional_instant("cancelled_at")?),
        declined_at: row.nullable(&["declined_at"], row.optional_instant("declined_at")?),
        updated_at: row.nullable(&["updated_at"], row.optional_instant("updated_at")?),
        last_sent_at: row.nullable(&["last_sent_at"], row.optional_instant("last_sent_at")?),
        send_count: row.column(&["send_count"], row.optional_count("send_count")?, 0),
    };
    rows.workspace_invites.push(TokenInvite {
        invite: Upsert::write(model, row.path()),
        token_hashes: token_hashes(row)?,
    });
    Ok(())
}

/// Reads the tokens or the id of an invite that can no longer be accepted.
pub(super) fn withdraw(
    row: &Object<'_>,
    now: DateTime<Utc>,
    rows: &mut Rows,
) -> Result<(), FieldError> {
    let id = row.optional_id(&["id"])?;
    let token_hashes = match id {
        Some(_) if !row.contains("token") && !row.contains("token_hashes") => Vec::new(),
        _ => token_hashes(row)?,
    };
    // An id of another source must not name an invite whose token the row does not have.
    let id = id.filter(|_| token_hashes.is_empty());
    let model = ActiveModel {
        id: id.map_or(NotSet, Set),
        cancelled_at: Set(Some(now)),
        ..Default::default()
    };
    rows.workspace_invites.push(TokenInvite {
        invite: Upsert::withdraw(model, row.path()),
        token_hashes,
    });
    Ok(())
}

/// Reads the hashes of the row's tokens. Without any, as in the export of an invite that has none, the id
/// is the key.
fn token_hashes(row: &Object<'_>) -> Result<Vec<Vec<u8>>, FieldError> {
    let mut hashes = row.hashes("token_hashes")?;
    let has_token = row.optional_text(&["token"], MAX_TEXT)?.is_some();
    if has_token || !row.contains("token_hashes") {
        hashes.push(token_hash(row)?);
    }
    if hashes.is_empty() {
        row.id(&["id"])?;
    }
    Ok(hashes)
}

/// Words of other systems for a status.
const SYNONYMS: [(&str, StoredStatus); 6] = [
    ("sent", StoredStatus::Pending),
    ("invited", StoredStatus::Pending),
    ("open", StoredStatus::Pending),
    ("canceled", StoredStatus::Cancelled),
    ("revoked", StoredStatus::Cancelled),
    ("withdrawn", StoredStatus::Cancelled),
];

fn status(row: &Object<'_>) -> Result<StoredStatus, FieldError> {
    const NAMES: &[&str] = &["status"];
    let word = row.optional_text(NAMES, MAX_TEXT).ok().flatten();
    let word = word.map(|word| word.trim().to_ascii_lowercase());
    let known = SYNONYMS
        .iter()
        .find(|(other, _)| word.as_deref() == Some(*other));
    match known {
        Some((_, status)) => Ok(*status),
        None => row.enum_value(NAMES),
    }
}

fn token_hash(row: &Object<'_>) -> Result<Vec<u8>, FieldError> {
    let text = row.text(&["token"], MAX_TEXT)?;
    invite::token_hash(&text).ok_or_else(|| {
        row.error(
            "token",
            "expected at most 255 characters without blanks and control characters, and not the nil UUID",
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
            name_folded: Set(fold::stored(&name)),
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
