//! Imports an organisation's data from files: JSON of the contracts' objects, or CSV.
//!
//! `reader` recognises the format of a file and splits it into rows. `fields` renames columns and reads
//! other formats of instants. `row` and `kind` check each row and convert it to rows of tables (`table`).
//! `unknown` finds fields that no kind reads. `chunk` collects checked rows, and `writer` writes them:
//! `name` takes names from other rows, and `upsert` writes the rows. `change` records their changes, and
//! `replace` withdraws rows that the file lacks.

use std::{convert::Infallible, fmt, future, io, sync::Arc, time::Instant};

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr};
use tokio::{io::AsyncRead, sync::mpsc};

use crate::clock::Clock;

mod answer;
mod change;
mod chunk;
mod constraint;
mod fields;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod imports;
mod kind;
mod name;
mod other_role;
mod progress;
mod reader;
mod repeat;
mod replace;
mod result;
mod row;
mod statement;
mod table;
mod tag_set;
#[cfg(test)]
mod tests;
mod token_invite;
mod unknown;
mod upsert;
mod writer;

pub use answer::{AnswerKey, Stored};
pub use change::Change;
pub use fields::{DateFormat, Fields, MappedValue, Renamed};
pub use imports::Imports;
pub use kind::{Field, Format, Kind};
pub use progress::Console;
pub use replace::{MaxWithdrawn, Replacement, Scope};
pub use result::Summary;

use change::Effects;
use chunk::{Checker, Chunk};
use name::Claims;
use other_role::OtherRoles;
use reader::RowReader;
use repeat::Keys;
use replace::Listed;
use row::FieldError;
use unknown::{Counts, UnknownFields};
use writer::Writer;

/// Options of an import.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Stop at the first bad row and roll back.
    pub strict: bool,
    /// Write all rows, then roll back.
    pub dry_run: bool,
    /// Withdraw the rows whose keys the file has: the source has deleted them.
    pub delete: bool,
    /// Withdraw the rows that the file lacks.
    pub replace: Option<Replacement>,
    /// Pass the text of rejected rows to the report.
    pub keep_text: bool,
    /// Renamed columns, and the format of instants.
    pub fields: Fields,
}

/// Minimum number of changes after which PostgreSQL analyzes the table.
const ANALYZED_CHANGES: u64 = 10_000;

/// Prefixes that precede a position in an error message: an array index or a byte offset.
const POSITION_PREFIXES: [&str; 2] = ["[", "at byte "];

/// A row that the import rejected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// The line on which the row starts, from 1.
    pub line: u64,
    /// Path of the invalid field. Empty if the error concerns the whole row.
    pub field: String,
    /// The error and what is expected. Contains no value of the row.
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
    /// Returns the error without positions, so that rows with the same fault have the same text.
    fn fault(&self) -> String {
        let text = self.message();
        let mut fault = String::with_capacity(text.len());
        let mut rest = text.as_str();
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

/// Receives the progress of an import.
pub trait Report: Send {
    /// Called for each rejected row. `text` is the row, with [`Options::keep_text`]; none if it could not
    /// be read.
    fn rejected(&mut self, rejection: &Rejection, text: Option<&str>);

    /// Called at the end for each remark on rows that were imported nevertheless.
    fn noted(&mut self, note: &str);

    /// Called for each row of the kind that changed, with its key, such as `id=7`. The change may be rolled
    /// back.
    fn changed(&mut self, change: Change, key: &str) {
        let _ = (change, key);
    }

    /// Called after each chunk; `so_far.written` may include uncommitted rows. `bytes` of the input
    /// have been read so far.
    fn progressed(&mut self, so_far: &Summary, bytes: u64);
}

/// Error that ends an import before the end of its input. Running the import again completes it.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// Reading the input failed.
    #[error("cannot read the input")]
    Input {
        /// Cause.
        source: io::Error,
        /// Rows committed before the error.
        so_far: Summary,
    },
    /// The file lacks more rows of the list than may be withdrawn, so it may be incomplete. Nothing was
    /// written.
    #[error("the file lacks {missing} of {of} rows, more than --max-withdrawn ({most})")]
    TooManyWithdrawn {
        /// Rows that the import would withdraw.
        missing: u64,
        /// Rows that it replaces.
        of: u64,
        /// Maximum number of rows that it may withdraw.
        most: MaxWithdrawn,
        /// Rows read.
        so_far: Summary,
    },
    /// The database failed or became unreachable.
    #[error("the database failed")]
    Database {
        /// Cause.
        source: DbErr,
        /// Rows committed before the error.
        so_far: Summary,
    },
}

impl ImportError {
    /// Returns the result up to the error.
    pub fn so_far(&self) -> &Summary {
        match self {
            Self::Input { so_far, .. }
            | Self::TooManyWithdrawn { so_far, .. }
            | Self::Database { so_far, .. } => so_far,
        }
    }
}

