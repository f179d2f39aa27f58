//! Every setting once: its flag, environment variable, default, unit and meaning.

mod database;
mod graphql;
mod http;
mod limits;
mod log;
mod policy;
mod rate_limits;
mod telemetry;

use clap::{Args, ValueEnum};

pub use database::{DatabaseOptions, DatabaseUrl, NoStandby};
pub use graphql::{FederationOptions, GraphqlOptions};
pub use http::HttpOptions;
pub use limits::LimitOptions;
pub use log::{LogFormat, LogLevel, LogOptions};
pub use policy::PolicyOptions;
pub use rate_limits::RateLimitOptions;
pub use telemetry::{InvalidEndpoint, TelemetryOptions};

use crate::auth::TokenOptions;

/// Settings of `serve`.
#[derive(Args, Clone)]
pub struct ServeArgs {
    /// Where the data is.
    #[command(flatten)]
    pub database: DatabaseOptions,
    /// How the gateway is reached.
    #[command(flatten)]
    pub http: HttpOptions,
    /// How GraphQL is served.
    #[command(flatten)]
    pub graphql: GraphqlOptions,
    /// What a request may come to.
    #[command(flatten)]
    pub limits: LimitOptions,
    /// How much a client may ask.
    #[command(flatten)]
    pub rate_limits: RateLimitOptions,
    /// Which bearer tokens are taken.
    #[command(flatten)]
    pub tokens: TokenOptions,
    /// What is shown.
    #[command(flatten)]
    pub policy: PolicyOptions,
    /// How the gateway is a subgraph.
    #[command(flatten)]
    pub federation: FederationOptions,
    /// What is measured and traced.
    #[command(flatten)]
    pub telemetry: TelemetryOptions,
    /// What is logged.
    #[command(flatten)]
    pub log: LogOptions,
}

/// Whether something is there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Switch {
    /// It is.
    On,
    /// It is not.
    #[default]
    Off,
}
