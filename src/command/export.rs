//! `export`: writes rows of the database as files that `import` reads.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    process::ExitCode,
    str::FromStr,
};

use clap::{Args, ValueEnum};
use sea_orm::DatabaseConnection;

use super::{CannotOpen, failed, print, private_file, unready, wrong_usage};
use crate::{
    config::DatabaseUrl,
    database::Purpose,
    export::{ExportError, Exported, Snapshot},
    import::{Kind, MaxRow, Source},
    redacted::Redacted,
};

/// Export data as NDJSON, in the format that `import KIND` reads.
///
/// The output has codes, addresses and hashes of tokens, so keep it as safe as the database. Its rows are in
/// the order of their keys, and refer to other rows by id.
#[derive(Args)]
pub(super) struct ExportArgs {
    /// Kind of rows to write
    #[arg(value_enum, required_unless_present = "all")]
    kind: Option<Kind>,
    /// Write the rows of this source alone, with its ids, as `import --source` reads them
    #[arg(long, value_name = "NAME", value_parser = Redacted(Source::from_str))]
    source: Option<Source>,
    /// Write to this file, not to standard output. It is replaced when the export is complete
    #[arg(long, value_name = "FILE", requires = "kind")]
    output: Option<PathBuf>,
    /// Write all kinds, as of one instant, to files in this folder, such as `users.ndjson`
    #[arg(long, value_name = "FOLDER", conflicts_with = "kind")]
    all: Option<PathBuf>,
    /// Database to read.
    #[command(flatten)]
    database: DatabaseUrl,
}

/// Runs the command. Exits with 0 if all rows were written, with 1 if the export failed, and with 2 if the
/// database cannot be opened.
pub(super) async fn run(args: ExportArgs) -> ExitCode {
    let database = match args.database.pool().open().await {
        Ok(database) => database,
        Err(error) => return wrong_usage(CannotOpen(error)),
    };
    let outcome = match unready(&database, Purpose::READ).await {
        Some(reason) => Err(reason),
        None => export(&database, &args).await,
    };
    // Nothing was written to it.
    let _ = database.close().await;
    match outcome {
        Ok(report) => print(&report),
        Err(reason) if reason.is_empty() => ExitCode::FAILURE,
        Err(reason) => failed(reason),
    }
}

/// Returns the report on the files that were written.
///
/// # Errors
/// The export failed. The error is the message; it is empty if the reader closed the output.
async fn export(database: &DatabaseConnection, args: &ExportArgs) -> Result<String, String> {
    let snapshot = Snapshot::begin(database)
        .await
        .map_err(|error| ExportError::from(error).to_string())?;
    let source = args.source.as_ref();
    if let Some(folder) = &args.all {
        fs::create_dir_all(folder)
            .map_err(|error| format!("cannot create the folder of --all: {error}"))?;
        let mut report = String::new();
        for kind in Kind::value_variants() {
            let path = folder.join(format!("{kind}.ndjson"));
            report += &to_file(&snapshot, *kind, source, &path).await?;
        }
        return Ok(report);
    }
    match (args.kind, &args.output) {
        (Some(kind), Some(path)) => to_file(&snapshot, kind, source, path).await,
        (Some(kind), None) => match snapshot.write(kind, source, &mut io::stdout()).await {
            Ok(written) => {
                note_long_rows(kind, written);
                Ok(String::new())
            }
            // The reader closed the pipe, as `head` does.
            Err(ExportError::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
                Err(String::new())
            }
            Err(error) => Err(error.to_string()),
        },
        (None, _) => Ok(String::new()),
    }
}

/// Writes a file. Until it is complete, it has another name in the same folder. Returns a line of the
/// report.
async fn to_file(
    snapshot: &Snapshot,
    kind: Kind,
    source: Option<&Source>,
    path: &Path,
) -> Result<String, String> {
    if path.metadata().is_ok_and(|found| !found.is_file()) {
        return Err(format!("cannot write {kind}: expected the name of a file"));
    }
    let mut partial = path.as_os_str().to_owned();
    partial.push(".partial");
    let written = async {
        let mut file = create(Path::new(&partial))?;
        let written = snapshot.write(kind, source, &mut file).await?;
        file.sync_all()?;
        fs::rename(&partial, path)?;
        Ok::<_, ExportError>(written)
    };
    match written.await {
        Ok(written) => {
            note_long_rows(kind, written);
            Ok(format!("{kind}: {} rows written\n", written.rows))
        }
        Err(error) => {
            // The file may not have been created.
            let _ = fs::remove_file(&partial);
            Err(format!("{kind}: {error}"))
        }
    }
}

/// Says how to import rows that are longer than the import accepts by default.
fn note_long_rows(kind: Kind, written: Exported) {
    if !MaxRow::default().is_exceeded_by(written.longest) {
        return;
    }
    let mib = written.longest.div_ceil(1024 * 1024);
    // Ignores a closed console: the import says it, too.
    let _ = writeln!(
        io::stderr(),
        "note: {kind}: the longest row has {} bytes; import the file with --max-row {mib}MiB",
        written.longest
    );
}

/// Creates a file that only its owner can read. Replaces one that an interrupted export left.
fn create(path: &Path) -> io::Result<File> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    private_file::create(path)
}
