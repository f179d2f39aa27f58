//! A few connections that all requests share. Connections pipeline statements, so that no request
//! waits for a free one.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio_postgres::{Client, Error, NoTls, Row, Statement, types::ToSql};

use crate::{course, invite_code, response::RequestError, workspaces};

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

pub(crate) struct Database {
    connections: Vec<Connection>,
}

impl Database {
    pub(crate) async fn open(url: &str, connections: usize) -> Result<Self, Error> {
        let mut opened = Vec::with_capacity(connections);
        for _ in 0..connections.max(1) {
            let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
            // Ends when the client is dropped. Pending statements get its errors.
            tokio::spawn(async move {
                let _ = connection.await;
            });
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
        Ok(Self {
            connections: opened,
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
