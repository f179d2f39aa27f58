//! JSON that is written no further than it may be long.

use std::io::{self, Write};

use serde::Serialize;

/// Why a body was not written.
pub(super) enum NotWritten {
    /// It is longer than that.
    TooLong,
    /// It cannot be written as JSON.
    Failed(serde_json::Error),
}

/// Writes JSON of at most `most` bytes.
///
/// # Errors
/// It is longer, or cannot be written.
pub(super) fn write<T: Serialize + ?Sized>(value: &T, most: usize) -> Result<Vec<u8>, NotWritten> {
    let mut bounded = Bounded {
        written: Vec::with_capacity(512),
        most,
    };
    match serde_json::to_writer(&mut bounded, value) {
        Ok(()) => Ok(bounded.written),
        // Nothing else fails to be written into memory.
        Err(error) if error.is_io() => Err(NotWritten::TooLong),
        Err(error) => Err(NotWritten::Failed(error)),
    }
}

struct Bounded {
    written: Vec<u8>,
    most: usize,
}

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if bytes.len() > self.most - self.written.len() {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.written.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{NotWritten, write};

    #[test]
    fn the_last_byte_that_fits_is_written() {
        assert!(matches!(write("abc", 5), Ok(written) if written == b"\"abc\""));
        assert!(matches!(write("abc", 4), Err(NotWritten::TooLong)));
        assert!(matches!(write("", 0), Err(NotWritten::TooLong)));
    }
}
