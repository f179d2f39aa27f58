//! The command `import`: opens the file and the database, and tells how it went.

use std::{
    error::Error,
    io::{self, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Args;
use sea_orm::DatabaseConnection;
use tokio::{fs::File, io::AsyncRead};

use super::WRONG_USAGE;
use crate::{
    clock::Clock,
    config::DatabaseUrl,
    database::{Pool, Readiness, readiness},
    import::{self, Console, ImportError, Kind, Options, Summary},
    printable::Printable,
};

/// Exit status if rows were rejected or the import failed.
const FAILED: u8 = 1;

/// Load data from a file: NDJSON or a JSON array, rows in the contracts' own shapes.
///
/// Loading the same file again changes nothing. Bad rows are reported, and the others load; the
/// exit status is then 1.
#[derive(Args, Clone)]
pub(super) struct ImportArgs {
    /// What the rows are
    #[arg(value_enum)]
    pub kind: Kind,
    /// The file, or `-` for standard input
    pub file: PathBuf,
    /// Stop at the first bad row, and leave nothing written
    #[arg(long)]
    pub strict: bool,
    /// Check everything against the database, and leave nothing written
    #[arg(long)]
    pub dry_run: bool,
    /// Where to load it.
    #[command(flatten)]
    pub database: DatabaseUrl,
}

/// Runs the command: 0 if all rows loaded, 1 if some were rejected or it failed, 2 if the file or
/// the database's URL cannot be used.
pub(super) async fn run(args: ImportArgs, clock: &Clock) -> ExitCode {
    let (status, message) = match load(args, clock).await {
        Ok(done) => done,
        Err(message) => (WRONG_USAGE, message),
    };
    // Nobody is left to tell if the console is gone: the status says it too.
    let _ = if status == 0 {
        writeln!(io::stdout(), "{message}")
    } else {
        writeln!(io::stderr(), "{message}")
    };
    ExitCode::from(status)
}

/// The exit status and the last words; as an error, what is wrong with the arguments.
async fn load(args: ImportArgs, clock: &Clock) -> Result<(u8, String), String> {
    let (source, bytes) = open(&args.file).await?;
    let pool = Pool {
        // One after the other, so that what SQLite keeps of a transaction serves the next.
        max_connections: 1,
        ..Pool::small(&args.database.database_url)
    };
    let database = pool
        .open()
        .await
        .map_err(|error| format!("the database cannot be opened: {}", Printable(error)))?;
    let outcome = match unready(&database).await {
        Some(reason) => (FAILED, reason.to_owned()),
        None => {
            let options = Options {
                strict: args.strict,
                dry_run: args.dry_run,
            };
            let mut console = Console::stderr(bytes);
            let outcome =
                import::run(&database, clock, args.kind, source, options, &mut console).await;
            // As above: the summary still follows.
            let _ = console.finish();
            last_words(args.kind, outcome)
        }
    };
    // What is committed stays so, whatever becomes of the connections.
    let _ = database.close().await;
    Ok(outcome)
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
        return Err(format!("{name}: is a folder"));
    }
    // A pipe has no length.
    let bytes = metadata.is_file().then_some(metadata.len());
    Ok((Box::new(opened), bytes))
}

async fn unready(database: &DatabaseConnection) -> Option<&'static str> {
    match readiness(database).await {
        Readiness::Ready => None,
        Readiness::Unreachable => Some("the database does not answer"),
        Readiness::NotMigrated => {
            Some("the database is not migrated: run `invite-gateway migrate up`")
        }
    }
}

fn last_words(kind: Kind, outcome: Result<Summary, ImportError>) -> (u8, String) {
    match outcome {
        Ok(summary) => {
            let status = if summary.rejected == 0 { 0 } else { FAILED };
            (status, format!("{kind}: {summary}"))
        }
        Err(error) => {
            let cause = error.source().map(ToString::to_string).unwrap_or_default();
            let summary = error.so_far();
            let message = format!(
                "{error}: {}\n{kind}: {summary}; run it again to complete it",
                Printable(cause)
            );
            (FAILED, message)
        }
    }
}
