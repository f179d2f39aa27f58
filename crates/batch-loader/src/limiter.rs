//! Limits of the statements that run at the same time.

use std::{
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::{AcquireError, Notify, Semaphore, SemaphorePermit},
    time::timeout,
};

/// Number of statements that run before they are slow. Few statements with many keys cost the
/// database less than many with few.
const MAX_RUNNING: usize = 2;

/// A statement is slow after this time: it returns its permit, and its kind may send another.
pub(super) const SLOW_AFTER: Duration = Duration::from_millis(5);

/// Limits the statements of one [`BatchLoader`](super::BatchLoader).
pub(super) struct ConcurrencyLimiter {
    permits: Semaphore,
    slow: Arc<SlowStatements>,
    /// Number of slow statements from which on each kind has only one. The other connections are
    /// left to fast statements.
    max_slow: usize,
}

/// Counts the slow statements of all kinds on the same connections.
#[derive(Default)]
pub struct SlowStatements {
    count: AtomicUsize,
    /// Notified when one finishes.
    finished: Notify,
}

/// Limits the slow statements of one kind.
pub(super) struct KindLimit {
    slow: AtomicUsize,
    max_slow: usize,
}

/// Counts one slow statement until it is dropped.
struct SlowGuard<'a> {
    limiter: &'a ConcurrencyLimiter,
    kind: &'a KindLimit,
}

impl KindLimit {
    pub(super) fn new(max_slow: usize) -> Arc<Self> {
        Arc::new(Self {
            slow: AtomicUsize::new(0),
            max_slow,
        })
    }
}

impl<'a> SlowGuard<'a> {
    fn new(limiter: &'a ConcurrencyLimiter, kind: &'a KindLimit) -> Self {
        limiter.slow.count.fetch_add(1, Ordering::AcqRel);
        kind.slow.fetch_add(1, Ordering::AcqRel);
        Self { limiter, kind }
    }
}

impl Drop for SlowGuard<'_> {
    fn drop(&mut self) {
        self.limiter.slow.count.fetch_sub(1, Ordering::AcqRel);
        self.kind.slow.fetch_sub(1, Ordering::AcqRel);
        // Makes room for every kind.
        self.limiter.slow.finished.notify_waiters();
    }
}

impl ConcurrencyLimiter {
    pub(super) fn new(connections: usize, slow: Arc<SlowStatements>) -> Self {
        Self {
            permits: Semaphore::new(MAX_RUNNING),
            slow,
            max_slow: (connections - connections.min(8) / 2).max(1),
        }
    }

    /// Number of slow statements from which on each kind has only one.
    pub(super) fn max_slow(&self) -> usize {
        self.max_slow
    }

    /// Returns true if one more statement of a kind may become slow. The first always may.
    fn has_room(&self, kind: &KindLimit) -> bool {
        let slow = kind.slow.load(Ordering::Acquire);
        slow == 0 || slow < kind.max_slow && self.slow.count.load(Ordering::Acquire) < self.max_slow
    }

    /// Waits until a statement of a kind may become slow, and for a permit.
    async fn acquire(&self, kind: &KindLimit) -> Result<SemaphorePermit<'_>, AcquireError> {
        loop {
            let mut finished = pin!(self.slow.finished.notified());
            finished.as_mut().enable();
            if !self.has_room(kind) {
                finished.await;
                continue;
            }
            let permit = self.permits.acquire().await?;
            // Others of the kind may have become slow meanwhile.
            if self.has_room(kind) {
                return Ok(permit);
            }
        }
    }

    /// Runs `statement` once it has a permit. When it becomes slow, it returns the permit, and
    /// `on_slow` is called. Also returns whether it became slow.
    pub(super) async fn run<T>(
        &self,
        kind: &KindLimit,
        statement: impl Future<Output = T>,
        on_slow: impl FnOnce(),
    ) -> (T, bool) {
        // The semaphore is never closed.
        let permit = self.acquire(kind).await;
        let mut statement = pin!(statement);
        match timeout(SLOW_AFTER, &mut statement).await {
            Ok(output) => (output, false),
            Err(_) => {
                let slow = SlowGuard::new(self, kind);
                drop(permit);
                on_slow();
                let output = statement.await;
                drop(slow);
                (output, true)
            }
        }
    }
}
