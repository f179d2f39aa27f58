//! Load shedding: requests beyond the capacity get 503 at once, so that the others stay fast.
//! Requests with a token and requests without have separate shares, and a client may use a part of
//! one.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use axum::{
    http::{HeaderMap, StatusCode, header},
    response::Response,
};

use super::{
    capacity::{Capacity, NoRoom, Share},
    error_in,
    slot::Slot,
};
use crate::{
    graphql::Code,
    metrics::{self, Metrics},
    rest::ErrorFormat,
};

/// Time for which requests with tokens must be shed before the gateway reports overload.
const SUSTAINED: Duration = Duration::from_secs(5);

/// Time without shedding after which the overload is over.
const OVER: Duration = Duration::from_secs(1);

/// Returns the share of a request. A forged token gains little: it is refused before the database
/// is asked.
pub(super) fn share_of(headers: &HeaderMap) -> metrics::Share {
    match headers.contains_key(header::AUTHORIZATION) {
        true => metrics::Share::SignedIn,
        false => metrics::Share::Anonymous,
    }
}

/// The two shares of the requests in flight.
pub(super) struct Shares {
    pub(super) capacity: Capacity,
    strain: Mutex<Strain>,
    metrics: Metrics,
}

impl Shares {
    pub(super) fn new(capacity: Capacity, metrics: Metrics) -> Arc<Self> {
        Arc::new(Self {
            capacity,
            strain: Mutex::default(),
            metrics,
        })
    }

    /// Returns true while requests with tokens are shed for a sustained time. Those without do not
    /// count: otherwise a flood of them would make the gateway unready for everyone.
    pub(super) fn are_strained(&self) -> bool {
        self.strain().is_sustained(Instant::now())
    }

    fn strain(&self) -> MutexGuard<'_, Strain> {
        // Instants are valid even if another thread panicked.
        self.strain.lock().unwrap_or_else(PoisonError::into_inner)
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
    /// The share has no slot left.
    pub(super) fn slot(&self, share: metrics::Share) -> Result<Slot, NoRoom> {
        Slot::take(&self.capacity, self.share(share), &self.metrics)
            .inspect_err(|_| self.count_shed(share))
    }

    fn count_shed(&self, share: metrics::Share) {
        self.metrics.shed(share);
        if share == metrics::Share::SignedIn {
            self.strain().add(Instant::now());
        }
    }
}

/// Builds the 503 response in the format of the endpoint.
pub(super) fn shed_response(reason: NoRoom, error_format: Option<ErrorFormat>) -> Response {
    let message = match reason {
        NoRoom::Total => "The server is at capacity; try again in a second.",
        NoRoom::PerClient => {
            "This client has too many requests in flight or unread responses; try again in a \
             second."
        }
    };
    let status = StatusCode::SERVICE_UNAVAILABLE;
    error_in(error_format, status, Code::ServiceUnavailable, message)
}

/// First and last time of a series of shed requests.
#[derive(Default)]
struct Strain(Option<(Instant, Instant)>);

impl Strain {
    fn add(&mut self, now: Instant) {
        let since = match self.0 {
            Some((since, last)) if now.saturating_duration_since(last) <= OVER => since,
            _ => now,
        };
        self.0 = Some((since, now));
    }

    fn is_sustained(&self, now: Instant) -> bool {
        self.0.is_some_and(|(since, last)| {
            let is_over = now.saturating_duration_since(last) > OVER;
            !is_over && last.saturating_duration_since(since) >= SUSTAINED
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::Strain;

    #[test]
    fn strain_is_what_lasts() {
        let mut strain = Strain::default();
        let start = Instant::now();
        let after = |tenths: u64| start + Duration::from_millis(100 * tenths);
        assert!(!strain.is_sustained(start));
        for tenths in (0..50).step_by(5) {
            strain.add(after(tenths));
            assert!(!strain.is_sustained(after(tenths)), "after {tenths} tenths");
        }
        strain.add(after(50));
        assert!(strain.is_sustained(after(50)));
        assert!(strain.is_sustained(after(60)));
        assert!(!strain.is_sustained(after(61)), "it is over");
        strain.add(after(80));
        assert!(!strain.is_sustained(after(80)), "another has begun");
    }
}
