//! Settings of metrics and traces.

use std::net::SocketAddr;

use clap::Args;
use url::Url;

use super::{Switch, http::listen};
use crate::{metrics::DEFAULT_OPERATIONS, redacted::Redacted};

/// What is told of the gateway beside its log.
#[derive(Args, Clone)]
#[command(next_help_heading = "Metrics and traces")]
pub struct TelemetryOptions {
    /// Whether the metrics are at /metrics of the address listened on, for everybody who reaches it
    #[arg(long, env = "GATEWAY_METRICS", value_enum, default_value_t)]
    pub metrics: Switch,

    /// Address and port of its own for /metrics and the health checks, which clients cannot crowd out
    /// [default: none]
    #[arg(long, env = "GATEWAY_METRICS_LISTEN", value_name = "ADDRESS",
          value_parser = Redacted(listen))]
    pub metrics_listen: Option<SocketAddr>,

    /// How many names of operations have metrics of their own, 0 to 1000; those of trusted documents
    /// have them anyway, and the rest share one
    #[arg(long, env = "GATEWAY_METRICS_OPERATIONS", value_name = "NUMBER",
          default_value_t = DEFAULT_OPERATIONS as u16,
          value_parser = clap::value_parser!(u16).range(0..=1000))]
    pub metrics_operations: u16,

    /// Collector that traces are sent to, by OTLP over HTTP: http://host:4318 [default: no traces]
    #[arg(long, env = "OTEL_EXPORTER_OTLP_ENDPOINT", value_name = "URL",
          value_parser = Redacted(endpoint))]
    pub otlp_endpoint: Option<Url>,

    /// What traces call the gateway [default: invite-gateway]
    #[arg(long, env = "OTEL_SERVICE_NAME", value_name = "NAME")]
    pub service_name: Option<String>,
}

/// The text is no URL of a collector. It is not repeated: it may hold a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected an http or https URL without user, query or fragment; what authenticates is given by \
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
    fn a_collector_is_an_address_without_secrets() {
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
