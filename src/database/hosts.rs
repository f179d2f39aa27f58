//! The host that a pool connects to, if a URL names several.

use std::time::Duration;

use futures_util::{StreamExt, stream};
use sqlx::{Connection, PgConnection, PgPool, postgres::PgConnectOptions};
use tokio::time::{sleep, timeout};

use super::postgres_url::PostgresUrl;

/// Interval at which the host in use is checked.
const INTERVAL: Duration = Duration::from_millis(500);

/// The sessions that a URL wants, by libpq's parameter `target_session_attrs`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum TargetSession {
    /// All.
    #[default]
    Any,
    /// Transactions may write by default.
    ReadWrite,
    /// Transactions may not write by default.
    ReadOnly,
    /// The server is no standby.
    Primary,
    /// The server is a standby.
    Standby,
}

/// A server is not the one that `target_session_attrs` demands.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the server is not what target_session_attrs demands")]
pub(super) struct Unwanted;

impl TargetSession {
    pub(super) fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "any" => Self::Any,
            "read-write" => Self::ReadWrite,
            "read-only" => Self::ReadOnly,
            "primary" => Self::Primary,
            "standby" => Self::Standby,
            _ => return None,
        })
    }

    /// Checks that a session is wanted.
    ///
    /// # Errors
    /// It is not, or the server failed.
    pub(super) async fn check(self, connection: &mut PgConnection) -> sqlx::Result<()> {
        let wanted = match self {
            Self::Any => return Ok(()),
            Self::ReadWrite => "current_setting('transaction_read_only') = 'off'",
            Self::ReadOnly => "current_setting('transaction_read_only') = 'on'",
            Self::Primary => "NOT pg_is_in_recovery()",
            Self::Standby => "pg_is_in_recovery()",
        };
        let query = sqlx::AssertSqlSafe(format!("SELECT {wanted}"));
        let is_wanted: bool = sqlx::query_scalar(query)
            .persistent(false)
            .fetch_one(connection)
            .await?;
        match is_wanted {
            true => Ok(()),
            false => Err(sqlx::Error::Configuration(Box::new(Unwanted))),
        }
    }
}

impl PostgresUrl {
    /// Connects to all hosts at once, and returns the first in the URL's order that is wanted.
    pub(super) async fn first_host(&self, limit: Duration) -> Option<(usize, PgConnection)> {
        let connect = async |options: &PgConnectOptions| {
            let connecting = async {
                let mut connection = PgConnection::connect_with(options).await.ok()?;
                self.target.check(&mut connection).await.ok()?;
                Some(connection)
            };
            timeout(limit, connecting).await.ok()?
        };
        let hosts = stream::iter(&self.hosts).map(connect);
        let connections = hosts.buffered(self.hosts.len()).enumerate();
        let mut wanted = Box::pin(connections.filter_map(async |(at, it)| Some((at, it?))));
        wanted.next().await
    }

    /// Lets new connections of a pool go to the host in use. Once it fails or is no longer wanted, changes to
    /// the first that is. Runs until the pool is closed.
    pub(super) async fn follow(self, pool: PgPool, limit: Duration) {
        let mut close = pool.close_event();
        let following = async {
            loop {
                if let Some((at, mut connection)) = self.first_host(limit).await {
                    use_host(&pool, &self.hosts[at]);
                    while matches!(
                        timeout(limit, self.is_alive(&mut connection)).await,
                        Ok(Ok(()))
                    ) {
                        sleep(INTERVAL).await;
                    }
                } else {
                    sleep(INTERVAL).await;
                }
            }
        };
        let _ = close.do_until(following).await;
    }

    async fn is_alive(&self, connection: &mut PgConnection) -> sqlx::Result<()> {
        connection.ping().await?;
        self.target.check(connection).await
    }
}

fn use_host(pool: &PgPool, options: &PgConnectOptions) {
    let used = pool.connect_options();
    let address = |options: &PgConnectOptions| (options.get_host().to_owned(), options.get_port());
    if address(&used) != address(options) || used.get_socket() != options.get_socket() {
        let (host, port) = address(options);
        tracing::info!(host, port, "the database's connections go to another host");
        pool.set_connect_options(options.clone());
    }
}
