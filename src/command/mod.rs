//! The command line, one file per subcommand.

mod check;
mod demo;
mod export;
mod gateway;
mod health;
mod import;
mod import_files;
mod import_watch;
mod invite;
mod migrate;
mod open_files;
mod period;
mod private_file;
mod schema;
mod serve;
mod telemetry;
mod token;
mod usage;
mod variables;

use std::{
    ffi::OsString,
    fmt::{self, Display},
    io::{self, Write},
    process::ExitCode,
};

use clap::{Parser, Subcommand};
use futures_util::{FutureExt, future::BoxFuture};
use sea_orm::{DatabaseConnection, DbErr};

use crate::{
    clock::Clock,
    config::{HealthArgs, ServeArgs},
    database::{Purpose, readiness},
    printable::Printable,
};
use check::CheckArgs;
use demo::DemoArgs;
use export::ExportArgs;
use import::ImportArgs;
use invite::InviteArgs;
use migrate::MigrateArgs;
use schema::SchemaArgs;
use token::TokenArgs;

/// Exit status after an invalid command line, as in clap.
const WRONG_USAGE: u8 = 2;

/// One GraphQL API over all of an organisation's invite data.
#[derive(Parser)]
#[command(name = "invite-gateway", version, about, propagate_version = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the gateway over a database
    Serve(ServeArgs),
    /// Serve the gateway over in-memory sample data, to try it
    Demo(DemoArgs),
    /// Read the settings of `serve`, reach what they name, and report. Exits with 1 unless all is well
    Check(CheckArgs),
    /// Request a health check of the running gateway. Exits with 1 unless it is well
    Health(HealthArgs),
    /// Create or change the database's tables
    Migrate(MigrateArgs),
    /// Import data from a file: JSON or CSV, with the fields of the REST contracts
    Import(ImportArgs),
    /// Export data as NDJSON, in the format that `import KIND` reads
    Export(ExportArgs),
    /// Create, cancel and resend invites as an account, by the rules of the mutations
    Invite(InviteArgs),
    /// Print the public GraphQL schema, or the subgraph schema for composing a supergraph
    Schema(SchemaArgs),
    /// Print a bearer token for development
    Token(TokenArgs),
}

impl Cli {
    /// Parses the command line, and prints help, the version or an error.
    ///
    /// # Errors
    /// The process should exit with the returned status.
    pub fn from_arguments(arguments: impl IntoIterator<Item = OsString>) -> Result<Self, ExitCode> {
        usage::parse(arguments)
    }

    /// Runs the command. The future is boxed so that it is compiled in this crate only.
    pub fn run(self) -> BoxFuture<'static, ExitCode> {
        self.execute().boxed()
    }

    async fn execute(self) -> ExitCode {
        let clock = Clock::system();
        // The commands that serve log them, `check` reports them, and `health` runs every few seconds.
        if !matches!(
            self.command,
            Command::Serve(_) | Command::Demo(_) | Command::Check(_) | Command::Health(_)
        ) {
            print_warnings(&variables::warnings());
        }
        match self.command {
            Command::Serve(args) => serve::run(args, clock).await,
            Command::Demo(args) => demo::run(args, clock).await,
            Command::Check(args) => check::run(args, clock).await,
            Command::Health(args) => health::run(args).await,
            Command::Migrate(args) => migrate::run(args).await,
            Command::Import(args) => import::run(args, &clock).await,
            Command::Export(args) => export::run(args).await,
            Command::Invite(args) => invite::run(args, &clock).await,
            Command::Schema(args) => schema::run(&args),
            Command::Token(args) => match token::run(&args, &clock, &mut io::stdout()) {
                Ok(()) => ExitCode::SUCCESS,
                Err(error) => wrong_usage(error),
            },
        }
    }
}

/// Prints a command's output.
fn print(text: &str) -> ExitCode {
    match io::stdout().write_all(text.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        // The reader closed the pipe, as `head` does, and would not see a message.
        Err(_) => ExitCode::FAILURE,
    }
}

/// Prints an error, and returns the status of a failed command.
fn failed(error: impl Display) -> ExitCode {
    print_error(error);
    ExitCode::FAILURE
}

/// Prints an error, and returns the status of wrong usage.
fn wrong_usage(error: impl Display) -> ExitCode {
    print_error(error);
    ExitCode::from(WRONG_USAGE)
}

/// Reports that the database cannot be opened, and how to create a missing SQLite file.
struct CannotOpen(DbErr);

impl Display for CannotOpen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "cannot open the database of --database-url (DATABASE_URL): {}; to create a missing \
             SQLite file, run `invite-gateway migrate up`",
            self.0
        )
    }
}

/// Returns the reason for which a database is not ready, if so.
async fn unready(database: &DatabaseConnection, purpose: Purpose) -> Option<String> {
    let readiness = readiness(database, purpose).await;
    (!readiness.is_ready()).then(|| readiness.to_string())
}

/// Prints warnings before the command runs.
fn print_warnings(warnings: &[String]) {
    for warning in warnings {
        // Ignores a closed console, as below.
        let _ = writeln!(io::stderr(), "warning: {}", Printable(warning));
    }
}

fn print_error(error: impl Display) {
    // Ignores a closed console, since the exit status reports the failure, too.
    let _ = writeln!(io::stderr(), "error: {}", Printable(error));
}
