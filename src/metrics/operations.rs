//! GraphQL operations by name.
//!
//! Names come from clients, so that they are bounded: those of registered documents have a label each,
//! of others the first so many that are executed; the rest share one. Of a request that is refused
//! nothing is learnt.

use std::{
    collections::HashMap,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use prometheus_client::{
    metrics::{counter::Counter, family::Family, histogram::Histogram},
    registry::Registry,
};

use super::{
    Durations,
    counters::{Labelled, labelled},
    seconds,
};

/// Longest name that has a label of its own, in bytes.
const MAX_NAME: usize = 64;

/// The label of what has no name.
const ANONYMOUS: &str = "anonymous";

/// The label of what has no label of its own.
const OTHER: &str = "other";

labelled! {
    /// What came of an operation.
    pub enum Outcome by "outcome" {
        /// Data without errors.
        Ok = "ok",
        /// It was executed, and has errors.
        Errors = "errors",
        /// It was not executed.
        Refused = "refused",
    }
}

impl Outcome {
    /// Its name, in metrics and traces.
    pub fn name(self) -> &'static str {
        self.value()
    }
}

type Name = [(&'static str, String); 1];
type NameAndOutcome = [(&'static str, String); 2];

/// GraphQL operations.
pub struct Operations {
    answered: Family<NameAndOutcome, Counter>,
    durations: Durations<Name>,
    named: RwLock<HashMap<Box<str>, Operation>>,
    /// How many names have a label of their own without being registered.
    learnt: AtomicUsize,
    capacity: usize,
    anonymous: Operation,
    other: Operation,
}

/// What one operation is counted with; cheap to clone.
#[derive(Clone)]
pub struct Operation(Arc<Handles>);

struct Handles {
    answered: Box<[Counter]>,
    duration: Histogram,
}

impl Operations {
    pub(super) fn registered(registry: &mut Registry, capacity: usize) -> Self {
        let answered = Family::default();
        let durations: Durations<Name> = Family::new_with_constructor(seconds);
        let help = "GraphQL operations answered";
        registry.register("graphql_requests", help, answered.clone());
        let help = "From reading an operation to its response, in seconds";
        registry.register("graphql_request_duration_seconds", help, durations.clone());
        Self {
            anonymous: Operation::of(&answered, &durations, ANONYMOUS),
            other: Operation::of(&answered, &durations, OTHER),
            answered,
            durations,
            named: RwLock::default(),
            learnt: AtomicUsize::new(0),
            capacity,
        }
    }

    /// Gives a name a label of its own, whatever else is asked: that of a document that is trusted.
    pub fn register(&self, name: &str) {
        if is_label(name) {
            self.add(name, true);
        }
    }

    /// The operation of that name, which is executed.
    pub fn executed(&self, name: Option<&str>) -> Operation {
        match name {
            None => self.anonymous.clone(),
            Some(name) => self.known(name).unwrap_or_else(|| {
                if is_label(name) && self.has_room() {
                    self.add(name, false)
                } else {
                    self.other.clone()
                }
            }),
        }
    }

    /// What has no label of its own.
    pub fn other(&self) -> Operation {
        self.other.clone()
    }

    /// The operation of that name, where it has a label of its own already.
    pub fn known(&self, name: &str) -> Option<Operation> {
        let named = self.named.read().unwrap_or_else(PoisonError::into_inner);
        named.get(name).cloned()
    }

    fn has_room(&self) -> bool {
        self.learnt.load(Ordering::Relaxed) < self.capacity
    }

    fn add(&self, name: &str, is_registered: bool) -> Operation {
        let mut named = self.named.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = named.get(name) {
            return known.clone();
        }
        if !is_registered {
            // Others may have been added since it was looked at; nobody else adds now.
            if !self.has_room() {
                return self.other.clone();
            }
            self.learnt.fetch_add(1, Ordering::Relaxed);
        }
        let operation = Operation::of(&self.answered, &self.durations, name);
        named.insert(name.into(), operation.clone());
        operation
    }
}

/// Whether it is a name of GraphQL that is short enough, and is not a label already.
fn is_label(name: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let begins = |byte: u8| is_letter(byte) && !byte.is_ascii_digit();
    name.len() <= MAX_NAME
        && name.bytes().next().is_some_and(begins)
        && name.bytes().all(is_letter)
        && ![ANONYMOUS, OTHER].contains(&name)
}

impl Operation {
    fn of(
        answered: &Family<NameAndOutcome, Counter>,
        durations: &Durations<Name>,
        name: &str,
    ) -> Self {
        let label = ("operation", name.to_owned());
        let counters = Outcome::ALL.iter().map(|outcome| {
            let outcome = (Outcome::LABEL, outcome.value().to_owned());
            answered.get_or_create_owned(&[label.clone(), outcome])
        });
        Self(Arc::new(Handles {
            answered: counters.collect(),
            duration: durations.get_or_create_owned(&[label]),
        }))
    }

    /// It was answered.
    pub fn answered(&self, outcome: Outcome, after: Duration) {
        if let Some(counter) = self.0.answered.get(outcome.place()) {
            counter.inc();
        }
        self.0.duration.observe(after.as_secs_f64());
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Outcome;
    use crate::metrics::Metrics;

    fn labels(metrics: &Metrics) -> Vec<String> {
        let text = metrics.text().expect("metrics");
        let begin = "invite_gateway_graphql_requests_total{operation=\"";
        let mut labels: Vec<String> = text
            .lines()
            .filter_map(|line| line.strip_prefix(begin)?.split('"').next())
            .map(str::to_owned)
            .collect();
        labels.sort_unstable();
        labels.dedup();
        labels
    }

    #[test]
    fn registered_names_have_labels_and_of_others_the_first() {
        let metrics = Metrics::new(2);
        let operations = metrics.operations();
        operations.register("Trusted");
        for name in ["A", "B", "C", "Trusted", "A"] {
            let operation = operations.executed(Some(name));
            operation.answered(Outcome::Ok, Duration::ZERO);
        }
        operations.register("Late");
        assert_eq!(
            labels(&metrics),
            ["A", "B", "Late", "Trusted", "anonymous", "other"]
        );
        let text = metrics.text().expect("metrics");
        for (name, count) in [
            ("A", 2),
            ("B", 1),
            ("Trusted", 1),
            ("other", 1),
            ("Late", 0),
        ] {
            let line = format!("{{operation=\"{name}\",outcome=\"ok\"}} {count}\n");
            assert!(text.contains(&line), "{line}{text}");
        }
    }

    #[test]
    fn nothing_is_learnt_from_what_is_refused_or_no_short_name() {
        let metrics = Metrics::new(10);
        let operations = metrics.operations();
        assert!(operations.known("New").is_none());
        let refused = operations.other();
        refused.answered(Outcome::Refused, Duration::ZERO);
        let long = "x".repeat(65);
        for name in [&*long, "1st", "", "a b", "jane@home.example", "other", "é"] {
            operations.executed(Some(name));
        }
        assert_eq!(labels(&metrics), ["anonymous", "other"]);
    }
}
