//! Settings of `health`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use clap::{Args, ValueEnum};

use super::http::listen;
use crate::redacted::Redacted;

/// Settings of `health`.
#[derive(Args, Clone)]
pub struct HealthArgs {
    /// Health check to request
    #[arg(value_enum, default_value_t)]
    pub check: HealthCheck,

    /// Address and port that the gateway listens on; 0.0.0.0 and [::] stand for this machine
    #[arg(
        long,
        env = "GATEWAY_LISTEN",
        value_name = "ADDRESS",
        default_value = "127.0.0.1:8080",
        value_parser = Redacted(gateway)
    )]
    pub listen: SocketAddr,
}

/// A health check of a gateway.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum HealthCheck {
    /// The gateway can serve requests
    #[default]
    Ready,
    /// The process runs
    Live,
}

impl HealthCheck {
    /// Returns the path that serves it.
    pub fn path(self) -> &'static str {
        match self {
            Self::Ready => "/health/ready",
            Self::Live => "/health/live",
        }
    }
}

impl HealthArgs {
    /// Returns the address to connect to.
    pub fn address(&self) -> SocketAddr {
        let ip = match self.listen.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
            ip => ip,
        };
        SocketAddr::new(ip, self.listen.port())
    }
}

fn gateway(text: &str) -> Result<SocketAddr, &'static str> {
    match listen(text)? {
        address if address.port() == 0 => {
            Err("expected the gateway's port; 0 stands for one that only the gateway knows")
        }
        address => Ok(address),
    }
}
