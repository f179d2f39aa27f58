//! `import`: loads rows from a file into the database.

use std::{
    error::Error,
    io::{self, Write},
    path::{Path, PathBuf},
    process::ExitCode,
    str::FromStr,
};

use clap::Args;
use tokio::{fs::File, io::AsyncRead};

use super::{
    WRONG_USAGE,
    import_files::{self, WithFiles},
    import_watch, unready,
};
use crate::{
    clock::Clock,
    config::{self, DatabaseUrl},
    database::{Pool, Purpose},
    import::{
        self, Console, DateFormat, Fields, ImportError, Kind, MappedValue, MaxRow, MaxWithdrawn,
        Options, Preset, Renamed, Replacement, Scope, SetField, Source, Summary,
    },
    printable::Printable,
    redacted::Redacted,
};

/// Exit status if rows were rejected or the import failed.
const FAILED: u8 = 1;

/// Import data from a file: JSON of the contracts' objects, or CSV.
///
/// Importing the same file again changes nothing. Bad rows are reported and the others are
/// written; the exit status is then 1.
#[derive(Args, Clone)]
pub(super) struct ImportArgs {
    /// Kind of rows in the file
    #[arg(value_enum, required_unless_present = "watch")]
    pub kind: Option<Kind>,
    /// File to import, or `-` for standard input.
    ///
    /// JSON: objects, arrays and pages of an API such as `{"results": […]}`. CSV: the first line names
    /// the fields, with dots for nested ones (`inviter.id`). The text may be UTF-16, and the file
    /// compressed by gzip or zstd.
    #[arg(required_unless_present = "watch")]
    pub file: Option<PathBuf>,
    /// Import files as they appear in this folder, one at a time, until the process is stopped.
    ///
    /// A file's name begins with its kind, as in `users-2026-11-30.ndjson`. A file is imported once it no
    /// longer grows, and then moved to the folder `done` or `rejected` with a report. Names that begin with a
    /// dot or end with `.tmp`, `.part` or `.partial` are ignored.
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["kind", "file", "report", "rejects", "dry_run"])]
    pub watch: Option<PathBuf>,
    /// Stop at the first bad row and write nothing
    #[arg(long)]
    pub strict: bool,
    /// Check all rows against the database, list the changes by key, and write nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Withdraw the rows whose keys the file has: delete users, workspaces, groups, courses, tags and
    /// links of groups, end memberships, cancel pending and expired invites
    #[arg(long)]
    pub delete: bool,
    /// Read rows as this product exports them
    #[arg(long, value_name = "PRODUCT", value_enum)]
    pub from: Option<Preset>,
    /// Set this field in rows that do not state it, such as `workspace_id=7`. Repeatable
    #[arg(long, value_name = "FIELD=VALUE", value_parser = Redacted(SetField::from_str))]
    pub set: Vec<SetField>,
    /// Name of the source whose own ids the rows have, such as `clerk`: text or numbers, mapped to ids of the
    /// gateway
    #[arg(long, value_name = "NAME", value_parser = Redacted(Source::from_str))]
    pub source: Option<Source>,
    /// Read this column of CSV, or member of JSON rows, as this field. Repeatable
    #[arg(long, value_name = "COLUMN=FIELD", value_parser = Redacted(Renamed::from_str))]
    pub map: Vec<Renamed>,
    /// Read this value of a field as another, as in `status:abgesagt=cancelled`. Repeatable
    #[arg(long, value_name = "FIELD:VALUE=MEANING", value_parser = Redacted(MappedValue::from_str))]
    pub map_value: Vec<MappedValue>,
    /// Format of instants that are not in RFC 3339, such as `%d.%m.%Y %H:%M`; without an offset,
    /// in UTC
    #[arg(long, value_name = "STRFTIME", value_parser = Redacted(DateFormat::from_str))]
    pub date_format: Option<DateFormat>,
    /// Withdraw the rows that the file lacks: of the whole kind, or of each workspace, group or course that
    /// the file names. Rows that the gateway created stay
    #[arg(long, value_name = "SCOPE", value_enum, conflicts_with = "delete")]
    pub replace: Option<Scope>,
    /// Write nothing if `--replace` would withdraw more rows or a larger percentage than this, such as `500`
    /// or `5%`. By default a tenth, or 10 rows if that is more; of all rows of a kind, at most half
    #[arg(long, value_name = "LIMIT", requires = "replace", value_parser = Redacted(MaxWithdrawn::from_str))]
    pub max_withdrawn: Option<MaxWithdrawn>,
    /// Append the events of invites that the import creates or changes, so that their histories have them
    #[arg(long)]
    pub events: bool,
    /// Maximum length of a row, in bytes, 1024 to 1073741824. It bounds the memory of the import
    #[arg(long, value_name = "BYTES", default_value_t = MaxRow::default().0,
          value_parser = config::bytes(1024..=1_073_741_824_u32))]
    pub max_row: u32,
    /// Write the result to this file, as JSON
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// Write the rejected rows to this new file, as JSON with line, field and reason, to correct and import
    #[arg(long, value_name = "FILE")]
    pub rejects: Option<PathBuf>,
    /// Target database.
    #[command(flatten)]
    pub database: DatabaseUrl,
}

