//! `demo`: runs the gateway over in-memory sample data.

use std::{error::Error, process::ExitCode};

use clap::Args;
use migration::{Migrator, MigratorTrait};
use url::Url;

use super::{failed, gateway, print, telemetry};
use crate::{
    clock::Clock,
    config::{
        FederationOptions, GraphqlOptions, HttpOptions, LimitOptions, LogOptions, PolicyOptions,
        RateLimitOptions, Switch, TelemetryOptions, WriteOptions,
    },
    database::{IN_MEMORY, Pool},
    demo::{self, Description, Offer, tokens},
    graphql::SubgraphSdl,
    http::{GraphiqlConfig, Origin},
};

#[derive(Args)]
pub(super) struct DemoArgs {
    /// Print every code, token, id and slug with the case that it demonstrates, as JSON, and exit
    #[arg(long)]
    describe: bool,
    #[command(flatten)]
    http: HttpOptions,
    #[command(flatten)]
    graphql: GraphqlOptions,
    #[command(flatten)]
    limits: LimitOptions,
    #[command(flatten)]
    rate_limits: RateLimitOptions,
    #[command(flatten)]
    policy: PolicyOptions,
    #[command(flatten)]
    writes: WriteOptions,
    #[command(flatten)]
    federation: FederationOptions,
    #[command(flatten)]
    telemetry: TelemetryOptions,
    #[command(flatten)]
    log: LogOptions,
}

pub(super) async fn run(args: DemoArgs, clock: Clock) -> ExitCode {
    let description = match demo::describe() {
        Ok(description) => description,
        Err(error) => return failed(error),
    };
    if args.describe {
        return match serde_json::to_string_pretty(&description) {
            Ok(json) => print(&format!("{json}\n")),
            Err(error) => failed(error),
        };
    }
    let (log, telemetry) = (args.log.clone(), args.telemetry.clone());
    let serve = async || serve_samples(args, &description, clock).await;
    telemetry::with_telemetry(&log, &telemetry, serve).await
}

async fn serve_samples(mut args: DemoArgs, description: &Description, clock: Clock) -> ExitCode {
    if !args.http.is_strict() {
        // Sample data is public.
        args.http.graphiql.get_or_insert(Switch::On);
        args.http.introspection.get_or_insert(Switch::On);
        args.http.subgraph_sdl.get_or_insert(SubgraphSdl::Public);
        // Pages under development read it from this machine.
        if args.http.cors_origin.is_empty() {
            args.http.cors_origin.push(Origin::Loopback);
        }
    }
    args.writes.mutations.get_or_insert(Switch::On);
    if args.writes.invites.accept_url.is_none() {
        args.writes.invites.accept_url = demo::ACCEPT_URL.parse().ok();
    }
    let loaded = async {
        let database = Pool::small(IN_MEMORY).open().await?;
        Migrator::up(&database, None).await?;
        demo::load(&database, clock.now()).await?;
        Ok::<_, Box<dyn Error>>(database)
    };
    let database = match loaded.await {
        Ok(database) => database,
        Err(error) => return failed(format_args!("cannot create the sample data: {error}")),
    };
    let settings = match tokens::settings() {
        Ok(settings) => settings,
        Err(error) => return failed(error),
    };
    let offer = Offer::from_description(description);
    let has_page = args.http.has_graphiql() && GraphiqlConfig::has_page();
    let announce = |url: &Url| {
        let base = url.as_str().trim_end_matches('/');
        // Ignores a closed console, since the log may still be written.
        let _ = print(&demo::banner(base, description, has_page));
    };
    let options = gateway::Options {
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
        imports: None,
        telemetry: &args.telemetry,
        database_connections: 1,
    };
    let databases = gateway::Databases {
        primary: database.into(),
        standby: None,
    };
    match gateway::Prepared::new(databases, settings, options, &offer, clock) {
        Ok(gateway) => gateway.serve(announce).await,
        Err(error) => error.exit(),
    }
}
