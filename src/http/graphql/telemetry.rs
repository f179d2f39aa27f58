//! Metrics and a span for each executed operation, whatever its outcome.

use std::{sync::Arc, thread, time::Instant};

use tracing::Span;

use crate::{
    graphql::Executed,
    metrics::{Operation, Outcome},
    trace,
};

/// Records an operation when dropped. Dropped before completion, it counts as given up: the
/// operation timed out, or its client went away.
pub(super) struct OperationTelemetry<'a> {
    operation: Operation,
    name: Option<Arc<str>>,
    span: &'a Span,
    started: Instant,
    outcome: Outcome,
    errors: usize,
}

impl<'a> OperationTelemetry<'a> {
    /// Starts recording. `started` is when parsing began; `span` gets the `name`.
    pub(super) fn start(
        operation: Operation,
        name: Option<Arc<str>>,
        span: &'a Span,
        started: Instant,
    ) -> Self {
        Self {
            operation,
            name,
            span,
            started,
            outcome: Outcome::GivenUp,
            errors: 0,
        }
    }

    /// Records that execution completed.
    pub(super) fn completed(mut self, response: &Executed) {
        self.errors = response.error_count();
        self.outcome = match self.errors {
            0 => Outcome::Ok,
            _ if response.has_fault() => Outcome::Failed,
            _ => Outcome::Errors,
        };
    }
}

impl Drop for OperationTelemetry<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            (self.outcome, self.errors) = (Outcome::Failed, 1);
        }
        self.operation
            .answered(self.outcome, self.started.elapsed());
        trace::record_operation(
            self.span,
            self.name.as_deref(),
            self.outcome.name(),
            self.errors,
        );
    }
}
