//! Metrics of mutations, by their field and outcome. Fields are those of the schema, so that labels are
//! bounded.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use prometheus_client::{
    metrics::{counter::Counter, family::Family},
    registry::Registry,
};

use super::counters::{Labelled, labelled};

labelled! {
    /// Outcome of a mutation, or of a row of its input.
    pub enum MutationOutcome by "outcome" {
        /// Carried out, now or before.
        Ok = "ok",
        /// Refused: the object does not exist, or the viewer may not see it.
        NotFound = "not_found",
        /// Refused: the invite has expired.
        Expired = "expired",
        /// Refused: the invite was accepted.
        AlreadyAccepted = "already_accepted",
        /// Refused: the invite was withdrawn.
        Cancelled = "cancelled",
        /// Refused: the invite was declined.
        Declined = "declined",
        /// Refused: the invite is for another account.
        WrongAccount = "wrong_account",
        /// Refused: the invite is for the viewer's address, which is not verified.
        EmailNotVerified = "email_not_verified",
        /// Refused: the person is a member.
        AlreadyMember = "already_member",
        /// Refused: the person has a pending invite.
        AlreadyInvited = "already_invited",
        /// Refused: the text is no address.
        InvalidEmail = "invalid_email",
        /// Refused: addresses of the domain are not invited.
        DomainNotAllowed = "domain_not_allowed",
        /// Refused: the role does not exist, or the viewer may not grant it.
        RoleNotAllowed = "role_not_allowed",
        /// Refused: a limit is reached.
        LimitReached = "limit_reached",
        /// Refused: the viewer may not do this.
        NotAllowed = "not_allowed",
        /// Refused: a value is not valid.
        Invalid = "invalid",
        /// Error: the input is malformed.
        BadUserInput = "bad_user_input",
        /// Error: the viewer is signed out.
        Unauthenticated = "unauthenticated",
        /// Error: not for this viewer.
        Forbidden = "forbidden",
        /// Error: the client has missed too many look-ups.
        RateLimited = "rate_limited",
        /// Error: the database is unavailable.
        Unavailable = "unavailable",
        /// Error: a statement exceeded its time limit.
        TimedOut = "timed_out",
        /// Error: the gateway failed.
        Failed = "failed",
        /// The client went away, or the request took too long. The write may have been carried out.
        GivenUp = "given_up",
    }
}

impl MutationOutcome {
    /// Returns its name in metrics and traces.
    pub fn name(self) -> &'static str {
        self.value()
    }
}

type FieldAndOutcome = [(&'static str, String); 2];

/// Metrics of all mutations of the schema.
pub struct Mutations {
    executed: Family<FieldAndOutcome, Counter>,
    rows: Family<FieldAndOutcome, Counter>,
    of_fields: RwLock<HashMap<Box<str>, Mutation>>,
}

/// Metrics of one mutation; cheap to clone.
#[derive(Clone)]
pub struct Mutation(Arc<Handles>);

struct Handles {
    executed: Box<[Counter]>,
    /// Empty unless the mutation has an outcome for each row of its input.
    rows: Box<[Counter]>,
}

impl Mutations {
    pub(super) fn new(registry: &mut Registry) -> Self {
        let (executed, rows) = (Family::default(), Family::default());
        let help = "Mutations that were executed, by field and outcome";
        registry.register("mutations", help, executed.clone());
        let help = "Rows of the input of bulk mutations, by field and outcome";
        registry.register("mutation_rows", help, rows.clone());
        Self {
            executed,
            rows,
            of_fields: RwLock::default(),
        }
    }

    /// Adds the counters of a field of the schema, at 0. Those of rows if `is_bulk`.
    pub fn register(&self, field: &str, is_bulk: bool) {
        let counters = |family: &Family<FieldAndOutcome, Counter>| {
            let counters = MutationOutcome::ALL.iter().map(|outcome| {
                let outcome = (MutationOutcome::LABEL, outcome.value().to_owned());
                family.get_or_create_owned(&[("mutation", field.to_owned()), outcome])
            });
            counters.collect()
        };
        let mutation = Mutation(Arc::new(Handles {
            executed: counters(&self.executed),
            rows: match is_bulk {
                true => counters(&self.rows),
                false => Box::default(),
            },
        }));
        let mut fields = self
            .of_fields
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        fields.insert(field.into(), mutation);
    }

    /// Returns the metrics of a field of the schema.
    pub fn of_field(&self, field: &str) -> Option<Mutation> {
        let fields = self
            .of_fields
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        fields.get(field).cloned()
    }
}

impl Mutation {
    /// Records a mutation.
    pub fn executed(&self, outcome: MutationOutcome) {
        count(&self.0.executed, outcome);
    }

    /// Records a row of its input.
    pub fn row(&self, outcome: MutationOutcome) {
        count(&self.0.rows, outcome);
    }
}

fn count(counters: &[Counter], outcome: MutationOutcome) {
    if let Some(counter) = counters.get(outcome.index()) {
        counter.inc();
    }
}
