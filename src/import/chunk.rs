//! Chunks of checked rows. The next chunk is read and checked while the database writes the last.

use std::{collections::HashMap, io, sync::Arc};

use chrono::{DateTime, Utc};
use serde_json::Value;
use tokio::{
    io::AsyncRead,
    sync::{OwnedSemaphorePermit, Semaphore, mpsc},
    task,
};

use super::{
    Fields, Kind, Rejection, invisible,
    name::Claims,
    reader::{Content, RawRow, RowReader},
    repeat::Keys,
    row::{self, FieldError, Object},
    source::{ExternalId, StatedIds},
    table::Rows,
    unknown::{Counts, KnownFields, Unknown, UnknownFields},
};

/// Rows of tables in the first chunk: few, so that the first rows are written soon.
const FIRST_ROWS: u32 = 500;

/// Maximum of rows of tables in a chunk. Each chunk is twice as large as the last, up to this
/// size. It bounds memory, which holds two chunks.
const MAX_ROWS: u32 = 8_000;

/// Maximum of bytes of text in a chunk. Long rows end a chunk early.
const MAX_BYTES: usize = 4 * 1024 * 1024;

/// Rows checked before the task yields to others.
const ROWS_PER_YIELD: usize = 64;

/// A checked row of the file, and the line on which it starts.
#[derive(Clone, Debug)]
pub(super) struct CheckedRow {
    pub(super) line: u64,
    pub(super) rows: Rows,
    /// Text of the row, if it is kept for the report.
    pub(super) text: Option<String>,
}

/// Rows written together.
#[derive(Debug)]
pub(super) struct Chunk {
    /// Good rows, in the order of the file.
    pub(super) rows: Vec<CheckedRow>,
    /// Bad rows, in the order of the file.
    pub(super) rejected: Vec<(Rejection, Option<String>)>,
    /// Bytes of the input read up to the end of the chunk.
    pub(super) read_to: u64,
    /// Ids that the rows state, if their source has its own.
    pub(super) stated: HashMap<i64, ExternalId>,
    /// Unknown fields of good rows.
    pub(super) unknown: Counts,
    /// Reason for which the pages of the file are not complete lists, in the last chunk.
    pub(super) incompleteness: Option<String>,
    /// Rows that repeat a key with other content.
    pub(super) repeated: u64,
    /// Number of rows of tables.
    count: usize,
    /// Share of the memory for chunks, released on drop.
    permit: OwnedSemaphorePermit,
}

/// Checks the rows of a file and sends them in chunks.
pub(super) struct Checker<R> {
    pub(super) reader: RowReader<R>,
    pub(super) fields: Arc<Fields>,
    pub(super) kind: Kind,
    /// Default of required instants: the same for all rows of a run.
    pub(super) now: DateTime<Utc>,
    /// Stops after the first bad row.
    pub(super) strict: bool,
    /// Reads each row as a withdrawal.
    pub(super) deletes: bool,
    /// The rows replace others.
    pub(super) replaces: bool,
    /// Ids of the source, if it has its own.
    pub(super) stated: Option<StatedIds>,
    /// Keeps the text of rows for the report.
    pub(super) keeps_text: bool,
    /// The names in earlier rows.
    pub(super) claims: Claims,
    /// The keys of earlier rows.
    pub(super) keys: Keys,
    /// Finds fields that the kind does not read.
    pub(super) unknown: UnknownFields,
}

impl<R: AsyncRead + Unpin> Checker<R> {
    /// Sends chunks until the input ends or the receiver is dropped. An error of the input is sent
    /// last.
    pub(super) async fn send(mut self, chunks: mpsc::Sender<io::Result<Chunk>>) {
        let mut max_rows = FIRST_ROWS;
        let memory = Arc::new(Semaphore::new(2 * MAX_ROWS as usize));
        // Waits before it reads, so that memory holds only this chunk and the last.
        while let Ok(permit) = memory.clone().acquire_many_owned(MAX_ROWS).await {
            let (mut chunk, is_last) = match self.fill(max_rows, permit).await {
                Ok((chunk, is_last)) => (Ok(chunk), is_last),
                Err(error) => (Err(error), true),
            };
            if let Ok(chunk) = &mut chunk
                && chunk.count > 2 * MAX_ROWS as usize
                // One row of the file may hold very many of tables. Such a chunk takes all memory.
                && let Ok(rest) = memory.clone().acquire_many_owned(MAX_ROWS).await
            {
                chunk.permit.merge(rest);
            }
            if chunks.send(chunk).await.is_err() || is_last {
                break;
            }
            max_rows = MAX_ROWS.min(max_rows * 2);
        }
    }

