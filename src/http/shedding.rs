//! Load shedding: requests beyond the capacity get 503 at once, so that the others stay fast.
//! Signed-in and anonymous requests have separate shares. One client may use only a part of a
//! share.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use axum::{
    http::{HeaderMap, StatusCode},
    response::Response,
};

use super::{
    capacity::{Capacity, CapacityExceeded, Share},
    error_in,
    slot::Slot,
};
use crate::{
    auth,
    graphql::Code,
    metrics::{self, Metrics},
    rest::ErrorFormat,
};

/// Time for which signed-in requests must be shed before the gateway reports overload.
const SUSTAINED: Duration = Duration::from_secs(5);

/// Time without shedding after which the overload ends.
const RECOVERY: Duration = Duration::from_secs(1);

/// Returns the share of a request. A forged token gains little: it is refused before the request
/// reaches the database.
pub(super) fn share_of(headers: &HeaderMap) -> metrics::Share {
    match auth::is_anonymous(headers) {
        true => metrics::Share::Anonymous,
        false => metrics::Share::SignedIn,
    }
}

/// Load shedder: admits requests to the two shares, and records overload.
pub(super) struct LoadShedder {
    pub(super) capacity: Capacity,
    overload: Mutex<Overload>,
    metrics: Metrics,
}

impl LoadShedder {
    pub(super) fn new(capacity: Capacity, metrics: Metrics) -> Arc<Self> {
        Arc::new(Self {
            capacity,
            overload: Mutex::default(),
            metrics,
        })
    }

    /// Returns true once signed-in requests have been shed for [`SUSTAINED`]. Anonymous requests do
    /// not count: a flood of them would make the gateway unready for everyone.
    pub(super) fn is_overloaded(&self) -> bool {
        self.overload().is_sustained(Instant::now())
    }

    fn overload(&self) -> MutexGuard<'_, Overload> {
        // Instants are valid even if another thread panicked.
        self.overload.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn share(&self, share: metrics::Share) -> &Share {
        match share {
            metrics::Share::SignedIn => &self.capacity.signed_in,
            metrics::Share::Anonymous => &self.capacity.anonymous,
        }
    }

    /// Takes a slot for a request.
    ///
    /// # Errors
    /// If the share is full, or the client uses its part of it.
    pub(super) fn slot(&self, share: metrics::Share) -> Result<Slot, CapacityExceeded> {
        Slot::take(&self.capacity, self.share(share), &self.metrics)
            .inspect_err(|_| self.count_shed(share))
    }

    fn count_shed(&self, share: metrics::Share) {
        self.metrics.shed(share);
        if share == metrics::Share::SignedIn {
            self.overload().add(Instant::now());
        }
    }
}

/// Builds the 503 response in the format of the endpoint.
pub(super) fn shed_response(
    reason: CapacityExceeded,
    error_format: Option<ErrorFormat>,
) -> Response {
    let message = match reason {
        CapacityExceeded::Total => "The server is at capacity; try again in a second.",
        CapacityExceeded::PerClient => {
            "This client has too many requests in flight or unread responses; try again in a \
             second."
        }
    };
    let status = StatusCode::SERVICE_UNAVAILABLE;
    error_in(error_format, status, Code::ServiceUnavailable, message)
}

/// First and last time of a series of shed requests.
#[derive(Default)]
struct Overload(Option<(Instant, Instant)>);

impl Overload {
    fn add(&mut self, now: Instant) {
        let since = match self.0 {
            Some((since, last)) if now.saturating_duration_since(last) <= RECOVERY => since,
            _ => now,
        };
        self.0 = Some((since, now));
    }

    fn is_sustained(&self, now: Instant) -> bool {
        self.0.is_some_and(|(since, last)| {
            let is_over = now.saturating_duration_since(last) > RECOVERY;
            !is_over && last.saturating_duration_since(since) >= SUSTAINED
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::Overload;

    #[test]
    fn only_sustained_shedding_is_an_overload() {
        let mut overload = Overload::default();
        let start = Instant::now();
        let after = |tenths: u64| start + Duration::from_millis(100 * tenths);
        assert!(!overload.is_sustained(start));
        for tenths in (0..50).step_by(5) {
            overload.add(after(tenths));
            assert!(
                !overload.is_sustained(after(tenths)),
                "after {tenths} tenths of a second"
            );
        }
        overload.add(after(50));
        assert!(overload.is_sustained(after(50)));
        assert!(overload.is_sustained(after(60)));
        assert!(!overload.is_sustained(after(61)), "the overload ended");
        overload.add(after(80));
        assert!(!overload.is_sustained(after(80)), "a new series began");
    }
}
