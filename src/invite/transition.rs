//! The table of transitions: which command moves an invite from which state to which, and which
//! event that is. Every write, import and test reads this one table.

use chrono::{DateTime, Utc};

use super::{InviteKind, State, Status};

/// A command to an invite that exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Command {
    /// The person invited joins.
    Accept,
    /// The person invited refuses.
    Decline,
    /// A manager withdraws it.
    Cancel,
    /// A manager sends it once more.
    Resend,
    /// A manager changes what it says.
    Update,
    /// A manager invites the same person again.
    Invite,
}

impl Command {
    /// All commands.
    pub const ALL: [Self; 6] = [
        Self::Accept,
        Self::Decline,
        Self::Cancel,
        Self::Resend,
        Self::Update,
        Self::Invite,
    ];

    /// Name of the command in traces.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::Decline => "decline",
            Self::Cancel => "cancel",
            Self::Resend => "resend",
            Self::Update => "update",
            Self::Invite => "create",
        }
    }
}

/// Something that happened to an invite.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Event {
    /// It was made, or made anew after it was settled.
    Created,
    /// Its message, role or expiry changed.
    Updated,
    /// It was sent once more.
    Resent,
    /// It was accepted.
    Accepted,
    /// It was declined.
    Declined,
    /// It was withdrawn.
    Cancelled,
    /// A group's link got a new code.
    Rotated,
    /// A group's link was switched off.
    Disabled,
    /// Somebody joined by a group's link.
    Joined,
}

impl Event {
    /// All types of events.
    pub const ALL: [Self; 9] = [
        Self::Created,
        Self::Updated,
        Self::Resent,
        Self::Accepted,
        Self::Declined,
        Self::Cancelled,
        Self::Rotated,
        Self::Disabled,
        Self::Joined,
    ];

    /// Returns the event with this name in the database.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|event| event.as_str() == name)
    }

    /// Name of the event in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Resent => "resent",
            Self::Accepted => "accepted",
            Self::Declined => "declined",
            Self::Cancelled => "cancelled",
            Self::Rotated => "rotated",
            Self::Disabled => "disabled",
            Self::Joined => "joined",
        }
    }
}

/// The outcome of a command that is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transition {
    /// State afterwards.
    pub state: State,
    /// The event to record. None if nothing changes: the command was carried out before.
    pub event: Option<Event>,
}

/// The reason for which a command is refused. The first six come from [`transition`]; the others from
/// the rules of access and of input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// The invite was accepted.
    AlreadyAccepted,
    /// An invite to the same person is pending.
    AlreadyInvited,
    /// The invite was withdrawn.
    Cancelled,
    /// The invite was declined.
    Declined,
    /// The invite has expired.
    Expired,
    /// Its kind has no such command.
    NotSupported,
    /// It does not exist, or the viewer may not see it.
    NotFound,
    /// The viewer sees it, but may not give this command.
    NotAllowed,
    /// The invite is for somebody else.
    WrongAccount,
    /// The invite is for the viewer's address, which is not verified.
    EmailNotVerified,
    /// The person is a member of the target.
    AlreadyMember,
    /// The text is no e-mail address.
    InvalidEmail,
    /// Addresses of this domain are not invited.
    DomainNotAllowed,
    /// The role does not exist, or is above the viewer's own.
    RoleNotAllowed,
    /// A limit is reached.
    Limit(WriteLimit),
    /// A value of the input is not valid.
    Invalid(&'static str),
}

/// A limit of writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WriteLimit {
    /// Invites that one person creates in a day.
    InvitesPerDay,
    /// Pending invites of one target.
    OpenInvites,
    /// Times that one invite is sent.
    Resends,
    /// Time between two sendings of one invite.
    ResendInterval,
}

/// Looks a command up in the table, for an invite that is in `state` and expires at `expires_at`.
/// The access module decides who may give the command.
///
/// # Errors
/// The invite's kind, state or age does not allow it.
pub fn transition(
    kind: InviteKind,
    state: State,
    expires_at: Option<DateTime<Utc>>,
    command: Command,
    now: DateTime<Utc>,
) -> Result<Transition, Refusal> {
    use Command::{Accept, Cancel, Decline, Invite, Resend, Update};

    let takes = match kind {
        InviteKind::InviteCode | InviteKind::WorkspaceInvite => command != Invite,
        // Nothing of it can be changed; the row of a settled one is used again.
        InviteKind::CourseInvite => command != Update,
        // A group's link is on or off, and never settled.
        InviteKind::GroupInvite => false,
    };
    if !takes {
        return Err(Refusal::NotSupported);
    }
    let has_expired = state.status(expires_at, now) == Status::Expired;
    match (state, command) {
        // An expired workspace invite is renewed by sending it once more; a code is not.
        (State::Pending | State::Expired, Resend)
            if has_expired && kind != InviteKind::WorkspaceInvite =>
        {
            Err(Refusal::Expired)
        }
        (State::Pending | State::Expired, Resend) => moved(State::Pending, Event::Resent),
        (State::Pending | State::Expired, Accept | Decline | Update) if has_expired => {
            Err(Refusal::Expired)
        }
        (State::Pending | State::Expired, Accept) => moved(State::Accepted, Event::Accepted),
        (State::Pending | State::Expired, Decline) => moved(State::Declined, Event::Declined),
        (State::Pending | State::Expired, Update) => moved(State::Pending, Event::Updated),
        (State::Pending | State::Expired, Cancel) => moved(State::Cancelled, Event::Cancelled),
        (State::Pending, Invite) => Err(Refusal::AlreadyInvited),
        (State::Expired | State::Cancelled | State::Declined, Invite) => {
            moved(State::Pending, Event::Created)
        }
        (State::Cancelled, Cancel) | (State::Declined, Decline) => {
            Ok(Transition { state, event: None })
        }
        (State::Accepted, _) => Err(Refusal::AlreadyAccepted),
        (State::Cancelled, _) => Err(Refusal::Cancelled),
        (State::Declined, _) => Err(Refusal::Declined),
    }
}

