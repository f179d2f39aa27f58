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
use ruzstd::encoding::{CompressionLevel, compress_to_vec};
use tokio::io::{AsyncRead, ReadBuf};

use super::Input;

const REFERENCE: &str = "28b52ffd046845020062030b10c0b7015dc7bf3fb5c8ee9d92073de706e05089c4b3ba4b17896775972c12cfea\
    2e55249ed50d4e4720259827a810e86e07f0d5101481f401395a34bd77fbff9f5b09520aeede5cec";

const REFERENCE_WITHOUT_CHECKSUM: &str = "28b52ffd006845020062030b10c0b7015dc7bf3fb5c8ee9d92073de706e05089c4b3ba4b17896775972c12cfea\
    2e55249ed50d4e4720259827a810e86e07f0d5101481f401395a34bd77fbff9f5b09520a";

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

/// Compresses text with a checksum, which the encoder writes last.
fn zstd(text: &[u8]) -> Vec<u8> {
    compress_to_vec(text, CompressionLevel::Fastest)
}

#[tokio::test]
async fn zstd_is_unpacked() {
    let text = text();
    let packed = zstd(text.as_bytes());
    assert!(packed.len() * 10 < text.len());
    expect(&packed, text.as_bytes()).await;
    expect(&zstd(b""), b"").await;
    let utf_16 = utf_16(&format!("\u{feff}{text}"), u16::to_le_bytes);
    expect(&zstd(&utf_16), text.as_bytes()).await;
    // Frames may be joined, also with others that have no text.
    let skipped = b"\x5A\x2A\x4D\x18\x03\0\0\0xyz\x50\x2A\x4D\x18\0\0\0\0".to_vec();
    let joined = [&*skipped, &*packed, &*skipped, &*zstd(b"\n{}"), &*skipped].concat();
    expect(&joined, format!("{text}\n{{}}").as_bytes()).await;
}

#[tokio::test]
async fn zstd_of_the_reference_encoder_is_unpacked() {
    // From `printf '{"id":%s}\\n' $(seq 1 40) | zstd -19`, with and without its checksum.
    let rows: String = (1..=40).map(|id| format!("{{\"id\":{id}}}\n")).collect();
    for packed in [REFERENCE, REFERENCE_WITHOUT_CHECKSUM] {
        let digits = |at| u8::from_str_radix(&packed[at..at + 2], 16).unwrap();
        let packed: Vec<u8> = (0..packed.len()).step_by(2).map(digits).collect();
        expect(&packed, rows.as_bytes()).await;
    }
}

#[tokio::test]
async fn damaged_zstd_is_an_error() {
    let text = text();
    let packed = zstd(text.as_bytes());
    for length in [
        4,
        5,
        6,
        8,
        9,
        12,
        packed.len() / 2,
        packed.len() - 4,
        packed.len() - 1,
    ] {
        let error = read(&packed[..length], 1000).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof, "{length}");
    }
    for at in (0..packed.len()).skip(4) {
        let mut broken = packed.clone();
        broken[at] ^= 0xFF;
        // The length of the text in the header is a hint. All else is noticed.
        if let Ok(found) = read(&broken, 1000).await {
            assert!(found == text.as_bytes(), "{at}");
        }
    }
    let trailing = [&*packed, b"trailing"].concat();
    assert!(read(&trailing, 1000).await.is_err());
}

#[tokio::test]
async fn zstd_that_demands_much_memory_is_refused() {
    // A frame with the window of `zstd --long=31`, and one with a dictionary.
    for (head, reason) in [
        (
            &b"\x28\xB5\x2F\xFD\0\xA8"[..],
            "not valid zstd: it needs a window of 2147483648 bytes; the maximum is 134217728: compress it without --long",
        ),
        (
            b"\x28\xB5\x2F\xFD\x01\0\x07",
            "not valid zstd: it needs a dictionary: compress it without one",
        ),
    ] {
        let error = read(head, 1000).await.unwrap_err();
        assert_eq!(error.to_string(), reason);
    }
    // Few bytes stand for much text, of which little is held.
    let block = b"\x02\x10\0x".repeat(100);
    let bomb = [&b"\x28\xB5\x2F\xFD\0\0"[..], &block, b"\x01\0\0"].concat();
    let found = read(&bomb, 1000).await.unwrap();
    assert!(
        found.len() > 5000 && found.iter().all(|byte| *byte == b'x'),
        "{}",
        found.len()
    );
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
