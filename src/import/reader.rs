//! Splits NDJSON, a JSON array, or JSON objects that are laid out over several lines, into the text
//! of its rows, holding one row at a time.

use std::io;

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};

/// The longest row that is read; a longer one is skipped to its end.
pub(super) const LONGEST_ROW: usize = 1024 * 1024;

const BYTE_ORDER_MARK: [u8; 3] = [0xEF, 0xBB, 0xBF];

/// One row of the file: where it starts, and its text, or why there is none.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct RawRow {
    /// The line on which the row starts, from 1.
    pub(super) line: u64,
    /// The row's text, not parsed yet.
    pub(super) text: Result<Vec<u8>, &'static str>,
}

/// Reads rows from a stream.
pub(super) struct Reader<R> {
    source: BufReader<R>,
    splitter: Splitter,
    bytes: u64,
}

impl<R: AsyncRead + Unpin> Reader<R> {
    pub(super) fn new(source: R) -> Self {
        Self {
            source: BufReader::with_capacity(64 * 1024, source),
            splitter: Splitter::default(),
            bytes: 0,
        }
    }

    /// How much of the stream has been read.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The next row; none at the end of the stream.
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

/// Where in the file the splitter is.
#[derive(Clone, Copy, Debug, Default)]
enum State {
    /// Nothing but space has been seen: it is not known yet whether this is an array.
    #[default]
    Start,
    /// Each line is a row, or, where its brackets stay open, each stretch of lines.
    Lines {
        nesting: Nesting,
        at_line_start: bool,
    },
    /// In the array, before its first element.
    Opened,
    /// In the array, after a comma.
    AfterComma,
    /// In an element of the array.
    Element(Nesting),
    /// After the array.
    Closed,
    /// After the end of what can be understood: the rest is not looked at.
    Lost,
}

/// At the start of a line that begins a row.
const LINE_START: State = State::Lines {
    nesting: Nesting {
        depth: 0,
        text: Text::Outside,
    },
    at_line_start: true,
};

/// How deep in brackets a row is, and whether in a string, where brackets and commas mean nothing.
#[derive(Clone, Copy, Debug, Default)]
struct Nesting {
    depth: u64,
    text: Text,
}

impl Nesting {
    fn after(self, byte: u8) -> Self {
        let Self { depth, text } = self;
        let (depth, text) = match (text, byte) {
            (Text::Inside, b'\\') => (depth, Text::Escaped),
            (Text::Inside, b'"') => (depth, Text::Outside),
            (Text::Inside | Text::Escaped, _) => (depth, Text::Inside),
            (Text::Outside, b'"') => (depth, Text::Inside),
            (Text::Outside, b'{' | b'[') => (depth + 1, text),
            // A stray one stays in the row, whose JSON is then found broken.
            (Text::Outside, b'}' | b']') => (depth.saturating_sub(1), text),
            (Text::Outside, _) => (depth, text),
        };
        Self { depth, text }
    }

    /// Whether a line may end here without its row: between the parts of an object or array.
    fn is_open(self) -> bool {
        self.depth > 0 && matches!(self.text, Text::Outside)
    }
}

/// Whether a byte is in a string.
#[derive(Clone, Copy, Debug, Default)]
enum Text {
    #[default]
    Outside,
    Inside,
    /// After a backslash.
    Escaped,
}

/// Finds where rows start and end, in whatever pieces the bytes come.
#[derive(Debug)]
struct Splitter {
    state: State,
    /// How many bytes of a byte order mark have been seen.
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
    /// Takes bytes up to the end of a row; tells how many, and the row if one ended.
    fn push(&mut self, bytes: &[u8]) -> (usize, Option<RawRow>) {
        let mut used = 0;
        while let Some(rest) = bytes.get(used..).filter(|rest| !rest.is_empty()) {
            let (taken, row) = match self.state {
                State::Lines {
                    nesting,
                    at_line_start,
                } => self.in_lines(rest, nesting, at_line_start),
                State::Lost => (rest.len(), None),
                _ => self.step(rest[0]),
            };
            used += taken;
            if row.is_some() {
                return (used, row);
            }
        }
        (used, None)
    }

    /// What is left when the bytes end. Asked again until there is nothing.
    fn end(&mut self) -> Option<RawRow> {
        match self.state {
            State::Start | State::Closed | State::Lost => None,
            State::Lines { .. } => {
                self.state = State::Lost;
                self.take_unless_blank()
            }
            State::Element(_) => {
                self.state = State::AfterComma;
                Some(self.take_row())
            }
            State::Opened | State::AfterComma => {
                self.state = State::Lost;
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
        // An object that begins a line begins a row, even where the row before was cut off.
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

    /// One byte anywhere but in a file of lines. No byte is taken where only the state changes.
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
                self.state = State::Lost;
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
        if self.too_long || self.row.len() + bytes.len() > LONGEST_ROW {
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