fn moved(state: State, event: Event) -> Result<Transition, Refusal> {
    Ok(Transition {
        state,
        event: Some(event),
    })
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta, Utc};

    use super::{Command, Event, Refusal, State, Transition, transition};
    use crate::invite::InviteKind;

    /// The agreed table: an event for what is allowed, `-` for what changes nothing, and else the
    /// refusal.
    const TABLE: &str = "
        kind            state      accept     decline    cancel     resend     update     invite
        InviteCode      pending    ACCEPTED   DECLINED   CANCELLED  RESENT     UPDATED    none
        InviteCode      past       expired    expired    CANCELLED  expired    expired    none
        InviteCode      accepted   accepted   accepted   accepted   accepted   accepted   none
        InviteCode      cancelled  cancelled  cancelled  -          cancelled  cancelled  none
        InviteCode      declined   declined   -          declined   declined   declined   none
        WorkspaceInvite pending    ACCEPTED   DECLINED   CANCELLED  RESENT     UPDATED    none
        WorkspaceInvite past       expired    expired    CANCELLED  RESENT     expired    none
        WorkspaceInvite noted      expired    expired    CANCELLED  RESENT     expired    none
        WorkspaceInvite accepted   accepted   accepted   accepted   accepted   accepted   none
        WorkspaceInvite cancelled  cancelled  cancelled  -          cancelled  cancelled  none
        WorkspaceInvite declined   declined   -          declined   declined   declined   none
        CourseInvite    pending    ACCEPTED   DECLINED   CANCELLED  RESENT     none       invited
        CourseInvite    accepted   accepted   accepted   accepted   accepted   none       accepted
        CourseInvite    cancelled  cancelled  cancelled  -          cancelled  none       CREATED
        CourseInvite    declined   declined   -          declined   declined   none       CREATED
        GroupInvite     pending    none       none       none       none       none       none
    ";

    fn outcome(text: &str, state: State) -> Result<Transition, Refusal> {
        let (state, event) = match text {
            "ACCEPTED" => (State::Accepted, Some(Event::Accepted)),
            "DECLINED" => (State::Declined, Some(Event::Declined)),
            "CANCELLED" => (State::Cancelled, Some(Event::Cancelled)),
            "RESENT" => (State::Pending, Some(Event::Resent)),
            "UPDATED" => (State::Pending, Some(Event::Updated)),
            "CREATED" => (State::Pending, Some(Event::Created)),
            "-" => (state, None),
            "expired" => return Err(Refusal::Expired),
            "accepted" => return Err(Refusal::AlreadyAccepted),
            "cancelled" => return Err(Refusal::Cancelled),
            "declined" => return Err(Refusal::Declined),
            "invited" => return Err(Refusal::AlreadyInvited),
            "none" => return Err(Refusal::NotSupported),
            other => panic!("{other}"),
        };
        Ok(Transition { state, event })
    }

    #[test]
    fn every_command_in_every_state_has_the_agreed_outcome() {
        let now = DateTime::<Utc>::UNIX_EPOCH;
        for row in TABLE.trim().lines().skip(1) {
            let mut words = row.split_whitespace();
            let mut word = || words.next().expect("a word");
            let (kind_name, state_name) = (word(), word());
            let kind = InviteKind::ALL.into_iter();
            let kind = kind
                .into_iter()
                .find(|kind| format!("{kind:?}") == kind_name);
            let kind = kind.unwrap_or_else(|| panic!("{kind_name}"));
            let state = match state_name {
                "pending" | "past" => State::Pending,
                "noted" => State::Expired,
                "accepted" => State::Accepted,
                "cancelled" => State::Cancelled,
                "declined" => State::Declined,
                other => panic!("{other}"),
            };
            let expires_at = match state_name {
                "past" => now,
                _ => now + TimeDelta::days(1),
            };
            for command in Command::ALL {
                let expected = outcome(word(), state);
                let found = transition(kind, state, Some(expires_at), command, now);
                assert_eq!(found, expected, "{kind_name} {state_name} {command:?}");
            }
        }
    }
}
