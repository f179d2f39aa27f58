//! Whether a PostgreSQL is there: what waits for one that is not shall not wait long.
//!
//! A server that is stopped says so; one that is frozen or cut off says nothing. Each statement that
//! is answered is a sign of life. Where there was none for a while the server is asked, over a
//! connection of its own, so that a pool that is in use up to its last connection tells nothing. No
//! answer in time, and it counts as away: what was sent is given up, and nothing more is sent, until
//! it answers again.

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
use sqlx::{Connection, PgConnection, error::DatabaseError, postgres::PgConnectOptions};
use tokio::{
    sync::{mpsc, oneshot, watch},
    task::JoinHandle,
    time::{Instant, sleep, timeout},
};

use super::{Readiness, are_all_applied};

/// How long a server may be silent before it is asked.
const SILENCE: Duration = Duration::from_millis(250);

/// How long it may take to answer before it counts as away.
const PATIENCE: Duration = Duration::from_millis(500);

/// How long it may take then.
const SECOND_LOOK: Duration = Duration::from_millis(50);

/// How often a server that is away is asked.
const RETRY: Duration = Duration::from_millis(100);

/// How long ago an answer may be of a server that is said to serve though it has no connection left.
const SERVING: Duration = Duration::from_secs(1);

/// How long whoever asks whether the server can be served from waits.
const READINESS_PATIENCE: Duration = Duration::from_millis(700);

/// What is asked over the connection of its own is not to wait for a lock.
const PATIENCE_FOR_LOCKS: &str = "SET lock_timeout = 300";

/// PostgreSQL: too many connections.
const TOO_MANY: &str = "53300";
/// PostgreSQL: the session was ended.
const ENDED: &str = "57P01";
/// PostgreSQL: no such table.
const UNDEFINED_TABLE: &str = "42P01";
/// PostgreSQL: it may not be read.
const NOT_ALLOWED: &str = "42501";

/// Knows whether a PostgreSQL is there; cheap to clone.
#[derive(Clone)]
pub struct Pulse(Arc<Parts>);

struct Parts {
    shared: Arc<Shared>,
    asked: mpsc::UnboundedSender<Asked>,
    watching: JoinHandle<()>,
}

struct Shared {
    began: Instant,
    /// When the server was last heard of, in milliseconds since `began`; [`NEVER`].
    heard: AtomicU64,
    is_there: watch::Sender<bool>,
}

/// What is asked of who watches.
enum Asked {
    /// Look now: something broke.
    Look,
    /// Whether it can be served from.
    Readiness(oneshot::Sender<Readiness>),
}

impl Drop for Parts {
    fn drop(&mut self) {
        self.watching.abort();
    }
}

/// Stands where the server was never heard of.
const NEVER: u64 = 0;

impl Shared {
    fn since_heard(&self) -> Duration {
        match self.heard.load(Ordering::Relaxed) {
            NEVER => Duration::MAX,
            heard => {
                let heard = Duration::from_millis(heard);
                self.began.elapsed().saturating_sub(heard)
            }
        }
    }

    fn heard(&self) {
        let now = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.heard.store(now.max(1), Ordering::Relaxed);
    }
}

impl Pulse {
    /// Begins to watch the server of a pool; none if it is no PostgreSQL. `name` is what the log
    /// calls it. Until more is known it counts as there.
    pub fn of(database: &DatabaseConnection, name: &'static str) -> Option<Self> {
        if database.get_database_backend() != DbBackend::Postgres {
            return None;
        }
        let pool = database.get_postgres_connection_pool();
        let shared = Arc::new(Shared {
            began: Instant::now(),
            heard: AtomicU64::new(NEVER),
            is_there: watch::Sender::new(true),
        });
        let (asked, questions) = mpsc::unbounded_channel();
        let watcher = Watcher {
            name,
            shared: shared.clone(),
            options: pool.connect_options().as_ref().clone(),
            connect_timeout: pool.options().get_acquire_timeout(),
            connection: None,
        };
        Some(Self(Arc::new(Parts {
            shared,
            asked,
            watching: tokio::spawn(watcher.watch(questions)),
        })))
    }

