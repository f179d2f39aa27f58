//! `check`: reads the settings of `serve`, reaches what they name, and reports what it found.

use std::process::ExitCode;

use clap::Args;
use serde::Serialize;

use super::{gateway::Prepared, print, serve, variables};
use crate::{
    auth::KeysFound,
    clock::Clock,
    config::ServeArgs,
    database::{Purpose, Readiness, readiness},
    printable::Printable,
};

#[derive(Args)]
pub(super) struct CheckArgs {
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
    /// Settings of `serve`.
    #[command(flatten)]
    serve: ServeArgs,
}

/// Result of a check of one part.
#[derive(Serialize)]
struct Finding {
    part: &'static str,
    status: Status,
    detail: String,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Status {
    Ok,
    Failed,
    /// Allowed, but probably a mistake.
    Warn,
    /// Not configured.
    Off,
}

impl Finding {
    fn new(part: &'static str, is_ok: bool, detail: impl ToString) -> Self {
        Self {
            part,
            status: match is_ok {
                true => Status::Ok,
                false => Status::Failed,
            },
            detail: detail.to_string(),
        }
    }

    fn warn(part: &'static str, detail: String) -> Self {
        Self {
            status: Status::Warn,
            ..Self::new(part, true, detail)
        }
    }

    fn off(part: &'static str, detail: &str) -> Self {
        Self {
            status: Status::Off,
            ..Self::new(part, true, detail)
        }
    }

    fn database(part: &'static str, readiness: Readiness) -> Self {
        Self::new(part, readiness.is_ready(), readiness)
    }
}

/// The report.
#[derive(Serialize)]
struct Report {
    ok: bool,
    checks: Vec<Finding>,
}

/// Runs the command. Exits with 0 if all is well, and with 1 otherwise.
pub(super) async fn run(args: CheckArgs, clock: Clock) -> ExitCode {
    let mut checks = match serve::prepare(&args.serve, clock).await {
        Ok(gateway) => check(gateway).await,
        Err(error) => vec![Finding::new("settings", false, error)],
    };
    let warnings = variables::warnings().into_iter();
    checks.extend(warnings.map(|warning| Finding::warn("variable", warning)));
    let report = Report {
        ok: checks.iter().all(|check| check.status != Status::Failed),
        checks,
    };
    let printed = match args.json {
        true => print(&format!("{}\n", serde_json::json!(report))),
        false => print(&table(&report.checks)),
    };
    match report.ok {
        true => printed,
        false => ExitCode::FAILURE,
    }
}

async fn check(gateway: Prepared<'_>) -> Vec<Finding> {
    let mut checks = vec![Finding::new("settings", true, "valid")];
    let loaders = &gateway.loaders;
    let database = loaders.readiness(gateway.purpose).await;
    checks.push(Finding::database("database", database));
    checks.push(match &gateway.databases.standby {
        Some(standby) => {
            Finding::database("standby", readiness(standby.orm(), Purpose::READ).await)
        }
        None => Finding::off("standby", "not configured"),
    });
    checks.push(match &gateway.imports {
        Some(imports) => {
            Finding::database("imports", readiness(&imports.database, Purpose::READ).await)
        }
        None => Finding::off("imports", "the endpoint is off"),
    });
    checks.push(match gateway.authenticator.find_keys().await {
        KeysFound::None => Finding::off(
            "keys",
            "every bearer token is refused: set --jwt-secret or --jwt-jwks",
        ),
        KeysFound::Secret => Finding::new("keys", true, "the secret of --jwt-secret"),
        KeysFound::Published(0) => Finding::new("keys", false, "the key set has no usable key"),
        KeysFound::Published(count) => Finding::new(
            "keys",
            true,
            format_args!("usable keys of the key set: {count}"),
        ),
        KeysFound::Unavailable(error) => Finding::new(
            "keys",
            false,
            format_args!("cannot load the key set: {error}"),
        ),
    });
    checks.push(match gateway.rate_limits.probe_shared().await {
        None => Finding::off("redis", "not configured, or no quota is"),
        Some(true) => Finding::new("redis", true, "responds"),
        Some(false) => Finding::new(
            "redis",
            false,
            "does not respond to --redis-url (GATEWAY_REDIS_URL): each process counts for itself",
        ),
    });
    gateway.close().await;
    checks
}

fn table(checks: &[Finding]) -> String {
    let row = |check: &Finding| {
        let status = match check.status {
            Status::Ok => "ok",
            Status::Failed => "failed",
            Status::Warn => "warn",
            Status::Off => "off",
        };
        let detail = Printable(&check.detail);
        format!("{:<8}  {status:<6}  {detail}\n", check.part)
    };
    checks.iter().map(row).collect()
}
