//! Reads the rows of a file. Recognises compression, encoding and format by content, and holds one row
//! at a time.

use std::{
    borrow::Cow,
    io,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use serde_json::Value;
use tokio::io::AsyncRead;

use super::{Fields, Kind, MaxRow, repeat::Keys};

mod csv;
mod format;
mod input;
mod json;
mod page;
mod zstd;

use format::{Format, SAMPLE};
use input::Input;

/// A row of the file, not checked yet.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct RawRow {
    /// The line on which the row starts, from 1.
    pub(super) line: u64,
    /// The row, or the reason why it cannot be read.
    pub(super) content: Result<Content, Cow<'static, str>>,
}

/// Content of a row.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// JSON, not parsed yet.
    Json(Vec<u8>),
    /// A record of CSV as an object, and its length in bytes.
    Record(Value, usize),
}

impl Content {
    /// Returns a hash of the row.
    pub(super) fn hash(&self, keys: &Keys) -> u64 {
        match self {
            Self::Json(text) => keys.hash(text),
            Self::Record(value, _) => keys.hash(value.to_string().as_bytes()),
        }
    }

    /// Returns the row as JSON: the text of a JSON row as it came, or the object of a record.
    pub(super) fn to_text(&self) -> String {
        match self {
            Self::Json(text) => String::from_utf8_lossy(text).into_owned(),
            Self::Record(value, _) => value.to_string(),
        }
    }

    /// Returns the length in bytes.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Json(text) => text.len(),
            Self::Record(_, length) => *length,
        }
    }
}

/// Finds the boundaries of rows.
enum Splitter {
    Json(json::Splitter),
    Csv(Box<csv::Splitter>),
    /// A file of another format. The message is returned once, instead of rows.
    Other(Option<Cow<'static, str>>),
}

impl Splitter {
    /// Consumes bytes up to the end of a row. Returns their number, and the row if it ended.
    fn push(&mut self, bytes: &[u8]) -> (usize, Option<RawRow>) {
        match self {
            Self::Json(splitter) => splitter.push(bytes),
            Self::Csv(splitter) => splitter.push(bytes),
            Self::Other(_) => (bytes.len(), self.end()),
        }
    }

    /// Returns a remaining row at the end of the input. Call it until it returns none.
    fn end(&mut self) -> Option<RawRow> {
        match self {
            Self::Json(splitter) => splitter.end(),
            Self::Csv(splitter) => splitter.end(),
            Self::Other(message) => message.take().map(|message| RawRow {
                line: 1,
                content: Err(message),
            }),
        }
    }
}

/// Reads rows from a stream.
pub(super) struct RowReader<R> {
    kind: Kind,
    fields: Arc<Fields>,
    max_row: MaxRow,
    /// Bytes read so far.
    bytes: Arc<AtomicU64>,
    /// The stream before the first row.
    source: Option<R>,
    open: Option<(Input<R>, Splitter)>,
}

impl<R: AsyncRead + Unpin> RowReader<R> {
    /// Creates a reader for rows of `kind`. `fields` renames columns of CSV.
    pub(super) fn new(source: R, kind: Kind, fields: Arc<Fields>, max_row: MaxRow) -> Self {
        Self {
            kind,
            fields,
            max_row,
            bytes: Arc::default(),
            source: Some(source),
            open: None,
        }
    }

    /// Returns the number of bytes read from the stream.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Returns the reason for which the pages of a file that has ended are not complete lists.
    pub(super) fn incompleteness(&self) -> Option<String> {
        match &self.open {
            Some((_, Splitter::Json(splitter))) => splitter.incompleteness(),
            _ => None,
        }
    }

    /// Returns the next row; none at the end of the stream.
    ///
    /// # Errors
    /// If the stream fails or cannot be unpacked.
    pub(super) async fn next(&mut self) -> io::Result<Option<RawRow>> {
        if let Some(source) = self.source.take() {
            let mut input = Input::open(source, self.bytes.clone()).await?;
            let format = format::recognize(input.peek(SAMPLE).await?, &self.fields);
            let splitter = match format {
                Format::Json => Splitter::Json(json::Splitter::new(self.kind, self.max_row)),
                Format::Csv { delimiter } => {
                    let fields = self.fields.clone();
                    Splitter::Csv(Box::new(csv::Splitter::new(
                        delimiter,
                        fields,
                        self.max_row,
                    )))
                }
                Format::Other(message) => Splitter::Other(Some(message)),
            };
            self.open = Some((input, splitter));
        }
        let Some((input, splitter)) = &mut self.open else {
            return Ok(None);
        };
        loop {
            let available = input.fill().await?;
            if available.is_empty() || matches!(splitter, Splitter::Other(_)) {
                return Ok(splitter.end());
            }
            let (used, row) = splitter.push(available);
            input.consume(used);
            if row.is_some() {
                return Ok(row);
            }
        }
    }
}

#[cfg(test)]
mod tests;
