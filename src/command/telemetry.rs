//! Logging and tracing of the commands that serve.

use std::process::ExitCode;

use super::{failed, variables};
use crate::{
    config::{LogOptions, TelemetryOptions, TracesExporter},
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
    for warning in variables::warnings() {
        tracing::warn!("{warning}");
    }
    if options.traces_exporter == TracesExporter::Unknown {
        tracing::warn!(
            "--traces-exporter (OTEL_TRACES_EXPORTER) has no effect: expected otlp or none"
        );
    }
    let exit = serve().await;
    if let Some(traces) = traces {
        traces.finish().await;
    }
    exit
}
