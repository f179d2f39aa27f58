//! Sends each statement to the primary or to its hot standby.
//!
//! An unavailable standby is skipped: statements go to the primary, and no request waits. Once a
//! second, a copy of one statement probes the standby, until it responds again. A statement that
//! the standby cancels because of a replay conflict is sent to the primary.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use sea_orm::{
    DatabaseConnection, DbErr, QueryResult,
    sea_query::{SelectStatement, Values},
};
use sqlx::PgPool;

use super::{
    error::{is_conflict, is_overdue, is_unavailable},
    instrument, lock,
    reader::{Reader, Text},
};
use crate::{
    database::Heartbeat,
    metrics::{CountConnections, Server},
};

/// Time between probes of an unavailable standby.
const PROBE_INTERVAL: Duration = Duration::from_secs(1);

/// Times that a statement is sent to the primary when it conflicts with others.
const MAX_ATTEMPTS: u32 = 3;

/// Database system that spans record. Only PostgreSQL has standbys.
const POSTGRESQL: &str = "postgresql";

/// Router of read statements: to the standby if there is one, otherwise to the primary.
pub(super) struct ReadRouter {
    primary: Arc<Reader>,
    standby: Option<Arc<Standby>>,
}

/// A hot standby; its rows may lag the primary's.
struct Standby {
    reader: Reader,
    state: Mutex<State>,
}

#[derive(Clone, Copy)]
enum State {
    Available,
    /// Skipped until this instant, then probed.
    ProbeAt(Instant),
    /// Skipped while a probe runs.
    Probing,
}

impl ReadRouter {
    /// Creates a router without a standby.
    pub(super) fn new(primary: Arc<Reader>) -> Self {
        Self {
            primary,
            standby: None,
        }
    }

    /// Creates a router for a primary and its standby, on PostgreSQL.
    pub(super) fn with_standby(primary: Arc<Reader>, standby: Reader) -> Self {
        let standby = Standby {
            reader: standby,
            state: Mutex::new(State::Available),
        };
        Self {
            primary,
            standby: Some(Arc::new(standby)),
        }
    }

    pub(super) fn database(&self) -> &DatabaseConnection {
        self.primary.database()
    }

    /// Returns the maximum number of connections.
    pub(super) fn max_connections(&self) -> usize {
        usize::try_from(self.primary.connections().max).unwrap_or(usize::MAX)
    }

    /// Returns the heartbeat of the primary, if it has one.
    pub(super) fn heartbeat(&self) -> Option<&Heartbeat> {
        self.primary.heartbeat()
    }

    /// Returns the connection pool if the database is PostgreSQL.
    pub(super) fn postgres(&self) -> Option<&PgPool> {
        self.primary.postgres()
    }

    /// Loads all rows of a statement.
    pub(super) async fn all(&self, statement: &SelectStatement) -> Result<Vec<QueryResult>, DbErr> {
        if self.postgres().is_none() {
            let send = self.primary.all(statement);
            return instrument::statement("sqlite", Server::Primary, send).await;
        }
        let Text { sql, values } = Text::new(statement);
        self.all_of_text(&sql, || values.clone()).await
    }

    /// Loads all rows of a PostgreSQL statement, given as text.
    pub(super) async fn all_of_text(
        &self,
        sql: &Arc<str>,
        values: impl Fn() -> Values + Send + Sync,
    ) -> Result<Vec<QueryResult>, DbErr> {
        if let Some(standby) = &self.standby {
            if standby.is_available() {
                let send = standby.reader.all_of_text(sql, &values);
                match instrument::statement(POSTGRESQL, Server::Standby, send).await {
                    // The statement used up its time; another would exceed the request's.
                    Err(error) if is_overdue(&error) => return Err(error),
                    Err(error) if is_unavailable(&error) => standby.mark_unavailable(&error),
                    Err(error) if is_conflict(&error) => {}
                    outcome => return outcome,
                }
            } else if standby.claim_probe() {
                tokio::spawn(standby.clone().probe(sql.clone(), values()));
            }
        }
        let mut attempt = 1;
        loop {
            let send = self.primary.all_of_text(sql, &values);
            match instrument::statement(POSTGRESQL, Server::Primary, send).await {
                Err(error) if attempt < MAX_ATTEMPTS && is_conflict(&error) => attempt += 1,
                outcome => return outcome,
            }
        }
    }

    /// Returns a counter of connections for each server. It returns none once the server is
    /// dropped.
    pub(super) fn connections(&self) -> Vec<(Server, CountConnections)> {
        let primary = Arc::downgrade(&self.primary);
        let count: CountConnections = Box::new(move || Some(primary.upgrade()?.connections()));
        let mut servers = vec![(Server::Primary, count)];
        if let Some(standby) = self.standby.as_ref().map(Arc::downgrade) {
            let count: CountConnections =
                Box::new(move || Some(standby.upgrade()?.reader.connections()));
            servers.push((Server::Standby, count));
        }
        servers
    }
}

impl Standby {
    fn is_available(&self) -> bool {
        matches!(*lock(&self.state), State::Available)
    }

    /// Claims a probe that is due. Returns true to one caller only.
    fn claim_probe(&self) -> bool {
        let mut state = lock(&self.state);
        let is_due = matches!(*state, State::ProbeAt(at) if at <= Instant::now());
        if is_due {
            *state = State::Probing;
        }
        is_due
    }

    fn mark_unavailable(&self, error: &DbErr) {
        let next = State::ProbeAt(Instant::now() + PROBE_INTERVAL);
        let before = std::mem::replace(&mut *lock(&self.state), next);
        if matches!(before, State::Available) {
            tracing::warn!(%error, "the standby is unavailable; reads go to the primary");
        }
    }

    async fn probe(self: Arc<Self>, sql: Arc<str>, values: Values) {
        match self.reader.all_of_text(&sql, || values.clone()).await {
            Err(error) if is_unavailable(&error) => self.mark_unavailable(&error),
            // Any response, even an error, shows that the standby is available.
            Ok(_) | Err(_) => {
                *lock(&self.state) = State::Available;
                tracing::info!("reads go to the standby again");
            }
        }
    }
}
