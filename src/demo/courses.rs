//! Courses, their members and their invites.

use chrono::TimeDelta;
use entity::{
    course::{self, CoursePrivacy},
    course_invite, course_member,
};

use super::{
    case::{Sample, sample},
    instants::at,
    learners, people,
};

/// The open course that has [`INVITEES`] invitees.
pub const BIG: &str = "rust-from-zero";
/// A private course.
pub const PRIVATE: &str = "data-ethics";
/// A secret course, not known to the course manager.
pub const SECRET: &str = "night-watch";
/// A course that is not published.
pub const DRAFT: &str = "unfinished-draft";
/// A deleted course.
pub const DELETED: &str = "retired-latin";

/// The id of [`BIG`].
pub const BIG_ID: i64 = 1;
/// The id of [`PRIVATE`].
pub const PRIVATE_ID: i64 = 2;
/// The id of [`SECRET`].
pub const SECRET_ID: i64 = 3;
/// The id of [`DRAFT`].
pub const DRAFT_ID: i64 = 4;
/// The id of [`DELETED`].
pub const DELETED_ID: i64 = 5;

/// How many invitees [`BIG`] has: invited, and not yet members.
pub const INVITEES: i64 = learners::COUNT + 3;

/// [`BIG`] invites [`people::MEI`], who signs in to the demo.
pub const INVITE_MEI: i64 = 1;
/// Accepted by [`people::LIAM`].
pub const INVITE_ACCEPTED: i64 = 2;
/// The invite of [`people::SOFIA`], cancelled.
pub const INVITE_CANCELLED: i64 = 3;
/// The open invite of [`people::IVAN`], who is a member already.
pub const INVITE_MEMBER: i64 = 4;
/// The invite of [`people::ROSA`], whose account is deleted.
pub const INVITEE_DELETED: i64 = 5;
/// Made by an account that is deleted since.
pub const INVITER_DELETED: i64 = 6;
/// Made by nobody known.
pub const NO_INVITER: i64 = 7;
/// [`PRIVATE`] invites [`people::MEI`].
pub const INVITE_PRIVATE: i64 = 8;
/// [`SECRET`] invites [`people::MEI`], who may know of it therefore.
pub const INVITE_SECRET: i64 = 9;
/// [`DELETED`] invited [`people::MEI`]: not found.
pub const COURSE_DELETED: i64 = 10;
/// [`DRAFT`] invites [`people::TOMAS`].
pub const INVITE_DRAFT: i64 = 11;
/// The first of eight invites that were made at one instant; its id is its invitee's.
pub const TIE: i64 = learners::FIRST;

/// How many invites in a row share an instant: no divisor of a page's 25, so pages end within them.
const PER_INSTANT: i64 = 8;

pub(super) fn courses() -> Vec<Sample<course::Model>> {
    use CoursePrivacy::{Draft, Open, Private, Secret};
    vec![
        sample(
            "Open, with 2,000 invitees.",
            course(BIG_ID, BIG, "Rust from Zero", Open),
        ),
        sample(
            "Private: any signed-in user sees its profile.",
            course(PRIVATE_ID, PRIVATE, "Data Ethics", Private),
        ),
        sample(
            "Secret: null but for those who are in it or invited, and staff.",
            course::Model {
                created_by_id: people::YUKI,
                ..course(SECRET_ID, SECRET, "夜警 Night Watch", Secret)
            },
        ),
        sample(
            "Draft, empty description: null but for its creator, the invited, and staff.",
            course::Model {
                description: String::new(),
                ..course(DRAFT_ID, DRAFT, "Unfinished Draft", Draft)
            },
        ),
        sample(
            "Deleted: not found, even by its creator.",
            course::Model {
                deleted_at: Some(at(2026, 5, 1, 12, 0)),
                ..course(DELETED_ID, DELETED, "Lingua Latīna", Open)
            },
        ),
    ]
}

pub(super) fn members() -> Vec<course_member::Model> {
    [
        (BIG_ID, people::AMARA, "creator"),
        (BIG_ID, people::YUKI, "manager"),
        (BIG_ID, people::LIAM, "joined"),
        (BIG_ID, people::IVAN, "joined"),
        (BIG_ID, people::GRACE, "joined"),
        (PRIVATE_ID, people::AMARA, "creator"),
        // The creators of the secret and of the draft course have no row here:
        // created_by_id alone makes them managers.
        (DELETED_ID, people::AMARA, "creator"),
    ]
    .into_iter()
    .map(|(course_id, user_id, role)| course_member::Model {
        course_id,
        user_id,
        role: role.to_owned(),
    })
    .collect()
}

