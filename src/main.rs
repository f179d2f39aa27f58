//! The command line of Invite Gateway.

use std::{env, process::ExitCode};

use invite_gateway::command::Cli;
use mimalloc::MiMalloc;

/// Many small allocations of many requests at once are what an answer is made of.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    match Cli::from_arguments(env::args_os()) {
        Ok(cli) => cli.run().await,
        Err(exit) => exit,
    }
}
