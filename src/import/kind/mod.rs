//! Kinds of rows, one file each: it checks a row and converts it to rows of tables.

use std::fmt;

use chrono::{DateTime, Utc};
use clap::ValueEnum;
use sea_orm::{
    Condition, DatabaseTransaction, DbErr, EntityName, ExprTrait,
    sea_query::{Expr, Func, Query},
};

use super::{
    change::{self, Effects, Key},
    replace::{self, Listed, Missing},
    replacement::Scope,
    row::{FieldError, Object},
    source::Source,
    table::Rows,
};

mod course;
mod course_invite;
mod course_member;
mod field;
mod group;
mod group_invite;
mod group_member;
pub(super) mod invite_code;
mod tag;
mod user;
mod workspace;
mod workspace_invite;
mod workspace_member;

pub use field::{Field, Format};

/// Defines the kinds, and the module that reads the rows of each.
macro_rules! kinds {
    ($($(#[$meaning:meta])+ $kind:ident => $module:ident,)+) => {
        /// Kind of the rows of a file.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, ValueEnum)]
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

            /// Reads the key of a row that its source has deleted, and adds its withdrawal to `rows`.
            pub(super) fn withdraw(
                self,
                row: &Object<'_>,
                now: DateTime<Utc>,
                rows: &mut Rows,
            ) -> Result<(), FieldError> {
                match self {
                    $(Self::$kind => $module::withdraw(row, now, rows),)+
                }
            }

            /// Finds the rows of a scope that a file lacks.
            pub(super) async fn missing(
                self,
                transaction: &DatabaseTransaction,
                listed: &Listed,
                scope: Scope,
                source: Option<&Source>,
                now: DateTime<Utc>,
            ) -> Result<Missing, DbErr> {
                match self {
                    $(Self::$kind => {
                        type Table = entity::$module::Entity;
                        let rows = (self, source);
                        replace::missing::<Table>(transaction, listed, scope, rows, now).await
                    })+
                }
            }

            /// Withdraws the rows with these keys. With `records`, the effects have their events.
            pub(super) async fn withdraw_keys(
                self,
                transaction: &DatabaseTransaction,
                keys: &[Key],
                now: DateTime<Utc>,
                records: bool,
            ) -> Result<Effects, DbErr> {
                match self {
                    $(Self::$kind => {
                        replace::withdraw::<entity::$module::Entity>(transaction, keys, now, records)
                            .await
                    })+
                }
            }

            /// Returns the values of a key with the names of their columns.
            pub(super) fn key_columns(self, key: &Key) -> Vec<(&'static str, i64)> {
                match self {
                    $(Self::$kind => change::key_columns::<entity::$module::Entity>(key),)+
                }
            }

            /// Name of the table.
            pub fn table(self) -> &'static str {
                match self {
                    $(Self::$kind => entity::$module::Entity.table_name(),)+
                }
            }

            /// Returns the fields of rows of this kind.
            pub fn fields(self) -> Vec<Field> {
                match self {
                    $(Self::$kind => $module::fields(),)+
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
    /// Tags of invite codes
    Tags => tag,
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
    /// Pages of a course's invited users, or one invited user or address per row
    CourseInvites => course_invite,
}

impl Kind {
    /// Returns the scope by which a file can list rows of the kind, other than [`Scope::All`].
    fn target(self) -> Option<Scope> {
        match self {
            Self::WorkspaceMembers | Self::WorkspaceInvites => Some(Scope::Workspace),
            Self::GroupMembers | Self::GroupInvites => Some(Scope::Group),
            Self::CourseMembers | Self::CourseInvites => Some(Scope::Course),
            Self::Users
            | Self::Workspaces
            | Self::Groups
            | Self::Tags
            | Self::Courses
            | Self::InviteCodes => None,
        }
    }

    /// Checks that rows of the kind have this scope.
    ///
    /// # Errors
    /// They do not have it. The error is the message.
    pub fn check_scope(self, scope: Scope) -> Result<(), String> {
        let target = self.target();
        if scope == Scope::All || target == Some(scope) {
            return Ok(());
        }
        let target = target.map(|target| format!(" or `{target}`"));
        let target = target.unwrap_or_default();
        Err(format!(
            "{scope}: {self} do not belong to a {scope}; expected `all`{target}"
        ))
    }

    /// Columns whose ids are those of a source in its rows.
    fn of_source_by(self) -> &'static [&'static str] {
        match self {
            Self::WorkspaceMembers => &["workspace_id", "user_id"],
            Self::GroupMembers => &["group_id", "user_id"],
            Self::CourseMembers | Self::CourseInvites => &["course_id", "user_id"],
            // Rows of these may have no id in their source.
            Self::WorkspaceInvites => &["workspace_id"],
            Self::GroupInvites => &["group_id"],
            Self::Users
            | Self::Workspaces
            | Self::Groups
            | Self::Tags
            | Self::Courses
            | Self::InviteCodes => &["id"],
        }
    }

    /// Returns the condition for rows of a source, or for those of none. Rows that have no id in a source
    /// belong to it with their workspace, group or course, and their user if they have one.
    pub fn of_source(self, source: Option<&Source>) -> Condition {
        let columns = self.of_source_by().iter();
        columns.fold(Condition::all(), |all, column| {
            // An invite to an address has no user.
            let is_null = Expr::col((self.table(), *column)).is_null();
            all.add(self.is_of_source(column, source).or(is_null))
        })
    }

    /// Returns the condition that the id in a column is that of an object of a source, or of none.
    pub fn is_of_source(self, column: &'static str, source: Option<&Source>) -> Expr {
        const KEYS: &str = "external_keys";
        let kind = self.of_id(column).unwrap_or(self);
        // Looked up for each row of a page. PostgreSQL might join `EXISTS` with the keys of all pages.
        let name = Query::select()
            .column((KEYS, "source"))
            .from(KEYS)
            .and_where(Expr::col((KEYS, "kind")).eq(kind.table()))
            .and_where(Expr::col((KEYS, "id")).equals((self.table(), column)))
            .take();
        let name = Func::coalesce([Expr::from(name), Expr::val("")]);
        Expr::from(name).eq(source.map_or("", Source::as_str))
    }

    /// Returns the kind with this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::from_str(name, false).ok()
    }

    /// Returns the names of all kinds, separated by commas.
    pub fn names() -> String {
        let names: Vec<_> = Self::value_variants().iter().map(Self::to_string).collect();
        names.join(", ")
    }

    /// Returns the kind that a file's name begins with: `users` for `users-2026.csv`.
    pub fn of_file(name: &str) -> Option<Self> {
        let begins = |kind: &&Self| {
            let rest = name.strip_prefix(&kind.to_string());
            rest.is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_alphanumeric()))
        };
        let kinds = Self::value_variants().iter().filter(begins);
        kinds.max_by_key(|kind| kind.to_string().len()).copied()
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.to_possible_value() {
            Some(value) => f.write_str(value.get_name()),
            None => Ok(()),
        }
    }
}

