//! Users who wrote a short time ago. Their requests read from the primary, so that they see what they
//! wrote even if a standby lags.

use chrono::{DateTime, TimeDelta, Utc};
use quick_cache::sync::Cache;

/// Time after the start of a writing request in which its viewer reads from the primary. It is longer than
/// a write may take, and than a standby that works usually lags.
const WINDOW: TimeDelta = TimeDelta::seconds(30);

/// Maximum number of users that are remembered. Beyond it some read from the standby too early.
const MAX_USERS: usize = 65_536;

/// The last writes of users through this gateway.
pub(super) struct RecentWriters(Cache<i64, DateTime<Utc>>);

impl Default for RecentWriters {
    fn default() -> Self {
        Self(Cache::new(MAX_USERS))
    }
}

impl RecentWriters {
    /// Records that a user writes at `now`.
    pub(super) fn record(&self, user_id: i64, now: DateTime<Utc>) {
        self.0.insert(user_id, now);
    }

    /// Returns true if a user wrote a short time before `now`.
    pub(super) fn contains(&self, user_id: i64, now: DateTime<Utc>) -> bool {
        let wrote_at = self.0.get(&user_id);
        wrote_at.is_some_and(|at| (now - at).abs() < WINDOW)
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};

    use super::{RecentWriters, WINDOW};

    #[test]
    fn a_writer_is_forgotten_after_the_window() {
        let writers = RecentWriters::default();
        let now = DateTime::<Utc>::UNIX_EPOCH;
        assert!(!writers.contains(1, now));
        writers.record(1, now);
        assert!(writers.contains(1, now));
        assert!(!writers.contains(2, now));
        assert!(!writers.contains(1, now + WINDOW));
        writers.record(1, now + WINDOW);
        assert!(writers.contains(1, now + WINDOW));
    }
}
