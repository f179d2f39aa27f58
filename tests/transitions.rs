//! Every command in every state: the outcome of the domain's table, one event for what is done, and
//! nothing for what is refused.

use chrono::{DateTime, TimeDelta, Utc};
use entity::{course_invite, invite_code, invite_event, user, workspace_invite};
use invite_gateway::invite::{Command, Event, InviteKind, Refusal, State, Status, transition};
use sea_orm::EntityTrait;
use serde_json::Value;

use crate::support::{Gateway, NOW, Viewer, at, data, each_database, id_of_kind, tables};

const MANAGER: i64 = 1;
const INVITEE: i64 = 2;

/// A state, and the expiry of the invite in it.
const STATES: [(State, bool); 6] = [
    (State::Pending, false),
    (State::Pending, true),
    (State::Expired, true),
    (State::Accepted, false),
    (State::Cancelled, false),
    (State::Declined, false),
];

const KINDS: [InviteKind; 3] = [
    InviteKind::InviteCode,
    InviteKind::WorkspaceInvite,
    InviteKind::CourseInvite,
];

const COMMANDS: [Command; 5] = [
    Command::Accept,
    Command::Decline,
    Command::Cancel,
    Command::Resend,
    Command::Update,
];

/// A group and its link belong to no state.
async fn fill(gateway: &Gateway) {
    gateway.add(data::user(MANAGER, "manager")).await;
    gateway
        .add(user::Model {
            email: "invitee1@example.org".to_owned(),
            email_norm: "invitee1@example.org".to_owned(),
            ..data::user(INVITEE, "invitee")
        })
        .await;
    // Somebody else accepted.
    gateway.add(data::user(3, "other")).await;
    gateway.add(data::workspace(1)).await;
    gateway
        .add(data::workspace_member(1, MANAGER, "owner"))
        .await;
    gateway.add(data::course(1, "rust", MANAGER)).await;
}

fn expiry(is_past: bool) -> DateTime<Utc> {
    if is_past {
        data::made() + TimeDelta::days(1)
    } else {
        data::later()
    }
}

/// Adds invite 1 of the kind, in the state.
async fn add(gateway: &Gateway, kind: InviteKind, state: State, is_past: bool) {
    let when = |states: &[State]| states.contains(&state).then(data::made);
    let accepted = when(&[State::Accepted]);
    let cancelled = when(&[State::Cancelled, State::Declined]);
    let declined = when(&[State::Declined]);
    match kind {
        InviteKind::InviteCode => {
            gateway
                .add(invite_code::Model {
                    email: Some("invitee1@example.org".to_owned()),
                    email_norm: Some("invitee1@example.org".to_owned()),
                    invited_by_id: Some(MANAGER),
                    user_id: accepted.map(|_| 3),
                    used_at: accepted,
                    cancelled_at: cancelled,
                    declined_at: declined,
                    expires_at: Some(expiry(is_past)),
                    ..data::invite_code(1, "CODE-1")
                })
                .await;
        }
        InviteKind::WorkspaceInvite => {
            use workspace_invite::StoredStatus;
            gateway
                .add(workspace_invite::Model {
                    status: match state {
                        State::Pending => StoredStatus::Pending,
                        State::Accepted => StoredStatus::Accepted,
                        State::Cancelled | State::Declined => StoredStatus::Cancelled,
                        State::Expired => StoredStatus::Expired,
                    },
                    accepted_at: accepted,
                    accepted_by_id: accepted.map(|_| 3),
                    cancelled_at: cancelled,
                    declined_at: declined,
                    expires_at: Some(expiry(is_past)),
                    ..data::workspace_invite(1, 1)
                })
                .await;
        }
        InviteKind::CourseInvite => {
            gateway
                .add(course_invite::Model {
                    accepted_at: accepted,
                    cancelled_at: cancelled,
                    declined_at: declined,
                    ..data::course_invite(1, 1, INVITEE)
                })
                .await;
        }
        InviteKind::GroupInvite => unreachable!("no state"),
    }
}

