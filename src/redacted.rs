//! Parses settings that may hold secrets.

use std::{ffi::OsStr, fmt::Display};

use clap::{Arg, Command, Error, builder::TypedValueParser, error::ErrorKind};

/// Parses a value that may be a secret. Its errors omit the value, which clap's own errors quote.
#[derive(Clone)]
pub(crate) struct Redacted<T, E>(pub fn(&str) -> Result<T, E>);

impl<T, E> TypedValueParser for Redacted<T, E>
where
    T: Clone + Send + Sync + 'static,
    E: Clone + Display + 'static,
{
    type Value = T;

    fn parse_ref(
        &self,
        command: &Command,
        argument: Option<&Arg>,
        value: &OsStr,
    ) -> Result<T, Error> {
        let refuse = |reason: &dyn Display| refusal(command, argument, reason);
        let text = value.to_str().ok_or_else(|| refuse(&"not UTF-8"))?;
        (self.0)(text).map_err(|error| refuse(&error))
    }
}

/// Returns the error of a value, without the value.
pub(crate) fn refusal(command: &Command, argument: Option<&Arg>, reason: &dyn Display) -> Error {
    let message = format!("{}: {reason}\n", argument.map(names).unwrap_or_default());
    Error::raw(ErrorKind::ValueValidation, message).with_cmd(command)
}

/// Returns a setting's flag and environment variable.
fn names(argument: &Arg) -> String {
    let flag = format!("--{}", argument.get_long().unwrap_or_default());
    match argument.get_env() {
        Some(variable) => format!("{flag} ({})", variable.display()),
        None => flag,
    }
}
