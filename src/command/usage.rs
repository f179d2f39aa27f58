//! Parses the command line. Error messages omit values that may be secrets.

use std::{
    ffi::OsString,
    io::{self, Write},
    process::ExitCode,
};

use clap::{
    Command, CommandFactory, FromArgMatches,
    error::{ContextKind, ContextValue, ErrorKind},
};

use super::{Cli, WRONG_USAGE};
use crate::printable::Printable;

/// Longest argument that an error message repeats, in bytes.
const MAX_WORD: usize = 32;

/// Replaces redacted text.
const REDACTED: &str = "…";

/// Parses the command line. Returns the exit status after help, version or an error.
pub(super) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Cli, ExitCode> {
    hide_values(Cli::command())
        .try_get_matches_from(arguments)
        .and_then(|mut matches| Cli::from_arg_matches_mut(&mut matches))
        .map_err(explain)
}

/// Hides the values of environment variables in `--help`.
fn hide_values(command: Command) -> Command {
    command
        .mut_args(|argument| argument.hide_env_values(true))
        .mut_subcommands(hide_values)
}

/// Prints help, the version, or an error.
fn explain(mut error: clap::Error) -> ExitCode {
    if !error.use_stderr() {
        return match error.print() {
            Ok(()) => ExitCode::SUCCESS,
            Err(_) => ExitCode::FAILURE,
        };
    }
    redact(&mut error);
    let text = error.render().to_string();
    let mut stderr = io::stderr().lock();
    for line in text.lines() {
        // Ignores a closed console, since the exit status reports the failure, too.
        let _ = writeln!(stderr, "{}", Printable(line));
    }
    ExitCode::from(WRONG_USAGE)
}

/// Removes arguments from an error, except plain words. A misplaced argument may be a URL with a
/// password.
fn redact(error: &mut clap::Error) {
    let mut kinds = vec![ContextKind::InvalidValue, ContextKind::InvalidSubcommand];
    if error.kind() == ErrorKind::UnknownArgument {
        kinds.push(ContextKind::InvalidArg);
    }
    for kind in kinds {
        if let Some(ContextValue::String(text)) = error.get(kind)
            && !is_plain(text)
        {
            error.insert(kind, ContextValue::String(REDACTED.to_owned()));
            // Suggestions repeat the argument.
            error.remove(ContextKind::Suggested);
        }
    }
}

fn is_plain(text: &str) -> bool {
    text.len() <= MAX_WORD
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'+'))
}
