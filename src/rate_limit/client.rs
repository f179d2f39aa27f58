//! The client that a request comes from: takes what the request uses of its quotas.

use std::{
    pin::pin,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::Duration,
};

use tokio::{runtime::Handle, time::timeout};

use super::{Left, Parts, RateLimit, RateLimited, Toll, Who, account::Account, quota::Quota};

const MISSED: RateLimit = RateLimit::MissedLookups;

/// The shortest time that is worth waiting for room.
const SHORTEST_WAIT: Duration = Duration::from_millis(1);

/// The client that a request comes from.
pub struct Client {
    limits: Arc<Parts>,
    who: Who,
    account: Arc<Account>,
    left: OnceLock<Left>,
    refused: Mutex<Option<RateLimited>>,
}

impl Client {
    pub(super) fn new(limits: Arc<Parts>, who: Who, account: Arc<Account>) -> Self {
        Self {
            limits,
            who,
            account,
            left: OnceLock::new(),
            refused: Mutex::default(),
        }
    }

    /// Takes a request.
    ///
    /// # Errors
    /// The client has sent as many as it may.
    pub async fn request(&self) -> Result<(), RateLimited> {
        if let Some(left) = self.take(RateLimit::Requests, 1).await? {
            self.left.get_or_init(|| left);
        }
        Ok(())
    }

    /// Takes what an operation costs, in nodes.
    ///
    /// # Errors
    /// The client has asked for as much as it may.
    pub async fn spend(&self, nodes: u64) -> Result<(), RateLimited> {
        if nodes == 0 {
            return Ok(());
        }
        self.take(RateLimit::Cost, nodes).await.map(drop)
    }

    /// Looks for something that strangers may see who know its name. It is taken as missed until it
    /// is found, so that what is looked for at the same time misses no more often than it may: there
    /// is room for all that are found, one after another if need be.
    ///
    /// # Errors
    /// The client has missed as often as it may, and nothing was looked for; or whatever `look_up`
    /// gives.
    pub async fn look_up<T, E: From<RateLimited>>(
        &self,
        look_up: impl Future<Output = Result<Option<T>, E>>,
    ) -> Result<Option<T>, E> {
        let Some(quota) = self.limits.quota(MISSED) else {
            return look_up.await;
        };
        let mut attempt = self.begin(quota).await?;
        let found = look_up.await;
        attempt.is_missed = matches!(found, Ok(None));
        found
    }

    /// What is left of its requests, once one was taken; none without a quota.
    pub fn left(&self) -> Option<Left> {
        self.left.get().copied()
    }

