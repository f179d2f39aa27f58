//! What a client has taken, as this process knows it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, atomic::AtomicUsize};

use super::{RateLimit, reservation::Gate};

/// What one client has taken.
#[derive(Default)]
pub(super) struct Account {
    tallies: Mutex<Tallies>,
    /// Look-ups that wait for room.
    pub(super) waiting: AtomicUsize,
    /// Its wide lists, by their kind: as many as there are kinds.
    gates: Mutex<Vec<(&'static str, Arc<Gate>)>>,
}

/// How full a client's quotas are.
#[derive(Default)]
pub(super) struct Tallies {
    /// When what was taken of each will have flowed off, in nanoseconds.
    until: [u64; RateLimit::ALL.len()],
}

impl Tallies {
    pub(super) fn until_mut(&mut self, limit: RateLimit) -> &mut u64 {
        // Each limit has its place.
        &mut self.until[limit.index()]
    }
}

impl Account {
    pub(super) fn tallies(&self) -> MutexGuard<'_, Tallies> {
        // Numbers are right, whatever became of who set them.
        self.tallies.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The client's wide lists of a kind.
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
