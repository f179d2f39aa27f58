//! Visits to the screens of the example `invite-page`, and their texts.

use crate::support::{global_id, invite_id};

const NOT_FOUND: &str = "We cannot find this invite";
const PENDING: &str = "Waiting for your answer. You can accept until 31 December 2099.";
const PENDING_WITHOUT_END: &str = "Waiting for your answer. This invite does not expire.";

/// A screen, its visitor, and the texts that it shows.
pub struct Visit {
    pub address: String,
    pub persona: Option<&'static str>,
    pub heading: &'static str,
    pub says: &'static [&'static str],
    /// True if the invite can be accepted: by a button or, signed out, after signing in.
    pub accept: bool,
}

/// Returns a visit of a signed-out visitor.
fn anybody(
    address: impl Into<String>,
    heading: &'static str,
    says: &'static [&'static str],
) -> Visit {
    Visit {
        address: address.into(),
        persona: None,
        heading,
        says,
        accept: false,
    }
}

impl Visit {
    /// Returns the same visit of a signed-in persona.
    fn by(self, persona: &'static str) -> Self {
        let persona = Some(persona);
        Self { persona, ..self }
    }

    /// Expects that the invite can be accepted.
    fn open(self) -> Self {
        Self {
            accept: true,
            ..self
        }
    }
}

pub fn workspace_invite(number: u32) -> String {
    format!("/i/workspace/d0000000-0000-4000-8000-{number:012}")
}

pub fn course_invite(course: i64, id: i64) -> String {
    format!("/i/course/{}", invite_id("CourseInvite", course, id))
}

fn joined(target: &str, id: i64) -> String {
    format!("/joined/{}", global_id(target, id))
}

fn codes() -> Vec<Visit> {
    let community = "The community";
    vec![
        anybody(
            "/i/code/WELCOME-2026",
            community,
            &[
                "Amara Okafor invites you to join",
                PENDING,
                "You join as / Member",
                "Jonas Weber",
                "You get the tags / Mentor / Rust",
            ],
        )
        .open(),
        anybody("/i/code/NEVER-EXPIRES", community, &[PENDING_WITHOUT_END]).open(),
        anybody(
            "/i/code/INVITER-DELETED",
            community,
            &["You are invited to join", PENDING],
        )
        .open(),
        // Of its four tags, the one that is active and visible.
        anybody(
            "/i/code/TAGGED-2026",
            community,
            &["You get the tags / Mentor / Sign in first"],
        )
        .open(),
        anybody(
            "/i/code/USED-2026",
            community,
            &["Accepted on 9 March 2026."],
        ),
        anybody(
            "/i/code/EXPIRED-2026",
            community,
            &["Expired on 1 February 2026. Ask Amara Okafor for a new invite."],
        ),
        anybody(
            "/i/code/CANCELLED-2026",
            community,
            &["Withdrawn before it was accepted."],
        ),
        anybody(
            "/i/code/used-2026",
            community,
            &["Accepted on 9 March 2026."],
        ),
        anybody(
            "/i/code/WELCOME-1999",
            NOT_FOUND,
            &["Copy the whole link again"],
        ),
        anybody("/i/code/%25", NOT_FOUND, &[]),
    ]
}

fn workspace_invites() -> Vec<Visit> {
    let atlas = "Atlas Research";
    vec![
        anybody(
            workspace_invite(1),
            atlas,
            &[
                "Ingrid Sørensen invites you to join",
                "Where the people of Atlas Research work together.",
                PENDING,
                "You join as / Member",
                "We would love to have you with us",
            ],
        )
        .open(),
        // A role without a name, and a workspace without a logo.
        anybody(workspace_invite(8), atlas, &["You join as / Time keeper"]).open(),
        anybody(workspace_invite(10), "Tidewater Lab 🌊", &["T🌊"]).open(),
        anybody(workspace_invite(7), atlas, &["You are invited to join"]).open(),
        anybody(workspace_invite(2), atlas, &["Accepted on 4 March 2026."]),
        anybody(
            workspace_invite(3),
            atlas,
            &["Withdrawn before it was accepted."],
        ),
        anybody(
            workspace_invite(5),
            atlas,
            &["Expired on 1 February 2026. Ask Ingrid Sørensen for a new invite."],
        ),
        anybody(workspace_invite(9), NOT_FOUND, &[]),
        anybody(workspace_invite(99), NOT_FOUND, &[]),
        anybody("/i/workspace/not-a-token", NOT_FOUND, &[]),
    ]
}

