//! What is counted and measured of this process, for Prometheus. A leaf: others call it.
//!
//! Whoever is called often keeps what it counts with, so that a request costs a few atomic additions
//! and no allocation. No label holds what a client sent, but the names of operations, which are bounded
//! (`operations`).

mod counters;
mod http;
mod operations;
mod pools;
mod process;
mod refusals;
mod statements;
mod tokens;

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use prometheus_client::{
    encoding::{EncodeLabelSet, text},
    metrics::{counter::Counter, family::Family, histogram::Histogram, info::Info},
    registry::Registry,
};

use counters::{Counters, labelled};

pub use http::{Http, InFlight};
pub use operations::{Operation, Operations, Outcome};
pub use pools::{Connections, CountConnections, Server};
pub use refusals::{GivenUp, Limit, RateLimit, Resource, Share};
pub use statements::{StatementOutcome, Statements};
pub use tokens::RefreshOutcome;

/// The media type of [`Metrics::text`].
pub const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// How many names of operations have a label of their own unless it is said otherwise.
pub const DEFAULT_OPERATIONS: usize = 100;

/// What stands before the names of all metrics but those of the process.
const PREFIX: &str = "invite_gateway";

/// Upper bounds of how long something takes, in seconds: from what a cached document costs to the
/// longest that a request may take.
const SECONDS: [f64; 14] = [
    0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0,
];

fn seconds() -> Histogram {
    Histogram::new(SECONDS)
}

/// A family of histograms of seconds by `L`.
type Durations<L> = Family<L, Histogram, fn() -> Histogram>;

/// All metrics of a gateway; cheap to clone.
#[derive(Clone)]
pub struct Metrics(Arc<Parts>);

struct Parts {
    registry: Mutex<Registry>,
    http: Http,
    operations: Operations,
    statements: statements::Families,
    document_cache: Lookups,
    token_cache: Lookups,
    persisted: Counters<Persisted>,
    limits: Counters<Limit>,
    rate_limits: Counters<RateLimit>,
    shed: Counters<Share>,
    capacity: Counters<Resource>,
    given_up: Counters<GivenUp>,
    refreshes: Counters<RefreshOutcome>,
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new(DEFAULT_OPERATIONS)
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics")
    }
}

impl Metrics {
    /// Metrics of which nothing is counted yet. `operations`: how many names of operations have a
    /// label of their own, beside those that are [registered](Operations::register).
    pub fn new(operations: usize) -> Self {
        let mut root = Registry::default();
        process::register(&mut root);
        let registry = root.sub_registry_with_prefix(PREFIX);
        register_build(registry);
        let parts = Parts {
            http: Http::new(registry),
            operations: Operations::new(registry, operations),
            statements: statements::Families::new(registry),
            document_cache: Lookups::new(
                registry,
                "document_cache_requests",
                "Look-ups of documents that are read and valid",
            ),
            token_cache: Lookups::new(
                registry,
                "token_cache_requests",
                "Look-ups of tokens whose signature is verified",
            ),
            persisted: Counters::new(
                registry,
                "persisted_documents",
                "Requests that name or register a document",
            ),
            limits: Counters::new(
                registry,
                "limit_refusals",
                "What is refused since it is too big, by the limit that it exceeds",
            ),
            rate_limits: Counters::new(
                registry,
                "rate_limited",
                "What is refused since the client asks too much, by the rate that it exceeds",
            ),
            shed: Counters::new(
                registry,
                "requests_shed",
                "Requests turned away since too many were in flight",
            ),
            capacity: Counters::new(
                registry,
                "capacity_refusals",
                "Connections, requests and responses refused for want of room, by the resource",
            ),
            given_up: Counters::new(
                registry,
                "clients_given_up",
                "Connections and responses ended because the client kept the gateway waiting",
            ),
            refreshes: Counters::new(registry, "jwks_refreshes", "Readings of the published keys"),
            registry: Mutex::new(root),
        };
        Self(Arc::new(parts))
    }

