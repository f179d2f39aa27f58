//! CPU time of this thread.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// Returns the CPU time since the thread started.
pub fn used() -> Duration {
    let used = clock_gettime(ClockId::ThreadCPUTime);
    Duration::try_from(used).expect("time that has passed")
}

/// Maximum CPU time of a refusal. Without optimization, everything takes many times as long.
pub const REFUSAL: Duration = Duration::from_millis(if cfg!(debug_assertions) { 100 } else { 10 });
