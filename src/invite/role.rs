//! Roles: which manage a target, which joining gives, and how people read them.

/// Roles that manage a workspace.
pub const MANAGES_WORKSPACE: [&str; 2] = ["owner", "admin"];

/// Roles that manage a group.
pub const MANAGES_GROUP: [&str; 2] = ["owner", "manager"];

/// Roles that manage a course.
pub const MANAGES_COURSE: [&str; 2] = [CREATOR, "manager"];

/// Role of the user who made a course.
pub const CREATOR: &str = "creator";

/// Roles that joining gives where an invite names none. Neither manages anything.
pub struct Joined;

impl Joined {
    /// Role in a group that was joined by its link.
    pub const GROUP: &'static str = "member";
    /// Role in a course that was joined by an invite.
    pub const COURSE: &'static str = "joined";
}

/// A role, by its key in the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Role<'a>(pub &'a str);

impl Role<'_> {
    /// Name for people; `UNKNOWN` for a key that no contract lists. Source: the workspace invite
    /// contract's `role_display`.
    pub fn display_name(self) -> &'static str {
        match self.0 {
            "owner" => "Owner",
            "admin" => "Admin",
            "manager" => "Manager",
            "member" => "Member",
            "editor" => "Editor",
            "viewer" => "Viewer",
            "guest" => "Guest",
            "billing" => "Billing",
            _ => "UNKNOWN",
        }
    }
}
