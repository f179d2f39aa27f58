//! The client of a request, which draws on its quotas.

use std::{
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::time::sleep;

use super::{
    ClientKey, CostEstimate, Parts, RateLimit, RateLimited, Remaining, account::Account,
    quota::Quota,
};

const MISSED: RateLimit = RateLimit::MissedLookups;

/// Longest time that a look-up waits for room before it is refused.
const MAX_WAIT: Duration = Duration::from_secs(2);

/// Most look-ups of a client that wait at a time.
const MAX_WAITING: usize = 8;

/// Entropy of a looked-up secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Secrecy {
    /// Chosen by people, or of unknown origin: guessing may succeed.
    Guessable,
    /// 122 random bits: guessing is hopeless.
    Random,
}

/// Units that an operation takes of its client's quotas.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Demand {
    /// Cost, in nodes.
    pub cost: u64,
    /// Mutations.
    pub mutations: u64,
    /// Rows that they create or change, at most.
    pub written_rows: u64,
}

/// The client of a request.
pub struct Client {
    limits: Arc<Parts>,
    key: ClientKey,
    account: Arc<Account>,
    remaining: OnceLock<Remaining>,
    refused: Mutex<Option<RateLimited>>,
}

impl Client {
    pub(super) fn new(limits: Arc<Parts>, key: ClientKey, account: Arc<Account>) -> Self {
        Self {
            limits,
            key,
            account,
            remaining: OnceLock::new(),
            refused: Mutex::default(),
        }
    }

    /// Counts a request.
    ///
    /// # Errors
    /// The quota of requests is exhausted.
    pub async fn request(&self) -> Result<(), RateLimited> {
        if let Some(remaining) = self.take(RateLimit::Requests, 1).await? {
            self.remaining.get_or_init(|| remaining);
        }
        Ok(())
    }

    /// Charges the cost of an operation, in nodes.
    ///
    /// # Errors
    /// The quota of cost is exhausted.
    pub async fn spend(&self, nodes: u64) -> Result<(), RateLimited> {
        if nodes == 0 {
            return Ok(());
        }
        self.take(RateLimit::Cost, nodes).await.map(drop)
    }

    /// Charges an operation, before it is executed. A refusal takes nothing.
    ///
    /// # Errors
    /// A quota has no room for all of it.
    pub async fn admit(&self, demand: Demand) -> Result<(), RateLimited> {
        let demands = [
            (RateLimit::Mutations, demand.mutations),
            (RateLimit::WrittenRows, demand.written_rows),
            (RateLimit::Cost, demand.cost),
        ];
        for (at, (limit, units)) in demands.into_iter().enumerate() {
            if units == 0 {
                continue;
            }
            if let Err(refused) = self.take(limit, units).await {
                for (limit, units) in demands.into_iter().take(at) {
                    if let Some(quota) = self.limits.quota(limit) {
                        self.refund(limit, quota, units).await;
                    }
                }
                return Err(refused);
            }
        }
        Ok(())
    }

    /// Runs a public look-up by secret, and counts it if it misses.
    ///
    /// Once the quota is exhausted, look-ups of guessable secrets are refused whether or not the
    /// secret exists. Concurrent look-ups return results only while there is room for misses, so
    /// that concurrency gives no additional guesses. Look-ups do not wait for each other. A random
    /// secret that exists is always found, so that others at the same address cannot block it.
    ///
    /// # Errors
    /// The quota of misses is exhausted, or `look_up` fails.
    pub async fn look_up<T, E: From<RateLimited>>(
        &self,
        secrecy: Secrecy,
        look_up: impl Future<Output = Result<Option<T>, E>>,
    ) -> Result<Option<T>, E> {
        let Some(quota) = self.limits.quota(MISSED) else {
            return look_up.await;
        };
        if secrecy == Secrecy::Guessable {
            self.wait_for_room(quota).await?;
        }
        let found = look_up.await?;
        match (&found, secrecy) {
            (Some(_), Secrecy::Random) => {}
            (Some(_), Secrecy::Guessable) => {
                let room = self.room_for(MISSED, quota, 1).await;
                room.map_err(|wait| self.refuse(MISSED, wait))?;
            }
            (None, _) => self.take(MISSED, 1).await.map(drop)?,
        }
        Ok(found)
    }

    /// Returns the rest of the quota of requests after [`Self::request`], if there is such a quota.
    pub fn remaining(&self) -> Option<Remaining> {
        self.remaining.get().copied()
    }

