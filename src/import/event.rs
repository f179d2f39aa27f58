//! Events of the invites that an import changes, for `--events`. They are written in the transaction of the
//! changes, and have no actor.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use entity::{course_invite, group_invite, invite_code, invite_event, workspace_invite};
use sea_orm::{
    DatabaseTransaction, DbErr, EntityTrait, FromQueryResult, IntoActiveModel, QueryResult,
};

use super::{
    change::{Change, Effects, Key},
    statement::LOOKED_UP,
    upsert::{CreatedHere, Table, Withdrawal},
};
use crate::invite::{Event, InviteKind, Snapshot, State, event_id};

/// An event to append.
#[derive(Debug)]
pub(super) struct NewEvent {
    what: Event,
    kind: InviteKind,
    invite_id: i64,
    target_id: Option<i64>,
    changed: Option<String>,
}

/// Derives the events of rows of a table that are written.
pub(super) struct Recorder<E: Table> {
    kind: InviteKind,
    snapshot: fn(E::Model) -> Snapshot,
    before: HashMap<Key, Snapshot>,
}

impl<E: Table> Recorder<E> {
    /// Creates the recorder of a table of invites; none for other tables.
    pub(super) fn new() -> Option<Self> {
        let (Some(CreatedHere::Event { kind, .. }), Some(snapshot)) =
            (E::CREATED_HERE, E::SNAPSHOT)
        else {
            return None;
        };
        Some(Self {
            kind,
            snapshot,
            before: HashMap::new(),
        })
    }

    fn snapshot(&self, row: &QueryResult) -> Result<Snapshot, DbErr> {
        E::Model::from_query_result(row, "").map(self.snapshot)
    }

    /// Keeps a row that is about to be written.
    pub(super) fn keep(&mut self, key: Key, row: &QueryResult) -> Result<(), DbErr> {
        let snapshot = self.snapshot(row)?;
        self.before.insert(key, snapshot);
        Ok(())
    }

    /// Returns the events of a row that changed.
    pub(super) fn changed(&self, key: &Key, row: &QueryResult) -> Result<Vec<NewEvent>, DbErr> {
        let after = self.snapshot(row)?;
        let events = after.events_since(self.before.get(key)).into_iter();
        Ok(events
            .map(|(what, changed)| self.event(what, &after, changed))
            .collect())
    }

    /// Returns the event of a row that was withdrawn.
    pub(super) fn withdrawn(&self, row: &QueryResult) -> Result<NewEvent, DbErr> {
        let what = match E::WITHDRAWAL {
            Withdrawal::Delete => Event::Disabled,
            Withdrawal::Mark { .. } => Event::Cancelled,
        };
        Ok(self.event(what, &self.snapshot(row)?, None))
    }

    fn event(&self, what: Event, invite: &Snapshot, changed: Option<String>) -> NewEvent {
        NewEvent {
            what,
            kind: self.kind,
            invite_id: invite.id,
            target_id: invite.target_id,
            changed,
        }
    }
}

impl Effects {
    /// Adds that a workspace invite got a further token, unless it is new or its row says that it was sent.
    pub(super) fn record_resent(&mut self, invite_id: i64, workspace_id: Option<i64>) {
        let is_told =
            |event: &NewEvent| event.invite_id == invite_id && event.what == Event::Resent;
        if self.is_new(invite_id) || self.events.iter().any(is_told) {
            return;
        }
        self.events.push(NewEvent {
            what: Event::Resent,
            kind: InviteKind::WorkspaceInvite,
            invite_id,
            target_id: workspace_id,
            changed: None,
        });
    }

    /// Adds the codes whose tags changed. With `records`, adds an event for each that is not new.
    pub(super) fn add_tagged(&mut self, tagged: Self, records: bool) {
        let codes: Vec<i64> = tagged.changes.keys().flatten().copied().collect();
        self.add(tagged);
        codes
            .into_iter()
            .filter(|_| records)
            .for_each(|code| self.record_tagged(code));
    }

    fn record_tagged(&mut self, invite_id: i64) {
        const TAGS: &str = "tags";
        if self.is_new(invite_id) {
            return;
        }
        let mut events = self.events.iter_mut();
        let update =
            events.find(|event| event.invite_id == invite_id && event.what == Event::Updated);
        match update.and_then(|event| event.changed.as_mut()) {
            Some(changed) => {
                changed.push(',');
                changed.push_str(TAGS);
            }
            None => self.events.push(NewEvent {
                what: Event::Updated,
                kind: InviteKind::InviteCode,
                invite_id,
                target_id: None,
                changed: Some(TAGS.to_owned()),
            }),
        }
    }

    fn is_new(&self, invite_id: i64) -> bool {
        self.changes.get(&vec![invite_id]) == Some(&Change::New)
    }
}

/// Appends the events of `effects`, at the instant of the import; none without an instant.
pub(super) async fn append(
    transaction: &DatabaseTransaction,
    effects: &mut Effects,
    at: Option<DateTime<Utc>>,
) -> Result<(), DbErr> {
    let Some(at) = at else { return Ok(()) };
    let events = std::mem::take(&mut effects.events);
    for events in events.chunks(LOOKED_UP) {
        let rows = events.iter().map(|event| {
            let row = invite_event::Model {
                id: event_id(at),
                event_type: event.what.as_str().to_owned(),
                kind: event.kind.as_str().to_owned(),
                invite_id: event.invite_id,
                target_id: event.target_id,
                actor_id: None,
                at,
                changed: event.changed.clone(),
            };
            row.into_active_model()
        });
        invite_event::Entity::insert_many(rows)
            .exec_without_returning(transaction)
            .await?;
    }
    Ok(())
}

pub(super) fn of_code(row: invite_code::Model) -> Snapshot {
    Snapshot {
        id: row.id,
        target_id: None,
        state: State::from_instants(row.used_at, row.declined_at, row.cancelled_at),
        link: None,
        role: row.role,
        expires_at: row.expires_at,
        message: None,
        name: row.name,
        last_sent_at: row.last_sent_at,
    }
}

pub(super) fn of_workspace_invite(row: workspace_invite::Model) -> Snapshot {
    Snapshot {
        id: row.id,
        target_id: Some(row.workspace_id),
        state: State::from_noted(row.status, row.declined_at),
        link: None,
        role: Some(row.role),
        expires_at: row.expires_at,
        message: row.message,
        name: None,
        last_sent_at: row.last_sent_at,
    }
}

pub(super) fn of_group_invite(row: group_invite::Model) -> Snapshot {
    Snapshot {
        id: row.id,
        target_id: Some(row.group_id),
        state: State::Pending,
        link: Some(row.code),
        role: None,
        expires_at: None,
        message: None,
        name: None,
        last_sent_at: None,
    }
}

pub(super) fn of_course_invite(row: course_invite::Model) -> Snapshot {
    Snapshot {
        id: row.id,
        target_id: Some(row.course_id),
        state: State::from_instants(row.accepted_at, row.declined_at, row.cancelled_at),
        link: None,
        role: None,
        expires_at: None,
        message: None,
        name: None,
        last_sent_at: row.last_sent_at,
    }
}
