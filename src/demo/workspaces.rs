//! Workspaces and their members; what invites to them is in [`super::workspace_invites`].

use entity::{workspace, workspace_member};

use super::{
    case::{Sample, sample},
    instants::at,
    people,
};

/// The workspace whose invites show one case each.
pub const ATLAS: i64 = 1;
/// The workspace without a logo, whose many invites are there to be paged.
pub const TIDEWATER: i64 = 2;
/// A deleted workspace.
pub const HARBOUR: i64 = 3;
/// A workspace managed by somebody else than the demo's workspace admin.
pub const QUIET: i64 = 4;

pub(super) fn workspaces() -> Vec<Sample<workspace::Model>> {
    vec![
        sample(
            "Logo and description; its invites show one case each.",
            workspace(ATLAS, "Atlas Research"),
        ),
        sample(
            "No logo, empty description; enough invites to page.",
            workspace::Model {
                description: String::new(),
                logo_url: None,
                ..workspace(TIDEWATER, "Tidewater Lab 🌊")
            },
        ),
        sample(
            "Deleted: not found, and neither are its invites.",
            workspace::Model {
                deleted_at: Some(at(2026, 5, 1, 12, 0)),
                ..workspace(HARBOUR, "Old Harbour")
            },
        ),
        sample(
            "Not the workspace admin's: null when asked for by id.",
            workspace(QUIET, "Quiet Room"),
        ),
    ]
}

pub(super) fn members() -> Vec<workspace_member::Model> {
    [
        (ATLAS, people::HANNA, "owner"),
        (ATLAS, people::INGRID, "admin"),
        (ATLAS, people::TOMAS, "member"),
        (ATLAS, people::GRACE, "member"),
        (ATLAS, people::ROSA, "member"),
        (TIDEWATER, people::INGRID, "owner"),
        (TIDEWATER, people::TOMAS, "guest"),
        (HARBOUR, people::INGRID, "owner"),
        (QUIET, people::HANNA, "owner"),
    ]
    .into_iter()
    .map(|(workspace_id, user_id, role)| workspace_member::Model {
        workspace_id,
        user_id,
        role: role.to_owned(),
    })
    .collect()
}

fn workspace(id: i64, name: &str) -> workspace::Model {
    workspace::Model {
        id,
        name: name.to_owned(),
        description: format!("Where the people of {name} work together."),
        logo_url: Some(format!("https://logos.example.com/{id}.svg")),
        created_at: at(2025, 9, 1, 8, 0),
        deleted_at: None,
    }
}