/// Sends the command by whom it is for.
async fn give(gateway: &Gateway, kind: InviteKind, command: Command) -> (Value, Value) {
    let type_name = match kind {
        InviteKind::InviteCode => "InviteCode",
        InviteKind::WorkspaceInvite => "WorkspaceInvite",
        InviteKind::GroupInvite => "GroupInvite",
        InviteKind::CourseInvite => "CourseInvite",
    };
    let id = id_of_kind(type_name, 1);
    let one = "invite { status } userErrors { code }";
    let rows = format!("results {{ {one} }} userErrors {{ code }}");
    let (viewer, field) = match command {
        Command::Accept => (
            INVITEE,
            format!("acceptInvite(input: {{ id: {id:?} }}) {{ {one} }}"),
        ),
        Command::Decline => (
            INVITEE,
            format!("declineInvite(input: {{ id: {id:?} }}) {{ {one} }}"),
        ),
        Command::Cancel => (
            MANAGER,
            format!("cancelInvites(input: {{ ids: [{id:?}] }}) {{ {rows} }}"),
        ),
        Command::Resend => (
            MANAGER,
            format!("resendInvites(input: {{ ids: [{id:?}] }}) {{ {rows} }}"),
        ),
        Command::Update => {
            let input = format!("{{ id: {id:?}, expiresAt: \"2026-06-20T00:00:00Z\" }}");
            (MANAGER, format!("updateInvite(input: {input}) {{ {one} }}"))
        }
        Command::Invite => unreachable!("creating is tested by itself"),
    };
    let data = gateway
        .data(Viewer::User(viewer), &format!("mutation {{ it: {field} }}"))
        .await;
    let outcome = match &data["it"]["results"][0] {
        Value::Null => &data["it"],
        row => row,
    };
    (
        outcome["invite"]["status"].clone(),
        outcome["userErrors"][0]["code"].clone(),
    )
}

fn code(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::AlreadyAccepted => "ALREADY_ACCEPTED",
        Refusal::Cancelled => "CANCELLED",
        Refusal::Declined => "DECLINED",
        Refusal::Expired => "EXPIRED",
        // Before the state is asked for: an update names a field that the kind lacks.
        Refusal::NotSupported => "INVALID",
        other => panic!("{other:?}"),
    }
}

fn status(state: State) -> &'static str {
    match state.status(None, at(NOW)) {
        Status::Pending => "PENDING",
        Status::Accepted => "ACCEPTED",
        Status::Cancelled => "CANCELLED",
        Status::Expired => "EXPIRED",
        Status::Declined => "DECLINED",
    }
}

each_database! {
    async fn every_command_in_every_state_has_the_outcome_of_the_table(gateway) {
        fill(&gateway).await;
        let empty = tables::Snapshot::take(&gateway.database).await;
        for kind in KINDS {
            for (state, is_past) in STATES {
                let is_course = kind == InviteKind::CourseInvite;
                if (is_course && is_past) || (kind != InviteKind::WorkspaceInvite && state == State::Expired) {
                    continue;
                }
                for command in COMMANDS {
                    let case = format!("{kind:?} {state:?} past {is_past} {command:?}");
                    add(&gateway, kind, state, is_past).await;
                    let before = tables::dump(&gateway.database).await;
                    let expires_at = (!is_course).then(|| expiry(is_past));
                    let expected = transition(kind, state, expires_at, command, at(NOW));
                    // The invitee of a course is the one who accepted.
                    let is_again = is_course && state == State::Accepted && command == Command::Accept;
                    let (shown, refused) = give(&gateway, kind, command).await;
                    let events = invite_event::Entity::find().all(&gateway.database).await.expect("events");
                    match expected {
                        _ if is_again => {
                            assert_eq!((shown.as_str(), refused.as_str()), (Some("ACCEPTED"), None), "{case}");
                            assert_eq!(tables::dump(&gateway.database).await, before, "{case}");
                        }
                        Err(refusal) => {
                            assert_eq!((shown.as_str(), refused.as_str()), (None, Some(code(refusal))), "{case}");
                            assert_eq!(tables::dump(&gateway.database).await, before, "{case}");
                        }
                        Ok(outcome) => {
                            assert_eq!((shown.as_str(), refused.as_str()), (Some(status(outcome.state)), None), "{case}");
                            let types: Vec<_> = events.iter().map(|event| event.event_type.as_str()).collect();
                            let recorded: Vec<_> = outcome.event.map(Event::as_str).into_iter().collect();
                            assert_eq!(types, recorded, "{case}");
                            for event in &events {
                                let actor = if matches!(command, Command::Accept | Command::Decline) { INVITEE } else { MANAGER };
                                let target = (kind != InviteKind::InviteCode).then_some(1);
                                assert_eq!((event.kind.as_str(), event.invite_id), (kind.as_str(), 1), "{case}");
                                assert_eq!((event.actor_id, event.target_id, event.at), (Some(actor), target, at(NOW)), "{case}");
                                let changed = (command == Command::Update).then_some("expiresAt");
                                assert_eq!(event.changed.as_deref(), changed, "{case}");
                            }
                        }
                    }
                    empty.restore(&gateway.database).await;
                }
            }
        }
    }
}
