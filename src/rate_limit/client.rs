//! The client that a request comes from: takes what the request uses of its quotas.

use std::{
    pin::pin,
    sync::{Arc, OnceLock},
    time::Duration,
};

use super::{Left, Parts, RateLimit, RateLimited, Who, account::Account, quota::Quota};

const MISSED: RateLimit = RateLimit::MissedLookups;

/// The client that a request comes from.
pub struct Client {
    limits: Arc<Parts>,
    who: Who,
    account: Arc<Account>,
    left: OnceLock<Left>,
    refused: OnceLock<RateLimited>,
}

impl Client {
    pub(super) fn new(limits: Arc<Parts>, who: Who, account: Arc<Account>) -> Self {
        Self {
            limits,
            who,
            account,
            left: OnceLock::new(),
            refused: OnceLock::new(),
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
        let open = self.open(quota).await?;
        let found = look_up.await;
        if !matches!(found, Ok(None)) {
            open.give_back();
        }
        found
    }

    /// What is left of its requests, once one was taken; none without a quota.
    pub fn left(&self) -> Option<Left> {
        self.left.get().copied()
    }

    /// What it was refused first within this request.
    pub fn refused(&self) -> Option<RateLimited> {
        self.refused.get().copied()
    }

    async fn take(&self, limit: RateLimit, units: u64) -> Result<Option<Left>, RateLimited> {
        let Some(quota) = self.limits.quota(limit) else {
            return Ok(None);
        };
        let now = self.limits.stopwatch.elapsed();
        // Not locked while the other processes are asked.
        let taken = quota.take(self.account.tallies().until(limit), now, units);
        let mine = taken.map_err(|wait| self.refuse(limit, wait))?;
        match self.take_shared(limit, quota, units).await {
            None => Ok(Some(mine)),
            Some(Ok(left)) => Ok(Some(left)),
            Some(Err(wait)) => {
                quota.give_back(self.account.tallies().until(limit), units);
                Err(self.refuse(limit, wait))
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
    async fn open(&self, quota: &Quota) -> Result<Open, RateLimited> {
        loop {
            // Heard from here on, so that no end is missed.
            let mut settled = pin!(self.account.settled.notified());
            settled.as_mut().enable();
            match self.opened(quota) {
                Ok(mut open) => match self.take_shared(MISSED, quota, 1).await {
                    None | Some(Ok(_)) => return Ok(open),
                    Some(Err(wait)) => {
                        open.is_taken = false;
                        if open.close() == 0 {
                            return Err(self.refuse(MISSED, wait));
                        }
                    }
                },
                Err((wait, 0)) => return Err(self.refuse(MISSED, wait)),
                Err(_) => {}
            }
            settled.await;
        }
    }

    /// Takes a look-up as missed in this process, or tells how long until there is room, and how
    /// many are open.
    fn opened(&self, quota: &Quota) -> Result<Open, (Duration, usize)> {
        let now = self.limits.stopwatch.elapsed();
        let mut tallies = self.account.tallies();
        let taken = quota.take(tallies.until(MISSED), now, 1);
        taken.map_err(|wait| (wait, tallies.open))?;
        tallies.open += 1;
        Ok(Open {
            limits: self.limits.clone(),
            who: self.who,
            account: self.account.clone(),
            quota: *quota,
            is_taken: true,
            is_open: true,
        })
    }

    fn refuse(&self, limit: RateLimit, wait: Duration) -> RateLimited {
        let whole = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        let refused = RateLimited {
            limit,
            retry_after: whole.max(1),
        };
        self.limits.metrics.rate_limited(limit);
        tracing::debug!(limit = limit.name(), "refused by a rate limit");
        self.refused.get_or_init(|| refused);
        refused
    }
}

/// A look-up that is taken as missed. It stays so if it is given up on the way.
struct Open {
    limits: Arc<Parts>,
    who: Who,
    account: Arc<Account>,
    quota: Quota,
    is_taken: bool,
    is_open: bool,
}

impl Open {
    /// It was found, or could not be looked for.
    fn give_back(mut self) {
        self.is_taken = false;
        if self.limits.shared.is_some() {
            // Nobody waits for it; it is open until the others know.
            tokio::spawn(async move {
                if let Some(shared) = &self.limits.shared {
                    shared.give_back(MISSED, self.who, &self.quota).await;
                }
            });
        }
    }

    /// Tells that it is known what came of it. Gives how many others are open.
    fn close(&mut self) -> usize {
        let mut tallies = self.account.tallies();
        if self.is_open {
            self.is_open = false;
            tallies.open -= 1;
            if !self.is_taken {
                self.quota.give_back(tallies.until(MISSED), 1);
            }
        }
        tallies.open
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.close();
        self.account.settled.notify_waiters();
    }
}
