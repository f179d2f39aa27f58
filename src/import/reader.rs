//! Splits NDJSON, or a JSON array, into the text of its rows, holding one row at a time.

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
    /// Each line is a row.
    Lines,
    /// In the array, before its first element.
    Opened,
    /// In the array, after a comma.
    AfterComma,
    /// In an element of the array, `depth` brackets deep.
    Element { depth: u64, text: Text },
    /// After the array.
    Closed,
    /// After the end of what can be understood: the rest is not looked at.
    Lost,
}

/// Whether a byte of an element is in a string, where brackets and commas mean nothing.
#[derive(Clone, Copy, Debug)]
enum Text {
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
                State::Lines => self.in_lines(rest),
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
            State::Lines => {
                self.state = State::Lost;
                self.take_line()
            }
            State::Element { .. } => {
                self.state = State::AfterComma;
                Some(self.take_row())
            }
            State::Opened | State::AfterComma => {
                self.state = State::Lost;
                Some(self.broken("the file ends inside the array: expected `]`"))
            }
        }
    }

    fn in_lines(&mut self, bytes: &[u8]) -> (usize, Option<RawRow>) {
        match bytes.iter().position(|byte| *byte == b'\n') {
            Some(length) => {
                self.keep(&bytes[..length]);
                let row = self.take_line();
                self.line += 1;
                (length + 1, row)
            }
            None => {
                self.keep(bytes);
                (bytes.len(), None)
            }
        }
    }

    /// One byte anywhere but in a file of lines. No byte is taken where only the state changes.
    fn step(&mut self, byte: u8) -> (usize, Option<RawRow>) {
        if let State::Element { depth, text } = self.state {
            return self.in_element(byte, depth, text);
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
                self.state = State::Lines;
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
                self.state = State::Element {
                    depth: 0,
                    text: Text::Outside,
                };
                return (0, None);
            }
            _ => {
                self.state = State::Lost;
                return (1, Some(self.broken("expected nothing after the array")));
            }
        }
        (1, None)
    }

    fn in_element(&mut self, byte: u8, depth: u64, text: Text) -> (usize, Option<RawRow>) {
        self.line += u64::from(byte == b'\n');
        let (depth, text) = match (text, byte) {
            (Text::Inside, b'\\') => (depth, Text::Escaped),
            (Text::Inside, b'"') => (depth, Text::Outside),
            (Text::Inside | Text::Escaped, _) => (depth, Text::Inside),
            (Text::Outside, b'"') => (depth, Text::Inside),
            (Text::Outside, b'{' | b'[') => (depth + 1, text),
            (Text::Outside, b',') if depth == 0 => {
                self.state = State::AfterComma;
                return (1, Some(self.take_row()));
            }
            (Text::Outside, b']') if depth == 0 => {
                self.state = State::Closed;
                return (1, Some(self.take_row()));
            }
            // A stray `}` stays in the row, whose JSON is then found broken.
            (Text::Outside, b'}' | b']') => (depth.saturating_sub(1), text),
            (Text::Outside, _) => (depth, text),
        };
        self.state = State::Element { depth, text };
        self.keep(&[byte]);
        (1, None)
    }

    fn keep(&mut self, bytes: &[u8]) {
        if self.too_long || self.row.len() + bytes.len() > LONGEST_ROW {
            self.too_long = true;
            self.row = Vec::new();
        } else {
            self.row.extend_from_slice(bytes);
        }
    }

    fn take_line(&mut self) -> Option<RawRow> {
        self.row_line = self.line;
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
mod tests {
    use proptest::{
        collection, prelude::*, prop_assert_eq, prop_oneof, proptest, strategy::Strategy,
    };
    use serde_json::Value;

    use super::{LONGEST_ROW, RawRow, Splitter};

    /// Splits `bytes`, given in pieces of `piece` bytes.
    fn split(bytes: &[u8], piece: usize) -> Vec<RawRow> {
        let mut splitter = Splitter::default();
        let mut rows = Vec::new();
        for mut rest in bytes.chunks(piece) {
            while !rest.is_empty() {
                let (used, row) = splitter.push(rest);
                rest = &rest[used..];
                rows.extend(row);
            }
        }
        rows.extend(std::iter::from_fn(|| splitter.end()));
        rows
    }

    /// The line and text of each row, or its error.
    fn lines(text: &str) -> Vec<(u64, String)> {
        split(text.as_bytes(), 3)
            .into_iter()
            .map(|row| match row.text {
                Ok(text) => (row.line, String::from_utf8(text).unwrap().trim().to_owned()),
                Err(reason) => (row.line, format!("error: {reason}")),
            })
            .collect()
    }

    fn expect(text: &str, rows: &[(u64, &str)]) {
        let rows: Vec<_> = rows.iter().map(|(l, t)| (*l, (*t).to_owned())).collect();
        assert_eq!(lines(text), rows, "{text}");
    }

    #[test]
    fn lines_are_rows_and_blank_lines_are_not() {
        expect("", &[]);
        expect(" \n\r\n", &[]);
        expect(
            "{\"a\":1}\r\n\n  \n{\"b\":2}",
            &[(1, "{\"a\":1}"), (4, "{\"b\":2}")],
        );
        expect("\u{feff}\n{}\n", &[(2, "{}")]);
        expect("{broken\n{}\n", &[(1, "{broken"), (2, "{}")]);
    }

    #[test]
    fn elements_are_rows_wherever_they_start() {
        expect("[]", &[]);
        expect(
            "\u{feff}\n [\n{\"a\":\n1},{}\n,\n\n{\"b\":[2,{}]}]\n",
            &[(3, "{\"a\":\n1}"), (4, "{}"), (7, "{\"b\":[2,{}]}")],
        );
        expect(
            r#"[{"a":"]},[\"\\"}, 1]"#,
            &[(1, r#"{"a":"]},[\"\\"}"#), (1, "1")],
        );
    }

    #[test]
    fn a_broken_element_does_not_take_others_along() {
        expect("[{oops}, }, {}]", &[(1, "{oops}"), (1, "}"), (1, "{}")]);
        expect(
            "[1,,2,]",
            &[
                (1, "1"),
                (1, "error: expected a row before the comma"),
                (1, "2"),
                (1, "error: expected a row after the comma"),
            ],
        );
    }

    #[test]
    fn an_array_that_does_not_end_well_is_told() {
        let open = "error: the file ends inside the array: expected `]`";
        expect("[", &[(1, open)]);
        expect("[{}\n", &[(1, "{}"), (2, open)]);
        expect("[{},", &[(1, "{}"), (1, open)]);
        expect("[{\"a\":", &[(1, "{\"a\":"), (1, open)]);
        expect(
            "[{}]\n{}\n{}",
            &[(1, "{}"), (2, "error: expected nothing after the array")],
        );
    }

    #[test]
    fn a_row_that_is_too_long_is_skipped() {
        let long = format!("{{\"a\":\"{}\"}}", "x".repeat(LONGEST_ROW));
        let told = "error: longer than 1 MiB";
        expect(&format!("{long}\n1"), &[(1, told), (2, "1")]);
        expect(&format!("[{long},\n1]"), &[(1, told), (2, "1")]);
    }

    fn json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
            "[\\[\\]{},\"\\\\ \n]*".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 6, |inner| {
            prop_oneof![
                collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                collection::hash_map(any::<String>(), inner, 0..6)
                    .prop_map(|fields| fields.into_iter().collect()),
            ]
        })
    }

    fn parsed(rows: Vec<RawRow>) -> Vec<Value> {
        rows.into_iter()
            .map(|row| serde_json::from_slice(&row.text.unwrap()).unwrap())
            .collect()
    }

    proptest! {
        #[test]
        fn nothing_is_lost(
            values in collection::vec(json(), 0..8),
            piece in 1_usize..40,
            pretty: bool,
        ) {
            let array = Value::from(values.clone());
            let text = if pretty { format!("{array:#}") } else { array.to_string() };
            prop_assert_eq!(&parsed(split(text.as_bytes(), piece)), &values);

            // A first line that opens a list would be taken for an array.
            let lines: String = values.iter().map(|value| format!("{{\"v\":{value}}}\n")).collect();
            let rows = parsed(split(lines.as_bytes(), piece));
            let rows: Vec<Value> = rows.into_iter().map(|mut row| row["v"].take()).collect();
            prop_assert_eq!(rows, values);
        }

        #[test]
        fn no_bytes_make_it_fail(bytes: Vec<u8>, piece in 1_usize..9) {
            let whole = split(&bytes, bytes.len().max(1));
            prop_assert_eq!(split(&bytes, piece), whole);
        }
    }
}
