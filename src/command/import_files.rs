//! The files of an import: rejected rows (`--rejects`), each a JSON object with line, field and reason; and the
//! result (`--report`).

use std::{
    fs::{self, File},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use serde_json::{Value, json};

use super::{import::described, private_file};
use crate::import::{Change, ImportError, Kind, Rejection, Report, Summary};

/// A report that also writes the rejected rows to a file, and keeps the notes.
pub(super) struct WithFiles<R> {
    pub(super) report: R,
    pub(super) notes: Vec<String>,
    rejects: Option<BufWriter<File>>,
    path: Option<PathBuf>,
    rows: u64,
    failed: Option<io::Error>,
}

impl<R: Report> WithFiles<R> {
    /// Creates the file, which must not exist: it might be the one that is imported. Only its owner can read
    /// it, because rows contain tokens and addresses.
    ///
    /// # Errors
    /// The file cannot be created.
    pub(super) fn new(report: R, path: Option<&Path>) -> io::Result<Self> {
        let file = path.map(private_file::create).transpose()?;
        Ok(Self {
            report,
            notes: Vec::new(),
            rejects: file.map(BufWriter::new),
            path: path.map(Path::to_owned),
            rows: 0,
            failed: None,
        })
    }

    /// Completes the file, or removes it if no row was rejected.
    ///
    /// # Errors
    /// A row could not be written.
    pub(super) fn finish(&mut self) -> io::Result<()> {
        match (self.failed.take(), &mut self.rejects, &self.path) {
            (Some(error), _, _) => Err(error),
            (None, Some(_), Some(path)) if self.rows == 0 => fs::remove_file(path),
            (None, Some(file), _) => file.flush(),
            (None, None, _) => Ok(()),
        }
    }
}

impl<R: Report> Report for WithFiles<R> {
    fn rejected(&mut self, rejection: &Rejection, text: Option<&str>) {
        self.report.rejected(rejection, text);
        if let (Some(file), None) = (&mut self.rejects, &self.failed) {
            self.rows += 1;
            self.failed = writeln!(file, "{}", rejected_row(rejection, text)).err();
        }
    }

    fn noted(&mut self, note: &str) {
        self.report.noted(note);
        self.notes.push(note.to_owned());
    }

    fn changed(&mut self, change: Change, key: &str) {
        self.report.changed(change, key);
    }

    fn progressed(&mut self, so_far: &Summary, bytes: u64) {
        self.report.progressed(so_far, bytes);
    }
}

/// Returns the result of an import as JSON.
pub(super) fn result(
    kind: Kind,
    result: &Result<Summary, ImportError>,
    notes: &[String],
) -> String {
    let (summary, error) = match result {
        Ok(summary) => (summary, None),
        Err(error) => (error.so_far(), Some(described(error))),
    };
    format!("{:#}\n", summary.to_json(kind, notes, error.as_deref()))
}

/// Members that describe the fault of a row.
const ABOUT: [&str; 4] = ["_line", "_field", "_reason", "_text"];

/// Returns the row with the members `_line`, `_field` and `_reason`, which imports ignore. The text of a row
/// that is not an object is in the member `_text`.
fn rejected_row(rejection: &Rejection, text: Option<&str>) -> String {
    let Rejection {
        line,
        field,
        reason,
    } = rejection;
    let mut about = json!({ "_line": line, "_field": field, "_reason": reason });
    let Some(text) = text.map(str::trim) else {
        return about.to_string();
    };
    match serde_json::from_str(text) {
        // Rejected again, after it was corrected.
        Ok(Value::Object(row)) if ABOUT.iter().any(|name| row.contains_key(*name)) => {
            let members = row
                .into_iter()
                .filter(|(name, _)| !ABOUT.contains(&name.as_str()));
            if let Value::Object(about) = &mut about {
                about.extend(members);
            }
            about.to_string()
        }
        Ok(Value::Object(row)) if row.is_empty() => about.to_string(),
        // Unchanged, because JSON libraries round some numbers.
        Ok(Value::Object(_)) => {
            let about = about.to_string();
            let members = text.strip_prefix('{').unwrap_or_default();
            format!("{},{members}", about.trim_end_matches('}'))
        }
        _ => {
            about["_text"] = text.into();
            about.to_string()
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::rejected_row;
    use crate::import::Rejection;

    #[test]
    fn a_rejected_row_is_the_row_with_its_fault() {
        let rejection = Rejection {
            line: 7,
            field: "email".to_owned(),
            reason: "a \"reason\" {}".to_owned(),
        };
        let written = |text: Option<&str>| -> Value {
            serde_json::from_str(&rejected_row(&rejection, text)).expect("JSON")
        };
        let about = json!({ "_line": 7, "_field": "email", "_reason": "a \"reason\" {}" });
        let with = |name: &str, value: Value| {
            let mut row = about.clone();
            row[name] = value;
            row
        };
        assert_eq!(written(Some(r#" {"id":5} "#)), with("id", json!(5)));
        assert_eq!(written(Some("{ }")), about);
        assert_eq!(written(None), about);
        for text in [r#"{"id":"#, "[1]", "7", "}"] {
            assert_eq!(written(Some(text)), with("_text", json!(text)), "{text}");
        }
        let again = rejected_row(
            &rejection,
            Some(r#"{"_line":1,"_field":"a","_reason":"b","id":5}"#),
        );
        assert_eq!(
            serde_json::from_str::<Value>(&again).expect("JSON"),
            with("id", json!(5))
        );
        // As it came: with a number that JSON libraries would round.
        assert!(rejected_row(&rejection, Some(r#"{"id":1e3}"#)).ends_with(r#","id":1e3}"#));
    }
}
