//! Statements, by the kind of key that they load.

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
    /// What came of a statement.
    pub enum StatementOutcome by "outcome" {
        /// Rows, or none.
        Ok = "ok",
        /// The database does not answer now.
        Unavailable = "unavailable",
        /// It took longer than it may.
        TimedOut = "timed_out",
        /// The database refuses it.
        Failed = "failed",
    }
}

impl StatementOutcome {
    /// Its name, in metrics and traces.
    pub fn name(self) -> &'static str {
        self.value()
    }
}

type Kind = [(&'static str, String); 1];
type KindAndOutcome = [(&'static str, String); 2];

/// Metrics of the statements of all kinds.
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
        let help = "How long the database took to answer, in seconds";
        let durations = families.durations.clone();
        registry.register("sql_statement_duration_seconds", help, durations);
        let help = "Keys that are loaded by one batch";
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

/// From one key to the most that a statement takes, which is 1000.
fn keys() -> Histogram {
    Histogram::new(exponential_buckets(1.0, 2.0, 11))
}

/// What the statements of one kind are counted with.
#[derive(Debug)]
pub struct Statements {
    sent: Box<[Counter]>,
    duration: Histogram,
    size: Histogram,
}

impl Statements {
    /// The database answered, or is given up.
    pub fn answered(&self, outcome: StatementOutcome, after: Duration) {
        if let Some(counter) = self.sent.get(outcome.index()) {
            counter.inc();
        }
        self.duration.observe(after.as_secs_f64());
    }

    /// So many keys are loaded together.
    pub fn batch(&self, keys: usize) {
        self.size.observe(keys as f64);
    }
}
