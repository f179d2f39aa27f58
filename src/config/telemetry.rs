//! Metrics and tracing settings.

use std::{convert::Infallible, net::SocketAddr};

use clap::{ArgAction, Args};
use url::Url;

use super::{Switch, http::listen, quantity::number};
use crate::{metrics::DEFAULT_OPERATIONS, redacted::Redacted};

/// Metrics and tracing settings.
#[derive(Args, Clone)]
#[command(next_help_heading = "Metrics and traces")]
pub struct TelemetryOptions {
    /// Serve the metrics at /metrics of the --listen address, to every client that reaches it
    #[arg(long, env = "GATEWAY_METRICS", value_enum, default_value_t)]
    pub metrics: Switch,

    /// Separate address and port for /metrics and the health checks, which client load cannot block
    /// [default: none]
    #[arg(long, env = "GATEWAY_METRICS_LISTEN", value_name = "ADDRESS",
          value_parser = Redacted(listen))]
    pub metrics_listen: Option<SocketAddr>,

    /// Number of operation names with metrics of their own, 0 to 1000; further names share one.
    /// Names in trusted documents always have their own
    #[arg(long, env = "GATEWAY_METRICS_OPERATIONS", value_name = "NUMBER",
          default_value_t = DEFAULT_OPERATIONS as u16,
          value_parser = number(0..=1000_u16))]
    pub metrics_operations: u16,

    /// Collector to which traces are sent by OTLP over HTTP: http://host:4318 [default: no traces]
    #[arg(long, env = "OTEL_EXPORTER_OTLP_ENDPOINT", value_name = "URL",
          value_parser = Redacted(endpoint))]
    pub otlp_endpoint: Option<Url>,

    /// Send no traces, whatever the other settings are: true or false
    #[arg(long, env = "OTEL_SDK_DISABLED", value_name = "BOOLEAN", default_value = "false",
          action = ArgAction::Set, value_parser = Redacted(boolean))]
    pub otel_sdk_disabled: bool,

    /// Exporter of the traces: otlp, over HTTP to the collector, or none. Other names have no effect
    #[arg(long, env = "OTEL_TRACES_EXPORTER", value_name = "NAME", default_value = "otlp",
          value_parser = Redacted(exporter))]
    pub traces_exporter: TracesExporter,

    /// Name of the gateway in traces [default: invite-gateway]
    #[arg(long, env = "OTEL_SERVICE_NAME", value_name = "NAME")]
    pub service_name: Option<String>,
}

/// Exporter of the traces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TracesExporter {
    /// OTLP over HTTP, to the collector.
    Otlp,
    /// No traces.
    None,
    /// One that the gateway does not have. Counts as unset, as OpenTelemetry's specification says.
    Unknown,
}

impl TelemetryOptions {
    /// Returns the collector of the traces; none if no traces are sent.
    pub fn collector(&self) -> Option<&Url> {
        let is_on = !self.otel_sdk_disabled && self.traces_exporter != TracesExporter::None;
        self.otlp_endpoint.as_ref().filter(|_| is_on)
    }
}

/// Reads a boolean as OpenTelemetry's specification says: other words than `true` are false.
fn boolean(text: &str) -> Result<bool, Infallible> {
    Ok(text.eq_ignore_ascii_case("true"))
}

/// Reads the names of exporters, separated by commas.
fn exporter(text: &str) -> Result<TracesExporter, Infallible> {
    let mut names = text.split(',').map(str::trim);
    Ok(if text.trim().eq_ignore_ascii_case("none") {
        TracesExporter::None
    } else if names.any(|name| name.eq_ignore_ascii_case("otlp")) {
        TracesExporter::Otlp
    } else {
        TracesExporter::Unknown
    })
}

/// The text is not the URL of a collector. The message omits it, since it may hold a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected an http or https URL without user, query or fragment; put credentials into \
         OTEL_EXPORTER_OTLP_HEADERS"
)]
pub struct InvalidEndpoint;

fn endpoint(text: &str) -> Result<Url, InvalidEndpoint> {
    let url = Url::parse(text).map_err(|_| InvalidEndpoint)?;
    let is_plain = matches!(url.scheme(), "http" | "https")
        && url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    is_plain.then_some(url).ok_or(InvalidEndpoint)
}

#[cfg(test)]
mod tests {
    use super::{InvalidEndpoint, endpoint};

    #[test]
    fn a_collector_url_holds_no_secrets() {
        for text in ["http://localhost:4318", "https://otlp.example/base/"] {
            assert!(endpoint(text).is_ok(), "{text}");
        }
        for text in [
            "localhost:4318",
            "grpc://x",
            "http://me:pass@x",
            "http://x?key=1",
            "",
        ] {
            assert_eq!(endpoint(text), Err(InvalidEndpoint), "{text}");
        }
    }
}
