//! Rate limits shared by several processes, counted in Redis or Valkey.
//!
//! There is one key per client and limit, which expires when the quota is full again. While Redis
//! is unavailable, each process counts alone.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use redis::{
    Client, RedisError, Script,
    aio::{ConnectionManager, ConnectionManagerConfig},
};
use tokio::time::timeout;

use super::{ClientKey, RateLimit, Remaining, quota::Quota};
use crate::clock::Stopwatch;

/// Time limit of a call to Redis.
const TIMEOUT: Duration = Duration::from_millis(250);

/// Pause after a failed call, in nanoseconds.
const RETRY_AFTER: u64 = 1_000_000_000;

/// `Quota::take` in microseconds of Redis' clock. If that clock was set back, the use counts as of
/// now.
const TAKE: &str = r"
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local taking, span = tonumber(ARGV[1]), tonumber(ARGV[2])
local known = tonumber(redis.call('GET', KEYS[1]) or '') or now
local before = math.min(math.max(known, now), now + span)
local till = math.max(before + taking, now)
local is_refused = taking > 0 and till > now + span
if is_refused then
  till = before
end
if not is_refused or known > before then
  redis.call('SET', KEYS[1], string.format('%.0f', till), 'PX', math.ceil((till - now) / 1000) + 1)
end
if is_refused then
  return {1, before + taking - now - span}
end
return {0, till - now}
";

/// A Redis or Valkey in which several processes count.
pub struct Shared {
    connection: ConnectionManager,
    take: Script,
    stopwatch: Stopwatch,
    /// Stopwatch time of the next attempt; 0 while Redis is available.
    unavailable_until: AtomicU64,
}

/// The text is not a Redis URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected redis://user:password@host:port/number, or rediss:// for TLS")]
pub struct InvalidRedisUrl;

/// Checks a Redis URL.
///
/// # Errors
/// The text is not a Redis URL.
pub fn check_redis_url(text: &str) -> Result<String, InvalidRedisUrl> {
    let is_remote = ["redis://", "rediss://"]
        .iter()
        .any(|scheme| text.starts_with(scheme));
    match Client::open(text) {
        Ok(_) if is_remote => Ok(text.to_owned()),
        _ => Err(InvalidRedisUrl),
    }
}

impl Shared {
    /// Creates a client that connects on first use. Requires a tokio runtime.
    ///
    /// # Errors
    /// The text is not a Redis URL.
    pub fn new(url: &str, stopwatch: Stopwatch) -> Result<Self, InvalidRedisUrl> {
        let client = Client::open(url).map_err(|_| InvalidRedisUrl)?;
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(TIMEOUT))
            .set_response_timeout(Some(TIMEOUT))
            .set_number_of_retries(0);
        let connection = ConnectionManager::new_lazy_with_config(client, config);
        Ok(Self {
            connection: connection.map_err(|_| InvalidRedisUrl)?,
            take: Script::new(TAKE),
            stopwatch,
            unavailable_until: AtomicU64::new(0),
        })
    }

    /// Takes units of a client's quota; 0 units only read it. Returns `None` while Redis is
    /// unavailable.
    pub(super) async fn take(
        &self,
        limit: RateLimit,
        client: ClientKey,
        quota: &Quota,
        units: u64,
    ) -> Option<Result<Remaining, Duration>> {
        let taken = quota.interval() * quota.capped(units) as u32;
        let (is_refused, micros) = self.run_script(limit, client, quota, micros(taken)).await?;
        let duration = Duration::from_micros(micros.max(0) as u64);
        Some(match is_refused {
            0 => Ok(quota.remaining(duration)),
            _ => Err(duration),
        })
    }

    /// Returns units to the quota.
    pub(super) async fn refund(
        &self,
        limit: RateLimit,
        client: ClientKey,
        quota: &Quota,
        units: u64,
    ) {
        let given = quota.interval() * quota.capped(units) as u32;
        // Without the refund, the units refill like any others.
        let _ = self.run_script(limit, client, quota, -micros(given)).await;
    }

    async fn run_script(
        &self,
        limit: RateLimit,
        client: ClientKey,
        quota: &Quota,
        taking: i64,
    ) -> Option<(i64, i64)> {
        if !self.should_try() {
            return None;
        }
        let mut invocation = self.take.key(redis_key(limit, client));
        invocation.arg(taking).arg(quota.span() / 1000);
        let mut connection = self.connection.clone();
        match timeout(TIMEOUT, invocation.invoke_async(&mut connection)).await {
            Ok(Ok(response)) => {
                self.mark_available();
                Some(response)
            }
            Ok(Err(error)) => {
                self.mark_unavailable(Some(&error));
                None
            }
            Err(_) => {
                self.mark_unavailable(None);
                None
            }
        }
    }

    /// Returns true if Redis is available or, for one request per pause, may be again.
    fn should_try(&self) -> bool {
        let until = self.unavailable_until.load(Ordering::Relaxed);
        let now = self.stopwatch.elapsed();
        until == 0
            || until <= now
                && self
                    .unavailable_until
                    .compare_exchange(
                        until,
                        now + RETRY_AFTER,
                        Ordering::Relaxed,
                        Ordering::Relaxed,
                    )
                    .is_ok()
    }

    fn mark_available(&self) {
        if self.unavailable_until.swap(0, Ordering::Relaxed) != 0 {
            tracing::info!("Redis is available: rate limits are shared");
        }
    }

    fn mark_unavailable(&self, error: Option<&RedisError>) {
        let until = self.stopwatch.elapsed() + RETRY_AFTER;
        if self.unavailable_until.swap(until, Ordering::Relaxed) == 0 {
            // A server's message may repeat the key, which holds an address.
            let reason = match error {
                None => "no response in time".to_owned(),
                Some(error) if error.is_io_error() => error.to_string(),
                Some(error) => error.category().to_owned(),
            };
            tracing::warn!(
                reason,
                "Redis is unavailable: each process counts rate limits alone until it is back"
            );
        }
    }
}

/// Rounds up: a unit of a large quota refills in less than 1 µs.
fn micros(duration: Duration) -> i64 {
    duration.as_nanos().div_ceil(1000) as i64
}

fn redis_key(limit: RateLimit, client: ClientKey) -> String {
    let limit = limit.name();
    match client {
        ClientKey::Unknown => format!("invite-gateway:{limit}:unknown"),
        ClientKey::Address(address) => format!("invite-gateway:{limit}:address:{address}"),
        ClientKey::User(id) => format!("invite-gateway:{limit}:user:{id}"),
    }
}
