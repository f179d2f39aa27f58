//! The command line: one file a subcommand that has more to do than to call a module.

mod demo;
mod import;
mod migrate;
mod open_files;
mod schema;
mod serve;
mod telemetry;
mod token;
mod usage;

use std::{
    ffi::OsString,
    fmt::{self, Display},
    io::{self, Write},
    process::ExitCode,
};

use clap::{Parser, Subcommand};
use futures_util::{FutureExt, future::BoxFuture};
use sea_orm::DbErr;

use crate::{clock::Clock, config::ServeArgs, printable::Printable};
use demo::DemoArgs;
use import::ImportArgs;
use migrate::MigrateArgs;
use schema::SchemaArgs;
use token::TokenArgs;

/// The exit status of a command that was not understood, as clap has it.
const WRONG_USAGE: u8 = 2;

/// One GraphQL API over all of an organisation's invite data.
#[derive(Parser)]
#[command(name = "invite-gateway", version, about, propagate_version = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
#[expect(
    clippy::large_enum_variant,
    reason = "there is one, for as long as the process lives"
)]
enum Command {
    /// Serve the gateway over a database
    Serve(ServeArgs),
    /// Serve the gateway over sample data in memory, to try it
    Demo(DemoArgs),
    /// Make or change the database's tables
    Migrate(MigrateArgs),
    /// Load data from a file: NDJSON or a JSON array, rows in the contracts' own shapes
    Import(ImportArgs),
    /// Print the public GraphQL schema, or that for the composition of a supergraph
    Schema(SchemaArgs),
    /// Print a bearer token for development
    Token(TokenArgs),
}

impl Cli {
    /// Parses the command line. Prints help, the version and errors.
    ///
    /// # Errors
    /// There is nothing more to do; the process ends with this status.
    pub fn from_arguments(arguments: impl IntoIterator<Item = OsString>) -> Result<Self, ExitCode> {
        usage::parse(arguments)
    }

    /// Does what the command line says. Boxed, so that it is compiled here, and not once more where
    /// it is awaited.
    pub fn run(self) -> BoxFuture<'static, ExitCode> {
        self.does().boxed()
    }

    async fn does(self) -> ExitCode {
        let clock = Clock::system();
        match self.command {
            Command::Serve(args) => serve::run(args, clock).await,
            Command::Demo(args) => demo::run(args, clock).await,
            Command::Migrate(args) => migrate::run(args).await,
            Command::Import(args) => import::run(args, &clock).await,
            Command::Schema(args) => schema::run(&args),
            Command::Token(args) => match token::run(&args, &clock, &mut io::stdout()) {
                Ok(()) => ExitCode::SUCCESS,
                Err(error) => wrong_usage(error),
            },
        }
    }
}

/// Prints what a command is for.
fn print(text: &str) -> ExitCode {
    match io::stdout().write_all(text.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        // The reader has closed its end, as `head` does: nobody is left to tell.
        Err(_) => ExitCode::FAILURE,
    }
}

/// Ends a command that failed.
fn failed(error: impl Display) -> ExitCode {
    complain(error);
    ExitCode::FAILURE
}

/// Ends a command whose settings cannot be used.
fn wrong_usage(error: impl Display) -> ExitCode {
    complain(error);
    ExitCode::from(WRONG_USAGE)
}

/// Says that the database cannot be opened, and what to do about an SQLite file that is not there.
struct CannotOpen(DbErr);

impl Display for CannotOpen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the database that --database-url (DATABASE_URL) names cannot be opened: {}; \
             `invite-gateway migrate up` makes an SQLite file that is not there",
            self.0
        )
    }
}

fn complain(error: impl Display) {
    // Nobody is left to tell if the console is gone: the status says it too.
    let _ = writeln!(io::stderr(), "error: {}", Printable(error));
}