    /// Returns the refusal of this request with the longest wait, if any.
    pub fn refused(&self) -> Option<RateLimited> {
        *self.refused.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the estimate for a list of this kind that costs at most `nodes`. Returns `None`
    /// without a quota of cost.
    pub fn estimate(self: &Arc<Self>, kind: &'static str, nodes: u64) -> Option<CostEstimate> {
        self.limits.quota(RateLimit::Cost)?;
        let limiter = self.account.list_limiter(kind);
        Some(CostEstimate::new(self.clone(), limiter, nodes))
    }

    /// Returns true if there is a quota of cost.
    pub fn has_cost_quota(&self) -> bool {
        self.limits.quota(RateLimit::Cost).is_some()
    }

    pub(super) fn quota(&self, limit: RateLimit) -> Option<&Quota> {
        self.limits.quota(limit)
    }

    /// Returns the stopwatch's time in nanoseconds.
    pub(super) fn elapsed(&self) -> u64 {
        self.limits.stopwatch.elapsed()
    }

    /// Returns units to the quota, here and in the shared Redis.
    pub(super) async fn refund(&self, limit: RateLimit, quota: &Quota, units: u64) {
        if units == 0 {
            return;
        }
        quota.refund(self.account.tallies().until_mut(limit), units);
        if let Some(shared) = &self.limits.shared {
            shared.refund(limit, self.key, quota, units).await;
        }
    }

    /// Takes units for completed work, as far as the quota has them.
    pub(super) async fn charge(&self, limit: RateLimit, quota: &Quota, units: u64) {
        let (mut rest, mut part) = (quota.capped(units), quota.capped(units));
        while part > 0 {
            if part <= rest && self.try_take(limit, quota, part).await.is_ok() {
                rest -= part;
            } else {
                part /= 2;
            }
        }
    }

    async fn take(&self, limit: RateLimit, units: u64) -> Result<Option<Remaining>, RateLimited> {
        let Some(quota) = self.limits.quota(limit) else {
            return Ok(None);
        };
        let taken = self.try_take(limit, quota, units).await;
        taken.map(Some).map_err(|wait| self.refuse(limit, wait))
    }

    /// Takes units, or returns the wait until there is room. Does not record a refusal.
    pub(super) async fn try_take(
        &self,
        limit: RateLimit,
        quota: &Quota,
        units: u64,
    ) -> Result<Remaining, Duration> {
        let now = self.limits.stopwatch.elapsed();
        // The lock is released before Redis is contacted.
        let mine = quota.take(self.account.tallies().until_mut(limit), now, units)?;
        match self.take_shared(limit, quota, units).await {
            None => Ok(mine),
            Some(Ok(remaining)) => Ok(remaining),
            Some(Err(wait)) => {
                quota.refund(self.account.tallies().until_mut(limit), units);
                Err(wait)
            }
        }
    }

    async fn take_shared(
        &self,
        limit: RateLimit,
        quota: &Quota,
        units: u64,
    ) -> Option<Result<Remaining, Duration>> {
        let shared = self.limits.shared.as_ref()?;
        shared.take(limit, self.key, quota, units).await
    }

    /// Waits until there is room for a miss, unless that takes too long.
    async fn wait_for_room(&self, quota: &Quota) -> Result<(), RateLimited> {
        let Err(wait) = self.has_room(MISSED, quota, 1) else {
            return Ok(());
        };
        if wait <= MAX_WAIT
            && let Some(_waiting) = Waiting::begin(&self.account.waiting)
        {
            sleep(wait).await;
            // Another look-up may have taken the room.
            return self
                .has_room(MISSED, quota, 1)
                .map_err(|wait| self.refuse(MISSED, wait));
        }
        Err(self.refuse(MISSED, wait))
    }

    /// Checks for room in this process, or returns the wait.
    fn has_room(&self, limit: RateLimit, quota: &Quota, units: u64) -> Result<(), Duration> {
        let now = self.limits.stopwatch.elapsed();
        let mut until = *self.account.tallies().until_mut(limit);
        quota.take(&mut until, now, units).map(drop)
    }

    /// Checks for room in this process and in all together, or returns the wait.
    pub(super) async fn room_for(
        &self,
        limit: RateLimit,
        quota: &Quota,
        units: u64,
    ) -> Result<(), Duration> {
        self.has_room(limit, quota, units)?;
        match self.take_shared(limit, quota, 0).await {
            Some(Ok(remaining)) if remaining.units < quota.capped(units) => {
                Err(quota.wait_for(units, remaining))
            }
            _ => Ok(()),
        }
    }

    pub(super) fn refuse(&self, limit: RateLimit, wait: Duration) -> RateLimited {
        let whole = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        let refused = RateLimited {
            limit,
            retry_after: whole.max(1),
        };
        self.limits.metrics.rate_limited(limit);
        tracing::debug!(limit = limit.name(), "refused by a rate limit");
        let mut longest = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        *longest = longest
            .filter(|before| before.retry_after >= refused.retry_after)
            .or(Some(refused));
        refused
    }
}

/// A look-up that waits for room.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    /// Returns `None` if [`MAX_WAITING`] look-ups wait already.
    fn begin(count: &'a AtomicUsize) -> Option<Self> {
        let waiting = Self(count);
        let others = count.fetch_add(1, Ordering::AcqRel);
        // Dropping it restores the count.
        (others < MAX_WAITING).then_some(waiting)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use std::{convert::Infallible, num::NonZeroU32, time::Duration};

    use super::{Demand, MAX_WAITING, Secrecy};
    use crate::{
        clock::Stopwatch,
        metrics::Metrics,
        rate_limit::{Client, ClientKey, Quotas, RateLimit, RateLimited, RateLimits},
    };

    #[derive(Debug, PartialEq)]
    struct Refused(u64);

    impl From<RateLimited> for Refused {
        fn from(refused: RateLimited) -> Self {
            Self(refused.retry_after)
        }
    }

    impl From<Infallible> for Refused {
        fn from(never: Infallible) -> Self {
            match never {}
        }
    }

    /// A client that has exhausted its 60 misses per minute, by tokio's clock.
    async fn exhausted() -> Client {
        let start = tokio::time::Instant::now();
        let quotas = Quotas {
            missed_lookups: NonZeroU32::new(60),
            ..Quotas::default()
        };
        let stopwatch = Stopwatch::new(move || start.elapsed());
        let limits = RateLimits::new(quotas, None, stopwatch, &Metrics::default());
        let client = limits.client(ClientKey::User(1));
        for _ in 0..60 {
            assert_eq!(look_up(&client, Secrecy::Guessable, None).await, Ok(None));
        }
        client
    }

    async fn look_up(
        client: &Client,
        secrecy: Secrecy,
        found: Option<u8>,
    ) -> Result<Option<u8>, Refused> {
        client.look_up(secrecy, async { Ok(found) }).await
    }

    #[tokio::test(start_paused = true)]
    async fn an_operation_takes_all_of_its_quotas_or_none() {
        let quotas = Quotas {
            cost: NonZeroU32::new(10),
            mutations: NonZeroU32::new(2),
            written_rows: NonZeroU32::new(5),
            ..Quotas::default()
        };
        let stopwatch = Stopwatch::new(|| Duration::ZERO);
        let limits = RateLimits::new(quotas, None, stopwatch, &Metrics::default());
        let client = limits.client(ClientKey::User(1));
        let admit = async |cost, mutations, written_rows| {
            let demand = Demand {
                cost,
                mutations,
                written_rows,
            };
            let admitted = client.admit(demand).await;
            admitted.map_err(|refused| refused.limit)
        };
        assert_eq!(admit(8, 1, 1).await, Ok(()));
        for _ in 0..3 {
            assert_eq!(admit(8, 1, 1).await, Err(RateLimit::Cost));
            assert_eq!(admit(1, 1, 5).await, Err(RateLimit::WrittenRows));
            assert_eq!(admit(1, 2, 1).await, Err(RateLimit::Mutations));
        }
        assert_eq!(admit(2, 1, 4).await, Ok(()));
        assert_eq!(admit(0, 0, 0).await, Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_few_look_ups_wait_for_room_and_others_are_refused() {
        let client = exhausted().await;
        let guesses = (0..20).map(|_| look_up(&client, Secrecy::Guessable, Some(1)));
        let results = futures_util::future::join_all(guesses).await;
        let found = results.iter().filter(|it| **it == Ok(Some(1))).count();
        assert_eq!(found, MAX_WAITING);
        let refused = results.iter().filter(|it| **it == Err(Refused(1))).count();
        assert_eq!(found + refused, 20);
    }

    #[tokio::test(start_paused = true)]
    async fn waiting_look_ups_miss_only_within_the_quota() {
        let client = exhausted().await;
        let guesses = (0..5).map(|_| look_up(&client, Secrecy::Guessable, None));
        let results = futures_util::future::join_all(guesses).await;
        assert_eq!(
            results.iter().filter(|it| it.is_ok()).count(),
            1,
            "{results:?}"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_random_secret_is_found_despite_the_quota_and_a_miss_is_refused() {
        let client = exhausted().await;
        for _ in 0..100 {
            assert_eq!(
                look_up(&client, Secrecy::Random, Some(7)).await,
                Ok(Some(7))
            );
        }
        assert_eq!(
            look_up(&client, Secrecy::Random, None).await,
            Err(Refused(1))
        );
    }
}
