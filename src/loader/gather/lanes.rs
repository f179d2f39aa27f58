//! How many statements are under way, and what becomes of those that take long.

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

/// How many kinds of keys have a statement under way at once: few statements of many keys cost the
/// database less than many of few.
const LANES: usize = 2;

/// How long a statement keeps its lane, and its kind of key waiting.
pub(super) const PATIENCE: Duration = Duration::from_millis(5);

/// How many statements are under way.
pub(super) struct Lanes {
    free: Semaphore,
    /// Those that have left their lane, of all that may use the same connections.
    late: Arc<AllLate>,
    /// How many of these there may be before each kind has but one: the other connections are for
    /// what does not take long.
    max_late: usize,
}

/// The statements that take long, of all kinds.
#[derive(Default)]
pub(in super::super) struct AllLate {
    count: AtomicUsize,
    /// Told when one has ended.
    has_ended: Notify,
}

/// What statements of one kind may have of the connections while they take long.
pub(super) struct Share {
    /// How many have left their lane.
    late: AtomicUsize,
    max_late: usize,
}

/// A statement that takes long.
struct Late<'a> {
    lanes: &'a Lanes,
    share: &'a Share,
}

impl Share {
    pub(super) fn of(max_late: usize) -> Arc<Self> {
        Arc::new(Self {
            late: AtomicUsize::new(0),
            max_late,
        })
    }
}

impl<'a> Late<'a> {
    fn of(lanes: &'a Lanes, share: &'a Share) -> Self {
        lanes.late.count.fetch_add(1, Ordering::AcqRel);
        share.late.fetch_add(1, Ordering::AcqRel);
        Self { lanes, share }
    }
}

impl Drop for Late<'_> {
    fn drop(&mut self) {
        self.lanes.late.count.fetch_sub(1, Ordering::AcqRel);
        self.share.late.fetch_sub(1, Ordering::AcqRel);
        // Of whatever kind: it makes room for all of them.
        self.lanes.late.has_ended.notify_waiters();
    }
}

impl Lanes {
    pub(super) fn new(connections: usize, late: Arc<AllLate>) -> Self {
        Self {
            free: Semaphore::new(LANES),
            late,
            max_late: (connections - connections.min(8) / 2).max(1),
        }
    }

    /// How many may take long before each kind has but one.
    pub(super) fn max_late(&self) -> usize {
        self.max_late
    }

    /// Whether one more statement of a kind may take long. The first always may.
    fn have_room(&self, share: &Share) -> bool {
        let late = share.late.load(Ordering::Acquire);
        late == 0
            || late < share.max_late && self.late.count.load(Ordering::Acquire) < self.max_late
    }

    /// A lane for a statement of a kind, once it may take long.
    async fn lane(&self, share: &Share) -> Result<SemaphorePermit<'_>, AcquireError> {
        loop {
            let mut has_ended = pin!(self.late.has_ended.notified());
            has_ended.as_mut().enable();
            if !self.have_room(share) {
                has_ended.await;
                continue;
            }
            let lane = self.free.acquire().await?;
            // Others of its kind may have taken long meanwhile.
            if self.have_room(share) {
                return Ok(lane);
            }
        }
    }

    /// Runs `statement` in a lane, once there is one. When it takes long it leaves the lane, and
    /// `when_late` is done. Tells whether that was so.
    pub(super) async fn run<T>(
        &self,
        share: &Share,
        statement: impl Future<Output = T>,
        when_late: impl FnOnce(),
    ) -> (T, bool) {
        // Lanes are never closed.
        let lane = self.lane(share).await;
        let mut statement = pin!(statement);
        match timeout(PATIENCE, &mut statement).await {
            Ok(outcome) => (outcome, false),
            Err(_) => {
                let late = Late::of(self, share);
                drop(lane);
                when_late();
                let outcome = statement.await;
                drop(late);
                (outcome, true)
            }
        }
    }
}
