//! Rows with all values, which tests change as needed.

use chrono::{DateTime, Utc};
use entity::{
    course, course_invite, course_member, external_key, group, group_invite, group_member,
    invite_code, invite_code_tag, invite_token, tag, user, workspace, workspace_invite,
    workspace_member,
};
use invite_gateway::email;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::at;

/// Default creation time.
pub fn made() -> DateTime<Utc> {
    at("2026-01-01T00:00:00Z")
}

/// Long after the time of every test.
pub fn later() -> DateTime<Utc> {
    at("2099-01-01T00:00:00Z")
}

/// Returns a verified user with the address `username@example.com`.
pub fn user(id: i64, username: &str) -> user::Model {
    let email = format!("{username}@example.com");
    user::Model {
        id,
        username: username.to_owned(),
        full_name: format!("Full {username}"),
        email_norm: email::normalize(&email).unwrap_or_default(),
        email,
        avatar_url: Some(format!("https://img.example/{id}.png")),
        is_verified: true,
        ext_id: Some(format!("ext-{id}")),
        is_staff: false,
        created_at: made(),
        deleted_at: None,
        username_folded: None,
        full_name_folded: None,
        email_folded: None,
    }
}

pub fn tag(id: i64, name: &str) -> tag::Model {
    tag::Model {
        id,
        kind: tag::TagKind::User,
        name: name.to_owned(),
        description: Some(format!("About {name}")),
        color: "#aabbcc".to_owned(),
        visible: true,
        active: true,
        created_at: made(),
        deleted_at: None,
    }
}

pub fn tagged(invite_code_id: i64, tag_id: i64) -> invite_code_tag::Model {
    invite_code_tag::Model {
        invite_code_id,
        tag_id,
    }
}

/// Returns a pending code without inviter and recipient.
pub fn invite_code(id: i64, code: &str) -> invite_code::Model {
    invite_code::Model {
        id,
        code: code.to_owned(),
        role: Some("member".to_owned()),
        name: None,
        email: None,
        email_norm: None,
        invited_by_id: None,
        user_id: None,
        generated_at: made(),
        sent_at: None,
        used_at: None,
        expires_at: None,
        cancelled_at: None,
        declined_at: None,
        updated_at: None,
        last_sent_at: None,
        send_count: 0,
        name_folded: None,
        email_folded: None,
    }
}

pub fn workspace(id: i64) -> workspace::Model {
    workspace::Model {
        id,
        name: format!("Workspace {id}"),
        description: format!("About workspace {id}"),
        logo_url: Some(format!("https://img.example/w{id}.png")),
        created_at: made(),
        deleted_at: None,
        name_folded: None,
    }
}

pub fn workspace_member(workspace_id: i64, user_id: i64, role: &str) -> workspace_member::Model {
    workspace_member::Model {
        workspace_id,
        user_id,
        role: role.to_owned(),
    }
}

/// Returns the token of the workspace invite with that id.
pub fn token(id: i64) -> Uuid {
    Uuid::from_u128(0x1111_1111_1111_4111_8111_0000_0000_0000 + u128::try_from(id).expect("an id"))
}

/// Returns the row by which a token opens an invite. Adding an invite adds that of [`token`].
pub fn invite_token(token: Uuid, invite_id: i64, workspace_id: i64) -> invite_token::Model {
    invite_token::Model {
        token_hash: Sha256::digest(token.as_bytes()).to_vec(),
        invite_id,
        workspace_id,
        created_at: made(),
    }
}

/// Returns a pending invite for `invitee<id>@example.org`.
pub fn workspace_invite(id: i64, workspace_id: i64) -> workspace_invite::Model {
    let email = format!("invitee{id}@example.org");
    workspace_invite::Model {
        id,
        workspace_id,
        inviter_id: None,
        email_norm: email::normalize(&email).unwrap_or_default(),
        email,
        role: "member".to_owned(),
        message: Some(format!("Join us, {id}")),
        status: workspace_invite::StoredStatus::Pending,
        created_at: made(),
        expires_at: Some(later()),
        accepted_at: None,
        accepted_by_id: None,
        cancelled_at: None,
        declined_at: None,
        updated_at: None,
        last_sent_at: None,
        send_count: 0,
        email_folded: None,
        message_folded: None,
    }
}

pub fn group(id: i64, slug: &str) -> group::Model {
    group::Model {
        id,
        slug: slug.to_owned(),
        name: format!("Group {slug}"),
        created_at: made(),
        deleted_at: None,
        name_folded: None,
    }
}

pub fn group_member(group_id: i64, user_id: i64, role: &str) -> group_member::Model {
    group_member::Model {
        group_id,
        user_id,
        role: role.to_owned(),
    }
}

pub fn group_invite(id: i64, group_id: i64, code: &str) -> group_invite::Model {
    group_invite::Model {
        id,
        group_id,
        code: code.to_owned(),
        url: None,
        created_at: made(),
        updated_at: made(),
    }
}

/// Returns an open course.
pub fn course(id: i64, slug: &str, created_by_id: i64) -> course::Model {
    course::Model {
        id,
        slug: slug.to_owned(),
        name: format!("Course {slug}"),
        description: format!("About {slug}"),
        privacy: course::CoursePrivacy::Open,
        created_by_id: Some(created_by_id),
        created_at: made(),
        deleted_at: None,
        name_folded: None,
    }
}

pub fn course_member(course_id: i64, user_id: i64, role: &str) -> course_member::Model {
    course_member::Model {
        course_id,
        user_id,
        role: role.to_owned(),
    }
}

/// Returns a pending invite of an account.
pub fn course_invite(id: i64, course_id: i64, user_id: i64) -> course_invite::Model {
    course_invite::Model {
        id,
        course_id,
        user_id: Some(user_id),
        email: None,
        email_norm: None,
        invited_by_id: None,
        created_at: made(),
        accepted_at: None,
        accepted_by_id: None,
        cancelled_at: None,
        declined_at: None,
        updated_at: None,
        last_sent_at: None,
        send_count: 0,
        status: None,
        email_folded: None,
    }
}

/// Returns a pending invite of an address.
pub fn address_invite(id: i64, course_id: i64, address: &str) -> course_invite::Model {
    course_invite::Model {
        user_id: None,
        email: Some(address.to_owned()),
        email_norm: email::normalize(address),
        ..course_invite(id, course_id, 0)
    }
}

/// The id of a row in the source `clerk`: that of row 7 of `users` is `users-7`.
pub fn external_key(table: &str, id: i64) -> external_key::Model {
    external_key::Model {
        source: "clerk".to_owned(),
        kind: table.to_owned(),
        external_id: format!("{table}-{id}"),
        id,
    }
}
