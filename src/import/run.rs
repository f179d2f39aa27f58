//! An import from beginning to end: checks and writes the rows, withdraws those that the file lacks, and reports.

use std::{convert::Infallible, future, io, sync::Arc, time::Instant};

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr};
use tokio::{io::AsyncRead, sync::mpsc};

use super::{
    ImportError, Kind, MaxWithdrawn, Options, Rejection, Replacement, Report, Summary,
    change::{Change, Effects},
    chunk::{Checker, Chunk},
    event, invisible,
    name::Claims,
    note,
    other_role::OtherRoles,
    reader::RowReader,
    repeat::{self, Keys},
    replace::Listed,
    resolve::Names,
    shared_ids,
    source::StatedIds,
    token_invite,
    unknown::{Counts, UnknownFields},
    writer::{Writer, Written},
};
use crate::clock::Clock;

/// Minimum number of changes after which PostgreSQL analyzes the table.
const ANALYZED_CHANGES: u64 = 10_000;

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
        reader: RowReader::new(source, kind, fields.clone(), options.max_row),
        fields,
        kind,
        now,
        strict: options.strict,
        deletes: options.delete,
        stated: options.source.as_ref().map(|_| StatedIds::default()),
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
        cleaned: 0,
        never_expire: 0,
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
        invisible::note(import.cleaned),
        token_invite::note(import.never_expire),
    ];
    let shared_ids = match kind {
        Kind::Users if outcome.is_ok() && !options.dry_run => shared_ids::notes(database).await,
        _ => Ok(Vec::new()),
    };
    // The rows are written, whatever became of the notes.
    let shared_ids =
        shared_ids.unwrap_or_else(|error| vec![format!("shared ids were not looked for: {error}")]);
    for note in notes
        .into_iter()
        .flatten()
        .chain(shared_ids)
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
    (taken > 0).then(|| {
        let rows = note::rows(taken);
        format!(
            "the file gives the names of {rows} to others; without rows of their own, they keep a random suffix"
        )
    })
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
    /// Rows whose names lost invisible characters.
    cleaned: u64,
    /// New invites that never expire, because their rows state no expiry.
    never_expire: u64,
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
        let options = self.options;
        let mut writer = Writer::new(
            database,
            options.in_one_transaction(),
            self.events_at(),
            self.kind,
            options.source.as_ref(),
        );
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
        let source = self.options.source.as_ref();
        let mut names = Names::default();
        if let (Some(source), Some(course)) = (source, listed.short_course()) {
            let transaction = writer.transaction().await?;
            names
                .load(transaction, source, Kind::Courses, [course])
                .await?;
        }
        let rejected = (self.summary.rejected > 0).then(|| "rows were rejected".to_owned());
        if let Some(reason) = rejected.or_else(|| listed.incompleteness(replacement, &names)) {
            self.summary.is_incomplete = true;
            let note = format!("nothing was withdrawn: {reason}");
            self.report.noted(&note);
            return Ok(());
        }
        let transaction = writer.transaction().await?;
        let missing = self
            .kind
            .missing(transaction, listed, scope, source, self.now)
            .await?;
        if missing.are_too_many(replacement) {
            return Err(Failure::TooManyWithdrawn {
                missing: missing.keys.len() as u64,
                of: missing.of,
                most,
            });
        }
        let (keys, events_at) = (&missing.keys, self.events_at());
        let records = events_at.is_some();
        let withdrawn = self
            .kind
            .withdraw_keys(transaction, keys, self.now, records);
        let mut effects = withdrawn.await?;
        event::append(transaction, &mut effects, events_at).await?;
        if let Some(source) = source {
            let kind = self.kind;
            names
                .load_keys(transaction, source, kind, keys.iter())
                .await?;
        }
        self.report_changes(writer, &effects, names).await?;
        if let Some(note) = missing.note() {
            self.report.noted(&note);
        }
        Ok(())
    }

    /// Instant of the events to append; none if there are none.
    fn events_at(&self) -> Option<DateTime<Utc>> {
        self.options.events.then_some(self.now)
    }

    async fn report_changes(
        &mut self,
        writer: &mut Writer<'_>,
        effects: &Effects,
        mut names: Names,
    ) -> Result<(), DbErr> {
        let options = self.options;
        if options.dry_run {
            let (source, keys) = (options.source.as_ref(), effects.changes.keys());
            let transaction = writer.transaction().await?;
            names
                .load_invites(
                    transaction,
                    source,
                    self.kind,
                    keys,
                    options.shows_addresses,
                )
                .await?;
        }
        for (key, change) in &effects.changes {
            self.report
                .changed(*change, &names.key_text(self.kind, key));
        }
        self.uncommitted.add(effects);
        Ok(())
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
        let keys = self.options.source.as_ref().map(|_| ", external_keys");
        let sql = format!("ANALYZE {}{}", self.kind.table(), keys.unwrap_or_default());
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
            let Written {
                rows,
                effects,
                rejections,
                names,
                never_expire,
            } = writer.write(&chunk, || !chunks.is_empty()).await?;
            self.names_taken += effects.names_taken;
            self.never_expire += never_expire;
            self.report_changes(writer, &effects, names).await?;
            if let Some(listed) = &mut self.listed {
                listed.add_written(&effects);
                listed.short_pages = chunk.incompleteness.clone();
                for row in &*rows {
                    listed.add_named(&row.rows);
                }
            }
            if writer.uncommitted() == 0 {
                self.count_committed();
            }
            drop(rows);
            self.report_chunk(chunk, rejections);
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
        let cleaned = chunk.rows.iter().filter(|row| row.rows.has_cleaned_name);
        self.cleaned += cleaned.count() as u64;
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
