//! Rows as a write left them, so that its response need not read them again.

use entity::{invite_code, workspace_invite};
use sea_orm::{DbErr, IdenStatic, Iterable, QueryResult};

use crate::{
    access::proof::Guarded,
    invite::InviteKind,
    loader::{invite_code as invite_codes, workspace_invite as workspace_invites},
};

/// An invite as a write left it.
#[derive(Clone, Debug)]
pub enum WrittenRow {
    /// An invite code.
    InviteCode(Guarded<invite_code::Model>),
    /// A workspace invite.
    WorkspaceInvite(Guarded<workspace_invite::Model>),
}

impl WrittenRow {
    /// Returns the columns of the row, to append to those of a `RETURNING` clause. Course invites have none:
    /// triggers change them once the statement is done.
    pub(super) fn columns(kind: InviteKind) -> String {
        match kind {
            InviteKind::InviteCode => aliased(invite_code::Column::iter()),
            InviteKind::WorkspaceInvite => aliased(workspace_invite::Column::iter()),
            InviteKind::CourseInvite | InviteKind::GroupInvite => String::new(),
        }
    }

    /// Reads [`Self::columns`], which begin at the column `first`.
    pub(super) fn read(
        kind: InviteKind,
        row: &QueryResult,
        first: usize,
    ) -> Result<Option<Self>, DbErr> {
        Ok(match kind {
            InviteKind::InviteCode => Some(Self::InviteCode(invite_codes::read(row, first)?)),
            InviteKind::WorkspaceInvite => {
                Some(Self::WorkspaceInvite(workspace_invites::read(row, first)?))
            }
            InviteKind::CourseInvite | InviteKind::GroupInvite => None,
        })
    }
}

/// Names the columns so that no step mistakes them for its own.
fn aliased(columns: impl Iterator<Item: IdenStatic>) -> String {
    let columns = columns.map(|column| column.as_str().to_owned());
    columns
        .map(|column| format!(", {column} AS written_{column}"))
        .collect()
}
