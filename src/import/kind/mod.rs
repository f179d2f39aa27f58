//! The kinds of rows that can be loaded: one file each, which checks a row and says what to write.

use std::fmt;

use chrono::{DateTime, Utc};
use clap::ValueEnum;

use super::{
    row::{FieldError, Object},
    table::Rows,
};

mod course;
mod course_invite;
mod course_member;
mod group;
mod group_invite;
mod group_member;
pub(super) mod invite_code;
mod tag;
mod user;
mod workspace;
mod workspace_invite;
mod workspace_member;

/// Lists the kinds, and the module that reads the rows of each.
macro_rules! kinds {
    ($($(#[$meaning:meta])+ $kind:ident => $module:ident,)+) => {
        /// What the rows of a file are.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
        pub enum Kind {
            $($(#[$meaning])+ $kind,)+
        }

        impl Kind {
            /// Checks a row, and adds to `rows` what it comes to. An instant that the row does not
            /// tell, and that must be stored, is `now`.
            pub(super) fn read(
                self,
                row: &Object<'_>,
                now: DateTime<Utc>,
                rows: &mut Rows,
            ) -> Result<(), FieldError> {
                match self {
                    $(Self::$kind => $module::read(row, now, rows),)+
                }
            }
        }
    };
}

kinds! {
    /// Accounts: who invites and who is invited
    Users => user,
    /// Workspaces
    Workspaces => workspace,
    /// Who belongs to a workspace: workspace_id, user_id, role
    WorkspaceMembers => workspace_member,
    /// Groups
    Groups => group,
    /// Who belongs to a group: group_id, user_id, role
    GroupMembers => group_member,
    /// Courses
    Courses => course,
    /// Who belongs to a course: course_id, user_id, role
    CourseMembers => course_member,
    /// Invite codes with their user, inviter and tags
    InviteCodes => invite_code,
    /// Workspace invites with their token, workspace and inviter
    WorkspaceInvites => workspace_invite,
    /// Group invites with their group
    GroupInvites => group_invite,
    /// Pages of a course's invited users, or one invited user a row
    CourseInvites => course_invite,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.to_possible_value() {
            Some(value) => f.write_str(value.get_name()),
            None => Ok(()),
        }
    }
}

/// Longest address: RFC 5321 allows 254 bytes; more would not fit an index.
const LONGEST_EMAIL: usize = 320;

/// Longest text in an indexed column.
const LONGEST_NAME: usize = 255;

/// Longest invite code.
const LONGEST_CODE: usize = 64;

/// Longest text that is shown: the row itself has a limit.
const LONGEST_TEXT: usize = usize::MAX;
