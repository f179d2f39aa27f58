//! The instants of the sample data: fixed, so that every demo shows the same.

use chrono::{DateTime, TimeZone, Utc};

/// A minute of the calendar, UTC. A date that does not exist becomes 1970, which a test looks for.
pub(super) fn at(year: i32, month: u32, day: u32, hour: u32, minute: u32) -> DateTime<Utc> {
    Utc.with_ymd_and_hms(year, month, day, hour, minute, 0)
        .single()
        .unwrap_or_default()
}

/// An expiry that nobody who runs the demo lives to see.
pub(super) fn far_future() -> DateTime<Utc> {
    at(2099, 12, 31, 23, 59)
}

/// An expiry that was over before the demo was written.
pub(super) fn long_past() -> DateTime<Utc> {
    at(2026, 2, 1, 0, 0)
}
