//! Unpacks Zstandard, one block at a time.

use std::{
    fmt::Display,
    io::{self, Read},
    pin::Pin,
    task::{Context, Poll, ready},
};

use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder, errors::FrameDecoderError};
use tokio::io::{AsyncBufRead, AsyncRead, ReadBuf};

/// Maximum memory that a file may demand, in bytes. `zstd` refuses larger windows, too, unless told.
const MAX_WINDOW: u64 = 128 * 1024 * 1024;

const FRAME: [u8; 4] = [0x28, 0xB5, 0x2F, 0xFD];

/// The last three bytes of the number that begins a frame without text. Its first is from 0x50 to 0x5F.
const SKIPPED: [u8; 3] = [0x2A, 0x4D, 0x18];

/// Bytes of the numbers that begin frames, and of the length of a skipped one.
const NUMBER: usize = 4;

/// Bytes of the header of a block.
const BLOCK_HEADER: usize = 3;

/// Maximum length of a block.
const MAX_BLOCK: usize = 128 * 1024;

/// Returns true if a file begins so.
pub(super) fn is_zstd(head: &[u8]) -> bool {
    head.starts_with(&FRAME) || is_skipped(head)
}

fn is_skipped(head: &[u8]) -> bool {
    matches!(head, [0x50..=0x5F, rest @ ..] if rest.starts_with(&SKIPPED))
}

/// The next part of the file.
enum Part {
    Frame,
    Block {
        /// A checksum follows the last block.
        has_checksum: bool,
    },
    /// The rest of a frame without text, of this length.
    Skipped(u64),
}

/// Unpacks a stream of frames.
pub(super) struct ZstdDecoder<R> {
    source: R,
    decoder: FrameDecoder,
    next: Part,
    /// Bytes of the next part that have been read.
    packed: Vec<u8>,
    /// Checksum of the frame that ended.
    checksum: Option<u32>,
}

impl<R: AsyncBufRead + Unpin> ZstdDecoder<R> {
    pub(super) fn new(source: R) -> Self {
        let mut decoder = FrameDecoder::new();
        decoder.set_max_window_size(MAX_WINDOW);
        Self {
            source,
            decoder,
            next: Part::Frame,
            packed: Vec::new(),
            checksum: None,
        }
    }

    /// Returns the number of bytes that the next part lacks, as far as its first bytes tell.
    fn missing(&self) -> usize {
        let length = match self.next {
            Part::Skipped(rest) => return usize::try_from(rest).unwrap_or(usize::MAX),
            Part::Frame if is_skipped(&self.packed) => 2 * NUMBER,
            Part::Frame => match self.packed.get(NUMBER) {
                Some(descriptor) => NUMBER + frame_header(*descriptor),
                None => NUMBER + 1,
            },
            Part::Block { has_checksum } => match self.packed.first_chunk::<BLOCK_HEADER>() {
                Some([first, second, third]) => {
                    let header = u32::from_le_bytes([*first, *second, *third, 0]);
                    let (is_last, is_repeated) = (header & 1 == 1, (header >> 1) & 3 == 1);
                    // The decoder refuses a longer one.
                    let length = Ord::min((header >> 3) as usize, MAX_BLOCK);
                    let checksum = if is_last && has_checksum { NUMBER } else { 0 };
                    BLOCK_HEADER + if is_repeated { 1 } else { length } + checksum
                }
                None => BLOCK_HEADER,
            },
        };
        length.saturating_sub(self.packed.len())
    }

    /// Adds bytes to the next part, at most as many as it lacks. Unpacks it if it is complete.
    fn add(&mut self, bytes: &[u8]) -> io::Result<()> {
        if let Part::Skipped(rest) = &mut self.next {
            *rest -= bytes.len() as u64;
        } else {
            self.packed.extend_from_slice(bytes);
        }
        match self.missing() {
            0 => self.unpack(),
            _ => Ok(()),
        }
    }

    /// Unpacks the next part, which is complete.
    fn unpack(&mut self) -> io::Result<()> {
        match self.next {
            Part::Frame if is_skipped(&self.packed) => {
                let length = self.packed.last_chunk::<NUMBER>().copied();
                let length = u32::from_le_bytes(length.unwrap_or_default());
                if length > 0 {
                    self.next = Part::Skipped(u64::from(length));
                }
            }
            Part::Frame => {
                self.decoder.init(&*self.packed).map_err(refused)?;
                let has_checksum = self.packed.get(NUMBER).is_some_and(|byte| byte & 4 != 0);
                self.next = Part::Block { has_checksum };
            }
            Part::Block { .. } => {
                let one = BlockDecodingStrategy::UptoBlocks(1);
                let is_last = self.decoder.decode_blocks(&*self.packed, one);
                if is_last.map_err(invalid)? {
                    self.checksum = self.decoder.get_checksum_from_data();
                    self.next = Part::Frame;
                }
            }
            Part::Skipped(_) => self.next = Part::Frame,
        }
        self.packed.clear();
        Ok(())
    }

    /// Checks the text of the frame that ended, once all of it has been read.
    fn check(&mut self) -> io::Result<()> {
        match self.checksum.take() {
            Some(sum) if self.decoder.get_calculated_checksum() != Some(sum) => {
                Err(invalid("the checksum differs"))
            }
            _ => Ok(()),
        }
    }
}

impl<R: AsyncBufRead + Unpin> AsyncRead for ZstdDecoder<R> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        while this.decoder.can_collect() == 0 {
            this.check()?;
            let missing = this.missing();
            let available = ready!(Pin::new(&mut this.source).poll_fill_buf(context))?;
            if available.is_empty() {
                let is_complete = this.packed.is_empty() && matches!(this.next, Part::Frame);
                return Poll::Ready(match is_complete {
                    true => Ok(()),
                    false => Err(io::ErrorKind::UnexpectedEof.into()),
                });
            }
            let length = Ord::min(available.len(), missing);
            let bytes = available[..length].to_vec();
            Pin::new(&mut this.source).consume(length);
            this.add(&bytes)?;
        }
        let length = this.decoder.read(buffer.initialize_unfilled())?;
        buffer.advance(length);
        Poll::Ready(Ok(()))
    }
}

/// Returns the length of the header of a frame that begins with this descriptor.
fn frame_header(descriptor: u8) -> usize {
    let is_single = descriptor & 0x20 != 0;
    let window = if is_single { 0 } else { 1 };
    let dictionary = [0, 1, 2, 4][usize::from(descriptor & 3)];
    let text_length = match descriptor >> 6 {
        0 if is_single => 1,
        0 => 0,
        shift => 1 << shift,
    };
    1 + window + dictionary + text_length
}

/// Explains why a frame cannot be unpacked.
fn refused(error: FrameDecoderError) -> io::Error {
    match error {
        FrameDecoderError::WindowSizeTooBig { requested, max } => invalid(format_args!(
            "it needs a window of {requested} bytes; the maximum is {max}: compress it without --long"
        )),
        FrameDecoderError::DictNotProvided { .. } => {
            invalid("it needs a dictionary: compress it without one")
        }
        error => invalid(error),
    }
}

fn invalid(error: impl Display) -> io::Error {
    let message = format!("not valid zstd: {error}");
    io::Error::new(io::ErrorKind::InvalidData, message)
}
