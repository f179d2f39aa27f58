//! Workspace invites.

use chrono::TimeDelta;
use entity::workspace_invite::{self, StoredStatus};
use uuid::Uuid;

use super::{
    case::{Sample, sample},
    instants::{at, far_future, long_past},
    people,
    workspaces::{ATLAS, HARBOUR, QUIET, TIDEWATER},
};

/// Pending, with every field of the contract.
pub const PENDING: Uuid = token(1);
/// Accepted.
pub const ACCEPTED: Uuid = token(2);
/// Withdrawn.
pub const CANCELLED: Uuid = token(3);
/// Stored as expired.
pub const EXPIRED: Uuid = token(4);
/// Stored as pending, but past its expiry.
pub const PENDING_PAST_EXPIRY: Uuid = token(5);
/// Made by an account that is deleted since.
pub const INVITER_DELETED: Uuid = token(6);
/// Made by nobody known.
pub const NO_INVITER: Uuid = token(7);
/// Gives a role that has no known name.
pub const UNKNOWN_ROLE: Uuid = token(8);
/// Of a deleted workspace.
pub const WORKSPACE_DELETED: Uuid = token(9);
/// Of a workspace without logo and description.
pub const NO_LOGO: Uuid = token(10);
/// Without a message.
pub const NO_MESSAGE: Uuid = token(11);
/// To the verified address of [`people::MEI`], in another letter case.
pub const FOR_MEI: Uuid = token(12);
/// To the address of [`people::LEO`], which is not verified.
pub const FOR_LEO: Uuid = token(13);
/// Accepted in time: its expiry has passed since and does not matter.
pub const ACCEPTED_THEN_EXPIRED: Uuid = token(14);
/// Accepted by an account that is deleted since.
pub const ACCEPTER_DELETED: Uuid = token(15);
/// To the verified address of [`people::JOSE`], with its accents decomposed.
pub const FOR_JOSE: Uuid = token(16);
/// Of a workspace that the demo's workspace admin does not manage.
pub const OTHERS: Uuid = token(17);
/// The first of [`TIE_COUNT`] invites that were made at one instant.
pub const TIE: Uuid = token(FIRST_TIE);
/// The first of [`PAGED_COUNT`] invites of the workspace [`TIDEWATER`].
pub const PAGED: Uuid = token(FIRST_PAGED);

/// How many invites of [`ATLAS`] share one instant.
pub const TIE_COUNT: i64 = 6;
/// How many invites [`TIDEWATER`] has besides [`NO_LOGO`].
pub const PAGED_COUNT: i64 = 72;

const FIRST_TIE: i64 = 21;
const FIRST_PAGED: i64 = 101;

/// The token of the invite `id`: its last digits are the id, in decimal.
const fn token(id: i64) -> Uuid {
    let mut rest = id.unsigned_abs() as u128;
    let mut digits = 0;
    let mut shift = 0;
    while rest > 0 {
        digits |= (rest % 10) << shift;
        rest /= 10;
        shift += 4;
    }
    // Version 4, variant 1, and otherwise readable.
    Uuid::from_u128(0xd000_0000_0000_4000_8000_0000_0000_0000 | digits)
}

