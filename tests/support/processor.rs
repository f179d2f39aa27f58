//! What this thread has used of the processor.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// So much, since the thread began.
pub fn used() -> Duration {
    let used = clock_gettime(ClockId::ThreadCPUTime);
    Duration::try_from(used).expect("time that has passed")
}

/// What a refusal may use. Without optimisation, everything takes many times as long.
pub const REFUSAL: Duration = Duration::from_millis(if cfg!(debug_assertions) { 100 } else { 10 });
