//! Groups, their members and their invites.

use chrono::{DateTime, Utc};
use entity::{group, group_invite, group_member};

use super::{
    case::{Sample, sample},
    instants::at,
    people,
};

/// The group of the contract's example.
pub const STUDIO: &str = "research-studio";
/// A group that has no invite code.
pub const NO_CODE: &str = "open-lab";
/// A deleted group, whose code is not found.
pub const DELETED: &str = "old-guild";
/// A second group with a code under the same manager.
pub const SECOND: &str = "field-notes";
/// A group with a code, managed by somebody else.
pub const OTHERS: &str = "night-shift";

/// The code of [`STUDIO`], as in the contract's example.
pub const STUDIO_CODE: &str = "abc123xyz";
/// The code of [`DELETED`].
pub const DELETED_CODE: &str = "old-guild-2024";
/// The code of [`SECOND`], renewed once.
pub const SECOND_CODE: &str = "field-notes-2026";
/// The code of [`OTHERS`].
pub const OTHERS_CODE: &str = "night-shift-2026";

/// The id of the invite of [`STUDIO`], as in the contract's example.
pub const STUDIO_INVITE: i64 = 12_345;

const STUDIO_ID: i64 = 1;
const NO_CODE_ID: i64 = 2;
const DELETED_ID: i64 = 3;
const SECOND_ID: i64 = 4;
const OTHERS_ID: i64 = 5;

pub(super) fn groups() -> Vec<Sample<group::Model>> {
    vec![
        sample(
            "With an invite: the contract's example.",
            group(STUDIO_ID, STUDIO, "Research Studio"),
        ),
        sample(
            "Without an invite code: invite is null for its manager too.",
            group(NO_CODE_ID, NO_CODE, "Open Lab"),
        ),
        sample(
            "Deleted: not found, and neither is its invite.",
            group::Model {
                deleted_at: Some(at(2026, 5, 1, 12, 0)),
                ..group(DELETED_ID, DELETED, "Old Guild")
            },
        ),
        sample(
            "A second managed group; letters outside ASCII in the name.",
            group(SECOND_ID, SECOND, "Field Notes – Çayır"),
        ),
        sample(
            "Managed by somebody else: visible to the group manager, its invite is not.",
            group(OTHERS_ID, OTHERS, "Nachtschicht ☾"),
        ),
    ]
}

pub(super) fn members() -> Vec<group_member::Model> {
    [
        (STUDIO_ID, people::FATIMA, "owner"),
        (STUDIO_ID, people::NOOR, "manager"),
        (STUDIO_ID, people::DANIEL, "member"),
        (NO_CODE_ID, people::NOOR, "manager"),
        (DELETED_ID, people::NOOR, "owner"),
        (SECOND_ID, people::NOOR, "owner"),
        (SECOND_ID, people::DANIEL, "member"),
        (OTHERS_ID, people::FATIMA, "owner"),
    ]
    .into_iter()
    .map(|(group_id, user_id, role)| group_member::Model {
        group_id,
        user_id,
        role: role.to_owned(),
    })
    .collect()
}

pub(super) fn invites() -> Vec<Sample<group_invite::Model>> {
    let first_day = at(2023, 1, 15, 10, 30);
    vec![
        sample(
            "The contract's example: never changed since it was made.",
            invite(STUDIO_INVITE, STUDIO_ID, STUDIO_CODE, first_day),
        ),
        sample(
            "Made later, and renewed: updatedAt is after createdAt.",
            group_invite::Model {
                updated_at: at(2026, 4, 20, 16, 0),
                ..invite(12_346, SECOND_ID, SECOND_CODE, at(2024, 7, 1, 9, 0))
            },
        ),
        sample(
            "Of a deleted group: not found, even by its manager and staff.",
            invite(12_347, DELETED_ID, DELETED_CODE, at(2024, 2, 1, 9, 0)),
        ),
        sample(
            "Of a group that the group manager does not manage; made at the same instant as the \
             example.",
            invite(12_348, OTHERS_ID, OTHERS_CODE, first_day),
        ),
    ]
}

fn group(id: i64, slug: &str, name: &str) -> group::Model {
    group::Model {
        id,
        slug: slug.to_owned(),
        name: name.to_owned(),
        created_at: at(2023, 1, 10, 8, 0),
        deleted_at: None,
    }
}

fn invite(id: i64, group_id: i64, code: &str, created_at: DateTime<Utc>) -> group_invite::Model {
    group_invite::Model {
        id,
        group_id,
        code: code.to_owned(),
        created_at,
        updated_at: created_at,
    }
}
