//! Load shedding: requests beyond those that are answered at a time are turned away at once, so that
//! those being answered do not all become slow. Requests with a token and those without have a share
//! each, so that neither takes the other's; of a share, one client has a part.

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

/// How long requests with tokens are turned away, now and again, until that is no mere peak.
const SUSTAINED: Duration = Duration::from_secs(5);

/// How long none may have been turned away until it is over.
const OVER: Duration = Duration::from_secs(1);

/// Whose share a request belongs to. A token that is none costs little: it is refused before anything
/// is asked of the database.
pub(super) fn share_of(headers: &HeaderMap) -> metrics::Share {
    match headers.contains_key(header::AUTHORIZATION) {
        true => metrics::Share::SignedIn,
        false => metrics::Share::Anonymous,
    }
}

/// The two shares of what can be in flight.
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

    /// Whether requests with tokens have been turned away for a while. Those without do not count:
    /// whoever floods the gateway would take it from the others by that.
    pub(super) fn are_strained(&self) -> bool {
        self.strain().is_sustained(Instant::now())
    }

    fn strain(&self) -> MutexGuard<'_, Strain> {
        // Two instants are right, whatever became of who set them.
        self.strain.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn share(&self, share: metrics::Share) -> &Share {
        match share {
            metrics::Share::SignedIn => &self.capacity.signed_in,
            metrics::Share::Anonymous => &self.capacity.anonymous,
        }
    }

    /// A place for a request.
    ///
    /// # Errors
    /// The share has none left.
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

/// The response to a request for which there is no room, in the error_format of its endpoint.
pub(super) fn shed_response(reason: NoRoom, error_format: Option<ErrorFormat>) -> Response {
    let message = match reason {
        NoRoom::Total => "Too many requests are being answered; try again in a second.",
        NoRoom::PerClient => {
            "Too many requests of this client are being answered, or their responses were not read; \
             try again in a second."
        }
    };
    let status = StatusCode::SERVICE_UNAVAILABLE;
    error_in(error_format, status, Code::ServiceUnavailable, message)
}

/// Since when, and when last, requests were turned away.
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
