//! Connections to PostgreSQL that readers and writers keep from one statement to the next.
//!
//! The pool pings the server before and after each statement, which costs more than many a
//! statement. A kept connection is not pinged.

use std::{
    ops::{Deref, DerefMut},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use sea_orm::{DatabaseConnection, DbBackend, DbErr};
use sqlx::{Connection, PgConnection, PgPool, Postgres, pool::PoolConnection};

/// Maximum number of kept connections.
const MAX_KEPT: usize = 4;

/// A connection is kept for this time. Then it returns to its pool, which may renew it.
const LIFETIME: Duration = Duration::from_secs(30 * 60);

/// A connection that was idle for longer is closed: a NAT or proxy may have dropped it silently.
const MAX_IDLE: Duration = Duration::from_secs(60);

/// A connection that was idle for longer is pinged before a write, which cannot be sent again if the
/// connection proves to be broken.
const RECENT: Duration = Duration::from_secs(1);

/// An open database; cheap to clone.
#[derive(Clone)]
pub struct OpenDatabase {
    orm: DatabaseConnection,
    /// None on SQLite.
    kept: Option<Arc<KeptConnections>>,
}

impl OpenDatabase {
    /// Returns the database for SeaORM, which takes its connections from the pool.
    pub fn orm(&self) -> &DatabaseConnection {
        &self.orm
    }

    /// Returns the kept connections of a PostgreSQL.
    pub fn kept(&self) -> Option<&KeptConnections> {
        self.kept.as_deref()
    }

    /// Returns the kind of database.
    pub fn backend(&self) -> DbBackend {
        self.orm.get_database_backend()
    }

    /// Returns the pool of a PostgreSQL.
    pub fn postgres(&self) -> Option<&PgPool> {
        self.kept().map(|kept| &kept.pool)
    }

    /// Closes all connections, once no statement uses them.
    ///
    /// # Errors
    /// The database failed.
    pub async fn close(&self) -> Result<(), DbErr> {
        if let Some(kept) = self.kept() {
            // The pool waits for them.
            drop(std::mem::take(&mut *kept.lock()));
        }
        self.orm.close_by_ref().await
    }
}

impl From<DatabaseConnection> for OpenDatabase {
    fn from(orm: DatabaseConnection) -> Self {
        let is_postgres = orm.get_database_backend() == DbBackend::Postgres;
        let kept = is_postgres.then(|| {
            let pool = orm.get_postgres_connection_pool();
            Arc::new(KeptConnections::new(pool.clone()))
        });
        Self { orm, kept }
    }
}

/// The connections of a pool that are kept. Few are, so that others can take the rest from the pool.
pub struct KeptConnections {
    pool: PgPool,
    idle: Mutex<Vec<KeptConnection>>,
    max: usize,
    /// Statements that wait for a connection of the pool.
    waiting: AtomicUsize,
}

/// A connection in use. It is closed if it is dropped midway.
pub struct KeptConnection {
    connection: PoolConnection<Postgres>,
    since: Instant,
    used: Instant,
    /// No statement was interrupted.
    is_whole: bool,
}

impl Deref for KeptConnection {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.connection
    }
}

impl DerefMut for KeptConnection {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.connection
    }
}

impl Drop for KeptConnection {
    fn drop(&mut self) {
        if !self.is_whole {
            self.connection.close_on_drop();
        }
    }
}

/// A statement that waits for a connection of the pool.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn new(waiting: &'a AtomicUsize) -> Self {
        waiting.fetch_add(1, Ordering::SeqCst);
        Self(waiting)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl KeptConnections {
    fn new(pool: PgPool) -> Self {
        let most = pool.options().get_max_connections() / 2;
        Self {
            max: usize::try_from(most).map_or(MAX_KEPT, |most| most.min(MAX_KEPT)),
            idle: Mutex::default(),
            waiting: AtomicUsize::new(0),
            pool,
        }
    }

    /// Returns the number of connections that no statement uses.
    pub fn idle(&self) -> usize {
        self.lock().len()
    }

    /// Takes an idle connection, and closes those that were idle for longer than [`MAX_IDLE`].
    pub fn take(&self) -> Option<KeptConnection> {
        loop {
            let mut kept = self.lock().pop()?;
            kept.is_whole = false;
            if kept.used.elapsed() < MAX_IDLE {
                return Some(kept);
            }
        }
    }

    /// Takes a connection of the pool, or one that was kept meanwhile.
    ///
    /// # Errors
    /// The server or the pool has none.
    pub async fn acquire(&self) -> sqlx::Result<KeptConnection> {
        let _waiting = Waiting::new(&self.waiting);
        // From here on `keep` keeps none while this waits; one may have been kept just before.
        if let Some(kept) = self.take() {
            return Ok(kept);
        }
        let connection = Box::pin(self.pool.acquire()).await?;
        let now = Instant::now();
        Ok(KeptConnection {
            connection,
            since: now,
            used: now,
            is_whole: false,
        })
    }

    /// Takes a connection whose server responded a moment ago.
    ///
    /// # Errors
    /// The server or the pool has none.
    pub async fn responsive(&self) -> sqlx::Result<KeptConnection> {
        while let Some(mut kept) = self.take() {
            if kept.used.elapsed() < RECENT || kept.connection.ping().await.is_ok() {
                return Ok(kept);
            }
            // The cause has broken the others, too.
            self.forget();
        }
        self.acquire().await
    }

    /// Keeps a connection, unless some statement waits for the pool, which gets it then: writes may hold
    /// all others for long.
    pub fn keep(&self, mut connection: KeptConnection) {
        connection.is_whole = true;
        connection.used = Instant::now();
        if connection.since.elapsed() < LIFETIME {
            let mut idle = self.lock();
            if idle.len() < self.max && self.waiting.load(Ordering::SeqCst) == 0 {
                idle.push(connection);
            }
        }
    }

    /// Closes the idle connections.
    pub fn forget(&self) {
        let mut broken = std::mem::take(&mut *self.lock());
        for connection in &mut broken {
            connection.is_whole = false;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<KeptConnection>> {
        // No panic leaves the list half changed.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
