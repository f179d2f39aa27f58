//! Users who wrote a short time ago. Their requests read from the primary, so that they see what they
//! wrote even if a standby lags.

use std::time::Duration;

use quick_cache::sync::Cache;

use crate::clock::Stopwatch;

/// Time after the beginning and the end of a write in which its user reads from the primary. A healthy
/// standby usually lags less.
const WINDOW: Duration = Duration::from_secs(30);

/// Maximum number of users that are remembered. Beyond it some read from the standby too early.
const MAX_USERS: usize = 65_536;

/// The last writes of users through this gateway.
pub(super) struct RecentWriters {
    /// Time of each user's last write, on the stopwatch.
    wrote_at: Cache<i64, Duration>,
    stopwatch: Stopwatch,
}

impl RecentWriters {
    pub(super) fn new(stopwatch: Stopwatch) -> Self {
        Self {
            wrote_at: Cache::new(MAX_USERS),
            stopwatch,
        }
    }

    /// Records that a user writes now.
    pub(super) fn record(&self, user_id: i64) {
        self.wrote_at.insert(user_id, self.now());
    }

    /// Returns true if a user wrote a short time ago.
    pub(super) fn contains(&self, user_id: i64) -> bool {
        let wrote_at = self.wrote_at.get(&user_id);
        wrote_at.is_some_and(|at| self.now().saturating_sub(at) < WINDOW)
    }

    fn now(&self) -> Duration {
        Duration::from_nanos(self.stopwatch.elapsed())
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{Arc, Mutex},
        time::Duration,
    };

    use super::{RecentWriters, WINDOW};
    use crate::clock::Stopwatch;

    #[test]
    fn a_writer_is_forgotten_after_the_window() {
        let elapsed = Arc::new(Mutex::new(Duration::ZERO));
        let read = elapsed.clone();
        let stopwatch = Stopwatch::new(move || *read.lock().expect("no panic with it"));
        let writers = RecentWriters::new(stopwatch);
        let wait = |time: Duration| *elapsed.lock().expect("no panic with it") += time;
        assert!(!writers.contains(1));
        writers.record(1);
        wait(WINDOW - Duration::from_millis(1));
        assert!(writers.contains(1));
        assert!(!writers.contains(2));
        // A long write ends.
        writers.record(1);
        wait(WINDOW - Duration::from_millis(1));
        assert!(writers.contains(1));
        wait(Duration::from_millis(1));
        assert!(!writers.contains(1));
    }
}
