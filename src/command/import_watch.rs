//! `import --watch`: imports files as they appear in a folder, one at a time.

use std::{
    collections::HashMap,
    ffi::OsString,
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    pin::pin,
    process::ExitCode,
    time::{Duration, SystemTime},
};

use chrono::SecondsFormat;
use clap::ValueEnum;

use super::{
    failed,
    import::{Files, ImportArgs, Loaded, Outcome, load, preset, replacement},
    wrong_usage,
};
use crate::{clock::Clock, http::StopSignal, import::Kind, printable::Printable};

/// Time between two readings of the folder. A file that has not changed in between is complete.
const POLL: Duration = Duration::from_secs(1);

/// Time before a file is tried again after the database failed.
const RETRY: Duration = Duration::from_secs(10);

/// Suffixes of the names of incomplete files.
const UNFINISHED: [&str; 3] = [".tmp", ".part", ".partial"];

/// Maximum length of the name of a file that was moved, in characters. Each may have 3 bytes or more.
const MAX_NAME: usize = 50;

/// Folders for files that were imported completely, and for the others.
const DONE: &str = "done";
const REJECTED: &str = "rejected";

/// Runs the command until the process is told to stop, and then finishes the current file. Exits with 2 if the
/// folder cannot be used.
pub(super) async fn run(args: &ImportArgs, folder: &Path, clock: &Clock) -> ExitCode {
    let stop = match StopSignal::listen() {
        Ok(signal) => signal.received(),
        Err(error) => return failed(error),
    };
    let mut stop = pin!(stop);
    let mut seen = HashMap::new();
    for name in [DONE, REJECTED] {
        if let Err(error) = fs::create_dir_all(folder.join(name)) {
            return wrong_usage(format!("cannot use the folder of --watch: {error}"));
        }
    }
    loop {
        let wait = match next(folder, &mut seen) {
            Ok(Some(file)) => match import(args, folder, &file, clock).await {
                Ok(()) => POLL,
                Err(reason) => {
                    let name = Printable(file.name.display());
                    // Ignores a closed console: the file stays.
                    let _ = writeln!(io::stderr(), "{name}: {reason}; trying again");
                    RETRY
                }
            },
            Ok(None) => POLL,
            Err(error) => return failed(format!("cannot read the folder of --watch: {error}")),
        };
        tokio::select! {
            biased;
            _ = &mut stop => return ExitCode::SUCCESS,
            () = tokio::time::sleep(wait) => {}
        }
    }
}

/// A file of the folder.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Candidate {
    /// Position of its kind, in the order of references. Files without a kind are first.
    place: Option<usize>,
    name: OsString,
}

/// The length of a file and the time of its last change.
type Look = (u64, Option<SystemTime>);

/// Returns the first file in the order of kinds and names, once it is complete. Until then later ones wait,
/// because they may refer to its rows.
fn next(folder: &Path, seen: &mut HashMap<OsString, Look>) -> io::Result<Option<Candidate>> {
    let mut looks = HashMap::new();
    let mut first = None;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let text = name.to_string_lossy();
        let is_unfinished = UNFINISHED.iter().any(|end| text.ends_with(end));
        let metadata = match entry.metadata() {
            // It was moved away in the meantime.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            metadata => metadata?,
        };
        if text.starts_with('.') || is_unfinished || !metadata.is_file() {
            continue;
        }
        let kind = Kind::of_file(&text);
        looks.insert(name.clone(), (metadata.len(), metadata.modified().ok()));
        let place = kind.and_then(|kind| Kind::value_variants().iter().position(|of| *of == kind));
        let candidate = Candidate { place, name };
        if first.as_ref().is_none_or(|first| candidate < *first) {
            first = Some(candidate);
        }
    }
    let is_complete = |file: &Candidate| seen.get(&file.name) == looks.get(&file.name);
    let complete = first.filter(is_complete);
    *seen = looks;
    Ok(complete)
}

/// Imports a file, and moves it with its results.
///
/// # Errors
/// The file is still there, and can be imported later. The error is the reason.
async fn import(
    args: &ImportArgs,
    folder: &Path,
    file: &Candidate,
    clock: &Clock,
) -> Result<(), String> {
    let path = folder.join(&file.name);
    let name = &shortened(&file.name.to_string_lossy());
    let hidden = |end: &str| folder.join(format!(".{name}.{end}"));
    let (report, rejects) = (hidden("report.json"), hidden("rejects"));
    for left in [&report, &rejects] {
        remove(left)?;
    }
    let loaded = match usable(args, name, &path) {
        Err(message) => Loaded {
            outcome: Outcome::Incomplete,
            message,
        },
        Ok(kind) => {
            let files = Files {
                rows: &path,
                report: Some(&report),
                rejects: Some(&rejects),
            };
            load(args, kind, files, clock).await?
        }
    };
    let target = match loaded.outcome {
        Outcome::Complete => DONE,
        Outcome::Incomplete => REJECTED,
        Outcome::Failed => return Err(loaded.message),
    };
    let at = clock.now().to_rfc3339_opts(SecondsFormat::Millis, true);
    let target = folder
        .join(target)
        .join(format!("{}-{name}", at.replace(':', "-")));
    let with = |end: &str| PathBuf::from(format!("{}.{end}", target.display()));
    // The file itself is last: until it is moved, it can be imported again.
    for (from, to) in [
        (report, with("report.json")),
        (rejects, with("rejects")),
        (path, target.clone()),
    ] {
        match fs::rename(&from, &to) {
            // Not every import has results.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            moved => moved.map_err(|error| format!("cannot move it: {error}"))?,
        }
    }
    // Ignores a closed console: the report has the result.
    let _ = writeln!(io::stdout(), "{}: {}", Printable(name), loaded.message);
    Ok(())
}

/// Returns the kind of a file that can be imported.
///
/// # Errors
/// Trying again would not help. The error is the reason.
fn usable(args: &ImportArgs, name: &str, path: &Path) -> Result<Kind, String> {
    let kind = Kind::of_file(name).ok_or_else(|| {
        "expected a name that begins with a kind, such as users.ndjson".to_owned()
    })?;
    preset(args, kind)?;
    replacement(args, kind)?;
    fs::File::open(path).map_err(|error| error.to_string())?;
    Ok(kind)
}

/// Shortens a name, so that those of its results are not too long for a folder.
fn shortened(name: &str) -> String {
    name.chars().take(MAX_NAME).collect()
}

fn remove(file: &Path) -> Result<(), String> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.to_string()),
        _ => Ok(()),
    }
}
