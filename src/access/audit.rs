//! The audit log: which viewer was allowed or denied which access.
//!
//! Lines hold ids of users and words of this program, and nothing that a client or a source wrote. That
//! keeps secrets and addresses out of them.

use std::{
    collections::BTreeMap,
    mem,
    sync::{Mutex, PoisonError},
};

use tracing::{Level, Span};

use super::Viewer;
use crate::loader::role::Target;

/// Target of the audit log's events, by which the log selects them.
pub const AUDIT_TARGET: &str = "audit";

/// Logs a request's decisions: those of mutations at once, and the others when dropped, as one line with
/// their number for each operation and kind. A line for each object would flood the log.
pub struct Audit(Option<Decisions>);

struct Decisions {
    viewer: &'static str,
    user_id: Option<i64>,
    request: Span,
    counts: Mutex<BTreeMap<Decision, u64>>,
}

/// The operation, the kind of object, and whether it was allowed.
type Decision = (&'static str, &'static str, bool);

/// The outcome of a mutation, for the audit log.
#[derive(Clone, Copy, Debug)]
pub struct AuditedMutation<'a> {
    /// Field of the schema.
    pub field: &'a str,
    /// `allowed`, `denied`, or `failed` if it was not decided.
    pub decision: &'static str,
    /// The outcome's name in metrics.
    pub outcome: &'static str,
    /// Numbers of rows of the input and of those refused, if each has an outcome of its own.
    pub rows: Option<(usize, usize)>,
}

impl Audit {
    /// Starts recording the decisions about a viewer, unless the audit log is off.
    pub(super) fn new(viewer: &Viewer) -> Self {
        let is_on = tracing::enabled!(target: AUDIT_TARGET, Level::INFO);
        Self(is_on.then(|| Decisions {
            viewer: match viewer {
                Viewer::Anonymous => "anonymous",
                Viewer::Stranger => "stranger",
                Viewer::User { .. } => "user",
            },
            user_id: viewer.id(),
            request: Span::current(),
            counts: Mutex::default(),
        }))
    }

    /// Records a decision.
    pub(super) fn record(&self, operation: &'static str, kind: &'static str, is_allowed: bool) {
        if let Some(decisions) = &self.0 {
            let counts = decisions.counts.lock();
            let mut counts = counts.unwrap_or_else(PoisonError::into_inner);
            *counts.entry((operation, kind, is_allowed)).or_default() += 1;
        }
    }

    /// Records a decision about the management of a target.
    pub(super) fn record_management(&self, target: Target, is_allowed: bool) {
        let kind = match target {
            Target::Workspace(_) => "workspace",
            Target::Group(_) => "group",
            Target::Course(_) => "course",
        };
        self.record("manage", kind, is_allowed);
    }

    /// Records whether a look-up returned an object. An absent one counts as denied, like a hidden one.
    pub(super) async fn read<T, E>(
        &self,
        kind: &'static str,
        look_up: impl Future<Output = Result<Option<T>, E>>,
    ) -> Result<Option<T>, E> {
        let found = look_up.await?;
        self.record("read", kind, found.is_some());
        Ok(found)
    }

    /// Logs a mutation.
    pub fn log_mutation(&self, mutation: AuditedMutation<'_>) {
        let Some(decisions) = &self.0 else {
            return;
        };
        let AuditedMutation {
            field,
            decision,
            outcome,
            rows,
        } = mutation;
        tracing::info!(
            target: AUDIT_TARGET,
            parent: &decisions.request,
            viewer = decisions.viewer,
            user_id = decisions.user_id,
            mutation = field,
            decision,
            outcome,
            rows = rows.map(|(rows, _)| rows),
            refused_rows = rows.map(|(_, refused)| refused),
            "audit"
        );
    }
}

impl Drop for Decisions {
    fn drop(&mut self) {
        let counts = self.counts.get_mut();
        let counts = mem::take(counts.unwrap_or_else(PoisonError::into_inner));
        for ((operation, kind, is_allowed), count) in counts {
            tracing::info!(
                target: AUDIT_TARGET,
                parent: &self.request,
                viewer = self.viewer,
                user_id = self.user_id,
                operation,
                kind,
                decision = if is_allowed { "allowed" } else { "denied" },
                count,
                "audit"
            );
        }
    }
}