    /// Tells that the server has answered.
    pub fn heard(&self) {
        self.0.shared.heard();
    }

    /// Tells that something broke: the server is looked for at once.
    pub fn doubt(&self) {
        // Who watches lives as long as this does.
        let _ = self.0.asked.send(Asked::Look);
    }

    /// Whether the server counts as away.
    pub fn is_away(&self) -> bool {
        !*self.0.shared.is_there.borrow()
    }

    /// Waits until the server counts as away.
    pub async fn gone(&self) {
        let mut is_there = self.0.shared.is_there.subscribe();
        // An error cannot be: the sender lives as long as this does.
        let _ = is_there.wait_for(|is_there| !is_there).await;
    }

    /// Asks whether it can be served from, by what is so now.
    pub async fn readiness(&self) -> Readiness {
        let (answer, answered) = oneshot::channel();
        // Who watches lives as long as this does.
        let _ = self.0.asked.send(Asked::Readiness(answer));
        match timeout(READINESS_PATIENCE, answered).await {
            Ok(Ok(readiness)) => readiness,
            Ok(Err(_)) | Err(_) => Readiness::Unreachable,
        }
    }
}

/// Watches a server.
struct Watcher {
    name: &'static str,
    shared: Arc<Shared>,
    options: PgConnectOptions,
    connect_timeout: Duration,
    connection: Option<PgConnection>,
}

impl Watcher {
    async fn watch(mut self, mut questions: mpsc::UnboundedReceiver<Asked>) {
        loop {
            let pause = if *self.shared.is_there.borrow() {
                SILENCE.saturating_sub(self.shared.since_heard())
            } else {
                RETRY
            };
            let mut waiting = Vec::new();
            let mut is_asked = false;
            tokio::select! {
                question = questions.recv() => {
                    let Some(question) = question else { return };
                    is_asked = true;
                    waiting.extend(question.into_waiting());
                }
                () = sleep(pause) => {}
            }
            while let Ok(question) = questions.try_recv() {
                waiting.extend(question.into_waiting());
            }
            if !is_asked && self.shared.since_heard() < SILENCE {
                continue;
            }
            let readiness = self.look(!waiting.is_empty()).await;
            for waiting in waiting {
                // Whoever asked may have gone.
                let _ = waiting.send(readiness);
            }
        }
    }

    /// Asks the server for a sign of life and, where it is `wanted`, whether it is migrated.
    async fn look(&mut self, wanted: bool) -> Readiness {
        let shared = self.shared.clone();
        let name = self.name;
        let connect_timeout = self.connect_timeout.max(PATIENCE);
        let mut asking = pin!(async {
            let answer = timeout(connect_timeout, self.ask(wanted)).await;
            answer.unwrap_or_else(|_| Err(Missing::silent()))
        });
        let mut answer = timeout(PATIENCE, &mut asking).await;
        if answer.is_err() {
            // It may be this process that stood still, and not have looked what has come.
            answer = timeout(SECOND_LOOK, &mut asking).await;
        }
        let answer = match answer {
            Ok(answer) => answer,
            Err(_) => {
                // Others may have been answered meanwhile.
                let is_there = shared.since_heard() < PATIENCE;
                told(&shared, name, is_there, &Missing::silent());
                // To connect may take longer, far away.
                asking.await
            }
        };
        let missing = match answer {
            Ok(readiness) => {
                shared.heard();
                told_there(&shared, name);
                return readiness;
            }
            Err(missing) => missing,
        };
        let since_heard = shared.since_heard();
        let is_there = match missing.how {
            // Whether anything comes of what is sent over other connections is told by these.
            How::Full => true,
            How::Refused => false,
            How::Silent => since_heard < PATIENCE,
        };
        told(&shared, name, is_there, &missing);
        match missing.how {
            // It serves, over those that there are.
            How::Full if since_heard < SERVING => Readiness::Ready,
            _ => Readiness::Unreachable,
        }
    }

