//! Commands to invites, as the command line states them.

use std::str::FromStr;

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use serde::Serialize;
use serde_json::json;

use crate::{
    access::CourseInvitee,
    command::period::Period,
    graphql::{NodeKind, parse_id, parse_invite_id},
    invite::InviteKind,
    loader::invite::InviteRef,
};

/// A command, without its rows.
#[derive(Clone, Debug, Serialize)]
pub(super) enum Order {
    /// Invites each address to a workspace.
    Workspace {
        workspace: i64,
        role: Option<String>,
        message: Option<String>,
        expires: Option<Expires>,
    },
    /// Creates one invite code.
    Code {
        name: Option<String>,
        email: Option<String>,
        role: Option<String>,
        tags: Vec<i64>,
        expires: Option<Expires>,
    },
    /// Invites each user or address to a course.
    Course { course: i64 },
    /// Withdraws each invite.
    Cancel,
    /// Sends each invite again.
    Resend,
}

impl Order {
    /// Returns true if the outcomes have links.
    pub(super) fn returns_links(&self) -> bool {
        match self {
            Self::Workspace { .. } | Self::Code { .. } | Self::Resend => true,
            Self::Course { .. } | Self::Cancel => false,
        }
    }

    /// Returns the outcome of a row that was not refused.
    pub(super) fn done(&self) -> &'static str {
        match self {
            Self::Workspace { .. } | Self::Code { .. } | Self::Course { .. } => "created",
            Self::Cancel => "cancelled",
            Self::Resend => "resent",
        }
    }

    /// Returns everything that the outcome depends on, as the command line states it. A period is part
    /// of it, and not the instant of its end, which differs in the next run.
    pub(super) fn fingerprint(&self, rows: &[String]) -> String {
        json!({ "invite": self, "rows": rows }).to_string()
    }
}

/// Expiry of a new invite.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(super) struct Expires {
    text: String,
    #[serde(skip)]
    when: When,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum When {
    At(DateTime<Utc>),
    In(TimeDelta),
}

/// The text is not an expiry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected a period such as 14d, a date such as 2027-01-31, or an instant such as \
     2027-01-31T12:00:00Z"
)]
pub(super) struct InvalidExpiry;

impl FromStr for Expires {
    type Err = InvalidExpiry;

    fn from_str(text: &str) -> Result<Self, InvalidExpiry> {
        let period = || {
            let Period(period) = text.parse().ok()?;
            TimeDelta::from_std(period).ok().map(When::In)
        };
        let date = || {
            let date: NaiveDate = text.parse().ok()?;
            Some(When::At(date.and_time(NaiveTime::MIN).and_utc()))
        };
        let instant = || {
            let instant = DateTime::parse_from_rfc3339(text).ok()?;
            Some(When::At(instant.to_utc()))
        };
        let when = period().or_else(date).or_else(instant);
        Ok(Self {
            when: when.ok_or(InvalidExpiry)?,
            text: text.to_owned(),
        })
    }
}

impl Expires {
    /// Returns the instant, for invites that are created at `now`.
    pub(super) fn instant(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        match self.when {
            When::At(instant) => instant,
            // No lifetime is that long, so that it is refused.
            When::In(period) => now
                .checked_add_signed(period)
                .unwrap_or(DateTime::<Utc>::MAX_UTC),
        }
    }
}

/// Names of the kinds of invites in ids and in the output.
const KINDS: [(&str, InviteKind); 4] = [
    ("code", InviteKind::InviteCode),
    ("workspace", InviteKind::WorkspaceInvite),
    ("group", InviteKind::GroupInvite),
    ("course", InviteKind::CourseInvite),
];

/// Returns the name of a kind.
pub(super) fn kind_name(kind: InviteKind) -> &'static str {
    let named = KINDS.iter().find(|(_, named)| *named == kind);
    named.map_or(kind.as_str(), |(name, _)| name)
}

