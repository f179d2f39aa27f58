//! The rows that the request wrote last. What it returns of them is not read again.

use std::collections::HashMap;

use entity::{invite_code, workspace_invite};

use super::proof::Guarded;
use crate::lifecycle::WrittenRow;

/// Rows as the last write of a request left them. The rules hold for them as for rows that are read.
#[derive(Default)]
pub(super) struct Written {
    invite_codes: HashMap<i64, Guarded<invite_code::Model>>,
    workspace_invites: HashMap<i64, Guarded<workspace_invite::Model>>,
}

impl Written {
    pub(super) fn invite_code(&self, id: i64) -> Option<Guarded<invite_code::Model>> {
        self.invite_codes.get(&id).cloned()
    }

    pub(super) fn workspace_invite(&self, id: i64) -> Option<Guarded<workspace_invite::Model>> {
        self.workspace_invites.get(&id).cloned()
    }
}

impl Extend<WrittenRow> for Written {
    fn extend<I: IntoIterator<Item = WrittenRow>>(&mut self, rows: I) {
        for row in rows {
            match row {
                WrittenRow::InviteCode(row) => {
                    self.invite_codes.insert(row.peek().id, row);
                }
                WrittenRow::WorkspaceInvite(row) => {
                    self.workspace_invites.insert(row.peek().id, row);
                }
            }
        }
    }
}
