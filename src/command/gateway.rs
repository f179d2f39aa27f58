//! The gateway of `serve` and `demo`: builds its parts, and serves over open databases.

use std::{
    fmt::{self, Display},
    net::SocketAddr,
    process::ExitCode,
    sync::Arc,
    time::Duration,
};

use tokio::{net::TcpListener, time::timeout};
use url::Url;

use super::{failed, open_files, wrong_usage};
use crate::{
    auth::{Authenticator, TokenSettings},
    clock::{Clock, Stopwatch},
    config::{
        GraphqlOptions, HttpOptions, LimitOptions, PolicyOptions, RateLimitOptions, Switch,
        TelemetryOptions, WriteOptions,
    },
    database::{Heartbeat, OpenDatabase, Purpose},
    demo::Offer,
    graphql::{Executor, SchemaSettings},
    http::{
        self, Cors, Gateway, GraphiqlConfig, Graphql, Manifest, PersistedDocuments, Registered,
        Service, StopSignal, TrustedProxies,
    },
    import::Imports,
    lifecycle::{Accounts, Lifecycle},
    loader::{Loaders, Source},
    metrics::Metrics,
    rate_limit::{InvalidRedisUrl, RateLimits, Shared},
};

/// Time limit for closing the database connections.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

/// Open databases.
pub(super) struct Databases {
    pub(super) primary: OpenDatabase,
    /// A hot standby of the primary.
    pub(super) standby: Option<OpenDatabase>,
}

impl Databases {
    fn loaders(&self, limit: Duration, metrics: &Metrics) -> Loaders {
        let source = |database: &OpenDatabase, name| Source {
            heartbeat: Heartbeat::start(database.orm(), name),
            database: database.clone(),
            limit: Some(limit),
        };
        let primary = source(&self.primary, "primary");
        match &self.standby {
            None => Loaders::new(primary, metrics),
            Some(standby) => Loaders::with_standby(primary, source(standby, "standby"), metrics),
        }
    }

    /// Closes connections, and abandons those to a database that does not respond.
    async fn close(self) {
        let closing = async {
            // Writes are committed, so that an error loses no data.
            let _ = self.primary.close().await;
            if let Some(standby) = self.standby {
                let _ = standby.close().await;
            }
        };
        if timeout(CLOSE_TIMEOUT, closing).await.is_err() {
            tracing::debug!("the database's connections were not closed in time");
        }
    }
}

/// Settings that `serve` and `demo` share.
pub(super) struct Options<'a> {
    pub(super) http: &'a HttpOptions,
    pub(super) graphql: &'a GraphqlOptions,
    pub(super) limits: &'a LimitOptions,
    pub(super) rate_limits: &'a RateLimitOptions,
    pub(super) policy: &'a PolicyOptions,
    pub(super) schema: SchemaSettings,
    pub(super) writes: &'a WriteOptions,
    /// The import endpoint, if it is on.
    pub(super) imports: Option<Imports>,
    pub(super) telemetry: &'a TelemetryOptions,
    /// Most connections to all databases.
    pub(super) database_connections: u32,
}

/// Reason why a gateway cannot start.
pub(super) struct StartError {
    reason: String,
    is_usage: bool,
}

impl StartError {
    /// Wrong settings.
    pub(super) fn usage(error: impl Display) -> Self {
        Self {
            reason: error.to_string(),
            is_usage: true,
        }
    }

    fn failed(error: impl Display) -> Self {
        Self {
            reason: error.to_string(),
            is_usage: false,
        }
    }

    /// Prints the reason, and returns the exit status.
    pub(super) fn exit(self) -> ExitCode {
        match self.is_usage {
            true => wrong_usage(self),
            false => failed(self),
        }
    }
}

impl Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

/// A gateway that is ready to listen.
pub(super) struct Prepared<'a> {
    pub(super) databases: Databases,
    pub(super) loaders: Arc<Loaders>,
    pub(super) purpose: Purpose,
    pub(super) authenticator: Authenticator,
    pub(super) rate_limits: RateLimits,
    pub(super) imports: Option<Imports>,
    http: &'a HttpOptions,
    telemetry: &'a TelemetryOptions,
    policy: &'a PolicyOptions,
    trusted_proxies: TrustedProxies,
    lifecycle: Option<Arc<Lifecycle>>,
    graphql: Graphql,
    graphiql: Option<GraphiqlConfig>,
    metrics: Metrics,
    clock: Clock,
    database_connections: u32,
}

