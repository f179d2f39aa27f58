//! The text of a file: unpacked, in UTF-8 and without a byte order mark, while the file is read.

use std::{
    io::{self, Cursor},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll, ready},
};

use async_compression::tokio::bufread::GzipDecoder;
use encoding_rs::{Decoder, DecoderResult, UTF_16BE, UTF_16LE};
use tokio::io::{AsyncRead, AsyncReadExt, BufReader, Chain, ReadBuf};

use super::zstd::{self, ZstdDecoder};

/// Bytes of a read.
const READ: usize = 64 * 1024;

/// Bytes that identify compression and encoding.
const MAGIC: usize = 4;

const GZIP: [u8; 2] = [0x1F, 0x8B];

/// A file that is being read.
pub(super) struct Input<R> {
    source: Source<R>,
    /// Set for UTF-16, until the end of the file.
    decoder: Option<Decoder>,
    /// Text that is not consumed yet starts at `start`.
    text: Vec<u8>,
    start: usize,
}

impl<R: AsyncRead + Unpin> Input<R> {
    /// Reads the beginning of a file, and recognises compression and encoding. Adds the number of
    /// bytes read to `count` from here on.
    ///
    /// # Errors
    /// If the file cannot be read or unpacked.
    pub(super) async fn open(source: R, count: Arc<AtomicU64>) -> io::Result<Self> {
        let mut source = Counted { source, count };
        let mut head = Vec::with_capacity(MAGIC);
        while head.len() < MAGIC && source.read_buf(&mut head).await? > 0 {}
        let (is_gzip, is_zstd) = (head.starts_with(&GZIP), zstd::is_zstd(&head));
        let source = Cursor::new(head).chain(source);
        let mut source = if is_gzip {
            let mut unpacked = GzipDecoder::new(BufReader::with_capacity(READ, source));
            unpacked.multiple_members(true);
            Source::Gzip(Box::new(unpacked))
        } else if is_zstd {
            let source = BufReader::with_capacity(READ, source);
            Source::Zstd(Box::new(ZstdDecoder::new(source)))
        } else {
            Source::Plain(source)
        };
        let mut head = Vec::with_capacity(READ);
        while head.len() < MAGIC && source.read_buf(&mut head).await? > 0 {}
        let mut input = Self {
            source,
            decoder: decoder(&head),
            text: Vec::new(),
            start: 0,
        };
        match &mut input.decoder {
            Some(decoder) => decode(decoder, &head, false, &mut input.text),
            None => {
                input.start = if head.starts_with("\u{feff}".as_bytes()) {
                    3
                } else {
                    0
                };
                input.text = head;
            }
        }
        Ok(input)
    }

    /// Returns the next text; empty at the end of the file.
    ///
    /// # Errors
    /// If the file cannot be read or unpacked.
    pub(super) async fn fill(&mut self) -> io::Result<&[u8]> {
        self.peek(1).await
    }

    /// Returns the next text, of at least `length` bytes unless the file ends before.
    ///
    /// # Errors
    /// If the file cannot be read or unpacked.
    pub(super) async fn peek(&mut self, length: usize) -> io::Result<&[u8]> {
        if self.start == self.text.len() {
            self.text.clear();
            self.start = 0;
        }
        while self.text.len() - self.start < length && self.read().await? {}
        Ok(&self.text[self.start..])
    }

    /// Consumes the first bytes of the text that [`Self::fill`] returned.
    pub(super) fn consume(&mut self, length: usize) {
        self.start += length;
    }

    /// Reads more text. Returns false at the end of the file.
    async fn read(&mut self) -> io::Result<bool> {
        self.text.reserve(READ);
        let Some(decoder) = &mut self.decoder else {
            return Ok(self.source.read_buf(&mut self.text).await? > 0);
        };
        let mut bytes = Vec::with_capacity(READ);
        let is_last = self.source.read_buf(&mut bytes).await? == 0;
        decode(decoder, &bytes, is_last, &mut self.text);
        if is_last {
            // A decoder must not be used after its end. The source remains at its end.
            self.decoder = None;
        }
        Ok(!is_last)
    }
}

/// Returns the decoder for a file in UTF-16, with a byte order mark or without.
fn decoder(head: &[u8]) -> Option<Decoder> {
    match head {
        // Neither JSON nor CSV begins with NUL, or with a character that UTF-8 encodes so.
        [0xFF, 0xFE, ..] | [1..=0xFF, 0, ..] => Some(UTF_16LE.new_decoder_with_bom_removal()),
        [0xFE, 0xFF, ..] | [0, 1..=0xFF, ..] => Some(UTF_16BE.new_decoder_with_bom_removal()),
        _ => None,
    }
}

/// Adds text in UTF-8. A lone surrogate becomes a byte that no UTF-8 has, so that its row is
/// rejected.
fn decode(decoder: &mut Decoder, mut bytes: &[u8], is_last: bool, text: &mut Vec<u8>) {
    let mut decoded = String::with_capacity(bytes.len() * 2 + 16);
    loop {
        let (result, used) =
            decoder.decode_to_string_without_replacement(bytes, &mut decoded, is_last);
        bytes = &bytes[used..];
        text.extend_from_slice(decoded.as_bytes());
        decoded.clear();
        match result {
            DecoderResult::InputEmpty => return,
            DecoderResult::OutputFull => {}
            DecoderResult::Malformed(..) => text.push(0xFF),
        }
    }
}

/// Bytes of the file, unpacked.
enum Source<R> {
    Plain(Head<R>),
    Gzip(Box<GzipDecoder<BufReader<Head<R>>>>),
    Zstd(Box<ZstdDecoder<BufReader<Head<R>>>>),
}

/// The bytes that identify the compression, and the rest of the file.
type Head<R> = Chain<Cursor<Vec<u8>>, Counted<R>>;

impl<R: AsyncRead + Unpin> AsyncRead for Source<R> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(source) => Pin::new(source).poll_read(context, buffer),
            Self::Gzip(source) => Pin::new(source).poll_read(context, buffer),
            Self::Zstd(source) => Pin::new(source).poll_read(context, buffer),
        }
    }
}

/// Counts the bytes read.
struct Counted<R> {
    source: R,
    count: Arc<AtomicU64>,
}

impl<R: AsyncRead + Unpin> AsyncRead for Counted<R> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.source).poll_read(context, buffer))?;
        let read = buffer.filled().len() - before;
        self.count.fetch_add(read as u64, Ordering::Relaxed);
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests;
