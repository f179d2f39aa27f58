//! Environment variables with the gateway's prefix that no setting has. They have no effect, and are probably
//! misspelled.

use std::{collections::BTreeSet, env};

use clap::{Command, CommandFactory};

use super::Cli;

/// Prefix of the names of the gateway's own variables.
const PREFIX: &str = "GATEWAY_";

/// Maximum number of edits between a name and the one that it may mean.
const MAX_EDITS: usize = 3;

/// Returns a warning for each unknown variable of the process, with the nearest known name. Values may be
/// secrets, and are left out.
pub(super) fn warnings() -> Vec<String> {
    let variables = env::vars_os().filter_map(|(name, value)| {
        let is_unset = value.is_empty();
        let name = name.into_string().ok()?;
        (!is_unset && name.starts_with(PREFIX)).then(|| (name, value.to_string_lossy().into()))
    });
    let variables: Vec<(String, String)> = variables.collect();
    if variables.is_empty() {
        return Vec::new();
    }
    let mut known = BTreeSet::new();
    add_known(&Cli::command(), &mut known);
    let mut warnings: Vec<String> = variables
        .iter()
        .filter(|(name, value)| !known.contains(name) && !is_of_kubernetes(name, value))
        .map(|(name, _)| warning(name, &known))
        .collect();
    warnings.sort();
    warnings
}

fn add_known(command: &Command, known: &mut BTreeSet<String>) {
    let variables = command
        .get_arguments()
        .filter_map(|setting| setting.get_env());
    known.extend(variables.filter_map(|name| Some(name.to_str()?.to_owned())));
    for command in command.get_subcommands() {
        add_known(command, known);
    }
}

/// Returns true for variables that Kubernetes sets in each container for a Service named `gateway` or `gateway-…`.
fn is_of_kubernetes(name: &str, value: &str) -> bool {
    let is_url = |scheme| value.starts_with(scheme);
    name.contains("_SERVICE_")
        || name.contains("_PORT_")
        || ["tcp://", "udp://", "sctp://"].into_iter().any(is_url)
}

fn warning(name: &str, known: &BTreeSet<String>) -> String {
    let own_part = |name: &str| name.strip_prefix(PREFIX).unwrap_or(name).to_owned();
    let own = own_part(name);
    let by_edits = known
        .iter()
        .map(|other| (strsim::damerau_levenshtein(&own, &own_part(other)), other));
    let few = MAX_EDITS.min(own.len() / 2);
    let nearest = by_edits.min().filter(|(edits, _)| *edits <= few);
    let meant = nearest.map(|(_, other)| format!("; did you mean {other}?"));
    format!(
        "the environment variable {name} is not known, and has no effect{}",
        meant.unwrap_or_default()
    )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{is_of_kubernetes, warning};

    #[test]
    fn the_nearest_name_ignores_the_prefix() {
        let known = ["DATABASE_URL", "GATEWAY_MAX_BODY", "GATEWAY_MAX_TOKENS"];
        let known: BTreeSet<String> = known.map(str::to_owned).into();
        for (name, nearest) in [
            ("GATEWAY_MAX_TOKNS", Some("GATEWAY_MAX_TOKENS")),
            ("GATEWAY_DATABASE_URL", Some("DATABASE_URL")),
            ("GATEWAY_MAXBODY", Some("GATEWAY_MAX_BODY")),
            ("GATEWAY_COLOUR", None),
            ("GATEWAY_", None),
        ] {
            let expected = nearest.map(|nearest| format!("; did you mean {nearest}?"));
            let expected = format!(
                "the environment variable {name} is not known, and has no effect{}",
                expected.unwrap_or_default()
            );
            assert_eq!(warning(name, &known), expected);
        }
    }

    #[test]
    fn variables_of_services_are_those_of_kubernetes() {
        for (name, value) in [
            ("GATEWAY_SERVICE_HOST", "10.0.0.1"),
            ("GATEWAY_API_SERVICE_PORT_HTTP", "8080"),
            ("GATEWAY_PORT", "tcp://10.0.0.1:8080"),
            ("GATEWAY_PORT_8080_TCP_ADDR", "10.0.0.1"),
        ] {
            assert!(is_of_kubernetes(name, value), "{name}");
        }
        for (name, value) in [("GATEWAY_PORT", "8080"), ("GATEWAY_MAX_TOKNS", "5")] {
            assert!(!is_of_kubernetes(name, value), "{name}");
        }
    }
}
