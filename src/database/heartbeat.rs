//! Detects a PostgreSQL server that does not respond, so that requests fail fast.
//!
//! A stopped server refuses connections; a frozen or unreachable one does not respond. Every
//! response to a statement shows that the server is available. After [`PROBE_AFTER`] without one,
//! the server is probed over a separate connection, so that an exhausted pool does not count as an
//! outage.
//!
//! Without a response in time the server is unavailable. Pending statements are then abandoned, and
//! no statements are sent until it responds again.

use std::{
    collections::HashSet,
    io::ErrorKind,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use sea_orm::{DatabaseConnection, DbBackend};
use sqlx::{Connection, PgConnection, PgPool, error::DatabaseError, postgres::PgConnectOptions};
use tokio::{
    sync::{mpsc, oneshot, watch},
    task::JoinHandle,
    time::{Instant, sleep, timeout},
};

use super::{
    INSUFFICIENT_PRIVILEGE, Purpose, Readiness, UNDEFINED_TABLE, has_code,
    readiness::of_migrations, search_path, writability,
};

/// Silence after which the server is probed.
const PROBE_AFTER: Duration = Duration::from_millis(250);

/// Time limit of a probe; a server that exceeds it is unavailable.
const TIMEOUT: Duration = Duration::from_millis(500);

/// Extra time for a probe that timed out, in case this process itself was stalled.
const GRACE: Duration = Duration::from_millis(50);

/// Interval between probes of an unavailable server.
const RETRY: Duration = Duration::from_millis(100);

/// A server without free connections is ready if it responded within this time.
const SERVING_WITHIN: Duration = Duration::from_secs(1);

/// Longest time that a readiness check waits.
const READINESS_TIMEOUT: Duration = Duration::from_millis(700);

/// The probe's connection does not wait for locks.
const SET_LOCK_TIMEOUT: &str = "SET lock_timeout = 300";

/// PostgreSQL's `too_many_connections`.
const TOO_MANY_CONNECTIONS: &str = "53300";
/// PostgreSQL's `duplicate_prepared_statement` and `invalid_sql_statement_name`.
const MIXED_STATEMENTS: [&str; 2] = ["42P05", "26000"];
/// PostgreSQL's `admin_shutdown`: the session was terminated.
const ADMIN_SHUTDOWN: &str = "57P01";

/// Availability of a PostgreSQL server; cheap to clone.
#[derive(Clone)]
pub struct Heartbeat(Arc<Parts>);

struct Parts {
    shared: Arc<Shared>,
    commands: mpsc::UnboundedSender<Command>,
    watching: JoinHandle<()>,
}

struct Shared {
    began: Instant,
    /// Time of the last response, in milliseconds since `began`, or [`NEVER`].
    last_success: AtomicU64,
    is_available: watch::Sender<bool>,
}

/// Commands to the [`Watcher`].
enum Command {
    /// Probe now, because a connection broke.
    Probe,
    /// Probe now, and check that the database is fit for a purpose.
    Readiness(Waiting),
}

/// A readiness check that waits for the next probe.
type Waiting = (Purpose, oneshot::Sender<Readiness>);

impl Drop for Parts {
    fn drop(&mut self) {
        self.watching.abort();
    }
}

/// Value of `last_success` before the first response.
const NEVER: u64 = 0;

impl Shared {
    fn since_success(&self) -> Duration {
        match self.last_success.load(Ordering::Relaxed) {
            NEVER => Duration::MAX,
            last => {
                let last = Duration::from_millis(last);
                self.began.elapsed().saturating_sub(last)
            }
        }
    }

    fn record_success(&self) {
        let now = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.last_success.store(now.max(1), Ordering::Relaxed);
    }
}

impl Heartbeat {
    /// Starts to watch the server of a pool. Returns `None` unless it is PostgreSQL. The log
    /// identifies the server by `name`. The server counts as available until a probe fails.
    pub fn start(database: &DatabaseConnection, name: &'static str) -> Option<Self> {
        if database.get_database_backend() != DbBackend::Postgres {
            return None;
        }
        let pool = database.get_postgres_connection_pool();
        let shared = Arc::new(Shared {
            began: Instant::now(),
            last_success: AtomicU64::new(NEVER),
            is_available: watch::Sender::new(true),
        });
        let (sender, receiver) = mpsc::unbounded_channel();
        let watcher = Watcher {
            name,
            shared: shared.clone(),
            pool: pool.clone(),
            connect_timeout: pool.options().get_acquire_timeout(),
            connection: None,
            keeps_statements: false,
        };
        Some(Self(Arc::new(Parts {
            shared,
            commands: sender,
            watching: tokio::spawn(watcher.watch(receiver)),
        })))
    }

    /// Records that the server responded.
    pub fn record_success(&self) {
        self.0.shared.record_success();
    }

    /// Requests a probe at once, because a connection broke.
    pub fn probe(&self) {
        // The watcher lives as long as this sender.
        let _ = self.0.commands.send(Command::Probe);
    }

    /// Returns true if the server is unavailable.
    pub fn is_unavailable(&self) -> bool {
        !*self.0.shared.is_available.borrow()
    }

    /// Waits until the server is unavailable.
    pub async fn unavailable(&self) {
        let mut is_available = self.0.shared.is_available.subscribe();
        // Cannot fail: the sender lives as long as `self`.
        let _ = is_available.wait_for(|is_available| !is_available).await;
    }

    /// Probes the server, and checks that it is migrated and fit for a purpose.
    pub async fn readiness(&self, purpose: Purpose) -> Readiness {
        let (sender, receiver) = oneshot::channel();
        // The watcher lives as long as this sender.
        let _ = self.0.commands.send(Command::Readiness((purpose, sender)));
        match timeout(READINESS_TIMEOUT, receiver).await {
            Ok(Ok(readiness)) => readiness,
            Ok(Err(_)) | Err(_) => Readiness::Unreachable,
        }
    }
}

/// The task that probes the server.
struct Watcher {
    name: &'static str,
    shared: Arc<Shared>,
    /// Its connections go to the host that is probed.
    pool: PgPool,
    connect_timeout: Duration,
    connection: Option<PgConnection>,
    /// True once the server was found to keep prepared statements apart.
    keeps_statements: bool,
}

impl Watcher {
    async fn watch(mut self, mut commands: mpsc::UnboundedReceiver<Command>) {
        loop {
            let pause = if *self.shared.is_available.borrow() {
                PROBE_AFTER.saturating_sub(self.shared.since_success())
            } else {
                RETRY
            };
            let mut waiting = Vec::new();
            let mut is_commanded = false;
            tokio::select! {
                command = commands.recv() => {
                    let Some(command) = command else { return };
                    is_commanded = true;
                    waiting.extend(command.into_waiting());
                }
                () = sleep(pause) => {}
            }
            while let Ok(command) = commands.try_recv() {
                waiting.extend(command.into_waiting());
            }
            if !is_commanded && self.shared.since_success() < PROBE_AFTER {
                continue;
            }
            // All checks of a process have the same purpose.
            let purpose = waiting.iter().map(|(purpose, _)| *purpose).max();
            let readiness = self.probe(purpose).await;
            for (_, waiting) in waiting {
                // The receiver may be gone.
                let _ = waiting.send(readiness);
            }
        }
    }

    /// Probes the server and, on request, checks that it is fit for a purpose.
    async fn probe(&mut self, purpose: Option<Purpose>) -> Readiness {
        let shared = self.shared.clone();
        let name = self.name;
        let connect_timeout = self.connect_timeout.max(TIMEOUT);
        let mut query = pin!(async {
            let result = timeout(connect_timeout, self.query(purpose)).await;
            result.unwrap_or_else(|_| Err(ProbeError::no_response()))
        });
        let mut result = timeout(TIMEOUT, &mut query).await;
        if result.is_err() {
            // This process may have stalled while the response was ready to read.
            result = timeout(GRACE, &mut query).await;
        }
        let result = match result {
            Ok(result) => result,
            Err(_) => {
                // Other connections may have had responses meanwhile.
                let is_available = shared.since_success() < TIMEOUT;
                report(&shared, name, is_available, &ProbeError::no_response());
                // Connecting to a distant server may take longer.
                query.await
            }
        };
        let error = match result {
            Ok(readiness) => {
                shared.record_success();
                report_available(&shared, name);
                return readiness;
            }
            Err(error) => error,
        };
        let since_success = shared.since_success();
        let is_available = match error.kind {
            // The server is up; statements on other connections detect an outage.
            ProbeErrorKind::Full => true,
            ProbeErrorKind::Refused => false,
            ProbeErrorKind::NoResponse => since_success < TIMEOUT,
        };
        report(&shared, name, is_available, &error);
        match error.kind {
            // It serves the connections that are open.
            ProbeErrorKind::Full if since_success < SERVING_WITHIN => Readiness::Ready,
            _ => error.readiness,
        }
    }

    async fn query(&mut self, purpose: Option<Purpose>) -> Result<Readiness, ProbeError> {
        // Taken, so that a connection that does not respond is not reused.
        if let Some(mut connection) = self.connection.take()
            && let Ok(readiness) = query(&mut connection, purpose).await
            // Settings of a role take effect in new sessions.
            && readiness != Readiness::ReadOnly
        {
            self.connection = Some(connection);
            return Ok(readiness);
        }
        let options = self.pool.connect_options();
        let connection = connect(&options).await;
        let mut connection = connection.map_err(|error| ProbeError::from_error(&error))?;
        if !self.keeps_statements {
            self.keeps_statements = !mixes_statements(&mut connection, &options).await?;
            if !self.keeps_statements {
                return Err(ProbeError::mixed());
            }
        }
        let readiness = query(&mut connection, purpose).await;
        let readiness = readiness.map_err(|error| ProbeError::from_error(&error))?;
        self.connection = Some(connection);
        Ok(readiness)
    }
}

/// A failed probe.
struct ProbeError {
    kind: ProbeErrorKind,
    readiness: Readiness,
    /// Reason for the log.
    reason: String,
}

#[derive(Clone, Copy)]
enum ProbeErrorKind {
    /// All connections are in use.
    Full,
    /// The server refused the connection, cannot be reached, or would give wrong responses.
    Refused,
    /// The server did not respond, or the probe could not be sent.
    NoResponse,
}

impl ProbeError {
    fn no_response() -> Self {
        Self {
            kind: ProbeErrorKind::NoResponse,
            readiness: Readiness::Unreachable,
            reason: "no response in time".to_owned(),
        }
    }

    fn mixed() -> Self {
        Self {
            kind: ProbeErrorKind::Refused,
            readiness: Readiness::MixedStatements,
            reason: "a pooler gives one connection the prepared statements of another, so that responses \
                     would be wrong: let it pool by session, or use PgBouncer 1.21 or later with \
                     max_prepared_statements"
                .to_owned(),
        }
    }

    fn from_error(error: &sqlx::Error) -> Self {
        let kind = match error {
            _ if has_code(error, &[TOO_MANY_CONNECTIONS]) => ProbeErrorKind::Full,
            // An administrator ended this session; the server may be fine.
            _ if has_code(error, &[ADMIN_SHUTDOWN]) => ProbeErrorKind::NoResponse,
            sqlx::Error::Configuration(_)
            | sqlx::Error::Database(_)
            | sqlx::Error::Protocol(_)
            | sqlx::Error::Tls(_) => ProbeErrorKind::Refused,
            sqlx::Error::Io(error) => match error.kind() {
                ErrorKind::ConnectionRefused
                | ErrorKind::ConnectionReset
                | ErrorKind::ConnectionAborted
                | ErrorKind::BrokenPipe
                | ErrorKind::UnexpectedEof
                // Of TLS: the server's certificate is not trusted.
                | ErrorKind::InvalidData
                | ErrorKind::HostUnreachable
                | ErrorKind::NetworkUnreachable => ProbeErrorKind::Refused,
                _ => ProbeErrorKind::NoResponse,
            },
            _ => ProbeErrorKind::NoResponse,
        };
        Self {
            kind,
            readiness: Readiness::from_connect_error(error),
            reason: error.to_string(),
        }
    }
}

impl Command {
    fn into_waiting(self) -> Option<Waiting> {
        match self {
            Self::Probe => None,
            Self::Readiness(waiting) => Some(waiting),
        }
    }
}

/// Connects for probes.
async fn connect(options: &PgConnectOptions) -> sqlx::Result<PgConnection> {
    let mut connection = PgConnection::connect_with(options).await?;
    search_path::check(&mut connection, options).await?;
    match sqlx::raw_sql(SET_LOCK_TIMEOUT)
        .execute(&mut connection)
        .await
    {
        // A server without such a limit is probed without it.
        Ok(_) | Err(sqlx::Error::Database(_)) => Ok(connection),
        Err(error) => Err(error),
    }
}

/// Returns true if a second connection meets the prepared statements of the first, as behind a PgBouncer
/// that pools by transaction and does not know of them. Both name their statements by number.
async fn mixes_statements(
    first: &mut PgConnection,
    options: &PgConnectOptions,
) -> Result<bool, ProbeError> {
    let second = PgConnection::connect_with(options).await;
    let mut second = second.map_err(|error| ProbeError::from_error(&error))?;
    // Several, since the pooler may give the second connection another server at first.
    for statement in ["SELECT 1", "SELECT 2", "SELECT 3"] {
        for connection in [&mut *first, &mut second] {
            match sqlx::query(statement).execute(connection).await {
                Ok(_) => {}
                Err(error) if has_code(&error, &MIXED_STATEMENTS) => return Ok(true),
                Err(error) => return Err(ProbeError::from_error(&error)),
            }
        }
    }
    // The server ends it in any case.
    let _ = second.close().await;
    Ok(false)
}

async fn query(connection: &mut PgConnection, purpose: Option<Purpose>) -> sqlx::Result<Readiness> {
    let Some(purpose) = purpose else {
        connection.ping().await?;
        return Ok(Readiness::Ready);
    };
    match fitness(connection, purpose).await {
        Ok(readiness) => Ok(readiness),
        // The first migration creates the table.
        Err(error) if has_code(&error, &[UNDEFINED_TABLE]) => Ok(Readiness::NotMigrated),
        Err(error) if has_code(&error, &[INSUFFICIENT_PRIVILEGE]) => Ok(Readiness::Unreadable),
        // The server responded, with another error.
        Err(sqlx::Error::Database(error)) if !is_ending(error.as_ref()) => {
            Ok(Readiness::Unreachable)
        }
        Err(error) => Err(error),
    }
}

async fn fitness(connection: &mut PgConnection, purpose: Purpose) -> sqlx::Result<Readiness> {
    let applied = sqlx::query_scalar::<_, String>("SELECT version FROM seaql_migrations")
        .persistent(false)
        .fetch_all(&mut *connection)
        .await?;
    match of_migrations(&HashSet::from_iter(applied)) {
        migrated if migrated.is_ready() && purpose != Purpose::READ => {
            let writable = writability::of_session(connection, purpose).await?;
            Ok(migrated.and(writable))
        }
        migrated => Ok(migrated),
    }
}

/// Returns true for class 57P: the server is shutting down, or ended the session.
fn is_ending(error: &dyn DatabaseError) -> bool {
    error.code().is_some_and(|code| code.starts_with("57P"))
}

/// Notifies waiting statements, and logs a change.
fn report(shared: &Shared, name: &str, is_available: bool, error: &ProbeError) {
    if is_available {
        report_available(shared, name);
    } else if shared.is_available.send_replace(false) {
        let reason = &error.reason;
        tracing::warn!(database = name, reason, "the database is unavailable");
    }
}

fn report_available(shared: &Shared, name: &str) {
    let is_news = shared.is_available.send_if_modified(|is_available| {
        let is_news = !*is_available;
        *is_available = true;
        is_news
    });
    if is_news {
        tracing::info!(database = name, "the database responds again");
    }
}
