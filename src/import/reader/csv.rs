//! Splits CSV into rows. The first record names the fields: `id`, or `inviter.id` for one of a nested
//! object. Holds one record at a time.

use std::{borrow::Cow, collections::BTreeSet, sync::Arc};

use csv_core::{ReadFieldResult, Reader, ReaderBuilder};
use serde_json::{Map, Value};

use super::{Content, RawRow};
use crate::{
    import::{
        MaxRow,
        fields::{self, Fields},
    },
    printable::Printable,
};

/// Delimiters of cells, the most likely first.
const DELIMITERS: [u8; 4] = *b",;\t|";

/// A first line with which Excel names the delimiter.
const SEPARATOR: &[u8] = b"sep=";

const NO_HEADER: &str = "looks like CSV without a header; expected a first line with the names of the fields, such \
     as id,username,full_name";

const NO_KEY: &str = "looks like CSV whose header names no id, token or reference; expected the names of \
     fields, or --map COLUMN=FIELD";

/// End of the names of fields with several ids.
const IDS: &str = "_ids";

/// Maximum of columns: more than any table has.
const MAX_COLUMNS: usize = 1000;

const TOO_MANY_COLUMNS: &str = "expected at most 1,000 columns";

const TRUNCATED: &str = "the file ends between quotation marks: expected `\"`";

/// Result of recognising CSV.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Recognized {
    /// CSV with a header.
    Header { delimiter: u8 },
    /// CSV that cannot be imported; the message says what to do.
    Other(Cow<'static, str>),
}

/// Recognises CSV by its first lines. Returns none for other text.
pub(super) fn recognize(text: &[u8], fields: &Fields) -> Option<Recognized> {
    let mut lines = text
        .split(|byte| b"\r\n".contains(byte))
        .filter(|line| !line.trim_ascii().is_empty());
    let mut header = lines.next()?;
    let delimiter = match header.strip_prefix(SEPARATOR) {
        Some([delimiter]) => {
            header = lines.next()?;
            *delimiter
        }
        // A file of keys alone has one column.
        _ => delimiter(header).or_else(|| is_key(header, fields).then_some(DELIMITERS[0]))?,
    };
    let names = cells(header, delimiter);
    if names.iter().any(|name| is_key(name.as_bytes(), fields)) {
        return Some(Recognized::Header { delimiter });
    }
    let is_value = |name: &String| {
        name.contains('@') || (!name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let next = lines.next().map(|line| cells(line, delimiter).len());
    if next.is_some_and(|next| next != names.len()) {
        return None;
    }
    if names.iter().any(is_value) {
        return Some(Recognized::Other(NO_HEADER.into()));
    }
    next.map(|_| Recognized::Other(NO_KEY.into()))
}

/// Returns true if a column has the keys of rows, by its name.
fn is_key(column: &[u8], fields: &Fields) -> bool {
    let column = String::from_utf8_lossy(column);
    let field = field(column.trim(), fields);
    let key = field.rsplit(['.', '_']).next().unwrap_or_default();
    ["id", "token", "user", "course", "group"].contains(&key)
}

/// Returns the most frequent delimiter outside of quotation marks.
fn delimiter(line: &[u8]) -> Option<u8> {
    let mut counts = [0_usize; DELIMITERS.len()];
    let mut is_quoted = false;
    for byte in line {
        is_quoted ^= *byte == b'"';
        if let (false, Some(index)) = (is_quoted, DELIMITERS.iter().position(|d| d == byte)) {
            counts[index] += 1;
        }
    }
    let most = counts.iter().copied().max().filter(|most| *most > 0)?;
    let index = counts.iter().position(|count| *count == most)?;
    DELIMITERS.get(index).copied()
}

/// Returns the cells of a line, trimmed.
fn cells(line: &[u8], delimiter: u8) -> Vec<String> {
    let mut record = Record::default();
    let mut reader = reader(delimiter);
    let mut used = 0;
    loop {
        let (result, read, written) = reader.read_field(&line[used..], &mut *record.output);
        used += read;
        record.keep(written, MaxRow::default());
        if let ReadFieldResult::Field { record_end } = result {
            record.ends.push(record.text.len());
            if record_end {
                break;
            }
        }
        if matches!(result, ReadFieldResult::End) {
            break;
        }
    }
    record.names()
}

/// Returns the field that a column names.
fn field(column: &str, fields: &Fields) -> String {
    match fields.renamed(column) {
        Some(field) => field.to_owned(),
        None => column.to_lowercase().replace([' ', '-'], "_"),
    }
}

fn reader(delimiter: u8) -> Reader {
    ReaderBuilder::new().delimiter(delimiter).build()
}

/// The cells of a record.
struct Record {
    /// Text of all cells, without delimiters and quotation marks.
    text: Vec<u8>,
    /// The end of each cell in `text`.
    ends: Vec<usize>,
    /// Output of the parser.
    output: Box<[u8; 1024]>,
    too_long: bool,
}

impl Default for Record {
    fn default() -> Self {
        Self {
            text: Vec::new(),
            ends: Vec::new(),
            output: Box::new([0; 1024]),
            too_long: false,
        }
    }
}

impl Record {
    fn keep(&mut self, written: usize, max_row: MaxRow) {
        // Counts the delimiters, since empty cells take memory, too.
        if max_row.is_exceeded_by(self.text.len() + self.ends.len() + written) {
            self.too_long = true;
        }
        if self.too_long {
            self.text.clear();
            self.ends.clear();
        } else {
            self.text.extend_from_slice(&self.output[..written]);
        }
    }

    fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
        self.too_long = false;
    }

    fn cells(&self) -> impl Iterator<Item = &[u8]> {
        let mut start = 0;
        self.ends.iter().map(move |end| {
            let cell = &self.text[start..*end];
            start = *end;
            cell
        })
    }

    fn is_blank(&self) -> bool {
        !self.too_long && self.text.iter().all(u8::is_ascii_whitespace)
    }

    fn names(&self) -> Vec<String> {
        self.cells()
            .map(|cell| String::from_utf8_lossy(cell).trim().to_owned())
            .collect()
    }
}

/// A column that names a field.
struct Column {
    field: String,
    is_instant: bool,
}

/// Position relative to the quotation marks of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Quotes {
    /// Before the cell.
    CellStart,
    /// In a cell without quotation marks around it.
    Unquoted,
    /// In a cell with such marks, outside of them.
    Closed,
    /// In a cell with such marks, between them.
    Open,
}