/// Role by which sources mark a membership that has ended.
const OVER: &str = "unjoined";

/// Returns true if a row states that a membership has ended: by `deleted_at`, or by its role.
fn is_over(row: &Object<'_>) -> Result<bool, FieldError> {
    let role = row.optional_text(&["role"], MAX_NAME)?;
    let is_over = role.is_some_and(|role| role_key(&role) == OVER);
    Ok(is_over || row.optional_instant("deleted_at")?.is_some())
}

/// Returns the key of a role: `team_lead` for `Team Lead`.
fn role_key(role: &str) -> String {
    role.trim().to_lowercase().replace([' ', '-'], "_")
}

/// Reads the role of a member: one of `roles`, in any case.
fn member_role(row: &Object<'_>, roles: &[&str]) -> Result<String, FieldError> {
    let role = role_key(&row.non_blank(&["role"], MAX_NAME)?);
    if roles.contains(&role.as_str()) {
        return Ok(role);
    }
    let roles = roles.join("`, `");
    Err(row.error("role", format!("expected one of `{roles}`, or `{OVER}`")))
}

/// Maximum length of text in an indexed column.
pub(super) const MAX_NAME: usize = 255;

/// Maximum length of a tag's name.
pub(super) const MAX_TAG: usize = 64;

/// Maximum length of an invite code.
const MAX_CODE: usize = 64;

/// No limit for other text: the row itself has one.
const MAX_TEXT: usize = usize::MAX;
