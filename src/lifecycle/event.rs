//! Events: what is recorded of each change.

use chrono::{DateTime, Utc};
use sea_orm::Value;

use super::write::Write;
use crate::invite::{self, Event, InviteKind};

/// Returns an id for an event at `now`.
pub(super) fn event_id(now: DateTime<Utc>) -> Value {
    invite::event_id(now).into()
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
