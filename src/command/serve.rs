//! `serve`: runs the gateway over a database.

use std::process::ExitCode;

use url::Url;

use super::{
    CannotOpen,
    gateway::{Databases, Options, Prepared, StartError},
    telemetry,
};
use crate::{auth::TokenSettings, clock::Clock, config::ServeArgs, demo::Offer, import::Imports};

pub(super) async fn run(args: ServeArgs, clock: Clock) -> ExitCode {
    let serve = async || serve(&args, clock).await;
    telemetry::with_telemetry(&args.log, &args.telemetry, serve).await
}

async fn serve(args: &ServeArgs, clock: Clock) -> ExitCode {
    let gateway = match prepare(args, clock).await {
        Ok(gateway) => gateway,
        Err(error) => return error.exit(),
    };
    let announce = |url: &Url| tracing::info!(%url, "listening");
    log_panics();
    gateway.serve(announce).await
}

/// Opens what the settings name, and builds the gateway.
///
/// # Errors
/// The settings contradict each other, or a file that they name cannot be used.
pub(super) async fn prepare(args: &ServeArgs, clock: Clock) -> Result<Prepared<'_>, StartError> {
    let limit = args.http.request_timeout();
    let tokens = TokenSettings::from(args.tokens.clone());
    tokens.check_key_file().await.map_err(StartError::usage)?;
    let replica = args
        .database
        .replica_pool(limit)
        .map_err(StartError::usage)?;
    let cannot_open = |error| StartError::usage(CannotOpen(error));
    let primary = args
        .database
        .pool(limit)
        .open()
        .await
        .map_err(cannot_open)?;
    let standby = match &replica {
        None => None,
        Some(pool) => Some(pool.open().await.map_err(StartError::usage)?),
    };
    let imports = match args.imports.pool(&args.database) {
        None => None,
        Some(pool) => Some(Imports {
            database: pool.open().await.map_err(cannot_open)?,
            max_body: args.imports.import_max_body,
            time_limit: args.imports.time_limit(),
        }),
    };
    if !args.tokens.trusts_any() {
        tracing::warn!("every bearer token is refused: set --jwt-secret or --jwt-jwks");
    }
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
        telemetry: &args.telemetry,
        database_connections: (args.database.database_max_connections + 1)
            * (1 + u32::from(standby.is_some())),
    };
    let databases = Databases {
        primary: primary.into(),
        standby: standby.map(Into::into),
    };
    Prepared::new(databases, tokens, options, &Offer::templates(), clock)
}

/// Logs panics with their location. Their message is omitted, since it may hold any data. The
/// client gets an internal error.
fn log_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let location = panic.location().map(ToString::to_string);
        tracing::error!(location, "panicked");
    }));
}