impl<'a> Prepared<'a> {
    /// Builds the parts of a gateway over open databases. `offer` has examples and personas for GraphiQL.
    ///
    /// # Errors
    /// The settings contradict each other, or a file that they name cannot be used.
    pub(super) fn new(
        databases: Databases,
        tokens: TokenSettings,
        options: Options<'a>,
        offer: &Offer,
        clock: Clock,
    ) -> Result<Self, StartError> {
        let Options { http, writes, .. } = options;
        let lifecycle = build_lifecycle(writes, &databases)?;
        let metrics = Metrics::new(options.telemetry.metrics_operations.into());
        let loaders = Arc::new(databases.loaders(http.request_timeout(), &metrics));
        let purpose = Purpose {
            mutations: lifecycle.is_some(),
            accounts: tokens.profile.is_some(),
        };
        let accounts = Accounts::new(databases.primary.clone());
        let authenticator =
            Authenticator::new(tokens, loaders.clone(), accounts, clock.clone(), &metrics)
                .map_err(StartError::usage)?;
        let rate_limits = build_rate_limits(options.rate_limits, writes.has_mutations(), &metrics)
            .map_err(StartError::usage)?;
        let graphql = build_graphql(options.graphql, options.limits, options.schema, &metrics)?;
        let graphiql = http
            .has_graphiql()
            .then(|| GraphiqlConfig::new(offer))
            .transpose()
            .map_err(StartError::failed)?;
        Ok(Self {
            databases,
            loaders,
            purpose,
            authenticator,
            rate_limits,
            imports: options.imports,
            http,
            telemetry: options.telemetry,
            policy: options.policy,
            trusted_proxies: TrustedProxies::new(options.rate_limits.trusted_proxies.clone()),
            lifecycle,
            graphql,
            graphiql,
            metrics,
            clock,
            database_connections: options.database_connections,
        })
    }

    /// Closes the databases.
    pub(super) async fn close(self) {
        self.databases.close().await;
        if let Some(imports) = self.imports {
            // Nothing was written to it.
            let _ = imports.database.close().await;
        }
    }

    /// Serves until a stop signal. `announce` receives the URL of the listener.
    pub(super) async fn serve(self, announce: impl FnOnce(&Url)) -> ExitCode {
        let Self {
            databases,
            loaders,
            http: options,
            telemetry,
            ..
        } = self;
        // Logs why requests cannot be served yet.
        loaders.readiness(self.purpose).await;
        self.rate_limits.probe_shared().await;
        let (listener, local) = match listen(options.listen).await {
            Ok(listening) => listening,
            Err(exit) => return exit,
        };
        let metrics_listener = match telemetry.metrics_listen {
            None => None,
            Some(address) => match listen(address).await {
                Ok((listener, url)) => {
                    let url = format!("{url}metrics");
                    tracing::info!(url, "serving metrics");
                    Some(listener)
                }
                Err(exit) => return exit,
            },
        };
        let public_url = options.public_url.clone();
        let public_url = public_url.unwrap_or_else(|| local.clone());
        let service = Arc::new(Service::new(Gateway {
            loaders: loaders.clone(),
            lifecycle: self.lifecycle,
            imports: self.imports,
            authenticator: self.authenticator,
            policy: self.policy.policy(&public_url),
            clock: self.clock,
            public_url,
            max_body: options.max_body as usize,
            request_timeout: options.request_timeout(),
            max_in_flight: options.max_in_flight as usize,
            max_buffered: options.max_buffered,
            rate_limits: self.rate_limits,
            trusted_proxies: Arc::new(self.trusted_proxies),
            graphql: self.graphql,
            cors: Cors(options.cors_origin.clone()),
            graphiql: self.graphiql,
            metrics: self.metrics,
            includes_version: !options.is_strict(),
            has_metrics: telemetry.metrics == Switch::On,
        }));
        if options.listen.ip().is_unspecified() && options.public_url.is_none() {
            tracing::warn!("absolute URLs in responses use the listen address: set --public-url");
        }
        let stop_signal = match StopSignal::listen() {
            Ok(stop_signal) => stop_signal,
            Err(error) => return failed(error),
        };
        // Metrics are also served while stopping.
        let room =
            open_files::room_for_connections(options.max_connections, self.database_connections);
        let connections = options.connections(room);
        let metrics_served = metrics_listener.map(|listener| {
            let service = service.clone();
            tokio::spawn(async move {
                http::serve_operations(listener, &service, connections.client_timeout).await;
            })
        });
        announce(&local);
        let drain = Duration::from_secs(options.drain_timeout);
        http::serve(listener, &service, stop_signal, drain, connections).await;
        if let Some(metrics_served) = metrics_served {
            metrics_served.abort();
        }
        databases.close().await;
        ExitCode::SUCCESS
    }
}

