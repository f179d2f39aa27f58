//! A client's use of its quotas, as counted by this process.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, atomic::AtomicUsize};

use super::{RateLimit, reservation::ListLimiter};

/// One client's use of its quotas.
#[derive(Default)]
pub(super) struct Account {
    tallies: Mutex<Tallies>,
    /// Number of look-ups that wait for room.
    pub(super) waiting: AtomicUsize,
    /// Limiters of the client's wide lists, one per kind.
    list_limiters: Mutex<Vec<(&'static str, Arc<ListLimiter>)>>,
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

    /// Returns the limiter of the client's wide lists of a kind.
    pub(super) fn list_limiter(&self, kind: &'static str) -> Arc<ListLimiter> {
        let mut limiters = self
            .list_limiters
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some((_, limiter)) = limiters.iter().find(|(of, _)| *of == kind) {
            return limiter.clone();
        }
        let limiter = Arc::<ListLimiter>::default();
        limiters.push((kind, limiter.clone()));
        limiter
    }
}