pub(super) fn invites() -> Vec<Sample<workspace_invite::Model>> {
    let accepted = |by, row: workspace_invite::Model| workspace_invite::Model {
        status: StoredStatus::Accepted,
        accepted_at: Some(row.created_at + TimeDelta::hours(30)),
        accepted_by_id: Some(by),
        ..row
    };
    vec![
        sample(
            "PENDING: inviter, message, logo and a known role are all there.",
            invite(1, "jonas.weber@example.org"),
        ),
        sample(
            "ACCEPTED, with who accepted it.",
            accepted(people::GRACE, invite(2, "grace.mbeki@example.com")),
        ),
        sample(
            "CANCELLED.",
            workspace_invite::Model {
                status: StoredStatus::Cancelled,
                cancelled_at: Some(at(2026, 3, 20, 9, 0)),
                ..invite(3, "nina.petrova@example.org")
            },
        ),
        sample(
            "EXPIRED, as stored.",
            workspace_invite::Model {
                status: StoredStatus::Expired,
                ..early(invite(4, "pablo.ruiz@example.org"))
            },
        ),
        sample(
            "EXPIRED, although stored as pending: its expiry is past.",
            early(invite(5, "lucy.chen@example.org")),
        ),
        sample(
            "PENDING, and its inviter's account is deleted: inviter is null.",
            workspace_invite::Model {
                inviter_id: Some(people::VIKTOR),
                ..invite(6, "ben.adams@example.org")
            },
        ),
        sample(
            "PENDING, made by nobody known: inviter is null.",
            workspace_invite::Model {
                inviter_id: None,
                ..invite(7, "maya.singh@example.org")
            },
        ),
        sample(
            "PENDING; its role has no known name: roleDisplay is UNKNOWN.",
            workspace_invite::Model {
                role: "time_keeper".to_owned(),
                ..invite(8, "otto.braun@example.org")
            },
        ),
        sample(
            "Of a deleted workspace: not found.",
            workspace_invite::Model {
                workspace_id: HARBOUR,
                ..invite(9, "eva.lind@example.org")
            },
        ),
        sample(
            "PENDING, to a workspace without logo and description.",
            workspace_invite::Model {
                workspace_id: TIDEWATER,
                ..invite(10, "jun.park@example.org")
            },
        ),
        sample(
            "PENDING, without a message.",
            workspace_invite::Model {
                message: None,
                ..invite(11, "iris.keller@example.org")
            },
        ),
        sample(
            "PENDING, to a verified user's address in another letter case: in that user's \
             received invites.",
            invite(12, "Mei.Tanaka@Example.COM"),
        ),
        sample(
            "PENDING, to the address of a user who has not verified it: in nobody's received \
             invites.",
            invite(13, "leo.marchetti@example.com"),
        ),
        sample(
            "ACCEPTED in time, so that its expiry no longer matters.",
            accepted(people::TOMAS, early(invite(14, "tomas.novak@example.com"))),
        ),
        sample(
            "ACCEPTED by an account that is deleted since: acceptedBy is null.",
            accepted(people::ROSA, invite(15, "rosa.delgado@example.com")),
        ),
        sample(
            "PENDING, to a verified user's address with its accents decomposed: in that user's \
             received invites.",
            invite(16, "jose\u{301}.garci\u{301}a@example.com"),
        ),
        sample(
            "PENDING, of a workspace that the workspace admin does not manage: not in her lists.",
            workspace_invite::Model {
                workspace_id: QUIET,
                inviter_id: Some(people::HANNA),
                ..invite(17, "karl.vogt@example.org")
            },
        ),
        sample(
            "PENDING, the first of six invites made at one instant.",
            tie(FIRST_TIE),
        ),
        sample(
            "PENDING, the first of the 72 invites that are there to be paged.",
            paged(FIRST_PAGED),
        ),
    ]
}

/// Every invite.
pub(super) fn rows() -> Vec<workspace_invite::Model> {
    invites()
        .into_iter()
        .map(|invite| invite.row)
        .chain((FIRST_TIE + 1..FIRST_TIE + TIE_COUNT).map(tie))
        .chain((FIRST_PAGED + 1..FIRST_PAGED + PAGED_COUNT).map(paged))
        .collect()
}

fn tie(id: i64) -> workspace_invite::Model {
    workspace_invite::Model {
        created_at: at(2026, 4, 1, 9, 0),
        ..invite(id, &format!("crew{id}@example.org"))
    }
}

