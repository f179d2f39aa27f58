//! `serve`: runs the gateway over a database.

use std::process::ExitCode;

use url::Url;

use super::{
    CannotOpen,
    gateway::{self, Databases, Options},
    telemetry, wrong_usage,
};
use crate::{auth::TokenSettings, clock::Clock, config::ServeArgs, demo::Offer, import::Imports};

pub(super) async fn run(args: ServeArgs, clock: Clock) -> ExitCode {
    let (log, telemetry) = (args.log.clone(), args.telemetry.clone());
    telemetry::with_telemetry(&log, &telemetry, async || serve(args, clock).await).await
}

async fn serve(args: ServeArgs, clock: Clock) -> ExitCode {
    let limit = args.http.request_timeout();
    let tokens = TokenSettings::from(args.tokens.clone());
    if let Err(error) = tokens.check_key_file().await {
        return wrong_usage(error);
    }
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
    let imports = match args.imports.pool(&args.database.database_url) {
        None => None,
        Some(pool) => match pool.open().await {
            Ok(database) => Some(Imports {
                database,
                max_body: args.imports.import_max_body,
                time_limit: args.imports.time_limit(),
            }),
            Err(error) => return wrong_usage(CannotOpen(error)),
        },
    };
    if !args.tokens.trusts_any() {
        tracing::warn!("every bearer token is refused: set --jwt-secret or --jwt-jwks");
    }
    let announce = |url: &Url| tracing::info!(%url, "listening");
    let options = Options {
        http: &args.http,
        graphql: &args.graphql,
        limits: &args.limits,
        rate_limits: &args.rate_limits,
        policy: &args.policy,
        schema: args.federation.schema(
            args.http.has_introspection(),
            args.http.subgraph_sdl(),
            args.writes.has_mutations(),
        ),
        writes: &args.writes,
        imports,
        offer: &Offer::templates(),
        telemetry: &args.telemetry,
        database_connections: (args.database.database_max_connections + 1)
            * (1 + u32::from(standby.is_some())),
    };
    let databases = Databases {
        primary: primary.into(),
        standby: standby.map(Into::into),
    };
    log_panics();
    gateway::serve(databases, tokens, options, clock, announce).await
}

/// Logs panics with their location. Their message is omitted, since it may hold any data. The
/// client gets an internal error.
fn log_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let location = panic.location().map(ToString::to_string);
        tracing::error!(location, "panicked");
    }));
}
