//! Runs Node.js scripts of `tests/clients`: clients, linters, composers, routers and a browser.
//! `scripts/test` installs their packages.

use std::{path::Path, process::Command};

use serde_json::Value;

use super::process::{Ended, Process};

/// Runs a script, by its path in `tests/clients`. Returns the JSON that it printed to standard
/// output. Panics with its standard error if it fails.
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

/// Like [`node`], with any exit status.
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
