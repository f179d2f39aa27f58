//! Invite codes.

use chrono::{DateTime, TimeDelta, Utc};
use entity::invite_code;

use super::{
    case::{Sample, sample},
    instants::{at, far_future, long_past},
    people,
};

/// Pending, with every field of the contract but those of use.
pub const PENDING: &str = "WELCOME-2026";
/// Used: has a user, tags and the instant of use.
pub const USED: &str = "USED-2026";
/// Never used, and past its expiry.
pub const EXPIRED: &str = "EXPIRED-2026";
/// Withdrawn.
pub const CANCELLED: &str = "CANCELLED-2026";
/// Issued by an account that is deleted since.
pub const INVITER_DELETED: &str = "INVITER-DELETED";
/// Issued by nobody known.
pub const NO_INVITER: &str = "NO-INVITER";
/// For whoever holds it: no name, no address.
pub const NO_EMAIL: &str = "NO-EMAIL";
/// Has a visible, an invisible, an inactive and a deleted tag.
pub const TAGGED: &str = "TAGGED-2026";
/// Name and address with letters from outside ASCII.
pub const UNICODE_NAME: &str = "UNICODE-NAME";
/// Used by an account that is deleted since.
pub const USER_DELETED: &str = "USER-DELETED";
/// Without an expiry, a role, and not sent.
pub const NEVER_EXPIRES: &str = "NEVER-EXPIRES";
/// Pending at first; expires [`EXPIRES_SOON_AFTER`] after the demo has started.
pub const EXPIRES_SOON: &str = "EXPIRES-SOON";
/// Addressed to the verified address of [`people::MEI`].
pub const FOR_MEI: &str = "FOR-MEI";
/// Addressed to the address of [`people::LEO`], which is not verified.
pub const FOR_LEO: &str = "FOR-LEO";
/// Differs from [`PENDING`] in letter case only, and is another code.
pub const LOWER_CASE: &str = "welcome-2026";
/// Used in time: its expiry has passed since and does not matter.
pub const USED_THEN_EXPIRED: &str = "USED-THEN-EXPIRED";
/// Cancelled in time: its expiry has passed since and does not matter.
pub const CANCELLED_THEN_EXPIRED: &str = "CANCELLED-THEN-EXPIRED";
/// The first of [`TIE_COUNT`] codes that were made at one instant: `TIE-01`, `TIE-02`, …
pub const TIE: &str = "TIE-01";

/// How many codes share one instant.
pub const TIE_COUNT: i64 = 30;

/// How long after the start of the demo [`EXPIRES_SOON`] expires.
pub const EXPIRES_SOON_AFTER: TimeDelta = TimeDelta::minutes(2);

/// The id of the first code made at one instant; the others follow without a gap.
const FIRST_TIE: i64 = 101;

/// The id of [`PENDING`].
pub const PENDING_ID: i64 = 1;
/// The id of [`USED`].
pub const USED_ID: i64 = 2;
/// The id of [`TAGGED`].
pub const TAGGED_ID: i64 = 8;

pub(super) fn codes() -> Vec<Sample<invite_code::Model>> {
    vec![
        sample(
            "PENDING: inviter, name, address, role, tags and expiry are all there.",
            code(PENDING_ID, PENDING),
        ),
        sample(
            "ACCEPTED: used, with the user made and two tags.",
            invite_code::Model {
                user_id: Some(people::OMAR),
                used_at: Some(at(2026, 3, 9, 15, 30)),
                invited_by_id: Some(people::NOOR),
                ..addressed(
                    code(USED_ID, USED),
                    "Omar Farouk",
                    "omar.farouk@example.com",
                )
            },
        ),
        sample(
            "EXPIRED: not used before its expiry.",
            invite_code::Model {
                generated_at: at(2026, 1, 2, 9, 0),
                sent_at: Some(at(2026, 1, 2, 9, 5)),
                expires_at: Some(long_past()),
                ..code(3, EXPIRED)
            },
        ),
        sample(
            "CANCELLED.",
            invite_code::Model {
                cancelled_at: Some(at(2026, 3, 10, 10, 0)),
                ..code(4, CANCELLED)
            },
        ),
        sample(
            "PENDING, and its inviter's account is deleted: inviter is null.",
            invite_code::Model {
                invited_by_id: Some(people::VIKTOR),
                ..code(5, INVITER_DELETED)
            },
        ),
        sample(
            "PENDING, issued by nobody known: inviter is null.",
            invite_code::Model {
                invited_by_id: None,
                ..code(6, NO_INVITER)
            },
        ),
        sample(
            "PENDING, for whoever holds it: name and email are null.",
            invite_code::Model {
                name: None,
                email: None,
                email_norm: None,
                ..code(7, NO_EMAIL)
            },
        ),
        sample(
            "PENDING, with a visible, an invisible, an inactive and a deleted tag.",
            code(TAGGED_ID, TAGGED),
        ),
        sample(
            "PENDING, with letters from outside ASCII in name and address.",
            addressed(
                code(9, UNICODE_NAME),
                "Ægir Þórðarson-Nguyễn 🎓 李",
                "Ægir.Þórðarson@exämple.org",
            ),
        ),
        sample(
            "ACCEPTED by an account that is deleted since: user is null.",
            invite_code::Model {
                user_id: Some(people::ROSA),
                used_at: Some(at(2026, 3, 12, 8, 0)),
                ..addressed(
                    code(10, USER_DELETED),
                    "Rosa Delgado",
                    "rosa.delgado@example.com",
                )
            },
        ),
        sample(
            "PENDING for ever: no expiry, no role, not sent.",
            invite_code::Model {
                role: None,
                sent_at: None,
                expires_at: None,
                ..code(11, NEVER_EXPIRES)
            },
        ),
        sample(
            "PENDING for two minutes after the start of the demo, then EXPIRED without a write.",
            code(12, EXPIRES_SOON),
        ),
        sample(
            "PENDING, to a verified user's address: in that user's received invites.",
            addressed(code(13, FOR_MEI), "田中 芽衣", "mei.tanaka@example.com"),
        ),
        sample(
            "PENDING, to the address of a user who has not verified it: in nobody's received invites.",
            addressed(
                code(14, FOR_LEO),
                "Leo Marchetti",
                "leo.marchetti@example.com",
            ),
        ),
        sample(
            "PENDING; differs from another code in letter case only, and is not that code.",
            addressed(code(15, LOWER_CASE), "Lena Weber", "lena.weber@example.org"),
        ),
        sample(
            "ACCEPTED in time, so that its expiry no longer matters.",
            invite_code::Model {
                user_id: Some(people::GRACE),
                generated_at: at(2026, 1, 3, 9, 0),
                sent_at: Some(at(2026, 1, 3, 9, 5)),
                used_at: Some(at(2026, 1, 5, 9, 0)),
                expires_at: Some(long_past()),
                ..addressed(
                    code(16, USED_THEN_EXPIRED),
                    "Grace Mbeki",
                    "grace.mbeki@example.com",
                )
            },
        ),
        sample(
            "CANCELLED in time, so that its expiry no longer matters.",
            invite_code::Model {
                generated_at: at(2026, 1, 4, 9, 0),
                sent_at: Some(at(2026, 1, 4, 9, 5)),
                cancelled_at: Some(at(2026, 1, 6, 9, 0)),
                expires_at: Some(long_past()),
                ..code(17, CANCELLED_THEN_EXPIRED)
            },
        ),
        sample(
            "PENDING, the first of thirty codes (TIE-01 to TIE-30) made at one instant.",
            tie(1),
        ),
    ]
}

