//! Splits JSON into rows: lines, objects over several lines, arrays and pages of an API, one after
//! another. Holds one row at a time.

use std::mem;

use super::{Content, RawRow, page::Pages};
use crate::import::{Kind, MaxRow};

const BYTE_ORDER_MARK: [u8; 3] = [0xEF, 0xBB, 0xBF];

/// True for bytes that change no state, unless they are escaped.
const IS_PLAIN: [bool; 256] = {
    let mut is_plain = [true; 256];
    let others = b"\n{}[],\"\\";
    let mut index = 0;
    while index < others.len() {
        is_plain[others[index] as usize] = false;
        index += 1;
    }
    is_plain
};

/// State of the splitter.
#[derive(Clone, Copy, Debug)]
enum State {
    /// Between rows, or before an array or a page.
    Between,
    /// After an array or a page. Differs from `Between` for a comma.
    Closed,
    /// In an array, before its first element.
    Opened,
    /// In an array, after a comma.
    AfterComma,
    /// In a row.
    Row {
        nesting: Nesting,
        at_line_start: bool,
    },
    /// In an array, after an element.
    AfterElement,
    /// In the object of a page, after the array of its rows.
    AfterPage(Nesting),
}

/// Depth of brackets in a row, ignoring those in strings.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Nesting {
    pub(super) depth: u64,
    text: Text,
}

impl Nesting {
    /// Returns the nesting in an object, outside of its members.
    const IN_OBJECT: Self = Self {
        depth: 1,
        text: Text::Outside,
    };

