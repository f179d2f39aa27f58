//! Maximum length of a row.

use std::{borrow::Cow, fmt};

const MIB: u32 = 1024 * 1024;

/// Maximum length of a row, in bytes. It bounds memory: a longer row is skipped and rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MaxRow(pub u32);

impl Default for MaxRow {
    fn default() -> Self {
        Self(MIB)
    }
}

impl MaxRow {
    /// Returns true if a row of this many bytes is too long.
    pub fn is_exceeded_by(self, bytes: usize) -> bool {
        bytes > self.0 as usize
    }

    /// Returns the reason why a longer row is rejected.
    pub(super) fn reason(self) -> Cow<'static, str> {
        format!("longer than --max-row ({self})").into()
    }
}

impl fmt::Display for MaxRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 % MIB {
            0 => write!(f, "{} MiB", self.0 / MIB),
            _ => write!(f, "{} bytes", self.0),
        }
    }
}