/// Runs the command. Exits with 0 if all rows were written, and 1 if rows were rejected or the import
/// failed. Exits with 2 if the file or the database URL cannot be used.
pub(super) async fn run(args: ImportArgs, clock: &Clock) -> ExitCode {
    let outcome = match (&args.watch, args.kind, &args.file) {
        (Some(folder), ..) => return import_watch::run(&args, folder, clock).await,
        (None, Some(kind), Some(file)) => {
            let files = Files {
                rows: file,
                report: args.report.as_deref(),
                rejects: args.rejects.as_deref(),
            };
            load(&args, kind, files, clock).await
        }
        (None, ..) => Err("expected a kind and a file".to_owned()),
    };
    let (status, message) = match outcome {
        Ok(Loaded { outcome, message }) => match outcome {
            Outcome::Complete => (0, message),
            Outcome::Incomplete | Outcome::Failed => (FAILED, message),
        },
        Err(message) => (WRONG_USAGE, message),
    };
    // Ignores a closed console: the exit status reports the outcome, too.
    let _ = if status == 0 {
        writeln!(io::stdout(), "{message}")
    } else {
        writeln!(io::stderr(), "{message}")
    };
    ExitCode::from(status)
}

/// The files of an import.
#[derive(Clone, Copy)]
pub(super) struct Files<'a> {
    pub(super) rows: &'a Path,
    pub(super) report: Option<&'a Path>,
    pub(super) rejects: Option<&'a Path>,
}

/// An import that ended.
pub(super) struct Loaded {
    pub(super) outcome: Outcome,
    /// The closing message.
    pub(super) message: String,
}

/// How an import ended.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// All rows were written.
    Complete,
    /// The file has bad rows, or lacks rows.
    Incomplete,
    /// The database failed, or a file of results cannot be written. The import can be repeated.
    Failed,
}

/// Imports a file.
///
/// # Errors
/// The file or the database cannot be opened. The error is the message.
pub(super) async fn load(
    args: &ImportArgs,
    kind: Kind,
    files: Files<'_>,
    clock: &Clock,
) -> Result<Loaded, String> {
    let options = Options {
        strict: args.strict,
        dry_run: args.dry_run,
        delete: args.delete,
        replace: replacement(args, kind)?,
        events: args.events,
        keep_text: files.rejects.is_some(),
        source: args.source.clone(),
        fields: Fields {
            preset: preset(args, kind)?,
            renamed: args.map.clone(),
            set: args.set.clone(),
            values: args.map_value.clone(),
            date_format: args.date_format.clone(),
        },
        max_row: MaxRow(args.max_row),
        shows_addresses: true,
    };
    let (source, bytes) = open(files.rows).await?;
    if let Some(report) = files.report {
        forget(report, files.rows)?;
    }
    let console = Console::stderr(bytes);
    let console = match args.dry_run {
        true => console.listing_changes(io::BufWriter::new(io::stdout())),
        false => console,
    };
    // The path may hold a secret, if it is another setting's value.
    let cannot_write = |error: &io::Error| match error.kind() {
        io::ErrorKind::AlreadyExists => {
            "the file of --rejects exists; expected the name of a new file".to_owned()
        }
        _ => format!("cannot write the file of --rejects: {error}"),
    };
    let mut report =
        WithFiles::new(console, files.rejects).map_err(|error| cannot_write(&error))?;
    let pool = Pool {
        // Transactions share one connection, and so SQLite's page cache.
        max_connections: 1,
        ..args.database.pool()
    };
    let database = pool
        .open()
        .await
        .map_err(|error| format!("cannot open the database: {}", Printable(error)))?;
    if let Some(message) = unready(&database, Purpose::READ).await {
        // Nothing was written to either.
        let _ = (report.finish(), database.close().await);
        let outcome = Outcome::Failed;
        return Ok(Loaded { outcome, message });
    }
    let result = import::run(&database, clock, kind, source, options, &mut report).await;
    // An error does not undo the commit.
    let _ = database.close().await;
    // Ignores a closed console, as above.
    let _ = report.report.finish();
    let mut loaded = summarize(kind, &result);
    let mut failures = Vec::new();
    failures.extend(report.finish().err().map(|error| cannot_write(&error)));
    if let Some(file) = files.report {
        let written = tokio::fs::write(file, import_files::result(kind, &result, &report.notes));
        let failure = |error| format!("cannot write the file of --report: {error}");
        failures.extend(written.await.err().map(failure));
    }
    if !failures.is_empty() {
        loaded.outcome = Outcome::Failed;
        loaded.message = format!("{}\n{}", loaded.message, failures.join("\n"));
    }
    Ok(loaded)
}

