//! Events of a change that a source made: derived from the invite before and after it.

use std::sync::Mutex;

use chrono::{DateTime, Utc};
use uuid::{ContextV7, Timestamp, Uuid};

use super::{Event, State};

/// Orders the ids of events within a millisecond.
static CONTEXT: Mutex<ContextV7> = Mutex::new(ContextV7::new());

/// Returns an id for an event at `now`. The ids of one process are in the order of their creation.
pub fn event_id(now: DateTime<Utc>) -> Uuid {
    let seconds = u64::try_from(now.timestamp()).unwrap_or(0);
    let timestamp = Timestamp::from_unix(&CONTEXT, seconds, now.timestamp_subsec_nanos());
    Uuid::new_v7(timestamp)
}

/// The parts of an invite whose changes are events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// Key of the invite.
    pub id: i64,
    /// The workspace, group or course. None for invite codes.
    pub target_id: Option<i64>,
    /// Its state.
    pub state: State,
    /// Code of a group's link. None for other kinds.
    pub link: Option<String>,
    /// Role that accepting grants.
    pub role: Option<String>,
    /// Expiry.
    pub expires_at: Option<DateTime<Utc>>,
    /// Message of the inviter.
    pub message: Option<String>,
    /// Name of the person invited.
    pub name: Option<String>,
    /// When it was last sent.
    pub last_sent_at: Option<DateTime<Utc>>,
}

impl Snapshot {
    /// Returns the events of a change, in order, each with the names of the fields that an update changed.
    /// `before` is none for a new invite.
    pub fn events_since(&self, before: Option<&Self>) -> Vec<(Event, Option<String>)> {
        let settled = match self.state {
            State::Accepted => Some(Event::Accepted),
            State::Cancelled => Some(Event::Cancelled),
            State::Declined => Some(Event::Declined),
            State::Pending | State::Expired => None,
        };
        let is_open = |state| matches!(state, State::Pending | State::Expired);
        // A settled invite that is open again was made anew.
        let before = before.filter(|before| is_open(before.state) || !is_open(self.state));
        let Some(before) = before else {
            let settled = settled.map(|event| (event, None));
            return [(Event::Created, None)]
                .into_iter()
                .chain(settled)
                .collect();
        };
        let changed = [
            ("role", self.role != before.role),
            ("expiresAt", self.expires_at != before.expires_at),
            ("message", self.message != before.message),
            ("name", self.name != before.name),
        ];
        let changed = changed.iter().filter(|(_, changed)| *changed);
        let changed: Vec<_> = changed.map(|(name, _)| *name).collect();
        let mut events = Vec::new();
        if !changed.is_empty() {
            events.push((Event::Updated, Some(changed.join(","))));
        }
        if self.link != before.link {
            events.push((Event::Rotated, None));
        }
        if self.last_sent_at > before.last_sent_at {
            events.push((Event::Resent, None));
        }
        if self.state != before.state {
            events.extend(settled.map(|event| (event, None)));
        }
        events
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta};

    use super::{Event, Snapshot, State};

    fn invite(state: State) -> Snapshot {
        Snapshot {
            id: 1,
            target_id: Some(2),
            state,
            link: None,
            role: Some("member".to_owned()),
            expires_at: Some(DateTime::UNIX_EPOCH),
            message: None,
            name: None,
            last_sent_at: None,
        }
    }

    fn types(before: Option<&Snapshot>, after: &Snapshot) -> Vec<Event> {
        let events = after.events_since(before).into_iter();
        events.map(|(event, _)| event).collect()
    }

    #[test]
    fn a_change_of_state_is_an_event_unless_time_made_it() {
        use Event::{Accepted, Cancelled, Created, Declined};
        let states = [
            (State::Pending, None),
            (State::Expired, None),
            (State::Accepted, Some(Accepted)),
            (State::Cancelled, Some(Cancelled)),
            (State::Declined, Some(Declined)),
        ];
        for (after, settled) in states {
            let new: Vec<_> = [Created].into_iter().chain(settled).collect();
            assert_eq!(types(None, &invite(after)), new, "new {after:?}");
            for (before, was_settled) in states {
                let expected: Vec<_> = match (was_settled, settled) {
                    _ if before == after => Vec::new(),
                    (Some(_), None) => vec![Created],
                    _ => settled.into_iter().collect(),
                };
                let found = types(Some(&invite(before)), &invite(after));
                assert_eq!(found, expected, "{before:?} {after:?}");
            }
        }
    }

    #[test]
    fn an_update_names_its_fields_and_precedes_other_events() {
        let before = invite(State::Pending);
        let after = Snapshot {
            role: Some("admin".to_owned()),
            expires_at: Some(DateTime::UNIX_EPOCH + TimeDelta::days(1)),
            message: Some("Hi".to_owned()),
            name: Some("Eve".to_owned()),
            last_sent_at: Some(DateTime::UNIX_EPOCH),
            ..invite(State::Accepted)
        };
        let fields = Some("role,expiresAt,message,name".to_owned());
        let expected = [
            (Event::Updated, fields),
            (Event::Resent, None),
            (Event::Accepted, None),
        ];
        assert_eq!(after.events_since(Some(&before)), expected);
        let rotated = Snapshot {
            link: Some("new".to_owned()),
            ..before.clone()
        };
        assert_eq!(types(Some(&before), &rotated), [Event::Rotated]);
    }
}
