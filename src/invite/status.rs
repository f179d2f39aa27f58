//! The state that is stored for an invite, and the status that clients see.

use chrono::{DateTime, Utc};
use entity::workspace_invite::StoredStatus;

/// State of an invite as it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// Neither accepted, declined nor withdrawn.
    Pending,
    /// Accepted, or used.
    Accepted,
    /// Withdrawn by those who manage it.
    Cancelled,
    /// Refused by the person invited.
    Declined,
    /// Expired, as the source noted it.
    Expired,
}

impl State {
    /// All states.
    pub const ALL: [Self; 5] = [
        Self::Pending,
        Self::Accepted,
        Self::Cancelled,
        Self::Declined,
        Self::Expired,
    ];

    /// State of an invite for which instants are stored. Accepting outranks withdrawing: an invite
    /// that was accepted stays accepted. A declined invite is stored as withdrawn, too.
    pub fn from_instants(
        accepted_at: Option<DateTime<Utc>>,
        declined_at: Option<DateTime<Utc>>,
        cancelled_at: Option<DateTime<Utc>>,
    ) -> Self {
        match (accepted_at, cancelled_at, declined_at) {
            (Some(_), _, _) => Self::Accepted,
            (None, Some(_), Some(_)) => Self::Declined,
            (None, Some(_), None) => Self::Cancelled,
            (None, None, _) => Self::Pending,
        }
    }

    /// State of a workspace invite, for which a source notes a status. A declined invite is stored as
    /// withdrawn, too.
    pub fn from_noted(status: StoredStatus, declined_at: Option<DateTime<Utc>>) -> Self {
        match status {
            StoredStatus::Pending => Self::Pending,
            StoredStatus::Accepted => Self::Accepted,
            StoredStatus::Cancelled if declined_at.is_some() => Self::Declined,
            StoredStatus::Cancelled => Self::Cancelled,
            StoredStatus::Expired => Self::Expired,
        }
    }

    /// A state with this effective status, whatever the time.
    pub fn from_status(status: Status) -> Self {
        match status {
            Status::Pending => Self::Pending,
            Status::Accepted => Self::Accepted,
            Status::Cancelled => Self::Cancelled,
            Status::Expired => Self::Expired,
            Status::Declined => Self::Declined,
        }
    }

    /// Effective status at `now`. A pending invite is expired from `expires_at` on; without one it
    /// never expires.
    pub fn status(self, expires_at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Status {
        match self {
            Self::Accepted => Status::Accepted,
            Self::Cancelled => Status::Cancelled,
            Self::Declined => Status::Declined,
            Self::Expired => Status::Expired,
            Self::Pending if expires_at.is_some_and(|expires_at| expires_at <= now) => {
                Status::Expired
            }
            Self::Pending => Status::Pending,
        }
    }
}

/// Effective status of an invite at one instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// Can be accepted.
    Pending,
    /// Accepted, or used.
    Accepted,
    /// Withdrawn.
    Cancelled,
    /// Not accepted in time.
    Expired,
    /// Refused by the person invited.
    Declined,
}

impl Status {
    /// All statuses, in the order in which lists sort them.
    pub const ALL: [Self; 5] = [
        Self::Pending,
        Self::Accepted,
        Self::Declined,
        Self::Cancelled,
        Self::Expired,
    ];
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta, Utc};

    use super::{State, Status};

    fn now() -> DateTime<Utc> {
        DateTime::UNIX_EPOCH
    }

    #[test]
    fn accepting_outranks_withdrawing() {
        let at = Some(now());
        assert_eq!(State::from_instants(at, at, at), State::Accepted);
        assert_eq!(State::from_instants(None, at, at), State::Declined);
        assert_eq!(State::from_instants(None, None, at), State::Cancelled);
        assert_eq!(State::from_instants(None, None, None), State::Pending);
        // A source reopened it.
        assert_eq!(State::from_instants(None, at, None), State::Pending);
    }

    #[test]
    fn only_a_pending_invite_expires_and_does_so_at_its_expiry() {
        let before = now() - TimeDelta::nanoseconds(1);
        let after = now() + TimeDelta::nanoseconds(1);
        for (expires_at, expected) in [
            (None, Status::Pending),
            (Some(after), Status::Pending),
            (Some(now()), Status::Expired),
            (Some(before), Status::Expired),
        ] {
            assert_eq!(State::Pending.status(expires_at, now()), expected);
        }
        for (state, expected) in [
            (State::Accepted, Status::Accepted),
            (State::Cancelled, Status::Cancelled),
            (State::Declined, Status::Declined),
            (State::Expired, Status::Expired),
        ] {
            for expires_at in [None, Some(before), Some(after)] {
                assert_eq!(state.status(expires_at, now()), expected, "{state:?}");
            }
        }
    }
}
