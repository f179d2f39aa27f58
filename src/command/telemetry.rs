//! Logging and tracing of the commands that serve.

use std::process::ExitCode;

use super::failed;
use crate::{
    config::{LogOptions, TelemetryOptions},
    log,
    trace::Traces,
};

/// Runs `serve` with logging and, if a collector is configured, tracing. Flushes the traces before
/// it returns.
pub(super) async fn with_telemetry(
    log: &LogOptions,
    options: &TelemetryOptions,
    serve: impl AsyncFnOnce() -> ExitCode,
) -> ExitCode {
    let name = options.service_name.as_deref();
    let traces = match options.collector() {
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
