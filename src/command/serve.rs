//! `serve`: the gateway over a database.

use std::{process::ExitCode, sync::Arc, time::Duration};

use sea_orm::DatabaseConnection;
use tokio::net::TcpListener;
use url::Url;

use super::{CannotOpen, failed, wrong_usage};
use crate::{
    auth::{Authenticator, TokenSettings},
    clock::Clock,
    config::{HttpOptions, PolicyOptions, ServeArgs},
    database::{Readiness, readiness},
    demo::Offer,
    graphql::SchemaSettings,
    http::{self, Gateway, GraphiqlConfig},
    loader::Loaders,
    log,
};

pub(super) async fn run(args: ServeArgs, clock: Clock) -> ExitCode {
    log::start(&args.log);
    let database = match args.database.pool().open().await {
        Ok(database) => database,
        Err(error) => return wrong_usage(CannotOpen(error)),
    };
    match readiness(&database).await {
        Readiness::Ready => {}
        Readiness::Unreachable => {
            tracing::warn!("the database does not answer; serving begins when it does");
        }
        Readiness::NotMigrated => {
            tracing::warn!("the database is not migrated: run `invite-gateway migrate up`");
        }
    }
    if !args.tokens.trusts_any() {
        tracing::warn!("no bearer token is accepted: neither --jwt-secret nor --jwt-jwks is given");
    }
    let announce = |url: &Url| tracing::info!(%url, "listening");
    let tokens = args.tokens.into();
    let offer = Offer::of_templates();
    gateway(
        database,
        tokens,
        &args.http,
        &args.policy,
        clock,
        &offer,
        announce,
    )
    .await
}

/// Serves over a database that is open, until told to stop. `offer` is what GraphiQL has to offer;
/// `announce` is told where the gateway listens.
pub(super) async fn gateway(
    database: DatabaseConnection,
    tokens: TokenSettings,
    options: &HttpOptions,
    policy: &PolicyOptions,
    clock: Clock,
    offer: &Offer,
    announce: impl FnOnce(&Url),
) -> ExitCode {
    let loaders = Arc::new(Loaders::new(database.clone()));
    let authenticator = match Authenticator::new(tokens, loaders.clone(), clock.clone()) {
        Ok(authenticator) => authenticator,
        Err(error) => return wrong_usage(error),
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
        database: database.clone(),
        loaders,
        authenticator,
        policy: policy.policy(),
        clock,
        public_url: options.public_url.clone().unwrap_or_else(|| local.clone()),
        max_body: options.max_body as usize,
        schema: SchemaSettings {
            introspection: options.has_introspection(),
        },
        graphiql,
    });
    announce(&local);
    let drain = Duration::from_secs(options.drain_timeout);
    let served = http::serve(listener, app, drain).await;
    // Nothing is written while serving, so that nothing is lost whatever becomes of this.
    let _ = database.close().await;
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(error),
    }
}
