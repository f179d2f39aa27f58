//! Writes chunks of rows in transactions, skipping only the rows that the database rejects.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr,
    SqliteTransactionMode, TransactionOptions, TransactionTrait,
};

use super::{
    Kind, Rejection, Source,
    change::Effects,
    chunk::{CheckedRow, Chunk},
    constraint::WriteError,
    event,
    resolve::{self, Names},
    table::{self, Rows},
    token_invite,
};
use crate::database::is_transient;

/// Maximum number of attempts to write a chunk whose transaction conflicts with others.
const MAX_ATTEMPTS: u32 = 5;

/// Number of rows at which a transaction of several chunks commits.
const TRANSACTION_ROWS: u64 = 64_000;

/// SQLite's page cache in KiB. Inserts touch pages all over the indexes of a large table.
const SQLITE_CACHE: u32 = 12 * 1024;

/// Rows that were written.
pub(super) struct Written<'a> {
    /// Rows of the chunk, with ids of the database.
    pub(super) rows: Cow<'a, [CheckedRow]>,
    pub(super) effects: Effects,
    /// Rows that were rejected because of what the database has.
    pub(super) rejections: Vec<Rejection>,
    /// Ids in the source, if it has its own.
    pub(super) names: Names,
    /// Pending invites that were created without an expiry, because their rows state none.
    pub(super) never_expire: u64,
}

/// Writer of chunks, in one transaction or in several.
pub(super) struct Writer<'a> {
    database: &'a DatabaseConnection,
    in_one_transaction: bool,
    /// Instant of the events to append; none if there are none.
    events_at: Option<DateTime<Utc>>,
    kind: Kind,
    source: Option<&'a Source>,
    open: Option<DatabaseTransaction>,
    uncommitted: u64,
}

impl<'a> Writer<'a> {
    /// Writes rows of a kind, with ids of their `source` if there is one. With `in_one_transaction`, commits
    /// nothing before [`Self::finish`]. With `events_at`, appends the events of invites.
    pub(super) fn new(
        database: &'a DatabaseConnection,
        in_one_transaction: bool,
        events_at: Option<DateTime<Utc>>,
        kind: Kind,
        source: Option<&'a Source>,
    ) -> Self {
        Self {
            database,
            in_one_transaction,
            events_at,
            kind,
            source,
            open: None,
            uncommitted: 0,
        }
    }

    /// Returns the open transaction, or begins one.
    ///
    /// # Errors
    /// If the database fails.
    pub(super) async fn transaction(&mut self) -> Result<&DatabaseTransaction, DbErr> {
        let transaction = self.take_open().await?;
        Ok(self.open.insert(transaction))
    }

    async fn take_open(&mut self) -> Result<DatabaseTransaction, DbErr> {
        match self.open.take() {
            Some(transaction) => Ok(transaction),
            None => begin(self.database).await,
        }
    }

    /// Returns the number of rows written but not committed.
    pub(super) fn uncommitted(&self) -> u64 {
        self.uncommitted
    }

    /// Writes a chunk. Commits it at once; on SQLite, may keep the transaction open for the next chunk if
    /// `has_next`.
    ///
    /// # Errors
    /// If the database fails. Uncommitted rows are rolled back.
    pub(super) async fn write<'c>(
        &mut self,
        chunk: &'c Chunk,
        has_next: impl Fn() -> bool,
    ) -> Result<Written<'c>, DbErr> {
        let mut attempt = 1;
        loop {
            let starts_transaction = self.open.is_none();
            match self.write_once(chunk, &has_next).await {
                Err(error)
                    if starts_transaction && attempt < MAX_ATTEMPTS && is_transient(&error) =>
                {
                    attempt += 1;
                }
                outcome => return outcome,
            }
        }
    }

    async fn write_once<'c>(
        &mut self,
        chunk: &'c Chunk,
        has_next: impl Fn() -> bool,
    ) -> Result<Written<'c>, DbErr> {
        let transaction = self.take_open().await?;
        let written = self.write_in(&transaction, chunk).await?;
        let accepted = chunk.rows.len() - written.rejections.len();
        let uncommitted = self.uncommitted + accepted as u64;
        // SQLite writes each changed page once per transaction, so fewer transactions write less.
        let keep_open = transaction.get_database_backend() == DbBackend::Sqlite
            && uncommitted < TRANSACTION_ROWS
            && has_next();
        if self.in_one_transaction || keep_open {
            self.open = Some(transaction);
            self.uncommitted = uncommitted;
        } else {
            transaction.commit().await?;
            self.uncommitted = 0;
        }
        Ok(written)
    }

    async fn write_in<'c>(
        &self,
        transaction: &DatabaseTransaction,
        chunk: &'c Chunk,
    ) -> Result<Written<'c>, DbErr> {
        let Some(source) = self.source else {
            let (effects, rejections) =
                write_accepted(transaction, &chunk.rows, self.events_at).await?;
            let never_expire =
                token_invite::never_expiring(transaction, &chunk.rows, &effects).await?;
            return Ok(Written {
                rows: Cow::Borrowed(&chunk.rows),
                effects,
                rejections,
                names: Names::default(),
                never_expire,
            });
        };
        let mut resolved = resolve::resolve(transaction, source, chunk).await?;
        let (effects, mut rejections) =
            write_accepted(transaction, &resolved.rows, self.events_at).await?;
        resolved.name(&mut rejections);
        resolved.store(transaction, source, &rejections).await?;
        let changes = effects.changes.keys();
        let mut names = resolved.names;
        names
            .load_keys(transaction, source, self.kind, changes)
            .await?;
        rejections.append(&mut resolved.rejections);
        let never_expire =
            token_invite::never_expiring(transaction, &resolved.rows, &effects).await?;
        Ok(Written {
            rows: Cow::Owned(resolved.rows),
            effects,
            rejections,
            names,
            never_expire,
        })
    }

    /// Commits or rolls back the open transaction, if there is one.
    ///
    /// # Errors
    /// If the database fails. Uncommitted rows are rolled back.
    pub(super) async fn finish(&mut self, commit: bool) -> Result<(), DbErr> {
        match self.open.take() {
            None => Ok(()),
            Some(transaction) if commit => {
                transaction.commit().await?;
                self.uncommitted = 0;
                Ok(())
            }
            Some(transaction) => transaction.rollback().await,
        }
    }
}