/// Every code, as of a start of the demo at `now`.
pub(super) fn rows(now: DateTime<Utc>) -> Vec<invite_code::Model> {
    let mut rows: Vec<_> = codes()
        .into_iter()
        .map(|code| code.row)
        .chain((2..=TIE_COUNT).map(tie))
        .collect();
    for row in rows.iter_mut().filter(|row| row.code == EXPIRES_SOON) {
        row.expires_at = Some(now + EXPIRES_SOON_AFTER);
    }
    rows
}

fn tie(number: i64) -> invite_code::Model {
    let guest = code(FIRST_TIE + number - 1, &format!("TIE-{number:02}"));
    invite_code::Model {
        generated_at: at(2026, 4, 1, 9, 0),
        sent_at: Some(at(2026, 4, 1, 9, 5)),
        ..addressed(
            guest,
            &format!("Guest {number}"),
            &format!("guest{number:02}@example.org"),
        )
    }
}

fn code(id: i64, code: &str) -> invite_code::Model {
    let generated_at = at(2026, 3, 1, 9, 0) + TimeDelta::days(id);
    let row = invite_code::Model {
        id,
        code: code.to_owned(),
        role: Some("member".to_owned()),
        name: None,
        email: None,
        email_norm: None,
        invited_by_id: Some(people::AMARA),
        user_id: None,
        generated_at,
        sent_at: Some(generated_at + TimeDelta::minutes(5)),
        used_at: None,
        expires_at: Some(far_future()),
        cancelled_at: None,
    };
    addressed(row, "Jonas Weber", "jonas.weber@example.org")
}

fn addressed(row: invite_code::Model, name: &str, email: &str) -> invite_code::Model {
    invite_code::Model {
        name: Some(name.to_owned()),
        email: Some(email.to_owned()),
        email_norm: crate::email::normalize(email),
        ..row
    }
}

#[cfg(test)]
mod tests {
    use super::{EXPIRES_SOON, EXPIRES_SOON_AFTER, TIE, TIE_COUNT, at, codes, rows};

    #[test]
    fn every_code_has_the_status_that_its_case_names() {
        let now = at(2026, 7, 1, 12, 0);
        for code in codes() {
            let row = &code.row;
            let status = if row.used_at.is_some() {
                "ACCEPTED"
            } else if row.cancelled_at.is_some() {
                "CANCELLED"
            } else if row.expires_at.is_some_and(|expires_at| expires_at <= now) {
                "EXPIRED"
            } else {
                "PENDING"
            };
            assert!(code.shows.starts_with(status), "{}", row.code);
        }
    }

    #[test]
    fn one_code_expires_soon_after_the_start() {
        let now = at(2026, 7, 1, 12, 0);
        let rows = rows(now);
        let soon = rows.iter().find(|row| row.code == EXPIRES_SOON);
        assert_eq!(
            soon.and_then(|row| row.expires_at),
            Some(now + EXPIRES_SOON_AFTER)
        );
    }

    #[test]
    fn ties_share_one_instant() {
        let rows = rows(at(2026, 7, 1, 12, 0));
        let first = rows.iter().find(|row| row.code == TIE).expect("the tie");
        let ties = rows
            .iter()
            .filter(|row| row.generated_at == first.generated_at);
        assert_eq!(ties.count(), usize::try_from(TIE_COUNT).expect("a count"));
    }
}
