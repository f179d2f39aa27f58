//! Which server a statement is sent to: the primary, or a hot standby of it.
//!
//! A standby that is away is passed over: the primary is asked, and nobody waits. Once a second a
//! statement is sent to the standby as well, as a trial, until it answers again. A statement that
//! the standby gives up, since it is in the way of what it replays, is sent to the primary.

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

/// How long a standby is passed over before it is tried again.
const RETRY: Duration = Duration::from_secs(1);

/// What traces call the one kind of database that has standbys.
const POSTGRESQL: &str = "postgresql";

/// Sends statements that read: to the standby where there is one, or else to the primary.
pub(super) struct Servers {
    primary: Arc<Reader>,
    standby: Option<Arc<Standby>>,
}

/// A hot standby: what is read there may be a little old.
struct Standby {
    reader: Reader,
    state: Mutex<State>,
}

#[derive(Clone, Copy)]
enum State {
    InUse,
    /// Passed over, and to be tried then.
    TryAt(Instant),
    /// Passed over, and being tried.
    Trying,
}

impl Servers {
    /// The primary alone.
    pub(super) fn primary(primary: Arc<Reader>) -> Self {
        Self {
            primary,
            standby: None,
        }
    }

    /// A PostgreSQL and its standby.
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

    /// How many connections there are at most.
    pub(super) fn max_connections(&self) -> usize {
        usize::try_from(self.primary.connections().max).unwrap_or(usize::MAX)
    }

    /// Whether the primary is there, where that is watched.
    pub(super) fn pulse(&self) -> Option<&Heartbeat> {
        self.primary.pulse()
    }

    /// The PostgreSQL behind, if it is one.
    pub(super) fn postgres(&self) -> Option<&PgPool> {
        self.primary.postgres()
    }

    /// All rows of a statement.
    pub(super) async fn all(&self, statement: &SelectStatement) -> Result<Vec<QueryResult>, DbErr> {
        if self.postgres().is_none() {
            let send = self.primary.all(statement);
            return instrument::statement("sqlite", Server::Primary, send).await;
        }
        let Text { sql, values } = Text::of(statement);
        self.all_of_text(&sql, || values.clone()).await
    }

    /// All rows of a statement of PostgreSQL, given as text.
    pub(super) async fn all_of_text(
        &self,
        sql: &Arc<str>,
        values: impl Fn() -> Values + Send + Sync,
    ) -> Result<Vec<QueryResult>, DbErr> {
        if let Some(standby) = &self.standby {
            if standby.is_in_use() {
                let send = standby.reader.all_of_text(sql, &values);
                match instrument::statement(POSTGRESQL, Server::Standby, send).await {
                    // There is no time left for another.
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

    /// What counts the connections to each server, as long as these are here.
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

    /// Gives the kept connections back to their pools.
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

    /// Told to one alone.
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
            tracing::warn!(%error, "the standby is away; the primary is asked instead");
        }
    }

    async fn try_again(self: Arc<Self>, sql: Arc<str>, values: Values) {
        match self.reader.all_of_text(&sql, || values.clone()).await {
            Err(error) if is_unavailable(&error) => self.pass_over(&error),
            // Whatever it says of the statement, it is there.
            Ok(_) | Err(_) => {
                *lock(&self.state) = State::InUse;
                tracing::info!("the standby is asked again");
            }
        }
    }
}
