//! Writes chunks of rows in transactions, leaving out just the rows that the database refuses.

use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr,
    SqliteTransactionMode, TransactionOptions, TransactionTrait,
};

use super::{
    Rejection,
    chunk::CheckedRow,
    constraint::{Refusal, is_transient},
    table::{self, Rows},
};

/// How often a chunk is begun anew when another transaction was in its way.
const ATTEMPTS: u32 = 5;

/// Rows after which a transaction of several chunks is committed.
const TRANSACTION_ROWS: u64 = 64_000;

/// Memory for SQLite's pages, in KiB: the indexes of a large table are written all over.
const SQLITE_CACHE: u32 = 12 * 1024;

/// Writes chunks, in one transaction for all, or in as many as keep little waiting.
pub(super) struct Writer<'a> {
    database: &'a DatabaseConnection,
    in_one_transaction: bool,
    open: Option<DatabaseTransaction>,
    uncommitted: u64,
}

impl<'a> Writer<'a> {
    /// Where all shall be `in_one_transaction`, commits nothing before [`Self::end`].
    pub(super) fn new(database: &'a DatabaseConnection, in_one_transaction: bool) -> Self {
        Self {
            database,
            in_one_transaction,
            open: None,
            uncommitted: 0,
        }
    }

    /// How many rows are written, but not yet committed.
    pub(super) fn uncommitted(&self) -> u64 {
        self.uncommitted
    }

    /// Writes the rows but those that the database refuses, which it returns. They are committed
    /// at once, unless `another_waits`: then it may be later.
    ///
    /// # Errors
    /// The database cannot go on: what is not committed is undone.
    pub(super) async fn write(
        &mut self,
        chunk: &[CheckedRow],
        another_waits: impl Fn() -> bool,
    ) -> Result<Vec<Rejection>, DbErr> {
        let mut attempt = 1;
        loop {
            let is_alone = self.open.is_none();
            match self.write_once(chunk, &another_waits).await {
                Err(error) if is_alone && attempt < ATTEMPTS && is_transient(&error) => {
                    attempt += 1;
                }
                outcome => return outcome,
            }
        }
    }

    async fn write_once(
        &mut self,
        chunk: &[CheckedRow],
        another_waits: impl Fn() -> bool,
    ) -> Result<Vec<Rejection>, DbErr> {
        let transaction = match self.open.take() {
            Some(transaction) => transaction,
            None => begin(self.database).await?,
        };
        let refused = write_but_refused(&transaction, chunk).await?;
        let uncommitted = self.uncommitted + (chunk.len() - refused.len()) as u64;
        // SQLite writes each page of an index once a transaction, whatever rows went into it.
        let goes_on = transaction.get_database_backend() == DbBackend::Sqlite
            && uncommitted < TRANSACTION_ROWS
            && another_waits();
        if self.in_one_transaction || goes_on {
            self.open = Some(transaction);
            self.uncommitted = uncommitted;
        } else {
            transaction.commit().await?;
            self.uncommitted = 0;
        }
        Ok(refused)
    }

    /// Ends the transaction that is open, if there is one.
    ///
    /// # Errors
    /// The database cannot go on: what is not committed is undone.
    pub(super) async fn end(&mut self, keep: bool) -> Result<(), DbErr> {
        match self.open.take() {
            None => Ok(()),
            Some(transaction) if keep => {
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
            // SQLite's default takes the write lock late, and then fails rather than waits.
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

/// Writes all rows together. While that is refused, halves them, so that few bad rows among many
/// good ones cost few statements.
async fn write_but_refused(
    transaction: &DatabaseTransaction,
    chunk: &[CheckedRow],
) -> Result<Vec<Rejection>, DbErr> {
    let mut refused = Vec::new();
    let mut waiting = vec![chunk];
    while let Some(rows) = waiting.pop() {
        if rows.is_empty() || attempt(transaction, rows).await? {
            continue;
        }
        match rows {
            [row] => refused.extend(write_one(transaction, row).await?),
            rows => {
                let (first, second) = rows.split_at(rows.len() / 2);
                waiting.extend([second, first]);
            }
        }
    }
    Ok(refused)
}

/// Writes the rows if none of them is refused.
async fn attempt(transaction: &DatabaseTransaction, rows: &[CheckedRow]) -> Result<bool, DbErr> {
    let savepoint = transaction.begin().await?;
    let rows: Vec<&Rows> = rows.iter().map(|row| &row.rows).collect();
    let outcome = table::write_together(&savepoint, &rows).await;
    match outcome.map_err(Refusal::from) {
        Ok(()) => savepoint.commit().await.map(|()| true),
        Err(Refusal::Row(_)) => savepoint.rollback().await.map(|()| false),
        Err(Refusal::Database(error)) => Err(error),
    }
}

/// Writes one row, or tells which of its fields is refused.
async fn write_one(
    transaction: &DatabaseTransaction,
    row: &CheckedRow,
) -> Result<Option<Rejection>, DbErr> {
    let savepoint = transaction.begin().await?;
    match table::write_explained(&savepoint, &row.rows).await {
        Ok(()) => savepoint.commit().await.map(|()| None),
        Err(Refusal::Row(error)) => {
            savepoint.rollback().await?;
            Ok(Some(Rejection::new(row.line, error)))
        }
        Err(Refusal::Database(error)) => Err(error),
    }
}
