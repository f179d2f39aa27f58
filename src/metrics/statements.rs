//! Metrics of statements, by the kind of key that they load.

use std::time::Duration;

use prometheus_client::{
    metrics::{
        counter::Counter,
        family::Family,
        histogram::{Histogram, exponential_buckets},
    },
    registry::Registry,
};

use super::{
    Durations,
    counters::{Labelled, labelled},
    seconds,
};

labelled! {
    /// Outcome of a statement.
    pub enum StatementOutcome by "outcome" {
        /// The database returned rows, or none.
        Ok = "ok",
        /// The database is unavailable.
        Unavailable = "unavailable",
        /// The statement exceeded its time limit.
        TimedOut = "timed_out",
        /// The database rejected the statement.
        Failed = "failed",
    }
}

impl StatementOutcome {
    /// Returns its name in metrics and traces.
    pub fn name(self) -> &'static str {
        self.value()
    }
}

type Kind = [(&'static str, String); 1];
type KindAndOutcome = [(&'static str, String); 2];

/// Metrics of statements of all kinds.
pub(super) struct Families {
    sent: Family<KindAndOutcome, Counter>,
    durations: Durations<Kind>,
    sizes: Family<Kind, Histogram, fn() -> Histogram>,
}

impl Families {
    pub(super) fn new(registry: &mut Registry) -> Self {
        let families = Self {
            sent: Family::default(),
            durations: Family::new_with_constructor(seconds),
            sizes: Family::new_with_constructor(keys),
        };
        let help = "Statements sent to the database";
        registry.register("sql_statements", help, families.sent.clone());
        let help = "Time until the database responded, in seconds";
        let durations = families.durations.clone();
        registry.register("sql_statement_duration_seconds", help, durations);
        let help = "Keys loaded by one batch";
        registry.register("loader_batch_size", help, families.sizes.clone());
        families
    }

    pub(super) fn for_kind(&self, kind: &str) -> Statements {
        let labels = [("kind", kind.to_owned())];
        let sent = StatementOutcome::ALL.iter().map(|outcome| {
            let outcome = ("outcome", outcome.value().to_owned());
            let labels = [("kind", kind.to_owned()), outcome];
            self.sent.get_or_create_owned(&labels)
        });
        Statements {
            sent: sent.collect(),
            duration: self.durations.get_or_create_owned(&labels),
            size: self.sizes.get_or_create_owned(&labels),
        }
    }
}

/// Buckets from one key to the most in a statement, 1000.
fn keys() -> Histogram {
    Histogram::new(exponential_buckets(1.0, 2.0, 11))
}

/// Metrics of statements of one kind.
#[derive(Debug)]
pub struct Statements {
    sent: Box<[Counter]>,
    duration: Histogram,
    size: Histogram,
}

impl Statements {
    /// Records an outcome and its duration.
    pub fn answered(&self, outcome: StatementOutcome, after: Duration) {
        if let Some(counter) = self.sent.get(outcome.index()) {
            counter.inc();
        }
        self.duration.observe(after.as_secs_f64());
    }

    /// Records the number of keys in a batch.
    pub fn batch(&self, keys: usize) {
        self.size.observe(keys as f64);
    }
}
