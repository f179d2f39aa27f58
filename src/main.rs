//! The command line of Invite Gateway.

use std::process::ExitCode;

use clap::Parser;
use invite_gateway::command::Cli;

#[tokio::main]
async fn main() -> ExitCode {
    Cli::parse().run().await
}
