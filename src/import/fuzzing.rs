//! What `fuzz/` feeds with whatever there is, and what must hold of it.

use futures_util::FutureExt;

use super::reader::{RawRow, Reader};

/// Splits a file into rows. They are the same in whatever pieces it comes.
///
/// # Panics
/// They are not.
pub fn rows(file: &[u8]) {
    let whole = split(file);
    assert_eq!(split(Pieces(file)), whole);
}

fn split(source: impl tokio::io::AsyncRead + Unpin) -> Vec<RawRow> {
    let mut reader = Reader::new(source);
    let mut rows = Vec::new();
    // What is in memory is never waited for.
    while let Some(Ok(Some(row))) = reader.next().now_or_never() {
        rows.push(row);
    }
    rows
}

/// A file that is read byte by byte.
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
