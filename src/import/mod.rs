//! Loads an organisation's data from files: NDJSON or a JSON array, in the contracts' own shapes.
//!
//! A file is read row by row (`reader`), each row is checked (`row`, `kind`) and comes to
//! rows of tables (`table`), which are upserted (`upsert`) a chunk at a time (`writer`).

use std::{
    convert::Infallible,
    fmt, future, io,
    time::{Duration, Instant},
};

use sea_orm::{DatabaseConnection, DbErr};
use tokio::{io::AsyncRead, sync::mpsc};

use crate::clock::Clock;

mod chunk;
mod constraint;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod kind;
mod progress;
mod reader;
mod row;
mod statement;
mod table;
mod tag_set;
#[cfg(test)]
mod tests;
mod upsert;
mod writer;

pub use kind::Kind;
pub use progress::Console;

use chunk::{Checker, Chunk};
use reader::Reader;
use row::FieldError;
use writer::Writer;

/// How an import goes about it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Stop at the first bad row, and leave nothing written.
    pub strict: bool,
    /// Do everything, and leave nothing written.
    pub dry_run: bool,
}

/// What became of the rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Rows seen in the input, good and bad.
    pub read: u64,
    /// Rows committed; in a dry run, rows that would be.
    pub written: u64,
    /// Bad rows.
    pub rejected: u64,
    /// Whether this only tried.
    pub dry_run: bool,
    /// Whether everything was undone because of a bad row.
    pub rolled_back: bool,
    /// How long it took.
    pub elapsed: Duration,
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            read,
            written,
            rejected,
            ..
        } = self;
        write!(
            f,
            "{read} rows read, {written} written, {rejected} rejected"
        )?;
        write!(f, ", in {:.1} s", self.elapsed.as_secs_f64())?;
        if self.rolled_back {
            f.write_str(" (all undone)")
        } else if self.dry_run {
            f.write_str(" (dry run: all undone)")
        } else {
            Ok(())
        }
    }
}

/// What stands before the number of a place in a row: of an item in a list, and of a byte.
const PLACES: [&str; 2] = ["[", "at byte "];

/// A row that was left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// The line on which the row starts, from 1.
    pub line: u64,
    /// Path of the field at fault; empty when the row as a whole is.
    pub field: String,
    /// What is wrong, and what would be right. Holds no value of the row.
    pub reason: String,
}

impl Rejection {
    fn new(line: u64, error: FieldError) -> Self {
        Self {
            line,
            field: error.field,
            reason: error.reason,
        }
    }
}

impl Rejection {
    /// What is wrong with the row, without the places in it: rows with the same fault have the same
    /// text.
    fn fault(&self) -> String {
        let text = self.about_row();
        let mut fault = String::with_capacity(text.len());
        let mut rest = text.as_str();
        while let Some(at) = PLACES
            .iter()
            .filter_map(|place| Some(rest.find(place)? + place.len()))
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

    fn about_row(&self) -> String {
        match self.field.as_str() {
            "" => self.reason.clone(),
            field => format!("{field}: {}", self.reason),
        }
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.about_row())
    }
}

/// Is told how an import goes.
pub trait Report: Send {
    /// A row was left out.
    fn rejected(&mut self, rejection: &Rejection);

    /// A chunk was written. `bytes` of the input have been read so far.
    fn progressed(&mut self, so_far: &Summary, bytes: u64);
}

/// What ends an import before the end of its input. Running it again completes it.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The input failed.
    #[error("the input cannot be read")]
    Input {
        /// Why.
        source: io::Error,
        /// What had been committed before.
        so_far: Summary,
    },
    /// The database failed, or went away.
    #[error("the database cannot go on")]
    Database {
        /// Why.
        source: DbErr,
        /// What had been committed before.
        so_far: Summary,
    },
}

impl ImportError {
    /// What had been committed before.
    pub fn so_far(&self) -> &Summary {
        match self {
            Self::Input { so_far, .. } | Self::Database { so_far, .. } => so_far,
        }
    }
}

