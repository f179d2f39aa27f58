//! Chunks of checked rows: the next one is read and checked while the database writes the one
//! before.

use std::{io, sync::Arc};

use chrono::{DateTime, Utc};
use tokio::{
    io::AsyncRead,
    sync::{OwnedSemaphorePermit, Semaphore, mpsc},
    task,
};

use super::{
    Kind, Rejection,
    reader::{RawRow, Reader},
    row::{self, FieldError, Object},
    table::Rows,
};

/// Rows of tables in the first chunk: few, so that the first ones are soon written.
const FIRST_ROWS: u32 = 500;

/// Rows of tables in a chunk, once they are as large as they become: as many as two chunks may
/// hold in memory. Each is twice as large as the one before.
const MOST_ROWS: u32 = 8_000;

/// Bytes of text in a chunk: long rows make it end early.
const MOST_BYTES: usize = 4 * 1024 * 1024;

/// Rows that are checked before others get their turn.
const ROWS_A_TURN: usize = 64;

/// A row of the file, checked, and where it starts.
#[derive(Debug)]
pub(super) struct CheckedRow {
    pub(super) line: u64,
    pub(super) rows: Rows,
}

/// Rows that are written together.
#[derive(Debug)]
pub(super) struct Chunk {
    /// The good ones, in the order of the file.
    pub(super) rows: Vec<CheckedRow>,
    /// Why the others cannot be written, in the order of the file.
    pub(super) rejected: Vec<Rejection>,
    /// How much of the input had been read at its end, in bytes.
    pub(super) read_to: u64,
    /// How many rows of tables they come to.
    count: usize,
    /// Its part of what may be in memory, which is free again when it is dropped.
    room: OwnedSemaphorePermit,
}

/// Checks the rows of a file.
pub(super) struct Checker<R> {
    pub(super) reader: Reader<R>,
    pub(super) kind: Kind,
    /// What rows without an instant of their own get; one for all, so that a run is consistent.
    pub(super) now: DateTime<Utc>,
    /// Whether to end after the first bad row.
    pub(super) strict: bool,
}

impl<R: AsyncRead + Unpin> Checker<R> {
    /// Sends the rows in chunks, until they end, or nobody takes them any more. An error of the
    /// input is the last thing sent.
    pub(super) async fn send(mut self, chunks: mpsc::Sender<io::Result<Chunk>>) {
        let mut most = FIRST_ROWS;
        let room = Arc::new(Semaphore::new(2 * MOST_ROWS as usize));
        // Waits for room before it reads: no more is held than this chunk and the one before.
        while let Ok(own) = room.clone().acquire_many_owned(MOST_ROWS).await {
            let (mut chunk, is_last) = match self.fill(most, own).await {
                Ok((chunk, is_last)) => (Ok(chunk), is_last),
                Err(error) => (Err(error), true),
            };
            if let Ok(chunk) = &mut chunk
                && chunk.count > 2 * MOST_ROWS as usize
                // Rows may hold very many others: such a chunk is alone.
                && let Ok(all) = room.clone().acquire_many_owned(MOST_ROWS).await
            {
                chunk.room.merge(all);
            }
            if chunks.send(chunk).await.is_err() || is_last {
                break;
            }
            most = MOST_ROWS.min(most * 2);
        }
    }

    /// The next chunk, and whether it is the last.
    async fn fill(&mut self, most: u32, room: OwnedSemaphorePermit) -> io::Result<(Chunk, bool)> {
        let mut chunk = Chunk {
            rows: Vec::new(),
            rejected: Vec::new(),
            read_to: 0,
            count: 0,
            room,
        };
        let mut bytes = 0;
        let mut is_last = false;
        while chunk.count < most as usize && bytes < MOST_BYTES && !is_last {
            let Some(row) = self.reader.next().await? else {
                is_last = true;
                break;
            };
            let line = row.line;
            bytes += row.text.as_ref().map_or(0, Vec::len);
            match self.check(row) {
                Ok(checked) => {
                    chunk.count += checked.count();
                    chunk.rows.push(CheckedRow {
                        line,
                        rows: checked,
                    });
                }
                Err(error) => {
                    chunk.count += 1;
                    chunk.rejected.push(Rejection::new(line, error));
                    is_last = self.strict;
                }
            }
            if (chunk.rows.len() + chunk.rejected.len()).is_multiple_of(ROWS_A_TURN) {
                task::yield_now().await;
            }
        }
        chunk.read_to = self.reader.bytes();
        Ok((chunk, is_last))
    }

    /// What a row of the file comes to.
    fn check(&self, row: RawRow) -> Result<Rows, FieldError> {
        let text = row.text.map_err(FieldError::whole)?;
        let value = row::parse(&text)?;
        let mut rows = Rows::default();
        self.kind.read(&Object::row(&value)?, self.now, &mut rows)?;
        Ok(rows)
    }
}
