//! Parses the command line, and says what is wrong with it without repeating what may be a secret.

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

/// Longest word of the command line that a message repeats, in bytes.
const MAX_WORD: usize = 32;

/// Stands for text that is not repeated.
const WITHHELD: &str = "…";

/// The command line, or how to end where there is nothing more to do.
pub(super) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Cli, ExitCode> {
    hide_values(Cli::command())
        .try_get_matches_from(arguments)
        .and_then(|mut matches| Cli::from_arg_matches_mut(&mut matches))
        .map_err(explain)
}

/// Keeps values of environment variables out of `--help`.
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
    withhold(&mut error);
    let text = error.render().to_string();
    let mut stderr = io::stderr().lock();
    for line in text.lines() {
        // Nobody is left to tell if the console is gone: the status says it too.
        let _ = writeln!(stderr, "{}", Printable(line));
    }
    ExitCode::from(WRONG_USAGE)
}

/// Takes out of an error the text that the command line holds, unless it is a plain word: a URL with
/// a password in it may stand where a number, a subcommand or nothing is expected.
fn withhold(error: &mut clap::Error) {
    let mut kinds = vec![ContextKind::InvalidValue, ContextKind::InvalidSubcommand];
    if error.kind() == ErrorKind::UnknownArgument {
        kinds.push(ContextKind::InvalidArg);
    }
    for kind in kinds {
        if let Some(ContextValue::String(text)) = error.get(kind)
            && !is_plain(text)
        {
            error.insert(kind, ContextValue::String(WITHHELD.to_owned()));
            // Tips repeat it.
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
