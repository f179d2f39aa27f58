//! Tests of unpacking and transcoding.

use std::{
    io::{self, Write},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
};

use flate2::{Compression, write::GzEncoder};
use tokio::io::{AsyncRead, ReadBuf};

use super::Input;

/// A file that is read in pieces of one length.
struct Pieces<'a>(&'a [u8], usize);

impl AsyncRead for Pieces<'_> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let length = self.1.min(buffer.remaining()).min(self.0.len());
        let (piece, rest) = self.0.split_at(length);
        buffer.put_slice(piece);
        self.0 = rest;
        Poll::Ready(Ok(()))
    }
}

async fn read(file: &[u8], piece: usize) -> io::Result<Vec<u8>> {
    let count = Arc::new(AtomicU64::new(0));
    let mut input = Input::open(Pieces(file, piece), count.clone()).await?;
    let mut text = input.peek(9).await?[..].to_vec();
    input.consume(text.len());
    loop {
        let more = input.fill().await?;
        if more.is_empty() {
            break;
        }
        text.extend_from_slice(more);
        let length = more.len();
        input.consume(length);
    }
    assert_eq!(count.load(Ordering::Relaxed), file.len() as u64);
    Ok(text)
}

async fn expect(file: &[u8], text: &[u8]) {
    for piece in [1, 2, 3, 7, 100_000] {
        let found = read(file, piece).await.unwrap();
        assert!(
            found == text,
            "{:?}, {piece}",
            String::from_utf8_lossy(&found)
        );
    }
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn utf_16(text: &str, to_bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(to_bytes).collect()
}

/// Text of several lengths in UTF-8, longer than a read.
fn text() -> String {
    "{\"name\": \"Zoë 李 🦀\"}\n".repeat(9000)
}

#[tokio::test]
async fn text_is_read_without_its_mark() {
    for short in ["", "{", "[]", "\u{e9}\u{e9}"] {
        expect(short.as_bytes(), short.as_bytes()).await;
        expect(format!("\u{feff}{short}").as_bytes(), short.as_bytes()).await;
    }
    expect(text().as_bytes(), text().as_bytes()).await;
}

#[tokio::test]
async fn utf_16_is_transcoded() {
    for to_bytes in [u16::to_le_bytes, u16::to_be_bytes] {
        for text in [text(), "[".to_owned(), String::new()] {
            let marked = utf_16(&format!("\u{feff}{text}"), to_bytes);
            expect(&marked, text.as_bytes()).await;
            expect(&utf_16(&text, to_bytes), text.as_bytes()).await;
            expect(&gzip(&marked), text.as_bytes()).await;
        }
        // Half a pair, and half a unit at the end.
        let mut broken: Vec<u8> = [0xFEFF, 0x7B, 0xD800, 0x7D]
            .into_iter()
            .flat_map(to_bytes)
            .collect();
        broken.push(b'x');
        expect(&broken, b"{\xFF}\xFF").await;
    }
}

#[tokio::test]
async fn gzip_is_unpacked() {
    let text = text();
    let packed = gzip(text.as_bytes());
    assert!(packed.len() * 10 < text.len());
    expect(&packed, text.as_bytes()).await;
    expect(&gzip(b""), b"").await;
    // Files may be joined.
    expect(
        &[packed.clone(), gzip(b"\n{}")].concat(),
        format!("{text}\n{{}}").as_bytes(),
    )
    .await;
    let mut broken = packed.clone();
    let half = packed.len() / 2;
    broken[half] ^= 0xFF;
    for file in [&packed[..half], &packed[..9], &broken] {
        assert!(read(file, 1000).await.is_err());
    }
}
