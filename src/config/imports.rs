//! Settings of the import endpoint.

use std::time::Duration;

use clap::Args;

use super::{
    DatabaseOptions, Switch,
    quantity::{bytes, seconds},
};
use crate::{
    database::{self, Pool},
    redacted::Redacted,
};

/// Settings of the import endpoint.
#[derive(Args, Clone)]
#[command(next_help_heading = "Imports")]
pub struct ImportOptions {
    /// Import data that clients with the scope `invites:import` send to `POST /import/{kind}`
    #[arg(
        long,
        env = "GATEWAY_IMPORT_ENDPOINT",
        value_name = "on|off",
        value_enum,
        default_value_t,
        hide_possible_values = true
    )]
    pub import_endpoint: Switch,

    /// URL of the database for imports, with a role that may write all tables [default: --database-url]
    #[arg(long, env = "GATEWAY_IMPORT_DATABASE_URL", value_name = "URL", hide_env_values = true,
          value_parser = Redacted(database::check_url))]
    pub import_database_url: Option<String>,

    /// Maximum length of the body of an import, in bytes, 1 to 1099511627776
    #[arg(
        long,
        env = "GATEWAY_IMPORT_MAX_BODY",
        value_name = "BYTES",
        default_value_t = 1_073_741_824,
        value_parser = bytes(1..=1_099_511_627_776_u64)
    )]
    pub import_max_body: u64,

    /// Time limit of an import, in seconds, 1 to 604800
    #[arg(
        long,
        env = "GATEWAY_IMPORT_TIMEOUT",
        value_name = "SECONDS",
        default_value_t = 3600,
        value_parser = seconds(1..=604_800)
    )]
    pub import_timeout: u64,
}

impl ImportOptions {
    /// Returns the pool of imports, if the endpoint is on. `own` are the settings of the gateway's database.
    pub fn pool(&self, own: &DatabaseOptions) -> Option<Pool> {
        let url = self
            .import_database_url
            .as_ref()
            .unwrap_or(&own.database_url);
        (self.import_endpoint == Switch::On).then(|| Pool {
            // One import runs at a time, on one connection.
            max_connections: 1,
            settings: own.database_setting.clone(),
            ..Pool::small(url)
        })
    }

    /// Time limit of an import.
    pub fn time_limit(&self) -> Duration {
        Duration::from_secs(self.import_timeout)
    }
}
