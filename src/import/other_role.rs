//! Roles of workspace members that the gateway does not know. They give no rights.

use std::collections::BTreeMap;

use super::{chunk::CheckedRow, note::rows_that};
use crate::invite::ROLES;

/// Maximum number of roles that are noted.
const MAX_ROLES: usize = 20;

/// Maximum length of a role in a note.
const MAX_LENGTH: usize = 32;

/// Roles that the gateway does not know, and the number of rows that have each.
#[derive(Default)]
pub(super) struct OtherRoles(BTreeMap<String, u64>);

impl OtherRoles {
    /// Counts the roles of rows.
    pub(super) fn add(&mut self, rows: &[CheckedRow]) {
        for role in rows.iter().filter_map(|row| row.rows.other_role.as_ref()) {
            if let Some(rows) = self.0.get_mut(role) {
                *rows += 1;
            } else if self.0.len() < MAX_ROLES {
                self.0.insert(role.clone(), 1);
            }
        }
    }

    /// Returns a note for each role.
    pub(super) fn notes(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(|(role, rows)| {
            // Other text may be a secret in the wrong column.
            let is_plain = role.len() <= MAX_LENGTH
                && role
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte == b'_');
            let role = if is_plain {
                format!("the role `{role}`")
            } else {
                "another role".to_owned()
            };
            let rows = rows_that(*rows, "has", "have");
            let known = ROLES.join("`, `");
            format!("{rows} {role}, which gives no rights; known are `{known}`")
        })
    }
}
