//! Names and values from outside reach a terminal as text, never as control sequences.

use std::fs;

use tempfile::TempDir;

use crate::support::process::{Ended, Process};

/// Sets colours, moves the cursor, sets a title, reorders text, and begins another line.
const HOSTILE: &str = "\u{1b}[31m\u{1b}]0;owned\u{7}\u{9b}2J\u{202e}txt\u{2066}\r\nerror\u{7f}";

#[track_caller]
fn is_plain(ended: &Ended) {
    let obeyed = |character: char| {
        (character.is_control() && character != '\n')
            || ('\u{202a}'..='\u{202e}').contains(&character)
            || ('\u{2066}'..='\u{2069}').contains(&character)
    };
    for text in [&ended.stdout, &ended.stderr] {
        assert!(!text.contains(obeyed), "{text:?}");
        assert!(!text.contains("\nerror"), "{text:?}");
    }
}

#[tokio::test]
async fn a_files_name_is_shown_escaped() {
    let folder = TempDir::new().expect("a folder");
    let database = format!("sqlite://{}", folder.path().join("new.db").display());
    let up = ["migrate", "up", "--database-url", &database];
    assert_eq!(Process::run(&up).await.status, Some(0));
    let path = folder.path().join(HOSTILE);
    let path = path.to_str().expect("UTF-8");

    let import = ["import", "users", path, "--database-url", &database];
    let absent = Process::run(&import).await;
    fs::create_dir(path).expect("a folder");
    let folder_instead = Process::run(&import).await;
    for (ended, reason) in [(absent, "No such file"), (folder_instead, "is a directory")] {
        is_plain(&ended);
        assert_eq!(ended.status, Some(2));
        assert!(ended.stderr.contains(reason), "{}", ended.stderr);
        let name = r"\u{1b}[31m\u{1b}]0;owned\u{7}\u{9b}2J\u{202e}txt\u{2066}\r\nerror\u{7f}: ";
        assert!(ended.stderr.contains(name), "{}", ended.stderr);
    }
}

#[tokio::test]
async fn files_that_settings_name_are_not_shown() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join(HOSTILE);
    let path = path.to_str().expect("UTF-8");
    let ended = Process::run(&["demo", "--listen=127.0.0.1:0", "--trusted-documents", path]).await;
    is_plain(&ended);
    assert_eq!(ended.status, Some(2));
    assert!(
        ended.stderr.contains("--trusted-documents"),
        "{}",
        ended.stderr
    );

    let database = format!("sqlite://{path}");
    for command in [
        &["serve", "--listen=127.0.0.1:0"][..],
        &["migrate", "status"],
        &["import", "users", "-"],
    ] {
        let ended = Process::run_in(&[("DATABASE_URL", &database)], command).await;
        is_plain(&ended);
        assert_eq!(ended.status, Some(2), "{command:?}: {}", ended.stderr);
    }
}

#[tokio::test]
async fn unknown_arguments_are_not_repeated() {
    let (flag, number) = (format!("--{HOSTILE}"), format!("--max-body={HOSTILE}"));
    let (kind, word) = (format!("users{HOSTILE}"), format!("--log-level={HOSTILE}"));
    for arguments in [
        &[HOSTILE][..],
        &[&flag],
        &["serve", &flag],
        &["serve", HOSTILE],
        &["serve", "--", HOSTILE],
        &["serve", &number],
        &["serve", &word],
        &["import", &kind, "-"],
        &["migrate", HOSTILE],
        &["token", "--user=7", "--expires-in", HOSTILE],
    ] {
        let ended = Process::run_in(&[("DATABASE_URL", "sqlite://x.db")], arguments).await;
        is_plain(&ended);
        assert_eq!((ended.status, ended.stdout.as_str()), (Some(2), ""));
        assert!(ended.stderr.starts_with("error: "), "{}", ended.stderr);
        assert!(!ended.stderr.contains("owned"), "{}", ended.stderr);
    }
}
