//! The command line of Invite Gateway.

use std::process::ExitCode;

use clap::Parser;
use invite_gateway::command::Cli;
use mimalloc::MiMalloc;

/// Many small allocations of many requests at once are what an answer is made of.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    Cli::parse().run().await
}
