//! Splits NDJSON, a JSON array, or JSON objects over several lines into the text of its rows.
//! Holds one row at a time.

use std::io;

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};

/// Maximum length of a row. A longer row is skipped and rejected.
pub(super) const MAX_ROW_BYTES: usize = 1024 * 1024;

const BYTE_ORDER_MARK: [u8; 3] = [0xEF, 0xBB, 0xBF];

/// A row of the file, not parsed yet.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct RawRow {
    /// The line on which the row starts, from 1.
    pub(super) line: u64,
    /// Text of the row, or the reason that there is none.
    pub(super) text: Result<Vec<u8>, &'static str>,
}

/// Reads rows from a stream.
pub(super) struct RowReader<R> {
    source: BufReader<R>,
    splitter: Splitter,
    bytes: u64,
}

impl<R: AsyncRead + Unpin> RowReader<R> {
    pub(super) fn new(source: R) -> Self {
        Self {
            source: BufReader::with_capacity(64 * 1024, source),
            splitter: Splitter::default(),
            bytes: 0,
        }
    }

    /// Returns the number of bytes read from the stream.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Returns the next row; none at the end of the stream.
    ///
    /// # Errors
    /// If the stream fails.
    pub(super) async fn next(&mut self) -> io::Result<Option<RawRow>> {
        loop {
            let available = self.source.fill_buf().await?;
            if available.is_empty() {
                return Ok(self.splitter.end());
            }
            let (used, row) = self.splitter.push(available);
            self.source.consume(used);
            self.bytes += used as u64;
            if row.is_some() {
                return Ok(row);
            }
        }
    }
}

/// State of the splitter.
#[derive(Clone, Copy, Debug, Default)]
enum State {
    /// Before the first character that is not whitespace.
    #[default]
    Start,
    /// In a file of lines. A row ends with its line, unless brackets are open.
    Lines {
        nesting: Nesting,
        at_line_start: bool,
    },
    /// In an array, before its first element.
    Opened,
    /// In an array, after a comma.
    AfterComma,
    /// In an element of an array.
    Element(Nesting),
    /// After an array.
    Closed,
    /// After the last row. The rest of the file is ignored.
    Done,
}

/// State at the start of a line that begins a row.
const LINE_START: State = State::Lines {
    nesting: Nesting {
        depth: 0,
        text: Text::Outside,
    },
    at_line_start: true,
};

/// Depth of brackets in a row, ignoring those in strings.
#[derive(Clone, Copy, Debug, Default)]
struct Nesting {
    depth: u64,
    text: Text,
}

impl Nesting {
    /// Returns the nesting after `byte`.
    fn after(self, byte: u8) -> Self {
        let Self { depth, text } = self;
        let (depth, text) = match (text, byte) {
            (Text::Inside, b'\\') => (depth, Text::Escaped),
            (Text::Inside, b'"') => (depth, Text::Outside),
            (Text::Inside | Text::Escaped, _) => (depth, Text::Inside),
            (Text::Outside, b'"') => (depth, Text::Inside),
            (Text::Outside, b'{' | b'[') => (depth + 1, text),
            // An unmatched bracket stays in the row, which then fails to parse.
            (Text::Outside, b'}' | b']') => (depth.saturating_sub(1), text),
            (Text::Outside, _) => (depth, text),
        };
        Self { depth, text }
    }

    /// Returns true if a line break here does not end the row: an object or array is open.
    fn is_open(self) -> bool {
        self.depth > 0 && matches!(self.text, Text::Outside)
    }
}

/// Position relative to JSON strings.
#[derive(Clone, Copy, Debug, Default)]
enum Text {
    #[default]
    Outside,
    Inside,
    /// After a backslash.
    Escaped,
}

/// Finds the boundaries of rows. The result does not depend on how the input is split into reads.
#[derive(Debug)]
struct Splitter {
    state: State,
    /// Bytes of a byte order mark read so far.
    mark: usize,
    /// The current line, from 1.
    line: u64,
    row: Vec<u8>,
    row_line: u64,
    too_long: bool,
}

impl Default for Splitter {
    fn default() -> Self {
        Self {
            state: State::Start,
            mark: 0,
            line: 1,
            row: Vec::new(),
            row_line: 1,
            too_long: false,
        }
    }
}

impl Splitter {
    /// Consumes bytes up to the end of a row. Returns their number, and the row if it ended.
    fn push(&mut self, bytes: &[u8]) -> (usize, Option<RawRow>) {
        let mut used = 0;
        while let Some(rest) = bytes.get(used..).filter(|rest| !rest.is_empty()) {
            let (taken, row) = match self.state {
                State::Lines {
                    nesting,
                    at_line_start,
                } => self.in_lines(rest, nesting, at_line_start),
                State::Done => (rest.len(), None),
                _ => self.step(rest[0]),
            };
            used += taken;
            if row.is_some() {
                return (used, row);
            }
        }
        (used, None)
    }