impl Quotes {
    fn after(self, bytes: &[u8]) -> Self {
        bytes
            .iter()
            .fold(self, |quotes, byte| match (quotes, byte) {
                (Self::CellStart | Self::Closed, b'"') => Self::Open,
                (Self::Open, b'"') => Self::Closed,
                (Self::CellStart, _) => Self::Unquoted,
                _ => quotes,
            })
    }
}

/// Finds the boundaries of records. The result does not depend on how the input is split into reads.
pub(super) struct Splitter {
    fields: Arc<Fields>,
    max_row: MaxRow,
    reader: Reader,
    record: Record,
    /// Between records.
    is_between: bool,
    quotes: Quotes,
    /// The current line, from 1.
    line: u64,
    /// The last byte was a carriage return.
    after_return: bool,
    row_line: u64,
    /// The names of the columns.
    header: Vec<String>,
    /// The columns by position. Columns without a name are ignored.
    columns: Vec<Option<Column>>,
    /// The header is invalid. The rest of the file is ignored.
    is_done: bool,
}

impl Splitter {
    pub(super) fn new(delimiter: u8, fields: Arc<Fields>, max_row: MaxRow) -> Self {
        Self {
            fields,
            max_row,
            reader: reader(delimiter),
            record: Record::default(),
            is_between: true,
            quotes: Quotes::CellStart,
            line: 1,
            after_return: false,
            row_line: 1,
            header: Vec::new(),
            columns: Vec::new(),
            is_done: false,
        }
    }

    /// Consumes bytes up to the end of a row. Returns their number, and the row if it ended.
    pub(super) fn push(&mut self, bytes: &[u8]) -> (usize, Option<RawRow>) {
        if self.is_done {
            return (bytes.len(), None);
        }
        let mut used = 0;
        while let Some(rest) = bytes.get(used..).filter(|rest| !rest.is_empty()) {
            if self.is_between {
                if b"\r\n".contains(&rest[0]) {
                    self.count_lines(&rest[..1]);
                    used += 1;
                    continue;
                }
                self.is_between = false;
                self.row_line = self.line;
            }
            let (read, row) = self.read(rest);
            self.count_lines(&rest[..read]);
            used += read;
            if row.is_some() {
                return (used, row);
            }
        }
        (used, None)
    }

    /// Returns a remaining row at the end of the input. Call it until it returns none.
    pub(super) fn end(&mut self) -> Option<RawRow> {
        while !self.is_between && !self.is_done {
            let (_, row) = self.read(&[]);
            if row.is_some() {
                return row;
            }
        }
        None
    }

    /// Reads up to the end of a cell. Empty input is the end of the file.
    fn read(&mut self, bytes: &[u8]) -> (usize, Option<RawRow>) {
        let (result, read, written) = self.reader.read_field(bytes, &mut *self.record.output);
        self.record.keep(written, self.max_row);
        self.quotes = self.quotes.after(&bytes[..read]);
        let is_truncated = bytes.is_empty() && self.quotes == Quotes::Open;
        match result {
            ReadFieldResult::Field { record_end } => {
                self.quotes = Quotes::CellStart;
                self.record.ends.push(self.record.text.len());
                self.is_between = record_end;
            }
            ReadFieldResult::End => self.is_between = true,
            ReadFieldResult::InputEmpty | ReadFieldResult::OutputFull => {}
        }
        if !self.is_between {
            return (read, None);
        }
        let content = if is_truncated {
            Some(Err(TRUNCATED.into()))
        } else {
            self.take()
        };
        self.record.clear();
        let row = content.map(|content| RawRow {
            line: self.row_line,
            content,
        });
        (read, row)
    }

