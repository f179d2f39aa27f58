//! What a client has taken, as this process knows it.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::RateLimit;

/// What one client has taken.
#[derive(Default)]
pub(super) struct Account {
    tallies: Mutex<Tallies>,
    /// Told when a look-up has ended.
    pub(super) settled: Notify,
}

/// How full a client's quotas are.
#[derive(Default)]
pub(super) struct Tallies {
    /// When what was taken of each will have flowed off, in nanoseconds.
    until: [u64; RateLimit::ALL.len()],
    /// Look-ups of which it is not known yet whether they miss.
    pub(super) open: usize,
}

impl Tallies {
    pub(super) fn until(&mut self, limit: RateLimit) -> &mut u64 {
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