    /// Returns the next chunk, and true if it is the last.
    async fn fill(
        &mut self,
        max_rows: u32,
        permit: OwnedSemaphorePermit,
    ) -> io::Result<(Chunk, bool)> {
        let mut chunk = Chunk {
            rows: Vec::new(),
            rejected: Vec::new(),
            read_to: 0,
            stated: HashMap::new(),
            unknown: Counts::default(),
            incompleteness: None,
            repeated: 0,
            count: 0,
            permit,
        };
        let mut bytes = 0;
        let mut is_last = false;
        while chunk.count < max_rows as usize && bytes < MAX_BYTES && !is_last {
            let Some(row) = self.reader.next().await? else {
                is_last = true;
                chunk.incompleteness = self.reader.incompleteness();
                break;
            };
            let line = row.line;
            let text = match &row.content {
                Ok(content) if self.keeps_text => Some(content.to_text()),
                _ => None,
            };
            bytes += row.content.as_ref().map_or(0, Content::len);
            let content = match &row.content {
                Ok(content) => content.hash(&self.keys),
                Err(_) => 0,
            };
            match self.check(row, &mut chunk.unknown) {
                Ok(checked) => {
                    chunk.repeated += u64::from(checked.repeats_key(&mut self.keys, content));
                    chunk.count += checked.count();
                    chunk.rows.push(CheckedRow {
                        line,
                        rows: checked,
                        text,
                    });
                }
                Err(error) => {
                    chunk.count += 1;
                    chunk.rejected.push((Rejection::new(line, error), text));
                    is_last = self.strict;
                }
            }
            if (chunk.rows.len() + chunk.rejected.len()).is_multiple_of(ROWS_PER_YIELD) {
                task::yield_now().await;
            }
        }
        chunk.read_to = self.reader.bytes();
        chunk.stated = self
            .stated
            .as_ref()
            .map(StatedIds::take)
            .unwrap_or_default();
        Ok((chunk, is_last))
    }

    /// Parses and checks a row of the file.
    fn check(&mut self, row: RawRow, counts: &mut Counts) -> Result<Rows, FieldError> {
        let mut value = match row.content.map_err(FieldError::whole)? {
            Content::Json(text) => {
                let mut value = row::parse(&text)?;
                self.fields.apply(&mut value);
                value
            }
            Content::Record(value, _) => value,
        };
        self.fields.complete(self.kind, &mut value);
        self.fields.replace_values(&mut value);
        let mut rows = Rows {
            has_cleaned_name: invisible::clean_names(&mut value),
            ..Rows::default()
        };
        let (shape, found) = self.unknown.look_up(&value);
        let known = found.is_none().then(KnownFields::default);
        let mut row = Object::row(&value, known.as_ref())?;
        if let Some(stated) = &self.stated {
            row = row.with_ids(self.kind, stated);
        }
        if self.deletes || row.is_withdrawn()? {
            // A withdrawal needs the key alone. Its other fields are ignored.
            self.kind.withdraw(&row, self.now, &mut rows)?;
            rows.claim_names(&mut self.claims)?;
            return Ok(rows);
        }
        self.kind.read(&row, self.now, &mut rows)?;
        if self.replaces {
            rows.restore();
            rows.is_correction = is_correction(&value);
        }
        let unknown = match known {
            None => self.unknown.look_up(&value).1.unwrap_or_default(),
            Some(known) => self.unknown.find(shape, &value, known),
        };
        if let Some(Unknown { field, nearest }) = unknown.first().filter(|_| self.strict) {
            let nearest = nearest
                .as_ref()
                .map(|name| format!("; did you mean `{name}`?"));
            let reason = format!("unknown field{}", nearest.unwrap_or_default());
            return Err(FieldError::new(field, reason));
        }
        counts.add(unknown);
        rows.claim_names(&mut self.claims)?;
        Ok(rows)
    }
}

/// Returns true for a row of a file of `--rejects`.
fn is_correction(row: &Value) -> bool {
    ["_line", "_reason"]
        .iter()
        .all(|name| row.get(*name).is_some())
}