    /// Returns the nesting after `byte`.
    pub(super) fn after(self, byte: u8) -> Self {
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

    /// Returns true outside of strings.
    pub(super) fn is_outside(self) -> bool {
        matches!(self.text, Text::Outside)
    }

    fn is_escaped(self) -> bool {
        matches!(self.text, Text::Escaped)
    }

    /// Returns true outside of strings and of all but `depth` brackets.
    fn is_at(self, depth: u64) -> bool {
        self.depth == depth && self.is_outside()
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

/// The place in a row where the array of a page begins.
#[derive(Clone, Copy, Debug)]
struct PageStart {
    /// Bytes of the row up to the array's bracket, which is included.
    length: usize,
    line: u64,
}

/// Finds the boundaries of rows. The result does not depend on how the input is split into reads.
#[derive(Debug)]
pub(super) struct Splitter {
    max_row: MaxRow,
    pages: Pages,
    state: State,
    in_array: bool,
    in_page: bool,
    /// Bytes of a byte order mark read so far.
    mark: usize,
    /// The current line, from 1.
    line: u64,
    row: Vec<u8>,
    row_line: u64,
    too_long: bool,
    /// The row is a page, unless a later member says that it is a row.
    maybe_page: Option<PageStart>,
    /// The row has a member that no page has.
    is_row: bool,
    /// Bytes of a page that were read as a row. They are split before further input.
    again: Vec<u8>,
    again_at: usize,
}

impl Splitter {
    /// Creates a splitter for rows of `kind`.
    pub(super) fn new(kind: Kind, max_row: MaxRow) -> Self {
        Self {
            max_row,
            pages: Pages::new(kind),
            state: State::Between,
            in_array: false,
            in_page: false,
            mark: 0,
            line: 1,
            row: Vec::new(),
            row_line: 1,
            too_long: false,
            maybe_page: None,
            is_row: false,
            again: Vec::new(),
            again_at: 0,
        }
    }

    /// Consumes bytes up to the end of a row. Returns their number, and the row if it ended.
    pub(super) fn push(&mut self, bytes: &[u8]) -> (usize, Option<RawRow>) {
        while !self.again.is_empty() {
            let row = self.split_again();
            if row.is_some() {
                return (0, row);
            }
        }
        self.split(bytes)
    }

    /// Returns a remaining row at the end of the input. Call it until it returns none.
    pub(super) fn end(&mut self) -> Option<RawRow> {
        loop {
            if let (_, Some(row)) = self.push(&[]) {
                return Some(row);
            }
            let missing = match self.state {
                State::Between | State::Closed => return None,
                State::Row { .. } => {
                    let row = self.take();
                    if row.is_some() {
                        return row;
                    }
                    continue;
                }
                State::AfterPage(_) => "the file ends inside the page: expected `}`",
                State::Opened | State::AfterComma | State::AfterElement => {
                    "the file ends inside the array: expected `]`"
                }
            };
            self.in_array = false;
            self.in_page = false;
            self.state = State::Between;
            return Some(self.broken(missing));
        }
    }

    /// Returns the reason for which the pages are not complete lists.
    pub(super) fn incompleteness(&self) -> Option<String> {
        self.pages.incompleteness()
    }

    /// Splits bytes that were read as a row before.
    fn split_again(&mut self) -> Option<RawRow> {
        let again = mem::take(&mut self.again);
        let at = mem::take(&mut self.again_at);
        let (used, row) = self.split(&again[at..]);
        let at = at + used;
        if self.again.is_empty() {
            if at < again.len() {
                self.again = again;
                self.again_at = at;
            }
        } else {
            // They contain another page.
            self.again.extend_from_slice(&again[at..]);
        }
        row
    }

    fn split(&mut self, bytes: &[u8]) -> (usize, Option<RawRow>) {
        let mut used = 0;
        while let Some(rest) = bytes.get(used..).filter(|rest| !rest.is_empty()) {
            let (taken, row) = match self.state {
                State::Row {
                    nesting,
                    at_line_start,
                } => self.in_row(rest, nesting, at_line_start),
                State::AfterPage(nesting) => (self.after_page(rest, nesting), None),
                state => self.step(state, rest[0]),
            };
            used += taken;
            if row.is_some() || !self.again.is_empty() {
                return (used, row);
            }
        }
        (used, None)
    }

    /// Processes one byte between rows. Consumes none if only the state changes.
    fn step(&mut self, state: State, byte: u8) -> (usize, Option<RawRow>) {
        let outside = matches!(state, State::Between | State::Closed);
        // Files may have been joined, each with its mark.
        if outside && BYTE_ORDER_MARK.get(self.mark) == Some(&byte) {
            self.mark += 1;
            return (1, None);
        }
        self.mark = 0;
        if byte.is_ascii_whitespace() {
            self.line += u64::from(byte == b'\n');
            return (1, None);
        }
        let mut row = None;
        self.state = match (state, byte) {
            (State::Between | State::Closed, b'[') => {
                self.in_array = true;
                State::Opened
            }
            (State::Closed, b',') => {
                row = Some(self.broken("expected no comma after the array"));
                State::Between
            }
            (State::Opened | State::AfterElement, b']') => self.after_array(),
            (State::AfterComma, b']') => {
                row = Some(self.broken("expected a row after the comma"));
                self.after_array()
            }
            (State::Opened | State::AfterComma, b',') => {
                row = Some(self.broken("expected a row before the comma"));
                State::AfterComma
            }
            (State::AfterElement, b',') => State::AfterComma,
            _ => {
                self.row_line = self.line;
                self.state = State::Row {
                    nesting: Nesting::default(),
                    at_line_start: true,
                };
                return (0, None);
            }
        };
        (1, row)
    }

    /// Returns the state after the array of rows.
    fn after_array(&mut self) -> State {
        if self.in_page {
            State::AfterPage(Nesting::IN_OBJECT)
        } else {
            self.in_array = false;
            State::Closed
        }
    }

    fn in_row(
        &mut self,
        bytes: &[u8],
        mut nesting: Nesting,
        mut at_line_start: bool,
    ) -> (usize, Option<RawRow>) {
        let in_array = self.in_array || self.in_page;
        let mut kept = 0;
        for (index, byte) in bytes.iter().enumerate() {
            if IS_PLAIN[usize::from(*byte)] && !nesting.is_escaped() {
                at_line_start = false;
                continue;
            }
            let ends = match byte {
                // Unless an object or array is open.
                b'\n' => !in_array && (nesting.depth == 0 || !nesting.is_outside()),
                // At the start of a line, so that a truncated row does not swallow the next.
                b'{' if at_line_start && nesting.depth > 0 => !in_array && nesting.is_outside(),
                b'{' | b'[' => !in_array && self.starts_next(&bytes[kept..index], nesting),
                b',' | b']' => in_array && nesting.is_at(0),
                _ => false,
            };
            if ends {
                if self.keep(&bytes[kept..index]) {
                    return (index, self.take());
                }
                return (index, None);
            }
            nesting = nesting.after(*byte);
            at_line_start = *byte == b'\n';
            self.line += u64::from(at_line_start);
            if *byte == b'[' && nesting.is_at(2) {
                if !self.keep(&bytes[kept..=index]) {
                    return (index + 1, None);
                }
                kept = index + 1;
                self.note_page();
            }
        }
        if self.keep(&bytes[kept..]) {
            self.state = State::Row {
                nesting,
                at_line_start,
            };
        }
        (bytes.len(), None)
    }

    /// Returns true if a bracket after `unkept` bytes of the row begins the next one.
    fn starts_next(&self, unkept: &[u8], nesting: Nesting) -> bool {
        let first = self.row.first().or(unkept.first());
        nesting.is_at(0) && (self.too_long || first == Some(&b'{'))
    }

    /// Notes that the row, which ends with `[`, may be a page.
    fn note_page(&mut self) {
        let is_first = !self.in_page && !self.too_long && self.maybe_page.is_none();
        if self.is_row || !is_first || !self.pages.continued_by(&self.row) {
            return;
        }
        // Found once for all arrays of the row.
        self.is_row = self.pages.is_row(&self.row);
        if !self.is_row && self.row.first() == Some(&b'{') {
            self.maybe_page = Some(PageStart {
                length: self.row.len(),
                line: self.line,
            });
        }
    }

    /// Skips the rest of a page, up to another array of rows or the end of its object.
    fn after_page(&mut self, bytes: &[u8], mut nesting: Nesting) -> usize {
        for (index, byte) in bytes.iter().enumerate() {
            let before = nesting;
            nesting = nesting.after(*byte);
            self.line += u64::from(*byte == b'\n');
            if nesting.depth == 0 {
                self.pages.go_on(&self.row);
                self.pages.end();
                self.row.clear();
                self.too_long = false;
                self.in_page = false;
                self.state = if self.in_array {
                    State::AfterElement
                } else {
                    State::Closed
                };
                return index + 1;
            }
            // Nested values are skipped, except their brackets. The members' names are needed.
            if (before.depth == 1 || nesting.depth == 1) && !self.too_long {
                self.too_long = self.max_row.is_exceeded_by(self.row.len() + 1);
                self.row.push(*byte);
            }
            if *byte == b'[' && nesting.is_at(2) && self.pages.continued_by(&self.row) {
                self.pages.go_on(&self.row);
                self.row.clear();
                self.too_long = false;
                self.state = State::Opened;
                return index + 1;
            }
        }
        self.state = State::AfterPage(nesting);
        bytes.len()
    }

    /// Adds bytes to the row. Returns false if the row is a page, which begins to be split.
    fn keep(&mut self, bytes: &[u8]) -> bool {
        if self.too_long || self.max_row.is_exceeded_by(self.row.len() + bytes.len()) {
            if self.maybe_page.is_some() {
                // Too long for a row.
                self.row.extend_from_slice(bytes);
                return !self.split_as_page();
            }
            self.too_long = true;
            self.row = Vec::new();
        } else {
            self.row.extend_from_slice(bytes);
        }
        true
    }

    /// Begins to split the row if it may be a page. Returns true if so.
    fn split_as_page(&mut self) -> bool {
        let Some(PageStart { length, line }) = self.maybe_page.take() else {
            return false;
        };
        self.again = self.row.split_off(length);
        self.again_at = 0;
        self.pages.begin(&self.row);
        self.row.clear();
        self.line = line;
        self.in_page = true;
        self.state = State::Opened;
        true
    }

    /// Ends the row. Returns none if it is a page, which begins to be split.
    fn take(&mut self) -> Option<RawRow> {
        if self.maybe_page.is_some() && !self.pages.is_row(&self.row) {
            self.split_as_page();
            return None;
        }
        self.maybe_page = None;
        self.state = if self.in_array || self.in_page {
            State::AfterElement
        } else {
            State::Between
        };
        if self.in_page {
            self.pages.count_row();
        }
        self.is_row = false;
        let text = mem::take(&mut self.row);
        let too_long = mem::take(&mut self.too_long);
        Some(RawRow {
            line: self.row_line,
            content: if too_long {
                Err(self.max_row.reason())
            } else {
                Ok(Content::Json(text))
            },
        })
    }

    fn broken(&self, reason: &'static str) -> RawRow {
        RawRow {
            line: self.line,
            content: Err(reason.into()),
        }
    }
}
