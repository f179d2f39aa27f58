//! The `invite-gateway` command.

use std::{env, process::ExitCode};

use invite_gateway::command::Cli;
use mimalloc::MiMalloc;
use rustix::fs::Mode;

/// mimalloc is faster for the many small allocations of concurrent requests.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    // Restricts new SQLite files, with their `-wal` and `-shm` files, to their owner.
    rustix::process::umask(Mode::RWXG | Mode::RWXO);
    match Cli::from_arguments(env::args_os()) {
        Ok(cli) => cli.run().await,
        Err(exit) => exit,
    }
}
