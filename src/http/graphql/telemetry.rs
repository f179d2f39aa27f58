//! What is told of an operation that is executed, whatever becomes of it: a count and a span.

use std::{sync::Arc, thread, time::Instant};

use tracing::Span;

use crate::{
    metrics::{Operation, Outcome},
    trace,
};

/// An operation that is being executed. One that is dropped before it is answered was given up: it
/// took too long, or its client went away.
pub(super) struct OperationTelemetry<'a> {
    operation: Operation,
    name: Option<Arc<str>>,
    span: &'a Span,
    started: Instant,
    outcome: Outcome,
    errors: usize,
}

impl<'a> OperationTelemetry<'a> {
    /// `started`: when it began to be read. `name` is told to `span`.
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

    /// It was executed to its end, with so many errors.
    pub(super) fn completed(mut self, errors: usize) {
        self.errors = errors;
        self.outcome = match errors {
            0 => Outcome::Ok,
            _ => Outcome::Errors,
        };
    }
}

impl Drop for OperationTelemetry<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            (self.outcome, self.errors) = (Outcome::Errors, 1);
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
