//! What a client has taken, as this process knows it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::{RateLimit, quota::Quota, reservation::Gate};

/// What one client has taken.
#[derive(Default)]
pub(super) struct Account {
    tallies: Mutex<Tallies>,
    /// Of whom is next to look something up.
    pub(super) turn: tokio::sync::Mutex<()>,
    /// Told when a look-up is decided.
    pub(super) decided: Notify,
    /// Its wide lists, by their kind: as many as there are kinds.
    gates: Mutex<Vec<(&'static str, Arc<Gate>)>>,
}

/// How full a client's quotas are.
#[derive(Default)]
pub(super) struct Tallies {
    /// When what was taken of each will have flowed off, in nanoseconds.
    until: [u64; RateLimit::ALL.len()],
    /// Look-ups of which it is not known yet whether they miss.
    pub(super) undecided: usize,
}

impl Tallies {
    pub(super) fn until_mut(&mut self, limit: RateLimit) -> &mut u64 {
        // Each limit has its place.
        &mut self.until[limit.place()]
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

    /// Tells that it is known what came of a look-up, which is given back to its quota unless it
    /// missed; whoever waits for room is woken if it `makes_room`.
    pub(super) fn decide(&self, given_back: Option<&Quota>, makes_room: bool) {
        let mut tallies = self.tallies();
        tallies.undecided = tallies.undecided.saturating_sub(1);
        if let Some(quota) = given_back {
            quota.give_back(tallies.until_mut(RateLimit::MissedLookups), 1);
        }
        drop(tallies);
        if makes_room {
            self.decided.notify_waiters();
        }
    }
}