async fn begin(database: &DatabaseConnection) -> Result<DatabaseTransaction, DbErr> {
    let transaction = database
        .begin_with_options(TransactionOptions {
            // A deferred transaction takes the write lock late, and then fails instead of waiting.
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..Default::default()
        })
        .await?;
    if database.get_database_backend() == DbBackend::Sqlite {
        let cache = format!("PRAGMA cache_size = -{SQLITE_CACHE}");
        transaction.execute_unprepared(&cache).await?;
    }
    Ok(transaction)
}

/// Writes all rows but the rejected ones, which it returns.
/// Bisects the chunk, so that few bad rows among many good ones cost few statements.
async fn write_accepted(
    transaction: &DatabaseTransaction,
    chunk: &[CheckedRow],
    events_at: Option<DateTime<Utc>>,
) -> Result<(Effects, Vec<Rejection>), DbErr> {
    let mut rejections = Vec::new();
    let mut effects = Effects::default();
    let mut pending = vec![chunk];
    while let Some(rows) = pending.pop() {
        if rows.is_empty() {
            continue;
        }
        if let Some(done) = try_write(transaction, rows, events_at).await? {
            effects.add(done);
            continue;
        }
        match rows {
            [row] => match write_one(transaction, row, events_at).await? {
                Ok(done) => effects.add(done),
                Err(rejection) => rejections.push(rejection),
            },
            rows => {
                let (first, second) = rows.split_at(rows.len() / 2);
                pending.extend([second, first]);
            }
        }
    }
    Ok((effects, rejections))
}

/// Writes the rows. Returns nothing if a row is rejected.
async fn try_write(
    transaction: &DatabaseTransaction,
    rows: &[CheckedRow],
    events_at: Option<DateTime<Utc>>,
) -> Result<Option<Effects>, DbErr> {
    let savepoint = transaction.begin().await?;
    let rows: Vec<&Rows> = rows.iter().map(|row| &row.rows).collect();
    let outcome = table::write_together(&savepoint, &rows, events_at.is_some()).await;
    match outcome {
        Ok(mut done) => {
            event::append(&savepoint, &mut done, events_at).await?;
            savepoint.commit().await.map(|()| Some(done))
        }
        Err(WriteError::Row(_)) => savepoint.rollback().await.map(|()| None),
        Err(WriteError::Database(error)) => Err(error),
    }
}

/// Like [`try_write`], of one row. Returns the rejection if it is rejected.
async fn write_one(
    transaction: &DatabaseTransaction,
    row: &CheckedRow,
    events_at: Option<DateTime<Utc>>,
) -> Result<Result<Effects, Rejection>, DbErr> {
    let savepoint = transaction.begin().await?;
    match table::write_explained(&savepoint, &row.rows, events_at.is_some()).await {
        Ok(mut done) => {
            event::append(&savepoint, &mut done, events_at).await?;
            savepoint.commit().await.map(|()| Ok(done))
        }
        Err(WriteError::Row(error)) => {
            savepoint.rollback().await?;
            Ok(Err(Rejection::new(row.line, error)))
        }
        Err(WriteError::Database(error)) => Err(error),
    }
}
