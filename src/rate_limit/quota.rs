//! GCRA arithmetic of a quota. Its state is one instant: when it is full again.

use std::{num::NonZeroU32, time::Duration};

use super::WINDOW;

/// A number of units per [`WINDOW`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Quota {
    most: NonZeroU32,
    /// Time in which one unit refills, in nanoseconds.
    interval: u64,
}

/// Rest of a quota.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Remaining {
    /// Units available now.
    pub units: u64,
    /// Time until the quota is full again.
    pub reset: Duration,
}

impl Quota {
    pub(super) fn new(most: NonZeroU32) -> Self {
        // At least 13 ns, since `u32` bounds the quota.
        let interval = WINDOW.as_nanos() as u64 / u64::from(most.get());
        Self { most, interval }
    }

    pub(super) fn most(&self) -> u32 {
        self.most.get()
    }

    /// Returns the time in which one unit refills.
    pub(super) fn interval(&self) -> Duration {
        Duration::from_nanos(self.interval)
    }

    /// Caps units at the quota, since a larger demand could never succeed.
    pub(super) fn capped(&self, units: u64) -> u64 {
        units.min(self.most.get().into())
    }

    /// Returns the time in which an exhausted quota refills, in nanoseconds.
    pub(super) fn span(&self) -> u64 {
        self.interval * u64::from(self.most.get())
    }

    /// Takes units at `now`; `until` is when the quota is full again. Both are in nanoseconds.
    ///
    /// # Errors
    /// Fewer units are available; the error is the wait until there are enough.
    pub(super) fn take(
        &self,
        until: &mut u64,
        now: u64,
        units: u64,
    ) -> Result<Remaining, Duration> {
        let taken = (*until).max(now) + self.capped(units) * self.interval;
        let latest = now + self.span();
        if taken > latest {
            return Err(Duration::from_nanos(taken - latest));
        }
        *until = taken;
        Ok(self.remaining(Duration::from_nanos(taken - now)))
    }

    /// Returns the rest of a quota that is full again after `reset`.
    pub(super) fn remaining(&self, reset: Duration) -> Remaining {
        let room = self.span().saturating_sub(reset.as_nanos() as u64);
        Remaining {
            units: room / self.interval,
            reset,
        }
    }

    /// Returns the wait until `units` units are available.
    pub(super) fn wait_for(&self, units: u64, remaining: Remaining) -> Duration {
        let taken = Duration::from_nanos(self.capped(units) * self.interval);
        (remaining.reset + taken).saturating_sub(Duration::from_nanos(self.span()))
    }

    /// Returns units to the quota.
    pub(super) fn refund(&self, until: &mut u64, units: u64) {
        *until = until.saturating_sub(self.capped(units) * self.interval);
    }
}

#[cfg(test)]
mod tests {
    use std::{num::NonZeroU32, time::Duration};

    use super::{Quota, Remaining};

    const SECOND: u64 = 1_000_000_000;

    fn quota(most: u32) -> Quota {
        Quota::new(NonZeroU32::new(most).expect("a quota"))
    }

    #[test]
    fn used_units_refill_evenly() {
        let quota = quota(20);
        let mut until = 0;
        let start = 1_000 * SECOND;
        for taken in 1..=20 {
            let remaining = quota.take(&mut until, start, 1).expect("room");
            let reset = Duration::from_secs(3 * taken);
            assert_eq!(
                remaining,
                Remaining {
                    units: 20 - taken,
                    reset
                }
            );
        }
        assert_eq!(
            quota.take(&mut until, start, 1),
            Err(Duration::from_secs(3))
        );
        assert_eq!(
            quota.take(&mut until, start, 5),
            Err(Duration::from_secs(15))
        );
        assert_eq!(
            quota.take(&mut until, start + SECOND, 1),
            Err(Duration::from_secs(2)),
            "a refusal takes nothing"
        );
        assert!(quota.take(&mut until, start + 3 * SECOND, 1).is_ok());
        assert!(quota.take(&mut until, start + 4 * SECOND, 1).is_err());
        let later = quota
            .take(&mut until, start + 1_000 * SECOND, 20)
            .expect("all of it");
        assert_eq!(later.units, 0);
    }

    #[test]
    fn refunded_units_can_be_taken_again() {
        let quota = quota(2);
        let mut until = 0;
        quota.take(&mut until, SECOND, 2).expect("room");
        quota.refund(&mut until, 1);
        assert_eq!(quota.take(&mut until, SECOND, 1).expect("room").units, 0);
        quota.refund(&mut until, 2);
        quota.refund(&mut until, 2);
        assert!(
            quota.take(&mut until, SECOND, 3).is_ok(),
            "a refund does not exceed the quota"
        );
    }

    #[test]
    fn a_demand_above_the_quota_takes_all_of_it() {
        let quota = quota(100);
        let mut until = 0;
        assert_eq!(quota.take(&mut until, 0, 10_000).expect("room").units, 0);
        assert_eq!(
            quota.take(&mut until, 0, 10_000),
            Err(Duration::from_secs(60))
        );
        let largest = Quota::new(NonZeroU32::MAX);
        assert!(largest.take(&mut until, 100 * SECOND, u64::MAX).is_ok());
    }
}