/// One invite of [`TIDEWATER`]: three share an instant, and every status occurs.
fn paged(id: i64) -> workspace_invite::Model {
    let created_at = at(2026, 4, 10, 9, 0) + TimeDelta::hours((id - FIRST_PAGED) / 3);
    let row = workspace_invite::Model {
        workspace_id: TIDEWATER,
        role: if id % 4 == 0 { "admin" } else { "member" }.to_owned(),
        message: None,
        created_at,
        ..invite(id, &format!("diver{id}@example.org"))
    };
    match id % 9 {
        0 => workspace_invite::Model {
            status: StoredStatus::Cancelled,
            cancelled_at: Some(created_at + TimeDelta::days(1)),
            ..row
        },
        1 => workspace_invite::Model {
            status: StoredStatus::Accepted,
            accepted_at: Some(created_at + TimeDelta::days(1)),
            accepted_by_id: Some(people::TOMAS),
            ..row
        },
        3 => workspace_invite::Model {
            expires_at: created_at + TimeDelta::days(14),
            ..row
        },
        _ => row,
    }
}

/// `row`, made so early that it is expired by now.
fn early(row: workspace_invite::Model) -> workspace_invite::Model {
    workspace_invite::Model {
        created_at: at(2026, 1, 2, 9, 0) + TimeDelta::hours(row.id),
        expires_at: long_past(),
        ..row
    }
}

fn invite(id: i64, email: &str) -> workspace_invite::Model {
    workspace_invite::Model {
        id,
        token: token(id),
        workspace_id: ATLAS,
        inviter_id: Some(people::INGRID),
        email: email.to_owned(),
        email_norm: crate::email::normalize(email).unwrap_or_default(),
        role: "member".to_owned(),
        message: Some("We would love to have you with us – join when you can!".to_owned()),
        status: StoredStatus::Pending,
        created_at: at(2026, 3, 1, 9, 0) + TimeDelta::days(id % 28),
        expires_at: far_future(),
        accepted_at: None,
        accepted_by_id: None,
        cancelled_at: None,
    }
}

#[cfg(test)]
mod tests {
    use entity::workspace_invite::StoredStatus;
    use uuid::Uuid;

    use super::{
        super::people::{self, people},
        FOR_JOSE, FOR_LEO, FOR_MEI, PAGED_COUNT, TIDEWATER, TIE, TIE_COUNT, at, invites, rows,
        token,
    };

    #[test]
    fn every_invite_has_the_status_that_its_case_names() {
        let now = at(2026, 7, 1, 12, 0);
        for invite in invites() {
            let status = match invite.row.status {
                StoredStatus::Accepted => "ACCEPTED",
                StoredStatus::Cancelled => "CANCELLED",
                StoredStatus::Expired => "EXPIRED",
                StoredStatus::Pending if invite.row.expires_at <= now => "EXPIRED",
                StoredStatus::Pending => "PENDING",
            };
            let shows = invite.shows;
            assert!(
                shows.starts_with(status) || shows.starts_with("Of a deleted workspace"),
                "{shows}"
            );
        }
    }

    #[test]
    fn addresses_of_people_are_theirs_however_they_are_written() {
        let people = people();
        for (token, user_id) in [
            (FOR_MEI, people::MEI),
            (FOR_LEO, people::LEO),
            (FOR_JOSE, people::JOSE),
        ] {
            let rows = rows();
            let invite = rows.iter().find(|row| row.token == token).expect("a row");
            let person = people.iter().find(|person| person.row.id == user_id);
            let person = &person.expect("a person").row;
            assert_eq!(invite.email_norm, person.email_norm);
            assert_eq!(invite.email == person.email, user_id == people::LEO);
        }
    }

    #[test]
    fn there_are_ties_and_enough_to_page() {
        let rows = rows();
        let first = rows.iter().find(|row| row.token == TIE).expect("a row");
        let ties = rows.iter().filter(|row| {
            row.workspace_id == first.workspace_id && row.created_at == first.created_at
        });
        assert_eq!(ties.count(), usize::try_from(TIE_COUNT).expect("a count"));
        let paged = rows.iter().filter(|row| row.workspace_id == TIDEWATER);
        assert_eq!(
            paged.count(),
            usize::try_from(PAGED_COUNT + 1).expect("a count")
        );
    }

    #[test]
    fn a_token_ends_in_its_id() {
        let expected = Uuid::parse_str("d0000000-0000-4000-8000-000000000172");
        assert_eq!(expected, Ok(token(172)));
        assert_eq!(token(172).get_version_num(), 4);
    }
}