    /// Returns a remaining row at the end of the input. Call it until it returns none.
    fn end(&mut self) -> Option<RawRow> {
        match self.state {
            State::Start | State::Closed | State::Done => None,
            State::Lines { .. } => {
                self.state = State::Done;
                self.take_unless_blank()
            }
            State::Element(_) => {
                self.state = State::AfterComma;
                Some(self.take_row())
            }
            State::Opened | State::AfterComma => {
                self.state = State::Done;
                Some(self.broken("the file ends inside the array: expected `]`"))
            }
        }
    }

    fn in_lines(
        &mut self,
        bytes: &[u8],
        mut nesting: Nesting,
        at_line_start: bool,
    ) -> (usize, Option<RawRow>) {
        if at_line_start && nesting.depth == 0 {
            self.row_line = self.line;
        }
        // `{` at the start of a line begins a row, so that a truncated row does not swallow the
        // next.
        if at_line_start && nesting.depth > 0 && bytes.first() == Some(&b'{') {
            self.state = LINE_START;
            return (0, Some(self.take_row()));
        }
        let length = bytes.iter().position(|byte| *byte == b'\n');
        let line = &bytes[..length.unwrap_or(bytes.len())];
        for byte in line {
            nesting = nesting.after(*byte);
        }
        self.keep(line);
        let Some(length) = length else {
            self.state = State::Lines {
                nesting,
                at_line_start: false,
            };
            return (bytes.len(), None);
        };
        self.line += 1;
        if nesting.is_open() {
            self.keep(b"\n");
            self.state = State::Lines {
                nesting,
                at_line_start: true,
            };
            return (length + 1, None);
        }
        self.state = LINE_START;
        (length + 1, self.take_unless_blank())
    }

    /// Processes one byte outside of a file of lines. Consumes none if only the state changes.
    fn step(&mut self, byte: u8) -> (usize, Option<RawRow>) {
        if let State::Element(nesting) = self.state {
            return self.in_element(byte, nesting);
        }
        if matches!(self.state, State::Start) && BYTE_ORDER_MARK.get(self.mark) == Some(&byte) {
            self.mark += 1;
            return (1, None);
        }
        if byte.is_ascii_whitespace() {
            self.line += u64::from(byte == b'\n');
            return (1, None);
        }
        match (self.state, byte) {
            (State::Start, b'[') => self.state = State::Opened,
            (State::Start, _) => {
                self.state = LINE_START;
                return (0, None);
            }
            (State::Opened, b']') => self.state = State::Closed,
            (State::AfterComma, b']') => {
                self.state = State::Closed;
                return (1, Some(self.broken("expected a row after the comma")));
            }
            (State::Opened | State::AfterComma, b',') => {
                self.state = State::AfterComma;
                return (1, Some(self.broken("expected a row before the comma")));
            }
            (State::Opened | State::AfterComma, _) => {
                self.row_line = self.line;
                self.state = State::Element(Nesting::default());
                return (0, None);
            }
            _ => {
                self.state = State::Done;
                return (1, Some(self.broken("expected nothing after the array")));
            }
        }
        (1, None)
    }

    fn in_element(&mut self, byte: u8, nesting: Nesting) -> (usize, Option<RawRow>) {
        self.line += u64::from(byte == b'\n');
        let ended = match byte {
            b',' => Some(State::AfterComma),
            b']' => Some(State::Closed),
            _ => None,
        };
        match (nesting, ended) {
            (
                Nesting {
                    depth: 0,
                    text: Text::Outside,
                },
                Some(state),
            ) => {
                self.state = state;
                (1, Some(self.take_row()))
            }
            _ => {
                self.state = State::Element(nesting.after(byte));
                self.keep(&[byte]);
                (1, None)
            }
        }
    }

    fn keep(&mut self, bytes: &[u8]) {
        if self.too_long || self.row.len() + bytes.len() > MAX_ROW_BYTES {
            self.too_long = true;
            self.row = Vec::new();
        } else {
            self.row.extend_from_slice(bytes);
        }
    }

    fn take_unless_blank(&mut self) -> Option<RawRow> {
        let blank = !self.too_long && self.row.iter().all(u8::is_ascii_whitespace);
        if blank {
            self.row.clear();
            return None;
        }
        Some(self.take_row())
    }

    fn take_row(&mut self) -> RawRow {
        let text = std::mem::take(&mut self.row);
        let too_long = std::mem::take(&mut self.too_long);
        RawRow {
            line: self.row_line,
            text: if too_long {
                Err("longer than 1 MiB")
            } else {
                Ok(text)
            },
        }
    }

    fn broken(&self, reason: &'static str) -> RawRow {
        RawRow {
            line: self.line,
            text: Err(reason),
        }
    }
}

#[cfg(test)]
mod tests;