/// Removes the report of an earlier import, so that none is taken for that of this one.
///
/// # Errors
/// It is the file to import, or cannot be removed. The error is the message.
fn forget(report: &Path, rows: &Path) -> Result<(), String> {
    let (Ok(old), rows) = (report.canonicalize(), rows.canonicalize().ok()) else {
        return Ok(());
    };
    if rows.as_ref() == Some(&old) {
        return Err("--report names the file to import".to_owned());
    }
    if !old.is_file() {
        // Such as /dev/stdout.
        return Ok(());
    }
    std::fs::remove_file(report)
        .map_err(|error| format!("cannot write the file of --report: {error}"))
}

async fn open(file: &Path) -> Result<(Box<dyn AsyncRead + Unpin + Send>, Option<u64>), String> {
    if file == Path::new("-") {
        return Ok((Box::new(tokio::io::stdin()), None));
    }
    let name = Printable(file.display());
    let cannot = |error: io::Error| format!("{name}: {error}");
    let opened = File::open(file).await.map_err(cannot)?;
    let metadata = opened.metadata().await.map_err(cannot)?;
    if metadata.is_dir() {
        return Err(format!("{name}: is a directory, expected a file"));
    }
    // A pipe has no length.
    let bytes = metadata.is_file().then_some(metadata.len());
    Ok((Box::new(opened), bytes))
}

/// Returns the product that `--from` names.
///
/// # Errors
/// It has no rows of the kind. The error is the message.
pub(super) fn preset(args: &ImportArgs, kind: Kind) -> Result<Option<Preset>, String> {
    if let Some(preset) = args.from {
        let checked = preset.check(kind);
        checked.map_err(|reason| format!("--from {reason}"))?;
    }
    Ok(args.from)
}

/// Returns the replacement that `--replace` requests.
///
/// # Errors
/// Rows of the kind have no such scope. The error is the message.
pub(super) fn replacement(args: &ImportArgs, kind: Kind) -> Result<Option<Replacement>, String> {
    let Some(scope) = args.replace else {
        return Ok(None);
    };
    let replacement = Replacement {
        scope,
        max_withdrawn: args.max_withdrawn.unwrap_or_default(),
    };
    kind.check_scope(scope)
        .map(|()| Some(replacement))
        .map_err(|reason| format!("--replace {reason}"))
}

fn summarize(kind: Kind, result: &Result<Summary, ImportError>) -> Loaded {
    let (outcome, message) = match result {
        Ok(summary) => {
            let outcome = match summary.is_complete() {
                true => Outcome::Complete,
                false => Outcome::Incomplete,
            };
            (outcome, format!("{kind}: {summary}"))
        }
        Err(error) => {
            let (outcome, next) = match error {
                ImportError::TooManyWithdrawn { .. } => (
                    Outcome::Incomplete,
                    "check that the file is complete, or allow more",
                ),
                ImportError::Input { .. } => (Outcome::Incomplete, "run it again to complete it"),
                ImportError::Database { .. } => (Outcome::Failed, "run it again to complete it"),
            };
            let summary = error.so_far();
            let message = format!("{}\n{kind}: {summary}; {next}", described(error));
            (outcome, message)
        }
    };
    Loaded { outcome, message }
}

/// Returns an error with its cause.
pub(super) fn described(error: &ImportError) -> String {
    match error.source() {
        Some(cause) => format!("{error}: {}", Printable(cause)),
        None => error.to_string(),
    }
}
