//! The result of an import, for people and as JSON.

use std::{fmt, time::Duration};

use serde_json::{Value, json};

use super::Kind;

/// Result of an import.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Rows in the input, good and bad.
    pub read: u64,
    /// Rows written. In the final summary, rows committed; in a dry run, rows that would be.
    pub written: u64,
    /// Bad rows.
    pub rejected: u64,
    /// Rows of the kind that did not exist. Like `written`, this and the next three count committed rows.
    pub new: u64,
    /// Rows of the kind that changed.
    pub changed: u64,
    /// Rows of the kind that already had the values of the file.
    pub unchanged: u64,
    /// Rows of the kind that were withdrawn.
    pub withdrawn: u64,
    /// True if a replacement withdrew no rows, because the file may be incomplete.
    pub is_incomplete: bool,
    /// True for a dry run.
    pub dry_run: bool,
    /// True if everything was rolled back because of a bad row or an error.
    pub rolled_back: bool,
    /// Duration of the import.
    pub elapsed: Duration,
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            read,
            written,
            rejected,
            new,
            changed,
            unchanged,
            withdrawn,
            ..
        } = self;
        write!(
            f,
            "{read} rows read, {written} written, {rejected} rejected"
        )?;
        write!(f, ", in {:.1} s", self.elapsed.as_secs_f64())?;
        let changes = [
            (new, "new"),
            (changed, "changed"),
            (unchanged, "unchanged"),
            (withdrawn, "withdrawn"),
        ];
        let mut separator = "; ";
        for (rows, what) in changes.iter().filter(|(rows, _)| **rows > 0) {
            write!(f, "{separator}{rows} {what}")?;
            separator = ", ";
        }
        if self.rolled_back {
            f.write_str(" (rolled back)")
        } else if self.dry_run {
            f.write_str(" (dry run: rolled back)")
        } else {
            Ok(())
        }
    }
}

impl Summary {
    /// Returns the result as JSON. `error` ended the import.
    pub fn to_json(&self, kind: Kind, notes: &[String], error: Option<&str>) -> Value {
        let Self {
            read,
            written,
            rejected,
            new,
            changed,
            unchanged,
            withdrawn,
            is_incomplete,
            dry_run,
            rolled_back,
            elapsed,
        } = *self;
        json!({
            "kind": kind.to_string(),
            "read": read,
            "written": written,
            "rejected": rejected,
            "new": new,
            "changed": changed,
            "unchanged": unchanged,
            "withdrawn": withdrawn,
            "incomplete": is_incomplete,
            "dry_run": dry_run,
            "rolled_back": rolled_back,
            "seconds": elapsed.as_secs_f64(),
            "notes": notes,
            "error": error,
        })
    }

    /// Returns true if all rows were written, and nothing was missing.
    pub fn is_complete(&self) -> bool {
        self.rejected == 0 && !self.is_incomplete
    }
}