/// Imports rows of `kind` from `source`.
///
/// Importing the same rows again changes nothing. Bad rows are passed to `report` and the others
/// are written; `strict` and `dry_run` change this.
///
/// # Errors
/// If the input or the database fails. Chunks committed before the error stay committed; no row is
/// written in part. With `strict` or `dry_run`, nothing is committed.
pub async fn run(
    database: &DatabaseConnection,
    clock: &Clock,
    kind: Kind,
    source: impl AsyncRead + Unpin + Send,
    options: Options,
    report: &mut dyn Report,
) -> Result<Summary, ImportError> {
    let started = Instant::now();
    let now = clock.now();
    let (sender, chunks) = mpsc::channel(1);
    let fields = Arc::new(options.fields.clone());
    let checker = Checker {
        reader: RowReader::new(source, kind, fields.clone()),
        fields,
        kind,
        now,
        strict: options.strict,
        deletes: options.delete,
        replaces: options.replace.is_some(),
        keeps_text: options.keep_text,
        claims: Claims::default(),
        keys: Keys::default(),
        unknown: UnknownFields::default(),
    };
    let mut import = Import {
        kind,
        now,
        options: &options,
        listed: options.replace.map(|_| Listed::default()),
        report,
        summary: Summary {
            dry_run: options.dry_run,
            ..Summary::default()
        },
        unknown: Counts::default(),
        uncommitted: Changes::default(),
        names_taken: 0,
        repeated: 0,
        other_roles: OtherRoles::default(),
    };
    // The import ends when the writer ends. With `strict`, that may be before the end of the input.
    let outcome = tokio::select! {
        outcome = import.load(database, chunks) => outcome,
        never = async {
            checker.send(sender).await;
            future::pending::<Infallible>().await
        } => match never {},
    };
    let notes = [
        names_note(import.names_taken),
        repeat::note(import.repeated),
    ];
    for note in notes
        .into_iter()
        .flatten()
        .chain(import.unknown.notes())
        .chain(import.other_roles.notes())
    {
        import.report.noted(&note);
    }
    let mut summary = import.summary;
    summary.elapsed = started.elapsed();
    let nothing_kept = options.strict && summary.rejected > 0;
    if nothing_kept || (outcome.is_err() && options.in_one_transaction()) {
        summary = Summary {
            read: summary.read,
            rejected: summary.rejected,
            dry_run: summary.dry_run,
            elapsed: summary.elapsed,
            rolled_back: true,
            ..Summary::default()
        };
    }
    match outcome {
        Ok(()) => Ok(summary),
        Err(Failure::Input(source)) => Err(ImportError::Input {
            source,
            so_far: summary,
        }),
        Err(Failure::TooManyWithdrawn { missing, of, most }) => {
            Err(ImportError::TooManyWithdrawn {
                missing,
                of,
                most,
                so_far: summary,
            })
        }
        Err(Failure::Database(source)) => Err(ImportError::Database {
            source,
            so_far: summary,
        }),
    }
}

impl Options {
    fn in_one_transaction(&self) -> bool {
        self.strict || self.dry_run || self.replace.is_some()
    }
}

/// Returns the note on rows whose names the file gave to others.
fn names_note(taken: u64) -> Option<String> {
    let rows = match taken {
        0 => return None,
        1 => "1 row".to_owned(),
        rows => format!("{rows} rows"),
    };
    Some(format!(
        "the file gives the names of {rows} to others; without rows of their own, they keep a random suffix"
    ))
}

/// State of a running import.
struct Import<'a> {
    kind: Kind,
    now: DateTime<Utc>,
    options: &'a Options,
    /// The rows that the file has, if it replaces a list.
    listed: Option<Listed>,
    report: &'a mut dyn Report,
    summary: Summary,
    unknown: Counts,
    /// Changes that are not committed.
    uncommitted: Changes,
    names_taken: u64,
    repeated: u64,
    other_roles: OtherRoles,
}

/// Numbers of rows of the kind, by what happened to them.
#[derive(Clone, Copy, Debug, Default)]
struct Changes {
    new: u64,
    changed: u64,
    unchanged: u64,
    withdrawn: u64,
}

impl Changes {
    fn add(&mut self, effects: &Effects) {
        self.unchanged += effects.own.len() as u64;
        for (key, change) in &effects.changes {
            if effects.own.contains(key) {
                self.unchanged -= 1;
            }
            *match change {
                Change::New => &mut self.new,
                Change::Changed => &mut self.changed,
                Change::Withdrawn => &mut self.withdrawn,
            } += 1;
        }
    }
}

