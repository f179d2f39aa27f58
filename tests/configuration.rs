//! The reference of settings equals the definitions of the command line.

use std::fmt::Write;

use clap::{Arg, ArgAction, CommandFactory};
use invite_gateway::command::Cli;

use crate::support::generated::assert_generated;

/// Returns the reference: a table per heading, in the order of `--help`.
fn reference() -> String {
    let cli = Cli::command();
    let serve = cli.find_subcommand("serve").expect("a command");
    let mut text = "# Configuration\n\n\
        Settings of `invite-gateway serve`: a flag outranks its environment variable. An empty variable counts\n\
        as unset. Times may have a unit: `500ms`, `10s`, `2m`, `1h`, `7d`. Sizes may, too: `128KiB`, `16MiB`, `1MB`.\n\n\
        This page is generated from the command line's own definitions:\n\
        `UPDATE_REFERENCE=1 scripts/test --test gateway configuration` writes it anew.\n"
        .to_owned();
    let settings = serve.get_arguments().filter(|arg| arg.get_env().is_some());
    let mut heading = "";
    for arg in settings {
        let own = arg.get_help_heading().unwrap_or_default();
        if own != heading {
            heading = own;
            let _ = write!(
                text,
                "\n## {heading}\n\n| flag | environment variable | default | meaning |\n|---|---|---|---|\n"
            );
        }
        text += &row(arg);
    }
    text
}

fn row(arg: &Arg) -> String {
    let long = arg.get_long().expect("a flag");
    let variable = arg.get_env().expect("a variable").to_string_lossy();
    let help = arg.get_long_help().or(arg.get_help()).expect("a meaning");
    let help = help
        .to_string()
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ");
    let (meaning, stated) = match help.split_once("[default: ") {
        Some((meaning, rest)) => (meaning.trim(), rest.strip_suffix(']')),
        None => (help.as_str(), None),
    };
    let values: Vec<_> = arg
        .get_default_values()
        .iter()
        .map(|it| it.to_string_lossy())
        .collect();
    let default = match (stated, values.as_slice()) {
        (Some(stated), _) => stated.to_owned(),
        (None, []) if arg.is_required_set() => "required".to_owned(),
        (None, []) => "none".to_owned(),
        (None, values) => format!("`{}`", values.join(",")),
    };
    let takes = match (arg.get_action(), arg.get_value_names()) {
        (ArgAction::Set | ArgAction::Append, Some([name])) if !name.contains('|') => {
            format!(" {name}")
        }
        _ => String::new(),
    };
    let mut choices: Vec<String> = Vec::new();
    for value in arg
        .get_possible_values()
        .iter()
        .filter(|value| !value.is_hide_set())
    {
        choices.push(format!("`{}`", value.get_name()));
    }
    let choices = match choices.len() {
        0 => String::new(),
        _ => format!(" ({})", choices.join(", ")),
    };
    let cell = |text: &str| text.replace('|', "\\|").replace('<', "&lt;");
    format!(
        "| `--{long}{takes}` | `{variable}` | {} | {}{choices} |\n",
        cell(&default),
        cell(meaning)
    )
}

#[test]
fn the_reference_equals_the_command_line() {
    assert_generated(
        "docs/reference/configuration.md",
        "configuration",
        &reference(),
    );
}