fn group_invites() -> Vec<Visit> {
    let studio = "/i/group/research-studio/abc123xyz";
    vec![
        anybody(
            studio,
            "Join Research Studio",
            &["It has 3 members.", "Sign in first"],
        )
        .open(),
        anybody(studio, "Join Research Studio", &["It has 3 members."])
            .by("nobody")
            .open(),
        anybody("/i/group/research-studio/an-older-code", NOT_FOUND, &[]),
        anybody(
            "/i/group/research-studio/an-older-code",
            "This link no longer joins Research Studio",
            &["Ask a manager of the group"],
        )
        .by("nobody"),
        anybody(
            studio,
            "Research Studio",
            &[
                "Open. The link works for many people",
                "You join as / Member",
                "Change the link",
            ],
        )
        .by("group-manager"),
        anybody(
            "/i/group/research-studio/an-older-code",
            "This link no longer joins Research Studio",
            &["show the current link"],
        )
        .by("group-manager"),
        anybody(
            "/i/group/open-lab/an-older-code",
            "This link no longer joins Open Lab",
            &["The group has no join link now."],
        )
        .by("group-manager"),
        anybody(
            "/i/group/night-shift/night-shift-2026",
            "Join Nachtschicht ☾",
            &["You have a link to join this group."],
        )
        .by("group-manager")
        .open(),
        anybody("/i/group/old-guild/old-guild-2024", NOT_FOUND, &[]).by("group-manager"),
    ]
}

fn course_invites() -> Vec<Visit> {
    let rust = "Rust from Zero";
    vec![
        anybody(course_invite(1, 1), "You are invited to a course", &[]),
        anybody(
            course_invite(1, 1),
            rust,
            &[
                "Amara Okafor invites you",
                "You join as / Participant",
                "For / 田中 芽衣",
            ],
        )
        .by("invitee")
        .open(),
        // Its managers see it, but do not answer it.
        anybody(course_invite(1, 1), rust, &[PENDING_WITHOUT_END]).by("course-manager"),
        anybody(course_invite(1, 1), NOT_FOUND, &[]).by("nobody"),
        anybody(course_invite(1, 2), rust, &["Accepted on 8 March 2026."]).by("staff"),
        anybody(
            course_invite(1, 3),
            rust,
            &["Withdrawn before it was accepted."],
        )
        .by("staff"),
    ]
}

/// Returns visits to lists: allowed, denied, and empty.
fn lists() -> Vec<Visit> {
    let course = "/manage/course/rust-from-zero";
    let sign_in = "Sign in to see this";
    let hidden = "There is nothing here for you";
    vec![
        anybody("/received", "Sign in to see your invites", &[]),
        anybody("/received", "Your invites", &["No invites."]).by("nobody"),
        anybody(
            "/received",
            "Your invites",
            &[
                "The community",
                "Atlas Research",
                "夜警 Night Watch",
                "5 of 5 shown",
            ],
        )
        .by("invitee")
        .open(),
        anybody("/manage/codes", sign_in, &["Bearer token"]),
        anybody(
            "/manage/codes",
            "Invite codes",
            &["There are no invites here yet."],
        )
        .by("nobody"),
        anybody("/manage/codes", "Invite codes", &["10 of 44 shown"]).by("course-manager"),
        anybody(course, sign_in, &[]),
        anybody(course, "You cannot see this", &["Only its managers can"]).by("nobody"),
        anybody("/manage/course/night-watch", hidden, &[]).by("nobody"),
        anybody("/manage/workspace/1", sign_in, &[]),
        anybody("/manage/workspace/1", hidden, &[]).by("nobody"),
        anybody(
            "/manage",
            "What you manage",
            &["signed in as Noor Haddad", "Open Lab (no join link)"],
        )
        .by("group-manager"),
        anybody(
            "/manage/workspace/1",
            "Invites to Atlas Research",
            &["Invite people", "0 selected", "Send again", "Withdraw"],
        )
        .by("workspace-admin"),
        anybody(
            "/manage/group/research-studio",
            "Join link of Research Studio",
            &["Replace the link", "Switch it off"],
        )
        .by("group-manager"),
        anybody(
            "/manage/group/open-lab",
            "Join link of Open Lab",
            &["The group has no join link now.", "Switch it on"],
        )
        .by("group-manager"),
        anybody(
            "/manage/group/night-shift",
            "You cannot see this",
            &["Only its managers can"],
        )
        .by("group-manager"),
        anybody(
            joined("Workspace", 1),
            "Atlas Research",
            &["You are here as Admin.", "Manage its invites"],
        )
        .by("workspace-admin"),
        anybody(
            joined("Course", 1),
            "Rust from Zero",
            &["You are not a member."],
        )
        .by("nobody"),
        anybody(joined("Workspace", 1), hidden, &[]).by("nobody"),
        anybody(joined("User", 1), hidden, &[]).by("nobody"),
        anybody("/", "Were you invited?", &["Invite code"]),
        anybody("/nowhere", "There is no such page", &[]),
    ]
}

/// Returns all visits.
pub fn all() -> Vec<Visit> {
    let mut visits = codes();
    visits.extend(workspace_invites());
    visits.extend(group_invites());
    visits.extend(course_invites());
    visits.extend(lists());
    visits
}
