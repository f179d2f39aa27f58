//! A client's use of its quotas, as counted by this process.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, atomic::AtomicUsize};

use super::{RateLimit, reservation::Gate};

/// One client's use of its quotas.
#[derive(Default)]
pub(super) struct Account {
    tallies: Mutex<Tallies>,
    /// Number of look-ups that wait for room.
    pub(super) waiting: AtomicUsize,
    /// Gates of the client's wide lists, one per kind.
    gates: Mutex<Vec<(&'static str, Arc<Gate>)>>,
}

/// A client's position in each quota.
#[derive(Default)]
pub(super) struct Tallies {
    /// Per quota, the time at which it is full again, in nanoseconds.
    until: [u64; RateLimit::ALL.len()],
}

impl Tallies {
    pub(super) fn until_mut(&mut self, limit: RateLimit) -> &mut u64 {
        // Each limit has an index.
        &mut self.until[limit.index()]
    }
}

impl Account {
    pub(super) fn tallies(&self) -> MutexGuard<'_, Tallies> {
        // Numbers are valid even if another thread panicked.
        self.tallies.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the gate of the client's wide lists of a kind.
    pub(super) fn gate(&self, kind: &'static str) -> Arc<Gate> {
        let mut gates = self.gates.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, gate)) = gates.iter().find(|(of, _)| *of == kind) {
            return gate.clone();
        }
        let gate = Arc::<Gate>::default();
        gates.push((kind, gate.clone()));
        gate
    }
}