    /// Everything, in the text format of OpenMetrics 1.0.
    ///
    /// # Errors
    /// A value cannot be written.
    pub fn text(&self) -> Result<String, fmt::Error> {
        let mut text = String::with_capacity(32 * 1024);
        text::encode(&mut text, &self.registry())?;
        Ok(text)
    }

    /// Requests, as far as HTTP goes.
    pub fn http(&self) -> &Http {
        &self.0.http
    }

    /// GraphQL operations.
    pub fn operations(&self) -> &Operations {
        &self.0.operations
    }

    /// What statements of one kind are counted with; to be kept.
    pub fn statements(&self, kind: &str) -> Statements {
        self.0.statements.for_kind(kind)
    }

    /// Look-ups of documents that were read and validated before.
    pub fn document_cache(&self) -> &Lookups {
        &self.0.document_cache
    }

    /// Look-ups of tokens whose signature was verified before.
    pub fn token_cache(&self) -> &Lookups {
        &self.0.token_cache
    }

    /// A request named a document, or registered one.
    pub fn persisted_document(&self, result: Persisted) {
        self.0.persisted.count(result);
    }

    /// Something was refused since it exceeds a limit.
    pub fn limit_refused(&self, limit: Limit) {
        self.0.limits.count(limit);
    }

    /// Something was refused since its client asks too much.
    pub fn rate_limited(&self, limit: RateLimit) {
        self.0.rate_limits.count(limit);
    }

    /// A request was turned away since too many were in flight.
    pub fn shed(&self, share: Share) {
        self.0.shed.count(share);
    }

    /// Something was refused because its client, or all clients, hold all of a resource.
    pub fn capacity_refused(&self, resource: Resource) {
        self.0.capacity.count(resource);
    }

    /// A connection or response was ended because its client kept the gateway waiting.
    pub fn given_up(&self, reason: GivenUp) {
        self.0.given_up.count(reason);
    }

    /// The published keys were read, or could not be.
    pub fn keys_refreshed(&self, outcome: RefreshOutcome) {
        self.0.refreshes.count(outcome);
    }

    fn registry(&self) -> MutexGuard<'_, Registry> {
        // What a panic may leave half-registered is whole as far as it goes.
        self.0
            .registry
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Registers what is asked for when metrics are read.
    fn collect(&self, register: impl FnOnce(&mut Registry)) {
        register(self.registry().sub_registry_with_prefix(PREFIX));
    }
}

/// Look-ups in a cache.
pub struct Lookups {
    hit: Counter,
    miss: Counter,
}

impl Lookups {
    fn new(registry: &mut Registry, name: &str, help: &str) -> Self {
        let family = Family::<[(&str, &str); 1], Counter>::default();
        let counter = |result| family.get_or_create_owned(&[("result", result)]);
        let (hit, miss) = (counter("hit"), counter("miss"));
        registry.register(name, help, family);
        Self { hit, miss }
    }

    /// Something was looked up.
    pub fn count(&self, is_hit: bool) {
        if is_hit { &self.hit } else { &self.miss }.inc();
    }
}

labelled! {
    /// What came of a document that a request named, or registered.
    pub enum Persisted by "result" {
        /// It was known.
        Found = "found",
        /// It is known from now on.
        Registered = "registered",
        /// It is not known; the client sends it next.
        NotFound = "not_found",
        /// It is not among the documents that are trusted.
        NotTrusted = "not_trusted",
    }
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Build {
    version: &'static str,
    commit: &'static str,
}

fn register_build(registry: &mut Registry) {
    let build = Build {
        version: env!("CARGO_PKG_VERSION"),
        commit: option_env!("GATEWAY_COMMIT").unwrap_or("unknown"),
    };
    registry.register(
        "build",
        "What this process was built from",
        Info::new(build),
    );
}
