//! Metrics, a span and a line of the audit log for each mutation that is executed, whatever its outcome.

use std::thread;

use async_graphql::Context;
use tracing::{Instrument, Span};

use super::user_error::InviteErrorCode;
use crate::{
    access::{Access, Audit, AuditedMutation},
    graphql::{context::ContextExt, error::Failure},
    metrics::{Metrics, Mutation, MutationOutcome},
    trace,
};

/// The payload of a mutation.
pub(super) trait Payload {
    /// Returns the reason for which the mutation was refused as a whole.
    fn refusal(&self) -> Option<InviteErrorCode>;

    /// Returns the reason for which each row of the input was refused. None if a row has no outcome of its
    /// own.
    fn rows(&self) -> Option<Vec<Option<InviteErrorCode>>> {
        None
    }
}

/// Executes a mutation, and records its outcome.
pub(super) async fn observed<T: Payload>(
    ctx: &Context<'_>,
    mutation: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    let field = ctx.item.node.name.node.as_str();
    let metrics = ctx.data_opt::<Metrics>();
    let telemetry = MutationTelemetry {
        field,
        audit: ctx.access().ok().map(Access::audit),
        mutation: metrics.and_then(|metrics| metrics.mutations().of_field(field)),
        span: trace::mutation(field),
        outcome: MutationOutcome::GivenUp,
        rows: None,
    };
    // Boxed, so that the future of the field stays small.
    let outcome = Box::pin(mutation).instrument(telemetry.span.clone()).await;
    telemetry.completed(&outcome);
    outcome
}

/// Records a mutation when dropped. Dropped before completion, it counts as given up: the request timed
/// out, or its client went away.
struct MutationTelemetry<'a> {
    field: &'a str,
    audit: Option<&'a Audit>,
    mutation: Option<Mutation>,
    span: Span,
    outcome: MutationOutcome,
    rows: Option<(usize, usize)>,
}

impl MutationTelemetry<'_> {
    fn completed<T: Payload>(mut self, outcome: &Result<T, Failure>) {
        let payload = match outcome {
            Ok(payload) => payload,
            Err(failure) => {
                self.outcome = of_failure(failure);
                return;
            }
        };
        self.outcome = of_refusal(payload.refusal());
        if let Some(rows) = payload.rows() {
            self.rows = Some((rows.len(), rows.iter().flatten().count()));
            if let Some(mutation) = &self.mutation {
                rows.into_iter()
                    .for_each(|refusal| mutation.row(of_refusal(refusal)));
            }
        }
    }
}

impl Drop for MutationTelemetry<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.outcome = MutationOutcome::Failed;
        }
        if let Some(mutation) = &self.mutation {
            mutation.executed(self.outcome);
        }
        let outcome = self.outcome.name();
        let is_fault = matches!(
            self.outcome,
            MutationOutcome::Unavailable | MutationOutcome::TimedOut | MutationOutcome::Failed
        );
        trace::record_mutation(&self.span, outcome, is_fault, self.rows);
        let decision = match self.outcome {
            MutationOutcome::Ok => "allowed",
            MutationOutcome::GivenUp => "failed",
            _ if is_fault => "failed",
            _ => "denied",
        };
        if let Some(audit) = self.audit {
            audit.log_mutation(AuditedMutation {
                field: self.field,
                decision,
                outcome,
                rows: self.rows,
            });
        }
    }
}

fn of_failure(failure: &Failure) -> MutationOutcome {
    match failure {
        Failure::BadUserInput { .. } => MutationOutcome::BadUserInput,
        Failure::Unauthenticated => MutationOutcome::Unauthenticated,
        Failure::NoAccount | Failure::Forbidden => MutationOutcome::Forbidden,
        Failure::RateLimited(_) => MutationOutcome::RateLimited,
        Failure::Unavailable => MutationOutcome::Unavailable,
        Failure::TimedOut => MutationOutcome::TimedOut,
        Failure::Internal => MutationOutcome::Failed,
    }
}

fn of_refusal(refusal: Option<InviteErrorCode>) -> MutationOutcome {
    use InviteErrorCode as Code;
    let Some(code) = refusal else {
        return MutationOutcome::Ok;
    };
    match code {
        Code::NotFound => MutationOutcome::NotFound,
        Code::Expired => MutationOutcome::Expired,
        Code::AlreadyAccepted => MutationOutcome::AlreadyAccepted,
        Code::Cancelled => MutationOutcome::Cancelled,
        Code::Declined => MutationOutcome::Declined,
        Code::WrongAccount => MutationOutcome::WrongAccount,
        Code::EmailNotVerified => MutationOutcome::EmailNotVerified,
        Code::AlreadyMember => MutationOutcome::AlreadyMember,
        Code::AlreadyInvited => MutationOutcome::AlreadyInvited,
        Code::InvalidEmail => MutationOutcome::InvalidEmail,
        Code::DomainNotAllowed => MutationOutcome::DomainNotAllowed,
        Code::RoleNotAllowed => MutationOutcome::RoleNotAllowed,
        Code::LimitReached => MutationOutcome::LimitReached,
        Code::NotAllowed => MutationOutcome::NotAllowed,
        Code::Invalid => MutationOutcome::Invalid,
    }
}
