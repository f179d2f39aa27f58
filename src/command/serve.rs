//! `serve`: the gateway over a database.

use std::{process::ExitCode, sync::Arc, time::Duration};

use sea_orm::DatabaseConnection;
use tokio::{net::TcpListener, time::timeout};
use url::Url;

use super::{CannotOpen, failed, wrong_usage};
use crate::{
    auth::{Authenticator, TokenSettings},
    clock::Clock,
    config::{GraphqlOptions, HttpOptions, PolicyOptions, ServeArgs, Switch},
    database::{Pulse, Readiness},
    demo::Offer,
    graphql::{Executor, SchemaSettings},
    http::{
        self, Cors, Gateway, GraphiqlConfig, Graphql, Manifest, PersistedDocuments, Registered,
        StopSignal,
    },
    loader::{Loaders, Source},
    log,
};

/// How long closing the database's connections may take.
const GOODBYE: Duration = Duration::from_secs(1);

pub(super) async fn run(args: ServeArgs, clock: Clock) -> ExitCode {
    log::start(&args.log);
    let limit = args.http.request_timeout();
    let replica = match args.database.replica_pool(limit) {
        Ok(replica) => replica,
        Err(error) => return wrong_usage(error),
    };
    let primary = match args.database.pool(limit).open().await {
        Ok(database) => database,
        Err(error) => return wrong_usage(CannotOpen(error)),
    };
    let standby = match &replica {
        None => None,
        Some(pool) => match pool.open().await {
            Ok(database) => Some(database),
            Err(error) => return wrong_usage(error),
        },
    };
    if !args.tokens.trusts_any() {
        tracing::warn!("no bearer token is accepted: neither --jwt-secret nor --jwt-jwks is given");
    }
    let announce = |url: &Url| tracing::info!(%url, "listening");
    let tokens = args.tokens.into();
    let options = Options {
        http: &args.http,
        graphql: &args.graphql,
        policy: &args.policy,
        schema: args.federation.schema(args.http.has_introspection()),
        offer: &Offer::of_templates(),
    };
    let databases = Databases { primary, standby };
    log_panics();
    gateway(databases, tokens, options, clock, announce).await
}

/// Has panics logged where they happen, without what they say, which may hold anything. Whoever asked
/// is told of an internal error.
fn log_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let location = panic.location().map(ToString::to_string);
        tracing::error!(location, "panicked");
    }));
}

/// Says why nothing can be served yet.
async fn warn_unless_ready(loaders: &Loaders) {
    match loaders.readiness().await {
        Readiness::Ready => {}
        Readiness::Unreachable => {
            tracing::warn!("the database does not answer; serving begins when it does");
        }
        Readiness::NotMigrated => {
            tracing::warn!("the database is not migrated: run `invite-gateway migrate up`");
        }
    }
}

/// What is served from.
pub(super) struct Databases {
    pub(super) primary: DatabaseConnection,
    /// A hot standby of the primary.
    pub(super) standby: Option<DatabaseConnection>,
}

impl Databases {
    fn loaders(&self, limit: Duration) -> Loaders {
        let source = |database: &DatabaseConnection, name| Source {
            pulse: Pulse::of(database, name),
            database: database.clone(),
            limit: Some(limit),
        };
        let primary = source(&self.primary, "primary");
        match &self.standby {
            None => Loaders::new(primary),
            Some(standby) => Loaders::with_standby(primary, source(standby, "standby")),
        }
    }

    /// Closes what can be closed at once: a database that is away does not say goodbye.
    async fn close(self) {
        let closing = async {
            // Nothing is written while serving, so that nothing is lost whatever becomes of this.
            let _ = self.primary.close().await;
            if let Some(standby) = self.standby {
                let _ = standby.close().await;
            }
        };
        if timeout(GOODBYE, closing).await.is_err() {
            tracing::debug!("the database's connections were not closed in time");
        }
    }
}

