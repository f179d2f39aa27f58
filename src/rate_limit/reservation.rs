//! Reserves the cost of a list before its statement runs, and refunds the unused part.
//!
//! A list that filters, searches, counts or sorts may read many more rows than its page has. Its
//! highest expected cost is reserved from the client's quota before the statement runs. The part
//! that the run time did not use is refunded, so that a filter that fills its page at once costs
//! little.
//!
//! A statement that takes longer costs more, up to [`MAX_EXCESS`] reservations. The reservation is
//! an estimate, and clients may craft data that exceeds it.

use std::{
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

use super::{RateLimit, RateLimited, client::Client, quota::Quota};

/// Run time of a statement that one node pays for: the default quota buys 2 seconds per minute.
pub const NODE: Duration = Duration::from_micros(10);

/// Most that a statement costs, in reservations.
const MAX_EXCESS: u64 = 10;

/// Most wide lists of one kind that run at a time for a client; others wait.
const MAX_RUNNING: usize = 2;

/// Limits a client's concurrent wide lists of one kind.
pub(super) struct ListLimiter {
    permits: Arc<Semaphore>,
    /// Number of reservations that are not settled.
    reserved: AtomicUsize,
    /// Notified when a reservation is settled.
    settled: Notify,
}

impl Default for ListLimiter {
    fn default() -> Self {
        Self {
            permits: Arc::new(Semaphore::new(MAX_RUNNING)),
            reserved: AtomicUsize::new(0),
            settled: Notify::new(),
        }
    }
}

impl ListLimiter {
    /// Returns true if a refund to a list of this kind is possible.
    fn is_reserved(&self) -> bool {
        self.reserved.load(Ordering::Acquire) > 0
    }
}

/// Highest cost of a list, in nodes.
pub struct CostEstimate {
    client: Arc<Client>,
    limiter: Arc<ListLimiter>,
    nodes: u64,
}

impl CostEstimate {
    pub(super) fn new(client: Arc<Client>, limiter: Arc<ListLimiter>, nodes: u64) -> Self {
        Self {
            client,
            limiter,
            nodes,
        }
    }

    /// Adds the cost of a list that the same statement loads.
    pub fn add(&mut self, other: &Self) {
        self.nodes = self.nodes.saturating_add(other.nodes);
    }

    /// Checks that the cost can be reserved, now or after a refund to a list of the same kind. Takes
    /// nothing.
    ///
    /// # Errors
    /// The quota has no room.
    pub async fn check(&self) -> Result<(), RateLimited> {
        let Some(quota) = self.client.quota(RateLimit::Cost) else {
            return Ok(());
        };
        let nodes = self.nodes_of(quota);
        match self.client.room_for(RateLimit::Cost, quota, nodes).await {
            Err(wait) if !self.limiter.is_reserved() => {
                Err(self.client.refuse(RateLimit::Cost, wait))
            }
            _ => Ok(()),
        }
    }

    /// Caps the cost at 90 % of the quota, which leaves the rest for the operation itself.
    fn nodes_of(&self, quota: &Quota) -> u64 {
        self.nodes.min(u64::from(quota.most() - quota.most() / 10))
    }

    /// Waits until fewer than [`MAX_RUNNING`] of the client's lists of this kind run.
    pub async fn acquire_permit(self) -> ListPermit {
        // The semaphore is never closed.
        let permit = self.limiter.permits.clone().acquire_owned().await.ok();
        ListPermit {
            estimate: self,
            _permit: permit,
        }
    }
}

/// Permission to run a list.
pub struct ListPermit {
    estimate: CostEstimate,
    _permit: Option<OwnedSemaphorePermit>,
}

impl ListPermit {
    /// Reserves the cost. If there is no room, waits for refunds to lists of the same kind.
    ///
    /// # Errors
    /// The quota has no room, and no refund is possible.
    pub async fn reserve(self) -> Result<Reservation, RateLimited> {
        let CostEstimate {
            client, limiter, ..
        } = &self.estimate;
        let paid = match client.quota(RateLimit::Cost).copied() {
            None => None,
            Some(quota) => {
                let nodes = self.estimate.nodes_of(&quota);
                let outstanding = take(client, limiter, &quota, nodes).await?;
                Some(Paid {
                    quota,
                    nodes,
                    outstanding,
                })
            }
        };
        Ok(Reservation { paid, permit: self })
    }
}

async fn take(
    client: &Client,
    limiter: &Arc<ListLimiter>,
    quota: &Quota,
    nodes: u64,
) -> Result<Outstanding, RateLimited> {
    loop {
        // Enabled before the attempt, so that no notification is missed.
        let mut settled = pin!(limiter.settled.notified());
        settled.as_mut().enable();
        match client.try_take(RateLimit::Cost, quota, nodes).await {
            Ok(_) => return Ok(Outstanding::new(limiter.clone())),
            Err(wait) if !limiter.is_reserved() => {
                return Err(client.refuse(RateLimit::Cost, wait));
            }
            Err(_) => settled.await,
        }
    }
}

/// Counts a reservation until it is settled or dropped.
struct Outstanding(Arc<ListLimiter>);

impl Outstanding {
    fn new(limiter: Arc<ListLimiter>) -> Self {
        limiter.reserved.fetch_add(1, Ordering::AcqRel);
        Self(limiter)
    }
}

impl Drop for Outstanding {
    fn drop(&mut self) {
        self.0.reserved.fetch_sub(1, Ordering::AcqRel);
        self.0.settled.notify_waiters();
    }
}

struct Paid {
    quota: Quota,
    nodes: u64,
    outstanding: Outstanding,
}

/// Nodes reserved for a list. Dropping it does not refund them.
pub struct Reservation {
    paid: Option<Paid>,
    permit: ListPermit,
}

impl Reservation {
    /// Runs the list's statement. Refunds the nodes that its run time did not use. Charges a longer
    /// run time as far as the quota has nodes.
    pub async fn settle<T>(self, statement: impl Future<Output = T>) -> T {
        let client = &self.permit.estimate.client;
        let started = client.elapsed();
        let outcome = statement.await;
        if let Some(Paid {
            quota,
            nodes,
            outstanding,
        }) = self.paid
        {
            let took = client.elapsed().saturating_sub(started);
            let worth = took.div_ceil(NODE.as_nanos() as u64);
            let unused = nodes.saturating_sub(worth);
            client.refund(RateLimit::Cost, &quota, unused).await;
            let excess = worth.min(nodes * MAX_EXCESS).saturating_sub(nodes);
            if excess > 0 {
                client.charge(RateLimit::Cost, &quota, excess).await;
            }
            drop(outstanding);
        }
        outcome
    }
}

#[cfg(test)]
mod tests {
    use std::{
        num::NonZeroU32,
        sync::{
            Arc,
            atomic::{AtomicU64, Ordering},
        },
        time::Duration,
    };

    use futures_util::{FutureExt, future::ready};

    use super::{CostEstimate, Reservation};
    use crate::{
        clock::Stopwatch,
        metrics::Metrics,
        rate_limit::{Client, ClientKey, Quotas, RateLimits},
    };

    /// A client with a quota of 1000 nodes per minute, and the microseconds of its stopwatch.
    fn client() -> (Arc<Client>, Arc<AtomicU64>) {
        let micros = Arc::new(AtomicU64::new(0));
        let read = micros.clone();
        let stopwatch = Stopwatch::new(move || Duration::from_micros(read.load(Ordering::Relaxed)));
        let quotas = Quotas {
            cost: NonZeroU32::new(1000),
            ..Quotas::default()
        };
        let limits = RateLimits::new(quotas, None, stopwatch, &Metrics::default());
        (Arc::new(limits.client(ClientKey::User(1))), micros)
    }

    fn estimate(client: &Arc<Client>, kind: &'static str, nodes: u64) -> CostEstimate {
        client.estimate(kind, nodes).expect("a quota")
    }

    async fn reserved(client: &Arc<Client>, kind: &'static str, nodes: u64) -> Reservation {
        let permit = estimate(client, kind, nodes).acquire_permit().await;
        permit.reserve().await.expect("room")
    }

    /// Spends nodes; returns false if the quota has no room.
    async fn spends(client: &Client, nodes: u64) -> bool {
        client.spend(nodes).await.is_ok()
    }

    #[tokio::test]
    async fn unused_nodes_are_refunded() {
        let (client, micros) = client();
        let reservation = reserved(&client, "codes", 800).await;
        assert!(!spends(&client, 201).await, "they are reserved");
        // 295 µs cost 30 nodes, which refill like others.
        let statement = ready(()).map(|()| micros.fetch_add(295, Ordering::Relaxed));
        reservation.settle(statement).await;
        assert!(!spends(&client, 971).await);
        assert!(spends(&client, 970).await);
    }

    #[tokio::test]
    async fn a_slow_statement_costs_its_time_up_to_ten_reservations() {
        for (micros_taken, cost) in [(2_950, 295), (50_000, 500)] {
            let (client, micros) = client();
            let reservation = reserved(&client, "codes", 50).await;
            let statement = ready(()).map(|()| micros.fetch_add(micros_taken, Ordering::Relaxed));
            reservation.settle(statement).await;
            assert!(!spends(&client, 1001 - cost).await);
            assert!(spends(&client, 1000 - cost).await);
        }
    }

    #[tokio::test]
    async fn a_charge_takes_no_more_than_the_quota_has() {
        let (client, micros) = client();
        let reservation = reserved(&client, "codes", 400).await;
        let statement = ready(()).map(|()| micros.fetch_add(500_000, Ordering::Relaxed));
        reservation.settle(statement).await;
        assert!(!spends(&client, 10).await, "all of it is taken");
    }

    #[tokio::test]
    async fn a_cost_above_the_quota_leaves_room_for_the_operation() {
        let (client, _) = client();
        assert!(spends(&client, 100).await);
        let reservation = reserved(&client, "codes", 1_000_000).await;
        reservation.settle(ready(())).await;
        assert!(spends(&client, 900).await);
        let permit = estimate(&client, "codes", 1_000_000).acquire_permit().await;
        assert!(permit.reserve().await.is_err());
        assert!(client.refused().is_some());
    }

    #[tokio::test]
    async fn a_list_waits_for_refunds_to_lists_of_the_same_kind() {
        let (client, _) = client();
        let first = reserved(&client, "codes", 800).await;
        let other = estimate(&client, "invites", 800).acquire_permit().await;
        assert!(
            other.reserve().await.is_err(),
            "lists of another kind do not wait"
        );
        let second = estimate(&client, "codes", 800).acquire_permit().await;
        let mut second = Box::pin(second.reserve());
        assert!((&mut second).now_or_never().is_none());
        first.settle(ready(())).await;
        let second = second.await.expect("room");
        second.settle(ready(())).await;
        assert!(spends(&client, 1000).await);
    }

    #[tokio::test]
    async fn a_check_takes_nothing_and_passes_while_a_refund_is_possible() {
        let (client, _) = client();
        assert!(estimate(&client, "codes", 1000).check().await.is_ok());
        assert!(spends(&client, 100).await, "nothing was taken");
        let reservation = reserved(&client, "codes", 900).await;
        assert!(estimate(&client, "codes", 1).check().await.is_ok());
        assert!(estimate(&client, "invites", 1).check().await.is_err());
        reservation.settle(ready(())).await;
        assert!(estimate(&client, "invites", 900).check().await.is_ok());
        assert!(spends(&client, 900).await);
        assert!(estimate(&client, "codes", 1).check().await.is_err());
        assert!(client.refused().is_some());
    }

    #[tokio::test]
    async fn two_lists_of_a_kind_run_concurrently() {
        let (client, _) = client();
        let first = reserved(&client, "codes", 1).await;
        let second = reserved(&client, "codes", 1).await;
        let mut third = Box::pin(estimate(&client, "codes", 1).acquire_permit());
        let mut fourth = Box::pin(estimate(&client, "codes", 1).acquire_permit());
        assert!((&mut third).now_or_never().is_none());
        assert!((&mut fourth).now_or_never().is_none());
        reserved(&client, "invites", 1)
            .await
            .settle(ready(()))
            .await;
        // A cancelled list frees its permit.
        drop(third);
        first.settle(ready(())).await;
        let fourth = fourth.now_or_never().expect("a permit");
        fourth
            .reserve()
            .await
            .expect("room")
            .settle(ready(()))
            .await;
        second.settle(ready(())).await;
    }
}
