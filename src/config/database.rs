//! Settings of the database.

use std::time::Duration;

use clap::Args;

use crate::{
    database::{self, Pool},
    unquoted::Unquoted,
};

/// Where the data is.
#[derive(Args, Clone)]
#[command(next_help_heading = "Database")]
pub struct DatabaseOptions {
    /// The database: postgres://user:password@host:port/name or sqlite://path
    #[arg(long, env = "DATABASE_URL", value_name = "URL", hide_env_values = true,
          value_parser = Unquoted(database::check_url))]
    pub database_url: String,

    /// Most open connections, 1 to 1000
    #[arg(long, env = "GATEWAY_DATABASE_MAX_CONNECTIONS", value_name = "NUMBER", default_value_t = 10,
          value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub database_max_connections: u32,

    /// How long a request waits for a connection before it is answered 503, in seconds, 1 to 60
    #[arg(long, env = "GATEWAY_DATABASE_ACQUIRE_TIMEOUT", value_name = "SECONDS", default_value_t = 2,
          value_parser = clap::value_parser!(u64).range(1..=60))]
    pub database_acquire_timeout: u64,
}

impl DatabaseOptions {
    /// The pool that these options describe.
    pub fn pool(&self) -> Pool {
        Pool {
            url: self.database_url.clone(),
            max_connections: self.database_max_connections,
            acquire_timeout: Duration::from_secs(self.database_acquire_timeout),
            create: false,
        }
    }
}

/// Which database a command is about.
#[derive(Args, Clone)]
pub struct DatabaseUrl {
    /// The database: postgres://user:password@host:port/name or sqlite://path
    #[arg(long, env = "DATABASE_URL", value_name = "URL", hide_env_values = true,
          value_parser = Unquoted(database::check_url))]
    pub database_url: String,
}
