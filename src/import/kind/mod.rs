//! Kinds of rows, one file each: it checks a row and converts it to rows of tables.

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

/// Defines the kinds, and the module that reads the rows of each.
macro_rules! kinds {
    ($($(#[$meaning:meta])+ $kind:ident => $module:ident,)+) => {
        /// Kind of the rows of a file.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
        pub enum Kind {
            $($(#[$meaning])+ $kind,)+
        }

        impl Kind {
            /// Checks a row, and adds its rows of tables to `rows`. `now` is the default of
            /// required instants.
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
    /// Accounts: inviters and invitees
    Users => user,
    /// Workspaces
    Workspaces => workspace,
    /// Members of workspaces: workspace_id, user_id, role
    WorkspaceMembers => workspace_member,
    /// Groups
    Groups => group,
    /// Members of groups: group_id, user_id, role
    GroupMembers => group_member,
    /// Courses
    Courses => course,
    /// Members of courses: course_id, user_id, role
    CourseMembers => course_member,
    /// Invite codes with their user, inviter and tags
    InviteCodes => invite_code,
    /// Workspace invites with their token, workspace and inviter
    WorkspaceInvites => workspace_invite,
    /// Group invites with their group
    GroupInvites => group_invite,
    /// Pages of a course's invited users, or one invited user per row
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

/// Maximum length of an e-mail address. RFC 5321 allows 254 bytes; the column is indexed.
const MAX_EMAIL: usize = 320;

/// Maximum length of text in an indexed column.
const MAX_NAME: usize = 255;

/// Maximum length of an invite code.
const MAX_CODE: usize = 64;

/// No limit for other text: the row itself has one.
const MAX_TEXT: usize = usize::MAX;
