//! Entry point of the fuzz target for imports.

use std::sync::Arc;

use futures_util::FutureExt;

use super::{
    Kind, MaxRow,
    reader::{RawRow, RowReader},
};

/// Splits a file into rows, once as a whole and once byte by byte.
///
/// # Panics
/// If the rows differ.
pub fn rows(file: &[u8]) {
    for kind in [Kind::Users, Kind::CourseInvites] {
        let whole = split(file, kind);
        assert_eq!(split(Pieces(file), kind), whole);
    }
}

fn split(source: impl tokio::io::AsyncRead + Unpin, kind: Kind) -> Vec<RawRow> {
    let mut reader = RowReader::new(source, kind, Arc::default(), MaxRow::default());
    let mut rows = Vec::new();
    // Reading from memory is always ready.
    while let Some(Ok(Some(row))) = reader.next().now_or_never() {
        rows.push(row);
    }
    rows
}

/// A source that returns one byte per read.
struct Pieces<'a>(&'a [u8]);

impl tokio::io::AsyncRead for Pieces<'_> {
    fn poll_read(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
        buffer: &mut tokio::io::ReadBuf<'_>,
    ) -> std::task::Poll<std::io::Result<()>> {
        if let Some((byte, rest)) = self.0.split_first() {
            buffer.put_slice(&[*byte]);
            self.0 = rest;
        }
        std::task::Poll::Ready(Ok(()))
    }
}
