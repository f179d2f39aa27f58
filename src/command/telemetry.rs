//! The log and traces, for as long as a command serves.

use std::process::ExitCode;

use super::failed;
use crate::{
    config::{LogOptions, TelemetryOptions},
    log,
    trace::Traces,
};

/// Serves with a log, and with traces where a collector is configured; the last of them are sent
/// before this ends.
pub(super) async fn during(
    log: &LogOptions,
    options: &TelemetryOptions,
    serve: impl AsyncFnOnce() -> ExitCode,
) -> ExitCode {
    let name = options.service_name.as_deref();
    let traces = match &options.otlp_endpoint {
        None => None,
        Some(endpoint) => match Traces::start(endpoint, name) {
            Ok(traces) => Some(traces),
            Err(error) => return failed(error),
        },
    };
    log::start(log, traces.as_ref());
    let exit = serve().await;
    if let Some(traces) = traces {
        traces.finish().await;
    }
    exit
}