/// Binds a listener, and returns it with its URL.
async fn listen(address: SocketAddr) -> Result<(TcpListener, Url), ExitCode> {
    let listener = TcpListener::bind(address).await;
    let listener =
        listener.map_err(|error| failed(format_args!("cannot listen on {address}: {error}")))?;
    let local = listener.local_addr().map_err(failed)?;
    let url = format!("http://{local}/").parse().map_err(failed)?;
    Ok((listener, url))
}

/// Builds the writer, if clients may write.
fn build_lifecycle(
    options: &WriteOptions,
    databases: &Databases,
) -> Result<Option<Arc<Lifecycle>>, StartError> {
    let invites = &options.invites;
    invites.check().map_err(StartError::usage)?;
    match (options.has_mutations(), &invites.accept_url) {
        (false, _) => Ok(None),
        (true, accept_url @ Some(_)) => {
            let database = databases.primary.clone();
            let lifecycle = Lifecycle::new(
                database,
                invites.limits(),
                accept_url.clone(),
                Stopwatch::started(),
            );
            Ok(Some(Arc::new(lifecycle)))
        }
        (true, None) => Err(StartError::usage(
            "--mutations on needs --accept-url (GATEWAY_ACCEPT_URL), the template of the links to \
             new invites, such as https://app.example/invites/{kind}/{secret}",
        )),
    }
}

/// Builds the rate limits.
fn build_rate_limits(
    options: &RateLimitOptions,
    has_mutations: bool,
    metrics: &Metrics,
) -> Result<RateLimits, InvalidRedisUrl> {
    let stopwatch = Stopwatch::started();
    let shared = match &options.redis_url {
        None => None,
        Some(url) => Some(Shared::new(url, stopwatch.clone())?),
    };
    let quotas = options.quotas(has_mutations);
    Ok(RateLimits::new(quotas, shared, stopwatch, metrics))
}

/// Builds the GraphQL service.
fn build_graphql(
    options: &GraphqlOptions,
    limits: &LimitOptions,
    schema: SchemaSettings,
    metrics: &Metrics,
) -> Result<Graphql, StartError> {
    let cache = options.document_cache.into();
    let executor = Executor::new(schema, limits.limits(), cache, metrics).map_err(|error| {
        StartError::failed(format_args!("the built-in GraphQL schema: {error}"))
    })?;
    let persisted = match (
        &options.trusted_documents,
        options.automatic_persisted_queries,
    ) {
        (Some(_), Switch::On) => {
            return Err(StartError::usage(
                "--automatic-persisted-queries (GATEWAY_AUTOMATIC_PERSISTED_QUERIES) and --trusted-documents \
                 (GATEWAY_TRUSTED_DOCUMENTS) exclude each other: a document that any client may register is not \
                 trusted",
            ));
        }
        (Some(path), Switch::Off) => {
            // The path is omitted: it may be a mistyped URL with a password.
            let manifest = Manifest::read(path).map_err(|error| {
                StartError::usage(format_args!(
                    "the file that --trusted-documents (GATEWAY_TRUSTED_DOCUMENTS) names {error}"
                ))
            })?;
            for (id, document) in manifest.documents() {
                match executor.check(document) {
                    Ok(names) => names
                        .iter()
                        .for_each(|name| metrics.operations().register(name)),
                    Err(refusal) => {
                        let errors = refusal.into_errors();
                        let reason = errors.first().map(|error| error.message.as_str());
                        tracing::warn!(id, reason, "a trusted document is invalid for this schema");
                    }
                }
            }
            PersistedDocuments::Trusted(Arc::new(manifest))
        }
        (None, Switch::On) => PersistedDocuments::Automatic(Registered::default()),
        (None, Switch::Off) => PersistedDocuments::Off,
    };
    Ok(Graphql {
        executor,
        persisted,
        max_batch: options.max_batch.into(),
        metrics: metrics.clone(),
    })
}
