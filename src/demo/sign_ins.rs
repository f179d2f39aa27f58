//! The personas of the demo.

use super::names::people;
use crate::auth::STAFF_SCOPE;

/// A persona without its token.
pub(super) struct SignIn {
    pub(super) name: &'static str,
    pub(super) user_id: i64,
    pub(super) scope: Option<&'static str>,
    pub(super) story: &'static str,
    pub(super) sees: &'static str,
}

/// The personas; the first [`BANNER_SIGN_INS`] are shown at start.
pub(super) const SIGN_INS: [SignIn; 8] = [
    SignIn {
        name: "course-manager",
        user_id: people::AMARA,
        scope: None,
        story: "Made and manages the course of 2,000 invitees, and issued most invite codes.",
        sees: "the invitees of her courses, and the codes that she issued",
    },
    SignIn {
        name: "group-manager",
        user_id: people::NOOR,
        scope: None,
        story: "Manages three groups, one of them without an invite code.",
        sees: "the invite codes and links of his groups",
    },
    SignIn {
        name: "workspace-admin",
        user_id: people::INGRID,
        scope: None,
        story: "Admin of one workspace and owner of another, which has enough invites to page.",
        sees: "all invites of her two workspaces",
    },
    SignIn {
        name: "staff",
        user_id: people::SAM,
        scope: Some(STAFF_SCOPE),
        story: "Administers the installation, by the scope of the token alone.",
        sees: "everything",
    },
    SignIn {
        name: "nobody",
        user_id: people::NADIA,
        scope: None,
        story: "Signed in, but neither member, invitee nor inviter of anything.",
        sees: "the data of any signed-in user, and no invites",
    },
    SignIn {
        name: "invitee",
        user_id: people::MEI,
        scope: None,
        story: "Invited to courses as a user, to a workspace and the community by e-mail.",
        sees: "the invites that she received, and the secret course that invites her",
    },
    SignIn {
        name: "unverified",
        user_id: people::LEO,
        scope: None,
        story: "His address is not verified, so the invites sent to it are not his.",
        sees: "no invites, although two have his address",
    },
    SignIn {
        name: "staff-by-account",
        user_id: people::PRIYA,
        scope: None,
        story: "Administers the installation, by users.is_staff.",
        sees: "everything",
    },
];

/// Number of [`SIGN_INS`] that are shown at start.
pub(super) const BANNER_SIGN_INS: usize = 5;
