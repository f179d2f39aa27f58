//! The two dozen people of the sample data, and who of them signs in.

use entity::user;

use super::{
    case::{Sample, sample},
    instants::at,
    learners,
};
use crate::auth::STAFF_SCOPE;

/// Amara Okafor, course manager: made the big course and most invite codes.
pub const AMARA: i64 = 1;
/// Noor Haddad, group manager.
pub const NOOR: i64 = 2;
/// Ingrid Sørensen, workspace admin.
pub const INGRID: i64 = 3;
/// Sam Rivera, staff by the scope of the token alone.
pub const SAM: i64 = 4;
/// Nadia Kowalska, nobody: signed in, but neither member, invitee nor inviter of anything.
pub const NADIA: i64 = 5;
/// 田中 芽衣 (Mei Tanaka), invited to nearly everything, by user and by verified address.
pub const MEI: i64 = 6;
/// Leo Marchetti, whose address is not verified.
pub const LEO: i64 = 7;
/// Priya Raman, staff by `users.is_staff`.
pub const PRIYA: i64 = 8;
/// Viktor Holm, deleted: an inviter who is gone.
pub const VIKTOR: i64 = 9;
/// Rosa Delgado, deleted: used and accepted invites, and was invited herself.
pub const ROSA: i64 = 10;
/// José García, whose address is written composed here and decomposed in an invite.
pub const JOSE: i64 = 11;
/// Omar Farouk, who used an invite code.
pub const OMAR: i64 = 12;
/// 佐藤 由紀 (Yuki Sato), manager of the big course by membership.
pub const YUKI: i64 = 13;
/// Hanna Lindqvist, owner of workspaces.
pub const HANNA: i64 = 14;
/// Tomáš Novák, plain member of a workspace, invitee of a draft course.
pub const TOMAS: i64 = 15;
/// فاطمة الزهراء (Fatima Zahra), owner of groups.
pub const FATIMA: i64 = 16;
/// דניאל כהן (Daniel Cohen), plain member of a group.
pub const DANIEL: i64 = 17;
/// Grace Mbeki, who accepted a workspace invite.
pub const GRACE: i64 = 18;
/// Liam O’Connor, who accepted a course invite.
pub const LIAM: i64 = 19;
/// Σοφία Παπαδοπούλου (Sofia Papadopoulou), whose course invite was cancelled.
pub const SOFIA: i64 = 20;
/// Иван Петров (Ivan Petrov), who joined a course without accepting its invite.
pub const IVAN: i64 = 21;
/// chloe.dubois, who has neither a full name, a picture nor an id of the customer's.
pub const CHLOE: i64 = 22;
/// Kofi Mensah, without an e-mail address.
pub const KOFI: i64 = 23;
/// अर्जुन मेहता (Arjun Mehta), with an emoji in the name.
pub const ARJUN: i64 = 24;

/// Someone who signs in to the demo.
pub(super) struct SignIn {
    pub(super) name: &'static str,
    pub(super) user_id: i64,
    pub(super) scope: Option<&'static str>,
    pub(super) story: &'static str,
    pub(super) sees: &'static str,
}

/// Who signs in; the first [`BANNER_SIGN_INS`] are shown at start.
pub(super) const SIGN_INS: [SignIn; 8] = [
    SignIn {
        name: "course-manager",
        user_id: AMARA,
        scope: None,
        story: "Made and manages the course of 2,000 invitees, and issued most invite codes.",
        sees: "the invitees of her courses, and the codes that she issued",
    },
    SignIn {
        name: "group-manager",
        user_id: NOOR,
        scope: None,
        story: "Manages three groups, one of them without an invite code.",
        sees: "the invite codes and links of his groups",
    },
    SignIn {
        name: "workspace-admin",
        user_id: INGRID,
        scope: None,
        story: "Admin of one workspace and owner of another, which has enough invites to page.",
        sees: "all invites of her two workspaces",
    },
    SignIn {
        name: "staff",
        user_id: SAM,
        scope: Some(STAFF_SCOPE),
        story: "Administers the installation, by the scope of the token alone.",
        sees: "everything",
    },
    SignIn {
        name: "nobody",
        user_id: NADIA,
        scope: None,
        story: "Signed in, but neither member, invitee nor inviter of anything.",
        sees: "what any signed-in user sees, and no invite",
    },
    SignIn {
        name: "invitee",
        user_id: MEI,
        scope: None,
        story: "Invited to courses as a user, to a workspace and the community by e-mail.",
        sees: "the invites that she received, and the secret course that she is invited to",
    },
    SignIn {
        name: "unverified",
        user_id: LEO,
        scope: None,
        story: "His address is not verified, so the invites sent to it are not his.",
        sees: "no invite, although two carry his address",
    },
    SignIn {
        name: "staff-by-account",
        user_id: PRIYA,
        scope: None,
        story: "Administers the installation, by users.is_staff.",
        sees: "everything",
    },
];

/// How many of [`SIGN_INS`] are shown at start.
pub(super) const BANNER_SIGN_INS: usize = 5;

