//! Sends each statement to the primary or to its hot standby.
//!
//! A standby that is away is skipped: statements go to the primary, and no request waits. Once a
//! second one statement is sent to the standby as well, as a trial, until it responds again. A
//! statement that the standby cancels because of a replay conflict is sent to the primary.

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
    error::{is_overdue, is_replay_conflict, is_unavailable},
    instrument, lock,
    reader::{Reader, Text},
};
use crate::{
    database::Heartbeat,
    metrics::{CountConnections, Server},
};

/// A standby that is away is tried again after this time.
const RETRY: Duration = Duration::from_secs(1);

/// Name in traces of the only kind of database that has standbys.
const POSTGRESQL: &str = "postgresql";

/// Sends read statements to the standby if there is one, and otherwise to the primary.
pub(super) struct Servers {
    primary: Arc<Reader>,
    standby: Option<Arc<Standby>>,
}

/// A hot standby, whose rows may be a little behind.
struct Standby {
    reader: Reader,
    state: Mutex<State>,
}

#[derive(Clone, Copy)]
enum State {
    InUse,
    /// Skipped until this instant, then tried.
    TryAt(Instant),
    /// Skipped while a trial runs.
    Trying,
}

impl Servers {
    /// Creates servers of the primary alone.
    pub(super) fn primary(primary: Arc<Reader>) -> Self {
        Self {
            primary,
            standby: None,
        }
    }

    /// Creates servers of a PostgreSQL and its standby.
    pub(super) fn with_standby(primary: Arc<Reader>, standby: Reader) -> Self {
        let standby = Standby {
            reader: standby,
            state: Mutex::new(State::InUse),
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
    pub(super) fn pulse(&self) -> Option<&Heartbeat> {
        self.primary.pulse()
    }

    /// Returns the pool of a PostgreSQL.
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
            if standby.is_in_use() {
                let send = standby.reader.all_of_text(sql, &values);
                match instrument::statement(POSTGRESQL, Server::Standby, send).await {
                    // No time is left for another.
                    Err(error) if is_overdue(&error) => return Err(error),
                    Err(error) if is_unavailable(&error) => standby.pass_over(&error),
                    Err(error) if is_replay_conflict(&error) => {}
                    outcome => return outcome,
                }
            } else if standby.is_to_be_tried() {
                tokio::spawn(standby.clone().try_again(sql.clone(), values()));
            }
        }
        let send = self.primary.all_of_text(sql, values);
        instrument::statement(POSTGRESQL, Server::Primary, send).await
    }

    /// Returns functions that count the connections to each server, until it is dropped.
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

    /// Returns the kept connections to their pools.
    pub(super) fn release(&self) {
        self.primary.release();
        if let Some(standby) = &self.standby {
            standby.reader.release();
        }
    }
}

impl Standby {
    fn is_in_use(&self) -> bool {
        matches!(*lock(&self.state), State::InUse)
    }

    /// Returns true to one caller alone.
    fn is_to_be_tried(&self) -> bool {
        let mut state = lock(&self.state);
        let is_due = matches!(*state, State::TryAt(at) if at <= Instant::now());
        if is_due {
            *state = State::Trying;
        }
        is_due
    }

    fn pass_over(&self, error: &DbErr) {
        let next = State::TryAt(Instant::now() + RETRY);
        let before = std::mem::replace(&mut *lock(&self.state), next);
        if matches!(before, State::InUse) {
            tracing::warn!(%error, "the standby is unavailable; reads go to the primary");
        }
    }

    async fn try_again(self: Arc<Self>, sql: Arc<str>, values: Values) {
        match self.reader.all_of_text(&sql, || values.clone()).await {
            Err(error) if is_unavailable(&error) => self.pass_over(&error),
            // Any response shows that it is up.
            Ok(_) | Err(_) => {
                *lock(&self.state) = State::InUse;
                tracing::info!("reads go to the standby again");
            }
        }
    }
}
