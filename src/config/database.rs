//! Database settings.

use std::time::Duration;

use clap::Args;

use super::quantity::{milliseconds, number, seconds};
use crate::{
    database::{self, Pool, SessionSetting, StatementLimits},
    redacted::Redacted,
};

/// Database connection settings.
#[derive(Args, Clone)]
#[command(next_help_heading = "Database")]
pub struct DatabaseOptions {
    /// Database URL: postgres://user:password@host:port/name or sqlite://path
    #[arg(long, env = "DATABASE_URL", value_name = "URL",
          value_parser = Redacted(database::check_url))]
    pub database_url: String,

    /// Hot standby of the PostgreSQL database, for reads: postgres://user:password@host:port/name
    #[arg(long, env = "DATABASE_REPLICA_URL", value_name = "URL",
          value_parser = Redacted(database::check_postgres_url))]
    pub database_replica_url: Option<String>,

    /// Maximum number of open connections to each server, 1 to 1000
    #[arg(long, env = "GATEWAY_DATABASE_MAX_CONNECTIONS", value_name = "NUMBER", default_value_t = 10,
          value_parser = number(1..=1000_u32))]
    pub database_max_connections: u32,

    /// Time that a request waits for a connection before it gets 503, in seconds, 1 to 60
    #[arg(long, env = "GATEWAY_DATABASE_ACQUIRE_TIMEOUT", value_name = "SECONDS", default_value_t = 1,
          value_parser = seconds(1..=60))]
    pub database_acquire_timeout: u64,

    /// Time that a statement waits for a lock, such as one held by a schema change, before its
    /// request gets 503, in milliseconds, 1 to 60000
    #[arg(long, env = "GATEWAY_DATABASE_LOCK_TIMEOUT", value_name = "MILLISECONDS", default_value_t = 750,
          value_parser = milliseconds(1..=60_000))]
    pub database_lock_timeout: u64,

    /// Setting of PostgreSQL sessions instead of the gateway's: plan_cache_mode, jit or
    /// client_connection_check_interval. Without a value the server's holds. Repeat it, or separate settings by
    /// commas
    #[arg(
        long,
        env = "GATEWAY_DATABASE_SETTING",
        value_name = "NAME=VALUE",
        value_delimiter = ',',
        value_parser = Redacted(SessionSetting::parse)
    )]
    pub database_setting: Vec<SessionSetting>,
}

impl DatabaseOptions {
    /// Returns the primary's pool. PostgreSQL ends statements that run longer than `run`.
    pub fn pool(&self, run: Duration) -> Pool {
        self.pool_over(&self.database_url, run)
    }

    /// Returns the standby's pool, if a standby is configured.
    ///
    /// # Errors
    /// The database is SQLite, which has no standbys.
    pub fn replica_pool(&self, run: Duration) -> Result<Option<Pool>, NoStandby> {
        match &self.database_replica_url {
            Some(_) if !database::is_postgres(&self.database_url) => Err(NoStandby),
            url => Ok(url.as_deref().map(|url| self.pool_over(url, run))),
        }
    }

    fn pool_over(&self, url: &str, run: Duration) -> Pool {
        Pool {
            url: url.to_owned(),
            max_connections: self.database_max_connections,
            acquire_timeout: Duration::from_secs(self.database_acquire_timeout),
            limits: Some(StatementLimits {
                run,
                lock: Duration::from_millis(self.database_lock_timeout),
            }),
            create: false,
            settings: self.database_setting.clone(),
        }
    }
}

/// A standby is configured for an SQLite database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "--database-replica-url (DATABASE_REPLICA_URL) names a standby of PostgreSQL, but \
     --database-url (DATABASE_URL) is an SQLite database"
)]
pub struct NoStandby;

/// Database settings of commands that run once.
#[derive(Args, Clone)]
pub struct DatabaseUrl {
    /// Database URL: postgres://user:password@host:port/name or sqlite://path
    #[arg(long, env = "DATABASE_URL", value_name = "URL",
          value_parser = Redacted(database::check_url))]
    pub database_url: String,

    /// Setting of PostgreSQL sessions instead of the gateway's: plan_cache_mode, jit or
    /// client_connection_check_interval. Without a value the server's holds. Repeat it, or separate settings by
    /// commas
    #[arg(
        long,
        env = "GATEWAY_DATABASE_SETTING",
        value_name = "NAME=VALUE",
        value_delimiter = ',',
        value_parser = Redacted(SessionSetting::parse)
    )]
    pub database_setting: Vec<SessionSetting>,
}

impl DatabaseUrl {
    /// Returns a small pool.
    pub fn pool(&self) -> Pool {
        Pool {
            settings: self.database_setting.clone(),
            ..Pool::small(&self.database_url)
        }
    }
}