    /// What it was refused within this request, for the longest.
    pub fn refused(&self) -> Option<RateLimited> {
        *self.refused.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The toll for a list of this kind that may cost so many nodes; none where nothing limits what
    /// the client's operations cost.
    pub fn toll(self: &Arc<Self>, kind: &'static str, nodes: u64) -> Option<Toll> {
        self.limits.quota(RateLimit::Cost)?;
        let gate = self.account.gate(kind);
        Some(Toll::new(self.clone(), gate, nodes))
    }

    /// Whether a quota limits what the client's operations cost.
    pub fn has_cost_quota(&self) -> bool {
        self.limits.quota(RateLimit::Cost).is_some()
    }

    pub(super) fn quota(&self, limit: RateLimit) -> Option<&Quota> {
        self.limits.quota(limit)
    }

    /// By the quotas' stopwatch, in nanoseconds.
    pub(super) fn elapsed(&self) -> u64 {
        self.limits.stopwatch.elapsed()
    }

    /// Gives units back that were taken, here and to the other processes.
    pub(super) async fn give_back(&self, limit: RateLimit, quota: &Quota, units: u64) {
        if units == 0 {
            return;
        }
        quota.give_back(self.account.tallies().until_mut(limit), units);
        if let Some(shared) = &self.limits.shared {
            shared.give_back(limit, self.who, quota, units).await;
        }
    }

    async fn take(&self, limit: RateLimit, units: u64) -> Result<Option<Left>, RateLimited> {
        let Some(quota) = self.limits.quota(limit) else {
            return Ok(None);
        };
        let taken = self.try_take(limit, quota, units).await;
        taken.map(Some).map_err(|wait| self.refuse(limit, wait))
    }

    /// Takes units, or gives the time until there is room. Nothing is recorded as refused.
    pub(super) async fn try_take(
        &self,
        limit: RateLimit,
        quota: &Quota,
        units: u64,
    ) -> Result<Left, Duration> {
        let now = self.limits.stopwatch.elapsed();
        // Not locked while the other processes are asked.
        let mine = quota.take(self.account.tallies().until_mut(limit), now, units)?;
        match self.take_shared(limit, quota, units).await {
            None => Ok(mine),
            Some(Ok(left)) => Ok(left),
            Some(Err(wait)) => {
                quota.give_back(self.account.tallies().until_mut(limit), units);
                Err(wait)
            }
        }
    }

    async fn take_shared(
        &self,
        limit: RateLimit,
        quota: &Quota,
        units: u64,
    ) -> Option<Result<Left, Duration>> {
        let shared = self.limits.shared.as_ref()?;
        shared.take(limit, self.who, quota, units).await
    }

    /// Takes a look-up as missed. Where there is no room for it, but for look-ups that may yet be
    /// found, these are waited for.
    async fn begin(&self, quota: &Quota) -> Result<Attempt, RateLimited> {
        // In turn, so that nobody is overtaken, and room wakes one alone.
        let _turn = self.account.turn.lock().await;
        loop {
            // Heard from here on, so that no end is missed.
            let mut decided = pin!(self.account.decided.notified());
            decided.as_mut().enable();
            match self.attempt(quota).await {
                Ok(attempt) => return Ok(attempt),
                Err((wait, 0)) => return Err(self.refuse(MISSED, wait)),
                // What was missed flows off meanwhile.
                Err((wait, _)) => {
                    let _ = timeout(wait.max(SHORTEST_WAIT), decided).await;
                }
            }
        }
    }

    /// Takes a look-up as missed, or tells how long until there is room, and how many others are
    /// undecided.
    async fn attempt(&self, quota: &Quota) -> Result<Attempt, (Duration, usize)> {
        let now = self.limits.stopwatch.elapsed();
        let (mut attempt, others) = {
            let mut tallies = self.account.tallies();
            let taken = quota.take(tallies.until_mut(MISSED), now, 1);
            taken.map_err(|wait| (wait, tallies.undecided))?;
            tallies.undecided += 1;
            let attempt = Attempt {
                limits: self.limits.clone(),
                who: self.who,
                account: self.account.clone(),
                quota: *quota,
                is_shared: false,
                is_missed: false,
                makes_room: true,
            };
            (attempt, tallies.undecided - 1)
        };
        // Given up meanwhile, it stays taken there alone: whether it was is not known.
        match self.take_shared(MISSED, quota, 1).await {
            None => Ok(attempt),
            Some(Ok(_)) => {
                attempt.is_shared = true;
                Ok(attempt)
            }
            Some(Err(wait)) => {
                attempt.makes_room = false;
                Err((wait, others))
            }
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

/// A look-up that is taken as missed until it is decided. One that is given up on the way tells
/// nobody anything, and is given back.
struct Attempt {
    limits: Arc<Parts>,
    who: Who,
    account: Arc<Account>,
    quota: Quota,
    is_shared: bool,
    is_missed: bool,
    /// Whether who waits for room is woken by its end.
    makes_room: bool,
}

impl Attempt {
    /// Gives it back to the other processes, which nobody waits for. It is undecided until they know.
    fn give_back_shared(&self) -> bool {
        let Ok(runtime) = Handle::try_current() else {
            return false;
        };
        let (limits, account) = (self.limits.clone(), self.account.clone());
        let (who, quota) = (self.who, self.quota);
        runtime.spawn(async move {
            if let Some(shared) = &limits.shared {
                shared.give_back(MISSED, who, &quota, 1).await;
            }
            account.decide(Some(&quota), true);
        });
        true
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        if self.is_missed {
            self.account.decide(None, true);
        } else if !(self.is_shared && self.give_back_shared()) {
            self.account.decide(Some(&self.quota), self.makes_room);
        }
    }
}