/// Reads the id of an invite: a global id, or `KIND:DATABASE_ID`.
pub(super) fn invite_id(text: &str) -> Option<InviteRef> {
    parse_invite_id(text).or_else(|| {
        let (name, digits) = text.split_once(':')?;
        let (_, kind) = KINDS.into_iter().find(|(named, _)| *named == name)?;
        let id: i64 = digits.parse().ok()?;
        let target = None;
        (id.to_string() == digits).then_some(InviteRef { kind, id, target })
    })
}

/// Reads the id of a workspace.
pub(super) fn workspace_id(text: &str) -> Result<i64, &'static str> {
    parse_id(NodeKind::Workspace, text)
        .ok_or("expected the database id or global id of a workspace")
}

/// Reads the id of a course.
pub(super) fn course_id(text: &str) -> Result<i64, &'static str> {
    parse_id(NodeKind::Course, text).ok_or("expected the database id or global id of a course")
}

/// Reads the id of a tag.
pub(super) fn tag_id(text: &str) -> Result<i64, &'static str> {
    parse_id(NodeKind::Tag, text).ok_or("expected the database id or global id of a tag")
}

/// Reads an e-mail address, or the id of a user.
pub(super) fn course_invitee(text: &str) -> CourseInvitee {
    match text.contains('@') {
        true => CourseInvitee::Email(text.to_owned()),
        false => CourseInvitee::User(parse_id(NodeKind::User, text)),
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};

    use super::{Expires, InvalidExpiry, Order, invite_id, kind_name};
    use crate::{graphql, invite::InviteKind, loader::invite::InviteRef};

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().expect("an instant")
    }

    #[test]
    fn an_expiry_is_a_period_a_date_or_an_instant() {
        let now = at("2026-06-01T12:00:00Z");
        for (text, expected) in [
            ("14d", "2026-06-15T12:00:00Z"),
            ("90s", "2026-06-01T12:01:30Z"),
            ("2026-06-20", "2026-06-20T00:00:00Z"),
            ("2026-06-20T10:00:00Z", "2026-06-20T10:00:00Z"),
            ("2026-06-20T10:00:00+02:00", "2026-06-20T08:00:00Z"),
        ] {
            let expires: Expires = text.parse().expect(text);
            assert_eq!(expires.instant(now), at(expected), "{text}");
        }
        for text in [
            "",
            "14",
            "2026",
            "2026-06-31",
            "2026-06-20T10:00:00",
            "soon",
        ] {
            assert_eq!(text.parse::<Expires>(), Err(InvalidExpiry), "{text}");
        }
        let longest: Expires = "99999999999d".parse().expect("a period");
        assert_eq!(longest.instant(now), DateTime::<Utc>::MAX_UTC);
    }

    #[test]
    fn an_invite_is_named_by_its_global_id_or_its_kind_and_database_id() {
        for kind in InviteKind::ALL {
            let named = |target| InviteRef {
                kind,
                id: 12,
                target,
            };
            let short = format!("{}:12", kind_name(kind));
            assert_eq!(invite_id(&short), Some(named(None)));
            let global = graphql::invite_id(kind, 3, 12);
            assert_eq!(invite_id(&global), Some(named(Some(3))));
        }
        for text in [
            "",
            "12",
            "workspace",
            "workspace:",
            "workspace:012",
            "user:12",
            "code:x",
        ] {
            assert_eq!(invite_id(text), None, "{text}");
        }
    }

    #[test]
    fn the_fingerprint_has_the_period_and_not_its_end() {
        let order = |expires: &str| Order::Workspace {
            workspace: 7,
            role: None,
            message: None,
            expires: Some(expires.parse().expect(expires)),
        };
        let rows = ["ada@example.org".to_owned()];
        let fingerprint = order("14d").fingerprint(&rows);
        assert!(fingerprint.contains(r#""expires":"14d""#), "{fingerprint}");
        assert_ne!(fingerprint, order("15d").fingerprint(&rows));
        assert_ne!(fingerprint, order("14d").fingerprint(&[]));
    }
}
