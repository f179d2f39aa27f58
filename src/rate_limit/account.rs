//! What a client has taken, as this process knows it.

use std::sync::{Mutex, MutexGuard, PoisonError, atomic::AtomicUsize};

use super::RateLimit;

/// What one client has taken.
#[derive(Default)]
pub(super) struct Account {
    tallies: Mutex<Tallies>,
    /// Look-ups that wait for room.
    pub(super) waiting: AtomicUsize,
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
        &mut self.until[limit.place()]
    }
}

impl Account {
    pub(super) fn tallies(&self) -> MutexGuard<'_, Tallies> {
        // Numbers are right, whatever became of who set them.
        self.tallies.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