enum Failure {
    Input(io::Error),
    TooManyWithdrawn {
        missing: u64,
        of: u64,
        most: MaxWithdrawn,
    },
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
        if outcome.is_ok()
            && let (Some(replacement), Some(listed)) = (self.options.replace, self.listed.take())
        {
            outcome = self.replace(&mut writer, replacement, &listed).await;
        }
        // If the input fails, earlier rows are kept, unless all must be in one transaction.
        if !matches!(outcome, Err(Failure::Database(_))) {
            let keep = !undo && (outcome.is_ok() || !self.options.in_one_transaction());
            outcome = writer
                .finish(keep)
                .await
                .map_err(Failure::from)
                .and(outcome);
        }
        if matches!(outcome, Err(Failure::Database(_))) {
            self.summary.written -= writer.uncommitted();
        } else {
            self.count_committed();
        }
        if outcome.is_ok() && !undo {
            self.analyze(database).await;
        }
        outcome
    }

    /// Withdraws the rows that the file lacks.
    async fn replace(
        &mut self,
        writer: &mut Writer<'_>,
        replacement: Replacement,
        listed: &Listed,
    ) -> Result<(), Failure> {
        let Replacement {
            scope,
            max_withdrawn: most,
        } = replacement;
        let rejected = (self.summary.rejected > 0).then(|| "rows were rejected".to_owned());
        if let Some(reason) = rejected.or_else(|| listed.incompleteness(replacement)) {
            self.summary.is_incomplete = true;
            let note = format!("nothing was withdrawn: {reason}");
            self.report.noted(&note);
            return Ok(());
        }
        let transaction = writer.transaction().await?;
        let missing = self
            .kind
            .missing(transaction, listed, scope, self.now)
            .await?;
        if missing.are_too_many(replacement) {
            return Err(Failure::TooManyWithdrawn {
                missing: missing.keys.len() as u64,
                of: missing.of,
                most,
            });
        }
        let keys = &missing.keys;
        let effects = self.kind.withdraw_keys(transaction, keys, self.now).await?;
        self.report_changes(&effects);
        if let Some(note) = missing.note() {
            self.report.noted(&note);
        }
        Ok(())
    }

    fn report_changes(&mut self, effects: &Effects) {
        for (key, change) in &effects.changes {
            self.report.changed(*change, &self.kind.key_text(key));
        }
        self.uncommitted.add(effects);
    }

    /// Adds the changes that were committed to the summary.
    fn count_committed(&mut self) {
        let Changes {
            new,
            changed,
            unchanged,
            withdrawn,
        } = std::mem::take(&mut self.uncommitted);
        self.summary.new += new;
        self.summary.changed += changed;
        self.summary.unchanged += unchanged;
        self.summary.withdrawn += withdrawn;
    }

    /// Refreshes PostgreSQL's statistics after many changes. Autovacuum would do so only after a while.
    async fn analyze(&mut self, database: &DatabaseConnection) {
        let Summary {
            new,
            changed,
            withdrawn,
            ..
        } = self.summary;
        if new + changed + withdrawn < ANALYZED_CHANGES
            || database.get_database_backend() != DbBackend::Postgres
        {
            return;
        }
        let sql = format!("ANALYZE {}", self.kind.table());
        // PostgreSQL warns, but does not fail, if the role may not.
        if let Err(error) = database.execute_unprepared(&sql).await {
            let note = format!("the statistics of the table were not refreshed: {error}");
            self.report.noted(&note);
        }
    }

    async fn write_all(
        &mut self,
        writer: &mut Writer<'_>,
        mut chunks: mpsc::Receiver<io::Result<Chunk>>,
    ) -> Result<(), Failure> {
        while let Some(chunk) = chunks.recv().await {
            let chunk = chunk?;
            let (effects, rejected_by_database) =
                writer.write(&chunk.rows, || !chunks.is_empty()).await?;
            self.names_taken += effects.names_taken;
            self.report_changes(&effects);
            if let Some(listed) = &mut self.listed {
                listed.add_written(&effects);
                for row in &chunk.rows {
                    listed.add_named(&row.rows);
                }
            }
            if writer.uncommitted() == 0 {
                self.count_committed();
            }
            self.report_chunk(chunk, rejected_by_database);
            if self.options.strict && self.summary.rejected > 0 {
                break;
            }
        }
        Ok(())
    }

    /// Adds a chunk to the summary, and reports its rejected rows in the order of the file.
    fn report_chunk(&mut self, chunk: Chunk, rejected_by_database: Vec<Rejection>) {
        self.unknown.merge(chunk.unknown);
        self.repeated += chunk.repeated;
        self.other_roles.add(&chunk.rows);
        self.summary.read += (chunk.rows.len() + chunk.rejected.len()) as u64;
        self.summary.written += (chunk.rows.len() - rejected_by_database.len()) as u64;
        let mut rejected = chunk.rejected;
        for rejection in rejected_by_database {
            // Rows are in the order of their lines.
            let row = chunk
                .rows
                .binary_search_by_key(&rejection.line, |row| row.line);
            let text = row.ok().and_then(|row| chunk.rows[row].text.clone());
            rejected.push((rejection, text));
        }
        rejected.sort_by_key(|(rejection, _)| rejection.line);
        if self.options.strict {
            rejected.truncate(1);
        }
        for (rejection, text) in &rejected {
            self.report.rejected(rejection, text.as_deref());
        }
        self.summary.rejected += rejected.len() as u64;
        self.report.progressed(&self.summary, chunk.read_to);
    }
}
