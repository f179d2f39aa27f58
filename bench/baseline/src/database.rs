//! Few connections that all requests share: a connection sends a statement without waiting for the
//! answers to those before it (pipelining), so that none waits for a free one.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio_postgres::{Client, Error, NoTls, Row, Statement, types::ToSql};

use crate::{answer::Refusal, course, invite_code, workspaces};

/// The statements, each prepared on every connection.
pub(crate) struct Prepared {
    pub(crate) invite_code: Statement,
    pub(crate) first_invitees: Statement,
    pub(crate) workspaces: Statement,
    pub(crate) last_invitees: Statement,
}

struct Connection {
    client: Client,
    prepared: Prepared,
    /// How many statements are not answered yet.
    waiting: AtomicUsize,
}

/// Counts a statement as long as it lives, so also where a request is given up.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn on(counter: &'a AtomicUsize) -> Self {
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
            // Ends with the client; what breaks it is told to who waits for an answer.
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

    /// The rows of one of the statements, from the connection where the fewest others wait: the
    /// first, when there is nothing else to do, so that its server process stays warm.
    pub(crate) async fn rows(
        &self,
        statement: fn(&Prepared) -> &Statement,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, Refusal> {
        let connection = self
            .connections
            .iter()
            .min_by_key(|connection| connection.waiting.load(Ordering::Relaxed))
            .ok_or(Refusal::Failed)?;
        let _waiting = Waiting::on(&connection.waiting);
        let prepared = statement(&connection.prepared);
        Ok(connection.client.query(prepared, parameters).await?)
    }
}
