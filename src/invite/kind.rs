//! The kinds of invites.

/// First id that the gateway gives to an invite. Sources number theirs from below.
pub const FIRST_ID: i64 = 1_000_000_000_000;

/// A kind of invite.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum InviteKind {
    /// A personal code.
    InviteCode,
    /// An e-mail invitation to a workspace.
    WorkspaceInvite,
    /// A group's reusable link.
    GroupInvite,
    /// A user's invitation to a course.
    CourseInvite,
}

impl InviteKind {
    /// Name of the kind in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InviteCode => "invite_code",
            Self::WorkspaceInvite => "workspace_invite",
            Self::GroupInvite => "group_invite",
            Self::CourseInvite => "course_invite",
        }
    }

    /// All kinds.
    pub const ALL: [Self; 4] = [
        Self::InviteCode,
        Self::WorkspaceInvite,
        Self::GroupInvite,
        Self::CourseInvite,
    ];
}
