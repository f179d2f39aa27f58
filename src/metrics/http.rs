//! Metrics of HTTP requests, by route and status.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::Registry,
};

use super::{Durations, seconds};

/// Route label of requests that match no route.
const NO_ROUTE: &str = "none";

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Answer {
    route: Arc<str>,
    status: u16,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct At {
    route: Arc<str>,
}

/// Metrics of HTTP requests.
pub struct Http {
    answered: Family<Answer, Counter>,
    durations: Durations<At>,
    in_flight: Gauge,
    routes: RwLock<HashMap<Arc<str>, Arc<Route>>>,
}

/// A route with its most frequent metrics.
struct Route {
    name: Arc<str>,
    duration: Histogram,
    ok: Counter,
}

impl Http {
    pub(super) fn new(registry: &mut Registry) -> Self {
        let http = Self {
            answered: Family::default(),
            durations: Family::new_with_constructor(seconds),
            in_flight: Gauge::default(),
            routes: RwLock::default(),
        };
        let help = "Responses, by route and status";
        registry.register("http_requests", help, http.answered.clone());
        let help = "Time from a request's head to its response's head, in seconds";
        let durations = http.durations.clone();
        registry.register("http_request_duration_seconds", help, durations);
        let help = "Requests without a response yet";
        registry.register("http_requests_in_flight", help, http.in_flight.clone());
        http
    }

    /// Records that a request arrived. It is in flight until the result is dropped.
    pub fn begun(&self) -> InFlight {
        self.in_flight.inc();
        InFlight(self.in_flight.clone())
    }

    /// Records a response. `route` is the pattern of the path, so that labels are bounded.
    pub fn answered(&self, route: Option<&str>, status: u16, after: Duration) {
        let route = self.route(route.unwrap_or(NO_ROUTE));
        route.duration.observe(after.as_secs_f64());
        if status == 200 {
            route.ok.inc();
        } else {
            let route = route.name.clone();
            self.answered.get_or_create(&Answer { route, status }).inc();
        }
    }

    fn route(&self, name: &str) -> Arc<Route> {
        let routes = self.routes.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(route) = routes.get(name) {
            return route.clone();
        }
        drop(routes);
        let name: Arc<str> = name.into();
        let ok = Answer {
            route: name.clone(),
            status: 200,
        };
        let at = At {
            route: name.clone(),
        };
        let route = Arc::new(Route {
            name: name.clone(),
            duration: self.durations.get_or_create_owned(&at),
            ok: self.answered.get_or_create_owned(&ok),
        });
        let mut routes = self.routes.write().unwrap_or_else(PoisonError::into_inner);
        routes.entry(name).or_insert(route).clone()
    }
}

/// A request in flight.
pub struct InFlight(Gauge);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.dec();
    }
}
