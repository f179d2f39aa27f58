//! Progress of an import on a console: a bar on a terminal, otherwise a line now and then.

use std::{
    fmt,
    io::{self, IsTerminal, Write},
};

use indicatif::{ProgressBar, ProgressStyle};

use super::{Change, Rejection, Report, Summary};
use crate::printable::Printable;

/// Bad rows with a line each. Further ones are counted by fault.
const MAX_LINES: usize = 20;

/// Faults counted separately.
const MAX_FAULTS: usize = 20;

/// Rows before the first progress line. Each further line comes after twice as many rows, so that
/// a long input has few lines.
const FIRST_LINE: u64 = 10_000;

/// Report on a console.
pub struct Console<W> {
    out: W,
    bar: Option<ProgressBar>,
    lines: usize,
    counted: Faults,
    next_line: u64,
    /// Receives a line for each change.
    changes: Option<Box<dyn Write + Send>>,
}

impl Console<io::Stderr> {
    /// Reports to standard error, with a bar if that is a terminal. `bytes` is the length of the
    /// input, if known.
    pub fn stderr(bytes: Option<u64>) -> Self {
        let stderr = io::stderr();
        let bar = stderr.is_terminal().then(|| bar(bytes));
        Self {
            bar,
            ..Self::plain(stderr)
        }
    }
}

impl<W: Write> Console<W> {
    /// Reports to `out` in plain lines.
    pub fn plain(out: W) -> Self {
        Self {
            out,
            bar: None,
            lines: 0,
            counted: Faults::default(),
            next_line: FIRST_LINE,
            changes: None,
        }
    }

    /// Lists changes by their keys on `out`, a line each.
    pub fn listing_changes(self, out: impl Write + Send + 'static) -> Self {
        Self {
            changes: Some(Box::new(out)),
            ..self
        }
    }

    /// Clears the bar, and prints the number of further bad rows by fault.
    ///
    /// # Errors
    /// If the console cannot be written to.
    pub fn finish(&mut self) -> io::Result<()> {
        if let Some(changes) = &mut self.changes {
            changes.flush()?;
        }
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
        write!(self.out, "{}", self.counted)
    }

    fn line(&mut self, text: &str) {
        let mut write = || writeln!(self.out, "{text}");
        let written = match &self.bar {
            Some(bar) => bar.suspend(write),
            None => write(),
        };
        // A closed console must not stop the import.
        written.unwrap_or_default();
    }
}

impl<W: Write + Send> Report for Console<W> {
    fn rejected(&mut self, rejection: &Rejection, _: Option<&str>) {
        if self.lines < MAX_LINES {
            self.lines += 1;
            self.line(&Printable(rejection).to_string());
        } else {
            self.counted.count(rejection);
        }
    }

    fn noted(&mut self, note: &str) {
        self.line(&format!("note: {}", Printable(note)));
    }

    fn changed(&mut self, change: Change, key: &str) {
        let Some(out) = &mut self.changes else {
            return;
        };
        let mut write = || writeln!(out, "{change} {}", Printable(key));
        let written = match &self.bar {
            Some(bar) => bar.suspend(write),
            None => write(),
        };
        // As above.
        written.unwrap_or_default();
    }

    fn progressed(&mut self, so_far: &Summary, bytes: u64) {
        if let Some(bar) = &self.bar {
            bar.set_position(bytes);
            bar.set_message(format!(
                "{} rows, {} rejected",
                so_far.read, so_far.rejected
            ));
        } else if so_far.read >= self.next_line {
            while self.next_line <= so_far.read {
                self.next_line *= 2;
            }
            self.line(&format!(
                "{} rows, {} rejected…",
                so_far.read, so_far.rejected
            ));
        }
    }
}

/// Counts bad rows by fault.
#[derive(Default)]
struct Faults {
    /// The first faults, in order of appearance, and the rows that have each.
    each: Vec<(String, u64)>,
    /// Rows with any other fault.
    others: u64,
}

impl Faults {
    fn count(&mut self, rejection: &Rejection) {
        let fault = rejection.fault();
        let known = self.each.iter_mut().find(|(known, _)| *known == fault);
        if let Some((_, rows)) = known {
            *rows += 1;
        } else if self.each.len() < MAX_FAULTS {
            self.each.push((fault, 1));
        } else {
            self.others += 1;
        }
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (fault, rows) in &self.each {
            writeln!(f, "…and {rows} more: {fault}")?;
        }
        match self.others {
            0 => Ok(()),
            rows => writeln!(f, "…and {rows} more, with other faults"),
        }
    }
}

fn bar(bytes: Option<u64>) -> ProgressBar {
    let (bar, template) = match bytes {
        Some(bytes) => (
            ProgressBar::new(bytes),
            "{wide_bar} {percent}% {msg}, {eta} left",
        ),
        None => (ProgressBar::new_spinner(), "{spinner} {bytes} {msg}"),
    };
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
