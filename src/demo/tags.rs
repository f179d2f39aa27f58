//! Tags, and which invite code gives which.

use entity::{
    invite_code_tag,
    tag::{self, TagKind},
};

use super::{
    case::{Sample, sample},
    codes,
    instants::at,
};

const MENTOR: i64 = 1;
const RUST: i64 = 2;
const INTERNAL: i64 = 3;
const LEGACY: i64 = 4;
const REMOVED: i64 = 5;
const DOCUMENTATION: i64 = 6;

pub(super) fn tags() -> Vec<Sample<tag::Model>> {
    use TagKind::{Category, Contribution, User};
    vec![
        sample("Visible and active.", tag(MENTOR, User, "Mentor")),
        sample("Visible category.", tag(RUST, Category, "Rust")),
        sample(
            "Not visible: not shown beside a name.",
            tag::Model {
                visible: false,
                ..tag(INTERNAL, User, "Internal")
            },
        ),
        sample(
            "Not active: can no longer be given.",
            tag::Model {
                active: false,
                ..tag(LEGACY, User, "Legacy")
            },
        ),
        sample(
            "Deleted: leaves every list.",
            tag::Model {
                deleted_at: Some(at(2026, 5, 1, 12, 0)),
                ..tag(REMOVED, User, "Removed")
            },
        ),
        sample(
            "For contributions; no description, letters outside ASCII.",
            tag::Model {
                description: None,
                ..tag(DOCUMENTATION, Contribution, "Dokümantasyon ✍")
            },
        ),
    ]
}

fn tag(id: i64, kind: TagKind, name: &str) -> tag::Model {
    tag::Model {
        id,
        kind,
        name: name.to_owned(),
        description: Some(format!("Given to those we know as {name}.")),
        color: format!("#3366{:02x}", id * 40),
        visible: true,
        active: true,
        created_at: at(2025, 9, 1, 8, 0),
        deleted_at: None,
    }
}

/// Which code gives which tags.
pub(super) fn links() -> Vec<invite_code_tag::Model> {
    let given: [(i64, &[i64]); 3] = [
        (codes::PENDING_ID, &[MENTOR, RUST]),
        (codes::USED_ID, &[RUST, DOCUMENTATION]),
        (codes::TAGGED_ID, &[MENTOR, INTERNAL, LEGACY, REMOVED]),
    ];
    given
        .into_iter()
        .flat_map(|(invite_code_id, tags)| {
            tags.iter().map(move |&tag_id| invite_code_tag::Model {
                invite_code_id,
                tag_id,
            })
        })
        .collect()
}