/// What `serve` and `demo` share of their settings.
pub(super) struct Options<'a> {
    pub(super) http: &'a HttpOptions,
    pub(super) graphql: &'a GraphqlOptions,
    pub(super) policy: &'a PolicyOptions,
    pub(super) schema: SchemaSettings,
    /// What GraphiQL has to offer.
    pub(super) offer: &'a Offer,
}

/// Serves over databases that are open, until told to stop. `announce` is told where.
pub(super) async fn gateway(
    databases: Databases,
    tokens: TokenSettings,
    Options {
        http: options,
        graphql,
        policy,
        schema,
        offer,
    }: Options<'_>,
    clock: Clock,
    announce: impl FnOnce(&Url),
) -> ExitCode {
    let loaders = Arc::new(databases.loaders(options.request_timeout()));
    warn_unless_ready(&loaders).await;
    let authenticator = match Authenticator::new(tokens, loaders.clone(), clock.clone()) {
        Ok(authenticator) => authenticator,
        Err(error) => return wrong_usage(error),
    };
    let graphql = match served_graphql(graphql, schema) {
        Ok(graphql) => graphql,
        Err(exit) => return exit,
    };
    let graphiql = match options
        .has_graphiql()
        .then(|| GraphiqlConfig::new(offer))
        .transpose()
    {
        Ok(config) => config,
        Err(error) => return failed(error),
    };
    let listener = match TcpListener::bind(options.listen).await {
        Ok(listener) => listener,
        Err(error) => {
            return failed(format_args!("cannot listen on {}: {error}", options.listen));
        }
    };
    let local: Url = match listener
        .local_addr()
        .map(|address| format!("http://{address}/").parse())
    {
        Ok(Ok(url)) => url,
        Ok(Err(error)) => return failed(error),
        Err(error) => return failed(error),
    };
    let app = http::app(Gateway {
        loaders: loaders.clone(),
        authenticator,
        policy: policy.policy(),
        clock,
        public_url: options.public_url.clone().unwrap_or_else(|| local.clone()),
        max_body: options.max_body as usize,
        request_timeout: options.request_timeout(),
        graphql,
        cors: Cors(options.cors_origin.clone()),
        graphiql,
    });
    if options.listen.ip().is_unspecified() && options.public_url.is_none() {
        tracing::warn!(
            "absolute URLs in answers begin with the address listened on: give --public-url"
        );
    }
    let stop_signal = match StopSignal::listen() {
        Ok(stop_signal) => stop_signal,
        Err(error) => return failed(error),
    };
    announce(&local);
    let drain = Duration::from_secs(options.drain_timeout);
    let served = http::serve(listener, app, stop_signal, drain).await;
    loaders.release_connections();
    databases.close().await;
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(error),
    }
}

/// How GraphQL is served by these options.
fn served_graphql(options: &GraphqlOptions, schema: SchemaSettings) -> Result<Graphql, ExitCode> {
    let Some(executor) = Executor::new(schema, options.document_cache.into()) else {
        return Err(failed("the schema's own definition cannot be read"));
    };
    let persisted = match (
        &options.trusted_documents,
        options.automatic_persisted_queries,
    ) {
        (Some(_), Switch::On) => {
            return Err(wrong_usage(
                "--automatic-persisted-queries and --trusted-documents exclude each other: a \
                 document that anybody may register is not trusted",
            ));
        }
        (Some(path), Switch::Off) => {
            let manifest = Manifest::read(path).map_err(|error| {
                wrong_usage(format_args!(
                    "--trusted-documents: {} {error}",
                    path.display()
                ))
            })?;
            for (id, document) in manifest.documents() {
                if let Err(refusal) = executor.check(document) {
                    let errors = refusal.into_errors();
                    let reason = errors.first().map(|error| error.message.as_str());
                    tracing::warn!(id, reason, "a trusted document does not fit the schema");
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
    })
}
