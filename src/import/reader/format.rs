//! Recognises the format of a file by its first bytes.

use std::borrow::Cow;

use super::csv;
use crate::import::Fields;

/// Bytes at the beginning of a file by which its format is recognised.
pub(super) const SAMPLE: usize = 16 * 1024;

/// Format of a file.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Format {
    Json,
    Csv {
        delimiter: u8,
    },
    /// A format that cannot be imported; the message says what to do.
    Other(Cow<'static, str>),
}

/// First bytes of files that cannot be imported, and the message for each.
const SIGNATURES: [(&[u8], &str); 11] = [
    (
        b"%PDF-",
        "looks like a PDF; export the data as CSV or JSON instead",
    ),
    (
        b"\xD0\xCF\x11\xE0",
        "looks like an old Excel spreadsheet (.xls); save it as CSV",
    ),
    (
        b"\x28\xB5\x2F\xFD",
        "looks like zstd in a compressed file; decompress it first: zstd -dc FILE | invite-gateway import KIND -",
    ),
    (
        b"\xFD7zXZ\0",
        "looks like xz; decompress it first: xz -dc FILE | invite-gateway import KIND -",
    ),
    (
        b"BZh",
        "looks like bzip2; decompress it first: bzip2 -dc FILE | invite-gateway import KIND -",
    ),
    (
        b"\x1F\x8B",
        "looks like gzip in a compressed file; decompress it first: gzip -dc FILE | invite-gateway import KIND -",
    ),
    (
        b"7z\xBC\xAF\x27\x1C",
        "looks like a 7z archive; unpack it first",
    ),
    (
        b"SQLite format 3\0",
        "looks like an SQLite database; export the rows of a table as CSV or JSON",
    ),
    (
        b"PGDMP",
        "looks like a dump of PostgreSQL; export the rows of a table with \\copy … CSV HEADER",
    ),
    (b"PAR1", "looks like Parquet; export it as CSV or NDJSON"),
    (
        b"{\\rtf",
        "looks like a text document (.rtf); save the data as CSV or JSON",
    ),
];

/// Names in a ZIP archive that identify a document, and the message for each.
const ARCHIVES: [(&[u8], &str); 4] = [
    (b"xl/", "looks like a spreadsheet (.xlsx); save it as CSV"),
    (
        b"opendocument.spreadsheet",
        "looks like a spreadsheet (.ods); save it as CSV",
    ),
    (
        b"word/",
        "looks like a text document (.docx); save the data as CSV or JSON",
    ),
    // Excel may write its sheets only after the sample.
    (
        b"[Content_Types].xml",
        "looks like an Office document, such as a spreadsheet (.xlsx); save it as CSV",
    ),
];

const HTML: &str =
    "looks like an HTML page, perhaps of an error or a log-in; download the data as JSON or CSV";

const XML: &str = "looks like XML; convert it to JSON or CSV";

const TAR: &str = "looks like a tar archive; unpack it first";

const SQL: &str = "looks like SQL; export the rows of a table as CSV or JSON";

const TEXT: &str =
    "looks like plain text; expected NDJSON, a JSON array or page, or CSV with a header";

const BINARY: &str =
    "looks like binary data; expected NDJSON, a JSON array or page, or CSV with a header";

/// Returns the format of a file that begins with `sample`.
pub(super) fn recognize(sample: &[u8], fields: &Fields) -> Format {
    let other = |message: &'static str| Format::Other(message.into());
    if let Some(message) = signature(sample) {
        return other(message);
    }
    let text = sample.trim_ascii_start();
    match text.first() {
        None | Some(b'{' | b'[') => return Format::Json,
        Some(b'<') => return other(if is_html(text) { HTML } else { XML }),
        _ if sample.get(257..262) == Some(b"ustar") => return other(TAR),
        _ if sample.contains(&0) => return other(BINARY),
        _ if is_sql(text) => return other(SQL),
        _ => {}
    }
    match csv::recognize(text, fields) {
        Some(csv::Recognized::Header { delimiter }) => return Format::Csv { delimiter },
        Some(csv::Recognized::Other(message)) => return Format::Other(message),
        None => {}
    }
    // Rows may follow the messages of a program.
    let mut lines = text.split(|byte| *byte == b'\n');
    if lines.any(|line| line.starts_with(b"{") || line.starts_with(b"[")) {
        return Format::Json;
    }
    other(TEXT)
}

fn signature(sample: &[u8]) -> Option<&'static str> {
    if sample.starts_with(b"PK\x03\x04") || sample.starts_with(b"PK\x05\x06") {
        let known = ARCHIVES.iter().find(|(name, _)| contains(sample, name));
        return Some(known.map_or(
            "looks like a ZIP archive; unpack it first",
            |(_, message)| message,
        ));
    }
    let known = SIGNATURES
        .iter()
        .find(|(start, _)| sample.starts_with(start));
    known.map(|(_, message)| *message)
}

fn contains(sample: &[u8], name: &[u8]) -> bool {
    memchr::memmem::find(sample, name).is_some()
}

fn is_html(text: &[u8]) -> bool {
    let start = text.get(..512).unwrap_or(text).to_ascii_lowercase();
    contains(&start, b"<!doctype html") || contains(&start, b"<html")
}

fn is_sql(text: &[u8]) -> bool {
    let start = text.get(..8).unwrap_or(text).to_ascii_uppercase();
    let starts: [&[u8]; 4] = [b"--", b"/*", b"INSERT ", b"CREATE "];
    starts.iter().any(|word| start.starts_with(word))
}

#[cfg(test)]
mod tests;
