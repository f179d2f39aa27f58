//! A row that an import rejected, and why.

use std::fmt;

use super::{resolve::WITH_ID, row::FieldError};

/// Prefixes that precede a position in an error message: an array index or a byte offset.
const POSITION_PREFIXES: [&str; 2] = ["[", "at byte "];

/// A row that the import rejected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// The line on which the row starts, from 1.
    pub line: u64,
    /// Path of the invalid field. Empty if the error concerns the whole row.
    pub field: String,
    /// The error and what is expected. Contains no value of the row but ids of its source.
    pub reason: String,
}

impl Rejection {
    pub(super) fn new(line: u64, error: FieldError) -> Self {
        Self {
            line,
            field: error.field,
            reason: error.reason,
        }
    }

    /// Returns the error without positions and ids, so that rows with the same fault have the same text.
    pub(super) fn fault(&self) -> String {
        let text = self.message();
        let text = text.split(WITH_ID).next().unwrap_or_default();
        let mut fault = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = POSITION_PREFIXES
            .iter()
            .filter_map(|prefix| Some(rest.find(prefix)? + prefix.len()))
            .min()
        {
            fault.push_str(&rest[..at]);
            rest = &rest[at..];
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            if digits > 0 {
                fault.push('…');
            }
            rest = &rest[digits..];
        }
        fault + rest
    }

    fn message(&self) -> String {
        match self.field.as_str() {
            "" => self.reason.clone(),
            field => format!("{field}: {}", self.reason),
        }
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.message())
    }
}
