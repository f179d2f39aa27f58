//! The file of `import --rejects`: a JSON object per rejected row, with its line, field and reason.

use std::{
    fs::{File, OpenOptions},
    io::{self, BufWriter, Write},
    path::Path,
};

use serde_json::{Value, json};

use crate::import::{Rejection, Report, Summary};

/// A report that also writes the rejected rows to a file.
pub(super) struct WithRejects<R> {
    pub(super) report: R,
    rejects: Option<BufWriter<File>>,
    failed: Option<io::Error>,
}

impl<R: Report> WithRejects<R> {
    /// Creates the file, which must not exist: it might be the one that is imported. Only its owner can read
    /// it, because rows contain tokens and addresses.
    ///
    /// # Errors
    /// The file cannot be created.
    pub(super) fn new(report: R, path: Option<&Path>) -> io::Result<Self> {
        let create = |path: &Path| {
            let mut options = OpenOptions::new();
            options.write(true).create_new(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            options.open(path)
        };
        let file = path.map(create).transpose()?;
        Ok(Self {
            report,
            rejects: file.map(BufWriter::new),
            failed: None,
        })
    }

    /// Completes the file.
    ///
    /// # Errors
    /// A row could not be written.
    pub(super) fn finish(&mut self) -> io::Result<()> {
        match (self.failed.take(), &mut self.rejects) {
            (Some(error), _) => Err(error),
            (None, Some(file)) => file.flush(),
            (None, None) => Ok(()),
        }
    }
}

impl<R: Report> Report for WithRejects<R> {
    fn rejected(&mut self, rejection: &Rejection, text: Option<&str>) {
        self.report.rejected(rejection, text);
        if let (Some(file), None) = (&mut self.rejects, &self.failed) {
            self.failed = writeln!(file, "{}", rejected_row(rejection, text)).err();
        }
    }

    fn noted(&mut self, note: &str) {
        self.report.noted(note);
    }

    fn progressed(&mut self, so_far: &Summary, bytes: u64) {
        self.report.progressed(so_far, bytes);
    }
}

/// Returns the row with the members `_line`, `_field` and `_reason`, which imports ignore. The text of a row
/// that is not an object is in the member `_text`.
fn rejected_row(rejection: &Rejection, text: Option<&str>) -> String {
    let Rejection {
        line,
        field,
        reason,
    } = rejection;
    let about = json!({ "_line": line, "_field": field, "_reason": reason }).to_string();
    let about = about.trim_end_matches('}');
    let is_object = |text: &&str| matches!(serde_json::from_str(text), Ok(Value::Object(_)));
    match text.map(str::trim) {
        None => format!("{about}}}"),
        Some(text) => match Some(text)
            .filter(is_object)
            .and_then(|text| text.strip_prefix('{'))
        {
            Some(rest) if rest.trim_start() == "}" => format!("{about}}}"),
            Some(rest) => format!("{about},{rest}"),
            None => format!("{about},\"_text\":{}}}", Value::from(text)),
        },
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
        // As it came: with a number that JSON libraries would round.
        assert!(rejected_row(&rejection, Some(r#"{"id":1e3}"#)).ends_with(r#","id":1e3}"#));
    }
}
