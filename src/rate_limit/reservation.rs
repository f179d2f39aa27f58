//! Nodes that are reserved for a list before its statement runs, and settled by the time it took.
//!
//! A list that filters, searches, counts or sorts may read many more rows than its page has. Its
//! price is reserved from the client's cost quota: the most that the statement can be worth. What
//! the statement did not need is refunded, so that a filter that fills its page at once costs
//! little, and a slow database never costs more than the reservation.

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

/// The time of a core that one node pays for: the default quota is 2 seconds a minute.
pub const NODE: Duration = Duration::from_micros(10);

/// How many of a client's wide lists of one kind run at the same time. Others wait.
const MAX_RUNNING: usize = 2;

/// A client's wide lists of one kind.
pub(super) struct Gate {
    places: Arc<Semaphore>,
    /// How many have a reservation, or are about to.
    reserved: AtomicUsize,
    /// Notified when a reservation is settled.
    settled: Notify,
}

impl Default for Gate {
    fn default() -> Self {
        Self {
            places: Arc::new(Semaphore::new(MAX_RUNNING)),
            reserved: AtomicUsize::new(0),
            settled: Notify::new(),
        }
    }
}

/// The most that a list can cost a client, in nodes.
pub struct Toll {
    client: Arc<Client>,
    gate: Arc<Gate>,
    nodes: u64,
}

impl Toll {
    pub(super) fn new(client: Arc<Client>, gate: Arc<Gate>, nodes: u64) -> Self {
        Self {
            client,
            gate,
            nodes,
        }
    }

    /// Adds the toll of a list that the same statement loads.
    pub fn add(&mut self, other: &Self) {
        self.nodes = self.nodes.saturating_add(other.nodes);
    }

    /// Waits until fewer than [`MAX_RUNNING`] of the client's lists of this kind run.
    pub async fn place(self) -> Place {
        // The semaphore is never closed.
        let permit = self.gate.places.clone().acquire_owned().await.ok();
        Place {
            toll: self,
            _permit: permit,
        }
    }
}

/// A place among the client's lists that run.
pub struct Place {
    toll: Toll,
    _permit: Option<OwnedSemaphorePermit>,
}

impl Place {
    /// Reserves the toll. Where there is no room for it, but for a list of the same kind that may
    /// yet be refunded, that list is waited for.
    ///
    /// # Errors
    /// The client's quota has no room.
    pub async fn reserve(self) -> Result<Reservation, RateLimited> {
        let Toll {
            client,
            gate,
            nodes,
        } = &self.toll;
        let paid = match client.quota(RateLimit::Cost).copied() {
            None => None,
            Some(quota) => {
                let nodes = quota.limited(*nodes);
                let outstanding = take(client, gate, &quota, nodes).await?;
                Some(Paid {
                    quota,
                    nodes,
                    outstanding,
                })
            }
        };
        Ok(Reservation { paid, place: self })
    }
}

async fn take(
    client: &Client,
    gate: &Arc<Gate>,
    quota: &Quota,
    nodes: u64,
) -> Result<Outstanding, RateLimited> {
    loop {
        // Enabled before the attempt, so that no settlement is missed.
        let mut settled = pin!(gate.settled.notified());
        settled.as_mut().enable();
        let outstanding = Outstanding::new(gate.clone());
        match client.try_take(RateLimit::Cost, quota, nodes).await {
            Ok(_) => return Ok(outstanding),
            Err(wait) => {
                drop(outstanding);
                if gate.reserved.load(Ordering::Acquire) == 0 {
                    return Err(client.refuse(RateLimit::Cost, wait));
                }
                settled.await;
            }
        }
    }
}

/// A reservation that is not settled yet.
struct Outstanding(Arc<Gate>);

impl Outstanding {
    fn new(gate: Arc<Gate>) -> Self {
        gate.reserved.fetch_add(1, Ordering::AcqRel);
        Self(gate)
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

/// Nodes that are reserved for a list, and its place. One that is dropped unsettled stays paid.
pub struct Reservation {
    paid: Option<Paid>,
    place: Place,
}

impl Reservation {
    /// Runs the list's statement, and refunds the nodes that its time was not worth.
    pub async fn settle<T>(self, statement: impl Future<Output = T>) -> T {
        let client = &self.place.toll.client;
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
            client.give_back(RateLimit::Cost, &quota, unused).await;
            drop(outstanding);
        }
        outcome
    }
}