    async fn ask(&mut self, wanted: bool) -> Result<Readiness, Missing> {
        // Taken, so that one that does not answer is not asked again.
        if let Some(mut connection) = self.connection.take()
            && let Ok(readiness) = asked(&mut connection, wanted).await
        {
            self.connection = Some(connection);
            return Ok(readiness);
        }
        let mut connection = match PgConnection::connect_with(&self.options).await {
            Ok(connection) => connection,
            Err(error) => return Err(Missing::by(&error)),
        };
        sqlx::raw_sql(PATIENCE_FOR_LOCKS)
            .execute(&mut connection)
            .await
            .map_err(|error| Missing::by(&error))?;
        let readiness = asked(&mut connection, wanted).await;
        let readiness = readiness.map_err(|error| Missing::by(&error))?;
        self.connection = Some(connection);
        Ok(readiness)
    }
}

/// A server did not answer.
struct Missing {
    how: How,
    /// What an operator is told.
    reason: String,
}

#[derive(Clone, Copy)]
enum How {
    /// It has no connection left.
    Full,
    /// Something says that it is not there, or not for us.
    Refused,
    /// It does not answer, or could not be asked.
    Silent,
}

impl Missing {
    fn silent() -> Self {
        Self {
            how: How::Silent,
            reason: "no answer in time".to_owned(),
        }
    }

    fn by(error: &sqlx::Error) -> Self {
        let how = match error {
            _ if has_code(error, &[TOO_MANY]) => How::Full,
            // Somebody ended this session, which says little of the server.
            _ if has_code(error, &[ENDED]) => How::Silent,
            sqlx::Error::Database(_) | sqlx::Error::Protocol(_) => How::Refused,
            sqlx::Error::Io(error) => match error.kind() {
                ErrorKind::ConnectionRefused
                | ErrorKind::ConnectionReset
                | ErrorKind::ConnectionAborted
                | ErrorKind::BrokenPipe
                | ErrorKind::UnexpectedEof
                | ErrorKind::HostUnreachable
                | ErrorKind::NetworkUnreachable => How::Refused,
                _ => How::Silent,
            },
            _ => How::Silent,
        };
        Self {
            how,
            reason: error.to_string(),
        }
    }
}

impl Asked {
    fn into_waiting(self) -> Option<oneshot::Sender<Readiness>> {
        match self {
            Self::Look => None,
            Self::Readiness(waiting) => Some(waiting),
        }
    }
}

async fn asked(connection: &mut PgConnection, wanted: bool) -> sqlx::Result<Readiness> {
    if !wanted {
        connection.ping().await?;
        return Ok(Readiness::Ready);
    }
    let applied = sqlx::query_scalar::<_, String>("SELECT version FROM seaql_migrations")
        .persistent(false)
        .fetch_all(connection)
        .await;
    match applied {
        Ok(applied) => Ok(are_all_applied(HashSet::from_iter(applied))),
        // The table is made by the first migration.
        Err(error) if has_code(&error, &[UNDEFINED_TABLE, NOT_ALLOWED]) => {
            Ok(Readiness::NotMigrated)
        }
        // It could be asked, and says why it does not tell.
        Err(sqlx::Error::Database(error)) if !is_ending(error.as_ref()) => {
            Ok(Readiness::Unreachable)
        }
        Err(error) => Err(error),
    }
}

/// PostgreSQL, class 57P: it shuts down, or has ended the session.
fn is_ending(error: &dyn DatabaseError) -> bool {
    error.code().is_some_and(|code| code.starts_with("57P"))
}

fn has_code(error: &sqlx::Error, codes: &[&str]) -> bool {
    let code = error.as_database_error().and_then(DatabaseError::code);
    code.is_some_and(|code| codes.contains(&&*code))
}

/// Tells whoever waits and, where that is news, the operator.
fn told(shared: &Shared, name: &str, is_there: bool, missing: &Missing) {
    if is_there {
        told_there(shared, name);
    } else if shared.is_there.send_replace(false) {
        let reason = &missing.reason;
        tracing::warn!(database = name, reason, "the database does not answer");
    }
}

fn told_there(shared: &Shared, name: &str) {
    let is_news = shared.is_there.send_if_modified(|is_there| {
        let is_news = !*is_there;
        *is_there = true;
        is_news
    });
    if is_news {
        tracing::info!(database = name, "the database answers again");
    }
}
