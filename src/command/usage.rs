//! Parses the command line. Error messages omit values that may be secrets.

use std::{
    env,
    ffi::OsString,
    io::{self, Write},
    process::ExitCode,
};

use clap::{
    Arg, Command, CommandFactory, FromArgMatches,
    builder::Resettable,
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
    read_variables(Cli::command())
        .try_get_matches_from(arguments)
        .and_then(|mut matches| Cli::from_arg_matches_mut(&mut matches))
        .map_err(explain)
}

/// Hides the values of environment variables in `--help`. An empty variable counts as unset: files of
/// settings often list variables without values.
fn read_variables(command: Command) -> Command {
    command
        .mut_args(|argument| {
            let is_empty = |name| env::var_os(name).is_some_and(|value| value.is_empty());
            match argument.get_env().is_some_and(is_empty) {
                true => argument.env(Resettable::Reset),
                false => argument.hide_env_values(true),
            }
        })
        .mut_subcommands(read_variables)
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
    name_variables(&mut error);
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

/// Appends the environment variables to the flags of settings that are missing or have a wrong value.
fn name_variables(error: &mut clap::Error) {
    let named = match (error.kind(), error.get(ContextKind::InvalidArg)) {
        (ErrorKind::MissingRequiredArgument, Some(ContextValue::Strings(missing))) => {
            ContextValue::Strings(missing.iter().map(|text| with_variable(text)).collect())
        }
        (ErrorKind::InvalidValue, Some(ContextValue::String(setting))) => {
            ContextValue::String(with_variable(setting))
        }
        _ => return,
    };
    error.insert(ContextKind::InvalidArg, named);
}

/// Returns a setting, written as `--name <VALUE>`, with its environment variable.
fn with_variable(text: &str) -> String {
    let command = Cli::command();
    let mut settings = command.get_subcommands().flat_map(|command| {
        let nested = command.get_subcommands().flat_map(Command::get_arguments);
        command.get_arguments().chain(nested)
    });
    let (flag, value) = text.split_once(' ').unwrap_or((text, ""));
    let has_flag = |setting: &&Arg| setting.get_long() == flag.strip_prefix("--");
    match settings.find(has_flag).and_then(Arg::get_env) {
        Some(variable) => format!("{flag} ({}) {value}", variable.display()),
        None => text.to_owned(),
    }
}

fn is_plain(text: &str) -> bool {
    text.len() <= MAX_WORD
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'+'))
}
