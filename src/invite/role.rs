//! Roles: which manage a target, which joining gives, and how people read them.

/// Roles that manage a workspace.
pub const MANAGES_WORKSPACE: [&str; 2] = ["owner", "admin"];

/// Roles that manage a group.
pub const MANAGES_GROUP: [&str; 2] = ["owner", "manager"];

/// Roles that manage a course.
pub const MANAGES_COURSE: [&str; 2] = [CREATOR, "manager"];

/// Role of the user who made a course.
pub const CREATOR: &str = "creator";

/// Roles that the gateway grants, from the highest to the lowest. Sources may know others, which rank
/// below all of these.
pub const ROLES: [&str; 8] = [
    "owner", "admin", "manager", "editor", "member", "billing", "viewer", "guest",
];

/// Roles that only their like may grant.
const MANAGING: [&str; 3] = ["owner", "admin", "manager"];

/// Returns the roles that somebody with this role may grant: their own and lower ones, if the role
/// manages a workspace.
pub fn grantable_roles(own: &str) -> &'static [&'static str] {
    let rank = ROLES.iter().position(|role| *role == own);
    match rank.filter(|_| MANAGES_WORKSPACE.contains(&own)) {
        Some(rank) => &ROLES[rank..],
        None => &[],
    }
}

/// Returns the roles that an invite code grants when somebody other than staff creates it: those that
/// manage nothing.
pub fn roles_of_codes() -> &'static [&'static str] {
    &ROLES[MANAGING.len()..]
}

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

#[cfg(test)]
mod tests {
    use super::{ROLES, grantable_roles, roles_of_codes};

    #[test]
    fn nobody_grants_a_role_above_their_own() {
        assert_eq!(grantable_roles("owner"), ROLES);
        assert_eq!(grantable_roles("admin"), &ROLES[1..]);
        for other in ["member", "manager", "guest", "unheard-of", ""] {
            assert_eq!(grantable_roles(other), [""; 0], "{other}");
        }
        assert_eq!(roles_of_codes()[0], "editor");
    }
}
