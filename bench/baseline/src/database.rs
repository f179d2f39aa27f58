//! Few connections that all requests share: a connection sends a statement without waiting for the
//! answers to those before it (pipelining), so that none waits for a free one.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio_postgres::{Client, Error, NoTls, Row, Statement, types::ToSql};

use crate::{course, invite_code, workspaces};

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
}

pub(crate) struct Database {
    connections: Vec<Connection>,
    next: AtomicUsize,
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
            opened.push(Connection { client, prepared });
        }
        Ok(Self {
            connections: opened,
            next: AtomicUsize::new(0),
        })
    }

    /// The rows of one of the statements.
    pub(crate) async fn rows(
        &self,
        statement: fn(&Prepared) -> &Statement,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, Error> {
        let turn = self.next.fetch_add(1, Ordering::Relaxed);
        let connection = &self.connections[turn % self.connections.len()];
        connection
            .client
            .query(statement(&connection.prepared), parameters)
            .await
    }
}
