//! Scripts of Node.js in `tests/clients`: real clients, linters, composers, gateways and a browser,
//! held against the gateway. `scripts/test` installs what they import.

use std::{path::Path, process::Command};

use serde_json::Value;

use super::process::{Ended, Process};

/// Runs a script, named by its path in `tests/clients`, to its end. Gives the JSON that it printed
/// to standard output; panics with what it wrote to standard error if its exit status is not 0.
pub async fn node(script: &str, arguments: &[&str]) -> Value {
    let ended = run(script, arguments).await;
    assert_eq!(
        ended.status,
        Some(0),
        "{script} {arguments:?}\n{}{}",
        ended.stdout,
        ended.stderr
    );
    serde_json::from_str(&ended.stdout)
        .unwrap_or_else(|error| panic!("{script}: {error}\n{}", ended.stdout))
}

/// As [`node`], whatever the exit status.
async fn run(script: &str, arguments: &[&str]) -> Ended {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients");
    assert!(
        folder.join("node_modules").is_dir(),
        "the packages of tests/clients are not installed: run the tests by scripts/test"
    );
    let mut command = Command::new("node");
    command
        .current_dir(&folder)
        .arg(script)
        .args(arguments)
        .env_remove("NODE_ENV");
    let mut process = Process::spawn(&mut command);
    drop(process.input());
    process.ended().await
}
