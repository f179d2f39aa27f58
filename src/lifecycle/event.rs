//! Events: what is recorded of each change.

use std::sync::Mutex;

use chrono::{DateTime, Utc};
use sea_orm::Value;
use uuid::{ContextV7, Timestamp, Uuid};

use super::write::Write;
use crate::invite::{Event, InviteKind};

/// Orders the ids of events within a millisecond.
static CONTEXT: Mutex<ContextV7> = Mutex::new(ContextV7::new());

/// Returns an id for an event at `now`. The ids of one process are in the order of their creation.
pub(super) fn event_id(now: DateTime<Utc>) -> Value {
    let seconds = u64::try_from(now.timestamp()).unwrap_or(0);
    let timestamp = Timestamp::from_unix(&CONTEXT, seconds, now.timestamp_subsec_nanos());
    Uuid::new_v7(timestamp).into()
}

/// Adds the step that records an event for each of the rows that `source` names: with its `event_id`, and
/// the `id` and `target_id` of the invite. `changed` is an expression.
pub(super) fn record(
    write: Write,
    kind: InviteKind,
    event: Event,
    changed: &str,
    source: &str,
) -> Write {
    let (kind, event) = (kind.as_str(), event.as_str());
    write.then(
        "recorded",
        format!(
            "INSERT INTO invite_events (id, type, kind, invite_id, target_id, actor_id, at, changed)
             SELECT event_id, '{event}', '{kind}', id, target_id, :actor, :now, {changed}
             FROM {source}"
        ),
    )
}
