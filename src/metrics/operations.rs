//! Metrics of GraphQL operations, by name.
//!
//! Names come from clients, and are therefore bounded. Every name in a registered document has a
//! label. Of other names, the first that are executed have labels; those of anonymous clients take
//! at most half. The rest share one label. Refused requests claim no label.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use prometheus_client::{
    metrics::{counter::Counter, family::Family, histogram::Histogram},
    registry::Registry,
};

use super::{
    Durations, Share,
    counters::{Labelled, labelled},
    seconds,
};

/// Longest name with a label of its own, in bytes.
const MAX_NAME: usize = 64;

/// Label of operations without a name.
const ANONYMOUS: &str = "anonymous";

/// Label of operations without a label of their own.
const OTHER: &str = "other";

labelled! {
    /// Outcome of an operation.
    pub enum Outcome by "outcome" {
        /// Executed without errors.
        Ok = "ok",
        /// Executed with errors, all of which the client caused.
        Errors = "errors",
        /// Executed with errors, of which at least one is a fault of the gateway or its database.
        Failed = "failed",
        /// Not executed.
        Refused = "refused",
        /// Cancelled by the time limit, or because the client went away.
        GivenUp = "given_up",
    }
}

impl Outcome {
    /// Returns its name in metrics and traces.
    pub fn name(self) -> &'static str {
        self.value()
    }
}

type Name = [(&'static str, String); 1];
type NameAndOutcome = [(&'static str, String); 2];

/// Metrics of GraphQL operations.
pub struct Operations {
    answered: Family<NameAndOutcome, Counter>,
    durations: Durations<Name>,
    named: RwLock<Named>,
    capacity: usize,
    anonymous: Operation,
    other: Operation,
}

/// Operations with labels of their own.
#[derive(Default)]
struct Named {
    operations: HashMap<Box<str>, Operation>,
    /// Number of names that are not registered, by the share that first executed them.
    claimed_anonymous: usize,
    claimed_signed_in: usize,
}

impl Named {
    /// Returns true if the share may claim one of the `capacity` labels.
    fn has_room(&self, share: Share, capacity: usize) -> bool {
        let is_full = self.claimed_anonymous + self.claimed_signed_in >= capacity;
        // Half at most, so that requests without a token cannot claim all labels.
        let is_taken = share == Share::Anonymous && self.claimed_anonymous >= capacity / 2;
        !is_full && !is_taken
    }
}

/// Metrics of one operation; cheap to clone.
#[derive(Clone)]
pub struct Operation(Arc<Handles>);

struct Handles {
    answered: Box<[Counter]>,
    duration: Histogram,
}

impl Operations {
    pub(super) fn new(registry: &mut Registry, capacity: usize) -> Self {
        let answered = Family::default();
        let durations: Durations<Name> = Family::new_with_constructor(seconds);
        let help = "GraphQL operations, by name and outcome";
        registry.register("graphql_requests", help, answered.clone());
        let help = "Time from reading an operation to its response, in seconds";
        registry.register("graphql_request_duration_seconds", help, durations.clone());
        Self {
            anonymous: Operation::new(&answered, &durations, ANONYMOUS),
            other: Operation::new(&answered, &durations, OTHER),
            answered,
            durations,
            named: RwLock::default(),
            capacity,
        }
    }

    /// Gives a name of a trusted document a label of its own.
    pub fn register(&self, name: &str) {
        if is_label(name) {
            let mut named = self.named.write().unwrap_or_else(PoisonError::into_inner);
            if !named.operations.contains_key(name) {
                self.add(&mut named, name);
            }
        }
    }

    /// Returns the metrics of an operation that is executed. Its name claims a label, if there is
    /// room.
    pub fn executed(&self, name: Option<&str>, share: Share) -> Operation {
        match name {
            None => self.anonymous.clone(),
            Some(name) => {
                let labelled = self.known_or_claimed(name, share);
                labelled.unwrap_or_else(|| self.other.clone())
            }
        }
    }

    /// Returns the metrics shared by names without labels.
    pub fn other(&self) -> Operation {
        self.other.clone()
    }

    /// Returns the metrics of a name that has a label.
    pub fn known(&self, name: &str) -> Option<Operation> {
        let named = self.named.read().unwrap_or_else(PoisonError::into_inner);
        named.operations.get(name).cloned()
    }

    /// Returns the metrics of a name that has a label or can claim one.
    fn known_or_claimed(&self, name: &str, share: Share) -> Option<Operation> {
        let has_room = |named: &Named| named.has_room(share, self.capacity);
        let named = self.named.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = named.operations.get(name) {
            return Some(known.clone());
        }
        let may_be_claimed = has_room(&named) && is_label(name);
        drop(named);
        if !may_be_claimed {
            return None;
        }
        let mut named = self.named.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = named.operations.get(name) {
            return Some(known.clone());
        }
        // Another thread may have claimed the last label before this one got the lock.
        if !has_room(&named) {
            return None;
        }
        match share {
            Share::Anonymous => named.claimed_anonymous += 1,
            Share::SignedIn => named.claimed_signed_in += 1,
        }
        Some(self.add(&mut named, name))
    }

    fn add(&self, named: &mut Named, name: &str) -> Operation {
        let operation = Operation::new(&self.answered, &self.durations, name);
        named.operations.insert(name.into(), operation.clone());
        operation
    }
}

/// Returns true for a short GraphQL name that is not one of the fixed labels.
fn is_label(name: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let begins = |byte: u8| is_letter(byte) && !byte.is_ascii_digit();
    name.len() <= MAX_NAME
        && name.bytes().next().is_some_and(begins)
        && name.bytes().all(is_letter)
        && ![ANONYMOUS, OTHER].contains(&name)
}

impl Operation {
    fn new(
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

    /// Records an outcome and its duration.
    pub fn answered(&self, outcome: Outcome, after: Duration) {
        if let Some(counter) = self.0.answered.get(outcome.index()) {
            counter.inc();
        }
        self.0.duration.observe(after.as_secs_f64());
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Outcome;
    use crate::metrics::{
        Metrics,
        Share::{Anonymous, SignedIn},
    };

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
            let operation = operations.executed(Some(name), SignedIn);
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
    fn those_who_are_not_signed_in_take_half_of_the_places() {
        for (capacity, learnt) in [
            (0, &[][..]),
            (1, &["S0"]),
            (4, &["A0", "A1", "S0", "S1"]),
            (5, &["A0", "A1", "S0", "S1", "S2"]),
        ] {
            let metrics = Metrics::new(capacity);
            let operations = metrics.operations();
            for (share, letter) in [(Anonymous, 'A'), (SignedIn, 'S'), (Anonymous, 'B')] {
                for at in 0..10 {
                    operations.executed(Some(&format!("{letter}{at}")), share);
                }
            }
            let expected = [learnt, &["anonymous", "other"]].concat();
            assert_eq!(labels(&metrics), expected, "{capacity}");
        }
        // A name claimed by one share is known to the other.
        let metrics = Metrics::new(2);
        for share in [SignedIn, Anonymous] {
            metrics.operations().executed(Some("Shared"), share);
        }
        metrics.operations().executed(Some("Own"), Anonymous);
        assert_eq!(labels(&metrics), ["Own", "Shared", "anonymous", "other"]);
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
            operations.executed(Some(name), SignedIn);
        }
        assert_eq!(labels(&metrics), ["anonymous", "other"]);
    }
}
