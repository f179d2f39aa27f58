//! Tells people on a console how an import goes: a bar on a terminal, else a line now and then.

use std::io::{self, IsTerminal, Write};

use indicatif::{ProgressBar, ProgressStyle};

use super::{Rejection, Report, Summary};

/// Bad rows told one by one; those after them are only counted.
const MOST_REJECTIONS: u64 = 100;

/// Rows between two plain lines.
const ROWS_PER_LINE: u64 = 10_000;

/// Reports to a console.
pub struct Console<W> {
    out: W,
    bar: Option<ProgressBar>,
    rejections: u64,
    next_line: u64,
}

impl Console<io::Stderr> {
    /// Reports to standard error, with a bar if that is a terminal. `bytes` is how long the input
    /// is, if that is known.
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
            rejections: 0,
            next_line: ROWS_PER_LINE,
        }
    }

    /// Takes the bar away, and says how many bad rows were only counted.
    ///
    /// # Errors
    /// The console cannot be written to.
    pub fn finish(&mut self) -> io::Result<()> {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
        match self.rejections.saturating_sub(MOST_REJECTIONS) {
            0 => Ok(()),
            more => writeln!(self.out, "…and {more} more"),
        }
    }

    fn line(&mut self, text: &str) {
        let mut write = || writeln!(self.out, "{text}");
        let written = match &self.bar {
            Some(bar) => bar.suspend(write),
            None => write(),
        };
        // A console that is gone must not keep rows from loading.
        written.unwrap_or_default();
    }
}

impl<W: Write + Send> Report for Console<W> {
    fn rejected(&mut self, rejection: &Rejection) {
        self.rejections += 1;
        if self.rejections <= MOST_REJECTIONS {
            self.line(&rejection.to_string());
        }
    }

    fn progressed(&mut self, so_far: &Summary, bytes: u64) {
        if let Some(bar) = &self.bar {
            bar.set_position(bytes);
            bar.set_message(format!("{} rows, {} bad", so_far.read, so_far.rejected));
        } else if so_far.read >= self.next_line {
            self.next_line = so_far.read - so_far.read % ROWS_PER_LINE + ROWS_PER_LINE;
            self.line(&format!("{} rows, {} bad…", so_far.read, so_far.rejected));
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