/// Loads rows of `kind` from `source`.
///
/// Loading the same rows again changes nothing. Rows that cannot be loaded are told to `report`,
/// and the others load, unless `options` say otherwise.
///
/// # Errors
/// The input or the database fails. Whole chunks are committed by then, or nothing at all where
/// `options` ask for one transaction; never half a row.
pub async fn run(
    database: &DatabaseConnection,
    clock: &Clock,
    kind: Kind,
    source: impl AsyncRead + Unpin + Send,
    options: Options,
    report: &mut dyn Report,
) -> Result<Summary, ImportError> {
    let started = Instant::now();
    let (sender, chunks) = mpsc::channel(1);
    let checker = Checker {
        reader: Reader::new(source),
        kind,
        now: clock.now(),
        strict: options.strict,
    };
    let mut import = Import {
        options,
        report,
        summary: Summary {
            dry_run: options.dry_run,
            ..Summary::default()
        },
    };
    // It ends when writing ends: it may be that no more rows are wanted.
    let outcome = tokio::select! {
        outcome = import.load(database, chunks) => outcome,
        never = async {
            checker.send(sender).await;
            future::pending::<Infallible>().await
        } => match never {},
    };
    let mut summary = import.summary;
    summary.elapsed = started.elapsed();
    let nothing_kept = options.strict && summary.rejected > 0;
    if nothing_kept || (outcome.is_err() && options.in_one_transaction()) {
        summary.written = 0;
        summary.rolled_back = true;
    }
    match outcome {
        Ok(()) => Ok(summary),
        Err(Failure::Input(source)) => Err(ImportError::Input {
            source,
            so_far: summary,
        }),
        Err(Failure::Database(source)) => Err(ImportError::Database {
            source,
            so_far: summary,
        }),
    }
}

impl Options {
    fn in_one_transaction(self) -> bool {
        self.strict || self.dry_run
    }
}

/// An import under way.
struct Import<'a> {
    options: Options,
    report: &'a mut dyn Report,
    summary: Summary,
}

enum Failure {
    Input(io::Error),
    Database(DbErr),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Input(error)
    }
}

impl From<DbErr> for Failure {
    fn from(error: DbErr) -> Self {
        Self::Database(error)
    }
}

impl Import<'_> {
    async fn load(
        &mut self,
        database: &DatabaseConnection,
        chunks: mpsc::Receiver<io::Result<Chunk>>,
    ) -> Result<(), Failure> {
        let mut writer = Writer::new(database, self.options.in_one_transaction());
        let mut outcome = self.write_all(&mut writer, chunks).await;
        let undo = self.options.dry_run || (self.options.strict && self.summary.rejected > 0);
        // Where the input fails, what was read before stays: but all or nothing, where asked for.
        if !matches!(outcome, Err(Failure::Database(_))) {
            let keep = !undo && (outcome.is_ok() || !self.options.in_one_transaction());
            outcome = writer.end(keep).await.map_err(Failure::from).and(outcome);
        }
        if matches!(outcome, Err(Failure::Database(_))) {
            self.summary.written -= writer.uncommitted();
        }
        outcome
    }

    async fn write_all(
        &mut self,
        writer: &mut Writer<'_>,
        mut chunks: mpsc::Receiver<io::Result<Chunk>>,
    ) -> Result<(), Failure> {
        while let Some(chunk) = chunks.recv().await {
            let chunk = chunk?;
            let refused = writer.write(&chunk.rows, || !chunks.is_empty()).await?;
            self.tell(chunk, refused);
            if self.options.strict && self.summary.rejected > 0 {
                break;
            }
        }
        Ok(())
    }

    /// Counts what became of a chunk, and tells what was rejected in it, in the order of the file.
    fn tell(&mut self, chunk: Chunk, refused: Vec<Rejection>) {
        self.summary.read += (chunk.rows.len() + chunk.rejected.len()) as u64;
        self.summary.written += (chunk.rows.len() - refused.len()) as u64;
        let mut rejected = chunk.rejected;
        rejected.extend(refused);
        rejected.sort_by_key(|rejection| rejection.line);
        if self.options.strict {
            rejected.truncate(1);
        }
        for rejection in &rejected {
            self.report.rejected(rejection);
        }
        self.summary.rejected += rejected.len() as u64;
        self.report.progressed(&self.summary, chunk.read_to);
    }
}
