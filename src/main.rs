//! The command line of Invite Gateway.

use std::{env, process::ExitCode};

use invite_gateway::command::Cli;
use mimalloc::MiMalloc;
use rustix::fs::Mode;

/// Many small allocations of many requests at once are what an answer is made of.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    // A new SQLite file, and the `-wal` and `-shm` files beside it, are for their owner alone.
    rustix::process::umask(Mode::RWXG | Mode::RWXO);
    match Cli::from_arguments(env::args_os()) {
        Ok(cli) => cli.run().await,
        Err(exit) => exit,
    }
}
