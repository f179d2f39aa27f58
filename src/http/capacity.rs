//! Limits of concurrent use, by one client and by all clients together.
//!
//! A [`Pool`] counts the units of one resource: requests, bytes or connections. [`Pool::take`]
//! returns a [`Held`], which returns the units when dropped. [`ClientKey`] identifies clients. Use
//! by a proxy, which serves many clients, counts only towards the total.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::{
    metrics::{Metrics, Resource},
    rate_limit::ClientKey,
};

/// A client may use a pool's units divided by this number.
const FRACTION: u64 = 8;

/// Open requests per slot. Requests that are refused, wait for their body, or send their response
/// are open too.
const OPEN_PER_SLOT: u64 = 4;

/// A resource that all clients share.
pub(super) struct Pool {
    resource: Resource,
    all: u64,
    each: u64,
    taken: Mutex<Taken>,
    metrics: Metrics,
}

#[derive(Default)]
struct Taken {
    by_all: u64,
    /// Clients that hold units.
    by_client: HashMap<ClientKey, u64>,
}

/// Units of a resource, returned when dropped.
pub(super) struct Held {
    pool: Arc<Pool>,
    client: Option<ClientKey>,
    units: u64,
}

/// The resource is exhausted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CapacityExceeded {
    /// The client holds its maximum.
    PerClient,
    /// All clients together hold all units.
    Total,
}

impl Pool {
    /// Creates a pool of `all` units, of which one client may hold `each`. Both are at least 1.
    pub(super) fn new(resource: Resource, all: u64, each: u64, metrics: &Metrics) -> Arc<Self> {
        Arc::new(Self {
            resource,
            all: all.max(1),
            each: each.clamp(1, all.max(1)),
            taken: Mutex::default(),
            metrics: metrics.clone(),
        })
    }

    /// Takes units for a client. Without a client (unknown yet, or a proxy), they count only
    /// towards the total. A demand above the maximum is capped, since it could never succeed.
    ///
    /// # Errors
    /// The resource is exhausted.
    pub(super) fn take(
        self: &Arc<Self>,
        client: Option<ClientKey>,
        units: u64,
    ) -> Result<Held, CapacityExceeded> {
        let units = units.min(if client.is_some() {
            self.each
        } else {
            self.all
        });
        let mut taken = self.taken();
        if taken.by_all + units > self.all {
            drop(taken);
            return Err(self.refused(CapacityExceeded::Total));
        }
        if let Some(client) = client
            && !taken.add(client, units, self.each)
        {
            drop(taken);
            return Err(self.refused(CapacityExceeded::PerClient));
        }
        taken.by_all += units;
        drop(taken);
        Ok(Held {
            pool: self.clone(),
            client,
            units,
        })
    }

    fn refused(&self, reason: CapacityExceeded) -> CapacityExceeded {
        self.metrics.capacity_refused(self.resource);
        reason
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        // Numbers are valid even if another thread panicked.
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Taken {
    fn add(&mut self, client: ClientKey, units: u64, most: u64) -> bool {
        let held = self.by_client.get(&client).copied().unwrap_or_default();
        if held + units > most {
            return false;
        }
        if units > 0 {
            self.by_client.insert(client, held + units);
        }
        true
    }

    fn remove(&mut self, client: ClientKey, units: u64) {
        if let Some(held) = self.by_client.get_mut(&client) {
            *held = held.saturating_sub(units);
            if *held == 0 {
                self.by_client.remove(&client);
            }
        }
    }
}

impl Held {
    /// Assigns units that were taken without a client to `client`.
    ///
    /// # Errors
    /// The client would exceed its maximum.
    pub(super) fn assign(&mut self, client: ClientKey) -> Result<(), CapacityExceeded> {
        let pool = &self.pool;
        let fits = self.client.is_some() || pool.taken().add(client, self.units, pool.each);
        if !fits {
            return Err(pool.refused(CapacityExceeded::PerClient));
        }
        self.client.get_or_insert(client);
        Ok(())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut taken = self.pool.taken();
        taken.by_all = taken.by_all.saturating_sub(self.units);
        if let Some(client) = self.client {
            taken.remove(client, self.units);
        }
    }
}

/// Resources of requests; cheap to clone.
#[derive(Clone)]
pub(super) struct Capacity {
    /// Requests from their head until their response is sent.
    pub(super) open: Arc<Pool>,
    /// Bytes of request bodies being received and of responses being sent.
    pub(super) buffered: Arc<Pool>,
    /// Requests for data with a token.
    pub(super) signed_in: Share,
    /// Requests for data without a token.
    pub(super) anonymous: Share,
}

/// Half of the capacity for requests for data, either for those with a token or for those without.
#[derive(Clone)]
pub(super) struct Share {
    /// Requests from execution until the client has their response.
    pub(super) slots: Arc<Pool>,
    /// Requests whose body is being received.
    pub(super) bodies: Arc<Pool>,
}

impl Capacity {
    /// Creates pools for `in_flight` requests for data and `buffered` bytes.
    pub(super) fn new(in_flight: usize, buffered: u64, metrics: &Metrics) -> Self {
        let in_flight = in_flight as u64;
        let pool = |resource, all: u64| Pool::new(resource, all, all / FRACTION, metrics);
        let share = || Share {
            slots: pool(Resource::Slots, in_flight / 2),
            bodies: pool(Resource::Bodies, in_flight / 2),
        };
        Self {
            open: pool(Resource::Requests, in_flight * OPEN_PER_SLOT),
            buffered: pool(Resource::Bytes, buffered),
            signed_in: share(),
            anonymous: share(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{CapacityExceeded, Pool};
    use crate::{
        metrics::{Metrics, Resource},
        rate_limit::ClientKey,
    };

    const ADA: Option<ClientKey> = Some(ClientKey::User(1));
    const BOB: Option<ClientKey> = Some(ClientKey::User(2));

    fn pool(all: u64, each: u64) -> Arc<Pool> {
        Pool::new(Resource::Bytes, all, each, &Metrics::default())
    }

    #[test]
    fn one_client_leaves_room_for_others() {
        let pool = pool(10, 4);
        let first = pool.take(ADA, 3).expect("room");
        assert_eq!(pool.take(ADA, 2).err(), Some(CapacityExceeded::PerClient));
        let more = pool.take(ADA, 1).expect("room");
        let other = pool.take(BOB, 4).expect("room");
        assert_eq!(pool.take(None, 3).err(), Some(CapacityExceeded::Total));
        drop((first, other));
        assert!(pool.take(None, 9).is_ok());
        drop(more);
        assert!(pool.taken().by_client.is_empty(), "no client is remembered");
    }

    #[test]
    fn a_demand_above_the_maximum_is_capped() {
        let pool = pool(10, 4);
        let all = pool.take(ADA, 100).expect("the client's maximum");
        assert_eq!(pool.take(ADA, 1).err(), Some(CapacityExceeded::PerClient));
        assert!(pool.take(BOB, 4).is_ok());
        drop(all);
        assert!(pool.take(ADA, 100).is_ok());
    }

    #[test]
    fn units_are_assigned_to_a_client_once_it_is_known() {
        let pool = pool(10, 1);
        let mut first = pool.take(None, 1).expect("room");
        let mut second = pool.take(None, 1).expect("room");
        let ada = ClientKey::User(1);
        assert_eq!(first.assign(ada), Ok(()));
        assert_eq!(first.assign(ada), Ok(()), "once");
        assert_eq!(second.assign(ada), Err(CapacityExceeded::PerClient));
        drop(first);
        assert_eq!(second.assign(ada), Ok(()));
    }
}
