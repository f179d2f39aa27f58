//! The result of an import as JSON.

use serde_json::{Value, json};

use super::{Kind, Summary};

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
