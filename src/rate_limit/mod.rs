//! How much a client may ask: requests, what they cost, and public look-ups that find nothing.
//!
//! Each is a quota a minute, kept as GCRA (the "leaky bucket as a meter"): what was taken flows off
//! evenly, so that a client that was refused may go on as soon as there is room, and nothing is
//! gained by the turn of a minute. It is our own because a look-up is counted only if it missed, and
//! told only if there is room for a miss, which the crates for this cannot do. The time is that of a
//! clock that only goes forward.
//!
//! Every process counts in its memory. Where a Redis is [`Shared`], they count there as well, and a
//! client that another process has served is refused here.

mod account;
mod client;
mod client_key;
mod quota;
mod reservation;
mod shared;

use std::{num::NonZeroU32, sync::Arc, time::Duration};

use quick_cache::sync::Cache;

pub use crate::metrics::RateLimit;
pub use client::{Client, Secrecy};
pub use client_key::ClientKey;
pub use quota::Remaining;
pub use reservation::{NODE, Place, Reservation, Toll};
pub use shared::{InvalidRedisUrl, Shared, check_redis_url};

use crate::{clock::Stopwatch, metrics::Metrics};
use account::Account;
use quota::Quota;

/// What quotas are of.
pub const WINDOW: Duration = Duration::from_secs(60);

/// Clients that are remembered. Who comes beyond that has another forgotten, which then begins anew.
const MAX_CLIENTS: usize = 65_536;

/// What a client may take within [`WINDOW`]; none is as much as it likes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quotas {
    /// Requests.
    pub requests: Option<NonZeroU32>,
    /// Nodes that its operations cost.
    pub cost: Option<NonZeroU32>,
    /// Public look-ups by code or token that found nothing, as fields that were executed.
    pub missed_lookups: Option<NonZeroU32>,
}

impl Quotas {
    fn most(&self, limit: RateLimit) -> Option<NonZeroU32> {
        match limit {
            RateLimit::Requests => self.requests,
            RateLimit::Cost => self.cost,
            RateLimit::MissedLookups => self.missed_lookups,
        }
    }
}

/// A client has taken all that it may take for now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}; try again in {retry_after} s", taken(*limit))]
pub struct RateLimited {
    /// Of what.
    pub limit: RateLimit,
    /// After how many seconds there is room, at least 1.
    pub retry_after: u64,
}

fn taken(limit: RateLimit) -> &'static str {
    match limit {
        RateLimit::Requests => "Too many requests",
        RateLimit::Cost => "Too much was asked for within a minute",
        RateLimit::MissedLookups => "Too many codes and tokens were tried that do not exist",
    }
}

/// What all clients have taken of their quotas; cheap to clone.
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
    /// Nothing is taken yet, but for what `shared` knows of.
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

    /// Everybody may take what they like.
    pub fn none() -> Self {
        let stopwatch = Stopwatch::started();
        Self::new(Quotas::default(), None, stopwatch, &Metrics::default())
    }

    /// The client for a request of whom.
    pub fn client(&self, key: ClientKey) -> Client {
        let is_limited = self.0.quotas.iter().any(Option::is_some);
        let account = match is_limited {
            true => self.0.account(key),
            false => Arc::default(),
        };
        Client::new(self.0.clone(), key, account)
    }

    /// Asks what is shared, so that the log tells at once if it is away.
    pub async fn ask_shared(&self) {
        let quota = self.0.quotas.iter().flatten().next();
        if let (Some(shared), Some(quota)) = (&self.0.shared, quota) {
            shared
                .take(RateLimit::Requests, ClientKey::Unknown, quota, 0)
                .await;
        }
    }

    /// The quotas that there are: of what, and how much.
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