    /// A line ends with a line feed, a carriage return or both.
    fn count_lines(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.line += u64::from(*byte == b'\r' || (*byte == b'\n' && !self.after_return));
            self.after_return = *byte == b'\r';
        }
    }

    /// Returns the content of a record; none for the header and blank records.
    fn take(&mut self) -> Option<Result<Content, Cow<'static, str>>> {
        if self.record.is_blank() {
            return None;
        }
        if self.columns.is_empty() {
            if self.record.text == SEPARATOR {
                return None;
            }
            let error = self.take_header().err()?;
            self.is_done = true;
            return Some(Err(error));
        }
        if self.record.too_long {
            return Some(Err(self.max_row.reason()));
        }
        // Files may have been joined, each with its header.
        if self.is_header_again() {
            // Its columns may have another order.
            return self.take_header().err().map(Err);
        }
        Some(self.object())
    }

    /// Returns true if the record names the fields of the header, in any order.
    fn is_header_again(&self) -> bool {
        if self.record.ends.len() != self.header.len() {
            return false;
        }
        let fields = |names: &[String]| {
            let fields = names.iter().map(|name| field(name, &self.fields));
            fields.collect::<BTreeSet<_>>()
        };
        fields(&self.record.names()) == fields(&self.header)
    }

    fn take_header(&mut self) -> Result<(), Cow<'static, str>> {
        if self.record.too_long {
            return Err(self.max_row.reason());
        }
        let header = self.record.names();
        if header.len() > MAX_COLUMNS {
            return Err(TOO_MANY_COLUMNS.into());
        }
        let mut columns: Vec<Option<Column>> = Vec::new();
        for (number, name) in (1..).zip(&header) {
            let field = field(name, &self.fields);
            if !fields::is_shallow(&field) {
                return Err(format!("column {number}: expected a name with fewer dots").into());
            }
            for (earlier, other) in (1..).zip(&columns) {
                let Some(other) = other else { continue };
                let is_within = |outer: &str, inner: &str| inner.starts_with(&format!("{outer}."));
                if other.field == field
                    || is_within(&other.field, &field)
                    || is_within(&field, &other.field)
                {
                    // Without their names: a file without a header has data there.
                    let error = format!(
                        "the columns {earlier} and {number} name the same field; expected one of them"
                    );
                    return Err(error.into());
                }
            }
            columns.push((!name.is_empty()).then(|| Column {
                is_instant: fields::is_instant(&field),
                field,
            }));
        }
        if let Some(missing) = self.fields.renamed_but_missing(&header) {
            let missing = Printable(missing);
            let error = format!("--map names the column `{missing}`, which the header lacks");
            return Err(error.into());
        }
        self.header = header;
        self.columns = columns;
        Ok(())
    }

    /// Returns a record as an object. Empty cells are absent.
    fn object(&self) -> Result<Content, Cow<'static, str>> {
        let expected = self.columns.len();
        let found = self.record.ends.len();
        let is_padded = || self.record.cells().skip(expected).all(<[u8]>::is_empty);
        if found < expected || !is_padded() {
            let error = format!(
                "expected {expected} cells, found {found}; a delimiter or a quotation mark may be missing"
            );
            return Err(error.into());
        }
        let mut row = Map::new();
        for (number, (column, cell)) in (1..).zip(self.columns.iter().zip(self.record.cells())) {
            let Some(column) = column else { continue };
            let Ok(cell) = std::str::from_utf8(cell) else {
                let error = format!("column {number}: not valid UTF-8; save the file in UTF-8");
                return Err(error.into());
            };
            let cell = cell.trim();
            if !cell.is_empty() {
                let path: Vec<&str> = column.field.split('.').collect();
                fields::insert(&mut row, &path, self.value(column, cell));
            }
        }
        let length = self.record.text.len();
        Ok(Content::Record(Value::Object(row), length))
    }

    fn value(&self, column: &Column, cell: &str) -> Value {
        if column.is_instant
            && let Some(instant) = self.fields.instant(cell)
        {
            return Value::String(instant);
        }
        // Databases export nested rows, such as the tags of a code, as JSON.
        if cell.starts_with('[')
            && let Ok(items) = serde_json::from_str::<Vec<Map<String, Value>>>(cell)
        {
            return Value::Array(items.into_iter().map(Value::Object).collect());
        }
        // `[1,2]`, `1;2` or `1,2`.
        if column.field.ends_with(IDS) {
            let items = cell.trim_start_matches('[').trim_end_matches(']');
            let items = items.split([',', ';', ' ']).filter(|item| !item.is_empty());
            return items
                .map(|item| Value::from(item.trim_matches('"')))
                .collect();
        }
        Value::String(cell.to_owned())
    }
}

#[cfg(test)]
mod tests;