pub(super) fn invites() -> Vec<Sample<course_invite::Model>> {
    vec![
        sample(
            "PENDING, of somebody who signs in to the demo: in her received invites.",
            invite(INVITE_MEI, BIG_ID, people::MEI),
        ),
        sample(
            "ACCEPTED: the user is a member, and not among the invitees.",
            course_invite::Model {
                accepted_at: Some(at(2026, 3, 8, 18, 0)),
                ..invite(INVITE_ACCEPTED, BIG_ID, people::LIAM)
            },
        ),
        sample(
            "CANCELLED: not among the invitees.",
            course_invite::Model {
                cancelled_at: Some(at(2026, 3, 9, 18, 0)),
                ..invite(INVITE_CANCELLED, BIG_ID, people::SOFIA)
            },
        ),
        sample(
            "Open, but the user is a member already: not among the invitees.",
            invite(INVITE_MEMBER, BIG_ID, people::IVAN),
        ),
        sample(
            "Open, but the invitee's account is deleted: in neither list nor total.",
            invite(INVITEE_DELETED, BIG_ID, people::ROSA),
        ),
        sample(
            "PENDING, and its inviter's account is deleted: inviter is null.",
            course_invite::Model {
                invited_by_id: Some(people::VIKTOR),
                ..invite(INVITER_DELETED, BIG_ID, people::OMAR)
            },
        ),
        sample(
            "PENDING, made by nobody known; the invitee has no full name, picture or ext_id.",
            course_invite::Model {
                invited_by_id: None,
                ..invite(NO_INVITER, BIG_ID, people::CHLOE)
            },
        ),
        sample(
            "PENDING, to a private course.",
            invite(INVITE_PRIVATE, PRIVATE_ID, people::MEI),
        ),
        sample(
            "PENDING, to a secret course: the invitee may know of it.",
            course_invite::Model {
                invited_by_id: Some(people::YUKI),
                ..invite(INVITE_SECRET, SECRET_ID, people::MEI)
            },
        ),
        sample(
            "Of a deleted course: not found, and not in the invitee's received invites.",
            invite(COURSE_DELETED, DELETED_ID, people::MEI),
        ),
        sample(
            "PENDING, to a draft course: the invitee may know of it.",
            invite(INVITE_DRAFT, DRAFT_ID, people::TOMAS),
        ),
        sample(
            "PENDING, the first of eight in a row that were made at one instant, as all of the \
             learners' are.",
            learner(learners::FIRST),
        ),
    ]
}

/// Every invite.
pub(super) fn invite_rows() -> Vec<course_invite::Model> {
    invites()
        .into_iter()
        .map(|invite| invite.row)
        .chain((learners::FIRST + 1..learners::FIRST + learners::COUNT).map(learner))
        .collect()
}

/// The invite of one learner to [`BIG`]; it has the learner's id.
fn learner(id: i64) -> course_invite::Model {
    let number = id - learners::FIRST;
    course_invite::Model {
        invited_by_id: Some(if number % 4 == 0 {
            people::YUKI
        } else {
            people::AMARA
        }),
        created_at: at(2026, 4, 1, 8, 0) + TimeDelta::minutes(30 * (number / PER_INSTANT)),
        ..invite(id, BIG_ID, id)
    }
}

fn course(id: i64, slug: &str, name: &str, privacy: CoursePrivacy) -> course::Model {
    course::Model {
        id,
        slug: slug.to_owned(),
        name: name.to_owned(),
        description: format!("What there is to know about {name}."),
        privacy,
        created_by_id: people::AMARA,
        created_at: at(2026, 1, 5, 8, 0),
        deleted_at: None,
    }
}

fn invite(id: i64, course_id: i64, user_id: i64) -> course_invite::Model {
    course_invite::Model {
        id,
        course_id,
        user_id,
        invited_by_id: Some(people::AMARA),
        created_at: at(2026, 3, 1, 8, 0) + TimeDelta::hours(id),
        accepted_at: None,
        cancelled_at: None,
    }
}
