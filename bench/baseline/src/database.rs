//! A few connections that all queries share. Connections pipeline statements, so that no query waits
//! for a free one. A write has a connection of its own, as a transaction needs.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicUsize, Ordering},
};

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio_postgres::{Client, Error, NoTls, Row, Statement, types::ToSql};

use crate::{course, invite_code, response::RequestError, workspaces, write};

/// Each statement is planned once per connection, because planning takes longer than execution.
const PLANNING: &str = "SET plan_cache_mode = force_generic_plan; SET jit = off";

/// Connections for writes: as many as the gateway's pool has by default.
const WRITERS: usize = 10;

/// Statements, prepared on every connection.
pub(crate) struct Prepared {
    pub(crate) invite_code: Statement,
    pub(crate) first_invitees: Statement,
    pub(crate) workspaces: Statement,
    pub(crate) last_invitees: Statement,
}

struct Connection {
    client: Client,
    prepared: Prepared,
    /// Number of pending statements.
    waiting: AtomicUsize,
}

/// Counts a pending statement until it is dropped, which includes cancelled requests.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn new(counter: &'a AtomicUsize) -> Self {
        counter.fetch_add(1, Ordering::Relaxed);
        Self(counter)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Statements of writes, prepared on every connection for writes.
pub(crate) struct PreparedWrites {
    pub(crate) accept: Statement,
    pub(crate) create: Statement,
    pub(crate) cancel: Statement,
    lock: Statement,
}

struct WriteConnection {
    client: Client,
    prepared: PreparedWrites,
}

/// A connection for writes, which no other request uses meanwhile.
pub(crate) struct Writer<'a> {
    database: &'a Database,
    connection: Option<WriteConnection>,
    _permit: SemaphorePermit<'a>,
}

pub(crate) struct Database {
    connections: Vec<Connection>,
    /// Connections for writes that are free. The last one used is the first one reused.
    writers: Mutex<Vec<WriteConnection>>,
    free_writers: Semaphore,
}

async fn connect(url: &str) -> Result<Client, Error> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    // Ends when the client is dropped. Pending statements get its errors.
    tokio::spawn(async move {
        let _ = connection.await;
    });
    Ok(client)
}

impl Database {
    pub(crate) async fn open(url: &str, connections: usize) -> Result<Self, Error> {
        let mut opened = Vec::with_capacity(connections);
        for _ in 0..connections.max(1) {
            let client = connect(url).await?;
            let prepared = Prepared {
                invite_code: client.prepare(invite_code::STATEMENT).await?,
                first_invitees: client.prepare(course::FIRST).await?,
                workspaces: client.prepare(workspaces::STATEMENT).await?,
                last_invitees: client.prepare(course::LAST).await?,
            };
            opened.push(Connection {
                client,
                prepared,
                waiting: AtomicUsize::new(0),
            });
        }
        let mut writers = Vec::with_capacity(WRITERS);
        for _ in 0..WRITERS {
            let client = connect(url).await?;
            client.batch_execute(PLANNING).await?;
            let prepared = PreparedWrites {
                accept: client.prepare(write::ACCEPT).await?,
                create: client.prepare(write::CREATE).await?,
                cancel: client.prepare(write::CANCEL).await?,
                lock: client.prepare(write::LOCK).await?,
            };
            writers.push(WriteConnection { client, prepared });
        }
        Ok(Self {
            connections: opened,
            free_writers: Semaphore::new(writers.len()),
            writers: Mutex::new(writers),
        })
    }

    /// Waits for a connection for writes.
    pub(crate) async fn writer(&self) -> Result<Writer<'_>, RequestError> {
        let acquired = self.free_writers.acquire().await;
        let permit = acquired.map_err(|_| RequestError::Failed)?;
        let mut writers = self.writers.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(Writer {
            database: self,
            connection: writers.pop(),
            _permit: permit,
        })
    }

    /// Executes a statement on the connection with the fewest pending ones. A lone request always
    /// uses the first connection, so that its server process stays warm.
    pub(crate) async fn rows(
        &self,
        statement: fn(&Prepared) -> &Statement,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, RequestError> {
        let connection = self
            .connections
            .iter()
            .min_by_key(|connection| connection.waiting.load(Ordering::Relaxed))
            .ok_or(RequestError::Failed)?;
        let _waiting = Waiting::new(&connection.waiting);
        let prepared = statement(&connection.prepared);
        Ok(connection.client.query(prepared, parameters).await?)
    }
}

impl Drop for Writer<'_> {
    fn drop(&mut self) {
        let writers = self.database.writers.lock();
        writers
            .unwrap_or_else(PoisonError::into_inner)
            .extend(self.connection.take());
    }
}

impl Writer<'_> {
    fn connection(&self) -> Result<&WriteConnection, RequestError> {
        self.connection.as_ref().ok_or(RequestError::Failed)
    }

    /// Executes a statement, which is a transaction by itself.
    pub(crate) async fn rows(
        &self,
        statement: fn(&PreparedWrites) -> &Statement,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, RequestError> {
        let WriteConnection { client, prepared } = self.connection()?;
        Ok(client.query(statement(prepared), parameters).await?)
    }

    /// Executes a statement in a transaction, under the lock of a workspace. All of it takes one round
    /// trip: a failed statement makes the others fail, and the commit roll back.
    pub(crate) async fn rows_under_lock(
        &self,
        workspace: i64,
        statement: fn(&PreparedWrites) -> &Statement,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, RequestError> {
        let WriteConnection { client, prepared } = self.connection()?;
        let lock: [&(dyn ToSql + Sync); 1] = [&workspace];
        // The first poll of each sends it, in this order.
        let (begun, locked, rows, committed) = tokio::join!(
            client.batch_execute("BEGIN"),
            client.query(&prepared.lock, &lock),
            client.query(statement(prepared), parameters),
            client.batch_execute("COMMIT"),
        );
        begun?;
        locked?;
        committed?;
        Ok(rows?)
    }
}