/// The hand-written accounts.
pub(super) fn people() -> Vec<Sample<user::Model>> {
    let deleted_at = Some(at(2026, 6, 1, 12, 0));
    vec![
        sample(
            "Course manager: creator of a course, inviter of codes.",
            person(AMARA, "amara.okafor", "Amara Okafor"),
        ),
        sample("Group manager.", person(NOOR, "noor.haddad", "Noor Haddad")),
        sample(
            "Workspace admin; a letter outside ASCII in the name.",
            person(INGRID, "ingrid.sorensen", "Ingrid Sørensen"),
        ),
        sample(
            "Staff by the token's scope only: is_staff is false.",
            person(SAM, "sam.rivera", "Sam Rivera"),
        ),
        sample(
            "Nobody: no membership, no invite.",
            person(NADIA, "nadia.kowalska", "Nadia Kowalska"),
        ),
        sample(
            "Invitee with a verified address; Japanese name.",
            person(MEI, "mei.tanaka", "田中 芽衣"),
        ),
        sample(
            "Address not verified: invites to it are not this user's.",
            user::Model {
                is_verified: false,
                ..person(LEO, "leo.marchetti", "Leo Marchetti")
            },
        ),
        sample(
            "Staff by is_staff.",
            user::Model {
                is_staff: true,
                ..person(PRIYA, "priya.raman", "Priya Raman")
            },
        ),
        sample(
            "Deleted account of an inviter: resolves to null.",
            user::Model {
                deleted_at,
                ..person(VIKTOR, "viktor.holm", "Viktor Holm")
            },
        ),
        sample(
            "Deleted account of an invitee: leaves lists and totals.",
            user::Model {
                deleted_at,
                ..person(ROSA, "rosa.delgado", "Rosa Delgado")
            },
        ),
        sample(
            "Username, name and address with composed accents.",
            with_email(
                person(JOSE, "josé.garcía", "José García"),
                "josé.garcía@example.com",
            ),
        ),
        sample(
            "Used an invite code.",
            person(OMAR, "omar.farouk", "Omar Farouk"),
        ),
        sample(
            "Manages a course by membership, not as its creator.",
            person(YUKI, "yuki.sato", "佐藤 由紀"),
        ),
        sample(
            "Workspace owner.",
            person(HANNA, "hanna.lindqvist", "Hanna Lindqvist"),
        ),
        sample(
            "Workspace member who manages nothing.",
            person(TOMAS, "tomas.novak", "Tomáš Novák"),
        ),
        sample(
            "Group owner; name written right to left.",
            person(FATIMA, "fatima.zahra", "فاطمة الزهراء"),
        ),
        sample(
            "Group member who manages nothing.",
            person(DANIEL, "daniel.cohen", "דניאל כהן"),
        ),
        sample(
            "Accepted a workspace invite.",
            person(GRACE, "grace.mbeki", "Grace Mbeki"),
        ),
        sample(
            "Accepted a course invite; typographic apostrophe in the name.",
            person(LIAM, "liam.oconnor", "Liam O’Connor"),
        ),
        sample(
            "Was invited to a course, then the invite was cancelled; Greek name.",
            person(SOFIA, "sofia.papadopoulou", "Σοφία Παπαδοπούλου"),
        ),
        sample(
            "Member of a course whose invite is still open; Cyrillic name.",
            person(IVAN, "ivan.petrov", "Иван Петров"),
        ),
        sample(
            "Empty full name, no picture, no ext_id.",
            user::Model {
                avatar_url: None,
                ext_id: None,
                ..person(CHLOE, "chloe.dubois", "")
            },
        ),
        sample(
            "No e-mail address: an empty one matches nobody.",
            with_email(person(KOFI, "kofi.mensah", "Kofi Mensah"), ""),
        ),
        sample(
            "Devanagari name with an emoji; shares its ext_id with another account.",
            user::Model {
                ext_id: Some("P-0001".to_owned()),
                ..person(ARJUN, "arjun.mehta", "अर्जुन मेहता 🚀")
            },
        ),
    ]
}

/// Every account: the two dozen, and those whom the big course invites.
pub(super) fn rows() -> Vec<user::Model> {
    people()
        .into_iter()
        .map(|person| person.row)
        .chain(learners::rows())
        .collect()
}

fn person(id: i64, username: &str, full_name: &str) -> user::Model {
    let row = user::Model {
        id,
        username: username.to_owned(),
        full_name: full_name.to_owned(),
        email: String::new(),
        email_norm: String::new(),
        avatar_url: Some(format!("https://avatars.example.com/{id}.png")),
        is_verified: true,
        ext_id: Some(format!("P-{id:04}")),
        is_staff: false,
        created_at: at(2025, 9, 1, 8, 0),
        deleted_at: None,
    };
    with_email(row, &format!("{username}@example.com"))
}

fn with_email(row: user::Model, email: &str) -> user::Model {
    user::Model {
        email: email.to_owned(),
        email_norm: crate::email::normalize(email).unwrap_or_default(),
        ..row
    }
}
