//! Prometheus metrics of this process. A leaf module, called by others.
//!
//! Frequent callers keep their handles, so that a request costs a few atomic additions and no
//! allocation. Labels contain nothing that clients send, except operation names, which are bounded
//! (`operations`).

mod counters;
mod http;
mod mutations;
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

use graphql_documents::Limit;
use prometheus_client::{
    encoding::{EncodeLabelSet, text},
    metrics::{counter::Counter, family::Family, histogram::Histogram, info::Info},
    registry::Registry,
};

use counters::{Counters, labelled};

pub use http::{Http, InFlight};
pub use mutations::{Mutation, MutationOutcome, Mutations};
pub use operations::{Operation, Operations, Outcome};
pub use pools::{Connections, CountConnections, Server};
pub use refusals::{GivenUp, RateLimit, Resource, Share};
pub use statements::{StatementOutcome, Statements};
pub use tokens::RefreshOutcome;

/// Media type of [`Metrics::text`].
pub const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Default number of operation names with labels of their own.
pub const DEFAULT_OPERATIONS: usize = 100;

/// Prefix of all metrics except those of the process.
const PREFIX: &str = "invite_gateway";

/// Histogram buckets in seconds, from a cached document to the default request timeout.
const SECONDS: [f64; 14] = [
    0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0,
];

fn seconds() -> Histogram {
    Histogram::new(SECONDS)
}

/// A family of histograms in seconds, by `L`.
type Durations<L> = Family<L, Histogram, fn() -> Histogram>;

/// All metrics of a gateway; cheap to clone.
#[derive(Clone)]
pub struct Metrics(Arc<Parts>);

struct Parts {
    registry: Mutex<Registry>,
    http: Http,
    operations: Operations,
    mutations: Mutations,
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
    readiness: Counters<ReadinessResult>,
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
    /// Creates metrics at zero. `operations` is the number of operation names with labels of their
    /// own, besides those that are [registered](Operations::register).
    pub fn new(operations: usize) -> Self {
        let mut root = Registry::default();
        process::register(&mut root);
        let registry = root.sub_registry_with_prefix(PREFIX);
        register_build(registry);
        let parts = Parts {
            http: Http::new(registry),
            operations: Operations::new(registry, operations),
            mutations: Mutations::new(registry),
            statements: statements::Families::new(registry),
            document_cache: Lookups::new(
                registry,
                "document_cache_requests",
                "Look-ups in the cache of validated documents",
            ),
            token_cache: Lookups::new(
                registry,
                "token_cache_requests",
                "Look-ups in the cache of verified tokens",
            ),
            persisted: Counters::new(
                registry,
                "persisted_documents",
                "Requests that named or registered a document",
            ),
            limits: Counters::new(
                registry,
                "limit_refusals",
                "Refusals by a limit of requests, documents or responses",
            ),
            rate_limits: Counters::new(registry, "rate_limited", "Refusals by a client's quota"),
            shed: Counters::new(
                registry,
                "requests_shed",
                "Requests shed because too many were in flight",
            ),
            capacity: Counters::new(
                registry,
                "capacity_refusals",
                "Connections, requests and responses refused because a resource was exhausted",
            ),
            given_up: Counters::new(
                registry,
                "clients_given_up",
                "Connections and responses ended because the client was too slow",
            ),
            refreshes: Counters::new(
                registry,
                "jwks_refreshes",
                "Refreshes of the published keys",
            ),
            readiness: Counters::new(
                registry,
                "readiness_checks",
                "Checks of readiness by probes, by result",
            ),
            registry: Mutex::new(root),
        };
        Self(Arc::new(parts))
    }

    /// Formats all metrics as OpenMetrics 1.0 text.
    ///
    /// # Errors
    /// A value cannot be formatted.
    pub fn text(&self) -> Result<String, fmt::Error> {
        let mut text = String::with_capacity(32 * 1024);
        text::encode(&mut text, &self.registry())?;
        Ok(text)
    }

    /// Metrics of HTTP requests.
    pub fn http(&self) -> &Http {
        &self.0.http
    }

    /// Metrics of GraphQL operations.
    pub fn operations(&self) -> &Operations {
        &self.0.operations
    }

    /// Metrics of mutations.
    pub fn mutations(&self) -> &Mutations {
        &self.0.mutations
    }

    /// Returns the metrics of statements of one kind. Callers keep them.
    pub fn statements(&self, kind: &str) -> Statements {
        self.0.statements.for_kind(kind)
    }

    /// Look-ups in the cache of validated documents.
    pub fn document_cache(&self) -> &Lookups {
        &self.0.document_cache
    }

    /// Look-ups in the cache of verified tokens.
    pub fn token_cache(&self) -> &Lookups {
        &self.0.token_cache
    }

    /// Records a request that named or registered a document.
    pub fn persisted_document(&self, result: Persisted) {
        self.0.persisted.count(result);
    }

    /// Records a refusal by a limit.
    pub fn limit_refused(&self, limit: Limit) {
        self.0.limits.count(limit);
    }

    /// Records a refusal by a rate limit.
    pub fn rate_limited(&self, limit: RateLimit) {
        self.0.rate_limits.count(limit);
    }

    /// Records a request shed because too many were in flight.
    pub fn shed(&self, share: Share) {
        self.0.shed.count(share);
    }

    /// Records a refusal because a client, or all clients together, use all of a resource.
    pub fn capacity_refused(&self, resource: Resource) {
        self.0.capacity.count(resource);
    }

    /// Records a connection or response that was ended because its client was too slow.
    pub fn given_up(&self, reason: GivenUp) {
        self.0.given_up.count(reason);
    }

    /// Records a refresh of the published keys.
    pub fn keys_refreshed(&self, outcome: RefreshOutcome) {
        self.0.refreshes.count(outcome);
    }

    /// Records a check of readiness.
    pub fn readiness_checked(&self, result: ReadinessResult) {
        self.0.readiness.count(result);
    }

    fn registry(&self) -> MutexGuard<'_, Registry> {
        // A panic may leave a registration incomplete, but the registry stays valid.
        self.0
            .registry
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Registers a collector, which runs when metrics are read.
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

    /// Records a look-up.
    pub fn count(&self, is_hit: bool) {
        if is_hit { &self.hit } else { &self.miss }.inc();
    }
}

labelled! {
    /// Outcome of a request that named or registered a document.
    pub enum Persisted by "result" {
        /// The document was known.
        Found = "found",
        /// The document was registered.
        Registered = "registered",
        /// The document is unknown; the client sends it next.
        NotFound = "not_found",
        /// The document is not trusted.
        NotTrusted = "not_trusted",
    }
}

labelled! {
    /// Result of a check of readiness.
    pub enum ReadinessResult by "result" {
        /// The process can serve.
        Ready = "ready",
        /// It waits for its database, a migration or a key set, or sheds requests.
        Unready = "unready",
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
        "Version and commit of this process",
        Info::new(build),
    );
}
