//! Writes chunks of rows in transactions, leaving out just the rows that the database refuses.

use sea_orm::{
    DatabaseConnection, DatabaseTransaction, DbErr, SqliteTransactionMode, TransactionOptions,
    TransactionTrait,
};

use super::{
    Rejection,
    constraint::{Refusal, is_transient},
    table::{self, Rows},
};

/// How often a chunk is begun anew when another transaction was in its way.
const ATTEMPTS: u32 = 5;

/// A row of the file, checked, and where it starts.
#[derive(Debug)]
pub(super) struct CheckedRow {
    pub(super) line: u64,
    pub(super) rows: Rows,
}

/// Writes chunks: in a transaction each, or in one transaction for all.
pub(super) struct Writer<'a> {
    database: &'a DatabaseConnection,
    for_all: Option<DatabaseTransaction>,
}

impl<'a> Writer<'a> {
    /// Commits every chunk.
    pub(super) fn of_chunks(database: &'a DatabaseConnection) -> Self {
        Self {
            database,
            for_all: None,
        }
    }

    /// Commits nothing before [`Self::end`].
    pub(super) async fn of_all(database: &'a DatabaseConnection) -> Result<Self, DbErr> {
        Ok(Self {
            database,
            for_all: Some(begin(database).await?),
        })
    }

    /// Writes the rows but those that the database refuses, which it returns.
    pub(super) async fn write(&self, chunk: &[CheckedRow]) -> Result<Vec<Rejection>, DbErr> {
        if chunk.is_empty() {
            return Ok(Vec::new());
        }
        if let Some(transaction) = &self.for_all {
            return write_but_refused(transaction, chunk).await;
        }
        let mut attempt = 1;
        loop {
            match self.commit(chunk).await {
                Err(error) if attempt < ATTEMPTS && is_transient(&error) => attempt += 1,
                outcome => return outcome,
            }
        }
    }

    async fn commit(&self, chunk: &[CheckedRow]) -> Result<Vec<Rejection>, DbErr> {
        let transaction = begin(self.database).await?;
        let refused = write_but_refused(&transaction, chunk).await?;
        transaction.commit().await?;
        Ok(refused)
    }

    /// Ends the transaction for all, if there is one.
    pub(super) async fn end(self, keep: bool) -> Result<(), DbErr> {
        match self.for_all {
            None => Ok(()),
            Some(transaction) if keep => transaction.commit().await,
            Some(transaction) => transaction.rollback().await,
        }
    }
}

async fn begin(database: &DatabaseConnection) -> Result<DatabaseTransaction, DbErr> {
    database
        .begin_with_options(TransactionOptions {
            // SQLite's default takes the write lock late, and then fails rather than waits.
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..Default::default()
        })
        .await
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
        if attempt(transaction, rows).await? {
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
