//! Definitions of all settings: flag, environment variable, default, unit and meaning.

mod database;
mod graphql;
mod health;
mod http;
mod imports;
mod limits;
mod log;
mod policy;
mod quantity;
mod rate_limits;
mod telemetry;
mod tokens;
mod writes;

use clap::{Args, ValueEnum};

pub use database::{DatabaseOptions, DatabaseUrl, NoStandby};
pub use graphql::{FederationOptions, GraphqlOptions};
pub use health::{HealthArgs, HealthCheck};
pub use http::HttpOptions;
pub use imports::ImportOptions;
pub use limits::LimitOptions;
pub use log::{LogFormat, LogLevel, LogOptions};
pub use policy::PolicyOptions;
pub(crate) use quantity::bytes;
pub use rate_limits::RateLimitOptions;
pub use telemetry::{InvalidEndpoint, TelemetryOptions, TracesExporter};
pub use tokens::{SigningOptions, TokenOptions};
pub use writes::{InviteOptions, LifetimeTooLong, WriteOptions};

/// Settings of `serve`.
#[derive(Args, Clone)]
pub struct ServeArgs {
    /// Database connections.
    #[command(flatten)]
    pub database: DatabaseOptions,
    /// HTTP.
    #[command(flatten)]
    pub http: HttpOptions,
    /// GraphQL.
    #[command(flatten)]
    pub graphql: GraphqlOptions,
    /// Limits of GraphQL requests.
    #[command(flatten)]
    pub limits: LimitOptions,
    /// Rate limits.
    #[command(flatten)]
    pub rate_limits: RateLimitOptions,
    /// Bearer tokens.
    #[command(flatten)]
    pub tokens: TokenOptions,
    /// Disclosure policy.
    #[command(flatten)]
    pub policy: PolicyOptions,
    /// Mutations.
    #[command(flatten)]
    pub writes: WriteOptions,
    /// Import endpoint.
    #[command(flatten)]
    pub imports: ImportOptions,
    /// Apollo Federation.
    #[command(flatten)]
    pub federation: FederationOptions,
    /// Metrics and traces.
    #[command(flatten)]
    pub telemetry: TelemetryOptions,
    /// Log.
    #[command(flatten)]
    pub log: LogOptions,
}

/// On or off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Switch {
    /// Enabled.
    On,
    /// Disabled.
    #[default]
    Off,
}
