//! Rate limits of clients: requests, cost, public look-ups that miss, mutations and the rows that they write.
//!
//! Each is a quota per minute, counted by GCRA (a "leaky bucket as a meter"). Used units refill
//! evenly, so that a refused client continues as soon as there is room. There is no minute boundary
//! to exploit. Time is monotonic. Existing crates do not fit: a look-up counts only if it misses,
//! and returns its result only if there is room for a miss.
//!
//! Every process counts in memory. With a Redis ([`Shared`]), processes also count together, so
//! that a client exhausted at one process is refused by all.

mod account;
mod client;
mod client_key;
mod quota;
mod reservation;
mod shared;

use std::{num::NonZeroU32, sync::Arc, time::Duration};

use quick_cache::sync::Cache;

pub use crate::metrics::RateLimit;
pub use client::{Client, Demand, Secrecy};
pub use client_key::ClientKey;
pub use quota::Remaining;
pub use reservation::{CostEstimate, ListPermit, NODE, Reservation};
pub use shared::{InvalidRedisUrl, Shared, check_redis_url};

use crate::{clock::Stopwatch, metrics::Metrics};
use account::Account;
use quota::Quota;

/// Period of the quotas.
pub const WINDOW: Duration = Duration::from_secs(60);

/// Most clients in memory. Beyond it, another client is evicted and starts with full quotas.
const MAX_CLIENTS: usize = 65_536;

/// Quotas of a client per [`WINDOW`]; `None` means unlimited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quotas {
    /// Requests.
    pub requests: Option<NonZeroU32>,
    /// Cost of operations, in nodes.
    pub cost: Option<NonZeroU32>,
    /// Public look-ups by code or token that miss. Each executed field counts.
    pub missed_lookups: Option<NonZeroU32>,
    /// Mutations. Each of a document counts.
    pub mutations: Option<NonZeroU32>,
    /// Rows that mutations create or change: those of their input.
    pub written_rows: Option<NonZeroU32>,
}

impl Quotas {
    fn most(&self, limit: RateLimit) -> Option<NonZeroU32> {
        match limit {
            RateLimit::Requests => self.requests,
            RateLimit::Cost => self.cost,
            RateLimit::MissedLookups => self.missed_lookups,
            RateLimit::Mutations => self.mutations,
            RateLimit::WrittenRows => self.written_rows,
        }
    }
}

/// A client has exhausted a quota.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}; try again in {retry_after} s", taken(*limit))]
pub struct RateLimited {
    /// The quota.
    pub limit: RateLimit,
    /// Seconds until there is room, at least 1.
    pub retry_after: u64,
}

fn taken(limit: RateLimit) -> &'static str {
    match limit {
        RateLimit::Requests => "Too many requests",
        RateLimit::Cost => "The operations of the last minute cost too much",
        RateLimit::MissedLookups => "Too many look-ups of codes and tokens found nothing",
        RateLimit::Mutations => "Too many mutations",
        RateLimit::WrittenRows => "Mutations have written too many rows",
    }
}

/// All clients' use of their quotas; cheap to clone.
#[derive(Clone)]
pub struct RateLimits(Arc<Parts>);

struct Parts {
    quotas: [Option<Quota>; RateLimit::ALL.len()],
    accounts: Cache<ClientKey, Arc<Account>>,
    shared: Option<Shared>,
    stopwatch: Stopwatch,
    metrics: Metrics,
}

impl RateLimits {
    /// Creates rate limits with full quotas, less the use counted in `shared`.
    pub fn new(
        quotas: Quotas,
        shared: Option<Shared>,
        stopwatch: Stopwatch,
        metrics: &Metrics,
    ) -> Self {
        let quotas = RateLimit::ALL.map(|limit| quotas.most(limit).map(Quota::new));
        Self(Arc::new(Parts {
            quotas,
            accounts: Cache::new(MAX_CLIENTS),
            shared,
            stopwatch,
            metrics: metrics.clone(),
        }))
    }

    /// Creates rate limits without quotas.
    pub fn none() -> Self {
        let stopwatch = Stopwatch::started();
        Self::new(Quotas::default(), None, stopwatch, &Metrics::default())
    }

    /// Returns the client with this key.
    pub fn client(&self, key: ClientKey) -> Client {
        let is_limited = self.0.quotas.iter().any(Option::is_some);
        let account = match is_limited {
            true => self.0.account(key),
            false => Arc::default(),
        };
        Client::new(self.0.clone(), key, account)
    }

    /// Contacts the shared Redis, so that the log reports at once if it is unavailable. Returns whether it
    /// responds, or none without Redis or quotas.
    pub async fn probe_shared(&self) -> Option<bool> {
        let quota = self.0.quotas.iter().flatten().next()?;
        let shared = self.0.shared.as_ref()?;
        let taken = shared.take(RateLimit::Requests, ClientKey::Unknown, quota, 0);
        Some(taken.await.is_some())
    }

    /// Returns the configured quotas.
    pub fn quotas(&self) -> impl Iterator<Item = (RateLimit, u32)> {
        let most = |limit| Some((limit, self.0.quota(limit)?.most()));
        RateLimit::ALL.into_iter().filter_map(most)
    }
}

impl Parts {
    fn quota(&self, limit: RateLimit) -> Option<&Quota> {
        self.quotas.get(limit.index())?.as_ref()
    }

    fn account(&self, key: ClientKey) -> Arc<Account> {
        self.accounts.get(&key).unwrap_or_else(|| {
            let opened = Arc::<Account>::default();
            let kept = self
                .accounts
                .get_or_insert_with(&key, || Ok::<_, ()>(opened.clone()));
            kept.unwrap_or(opened)
        })
    }
}
