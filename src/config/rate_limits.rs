//! Settings of how much a client may ask, and of how clients are told apart.

use std::{net::IpAddr, num::NonZeroU32};

use clap::Args;
use ipnet::IpNet;

use crate::{
    rate_limit::{Quotas, check_redis_url},
    redacted::Redacted,
};

/// How much a client may ask. A client is a user or, without a token, an address.
#[derive(Args, Clone)]
#[command(next_help_heading = "Rate limits")]
pub struct RateLimitOptions {
    /// Most requests of a client, a minute; 0 switches it off
    #[arg(
        long,
        env = "GATEWAY_RATE_LIMIT_REQUESTS",
        value_name = "NUMBER",
        default_value_t = 1200
    )]
    pub rate_limit_requests: u32,

    /// Most that the operations of a client may cost, in nodes a minute; 0 switches it off
    #[arg(
        long,
        env = "GATEWAY_RATE_LIMIT_COST",
        value_name = "NODES",
        default_value_t = 200_000
    )]
    pub rate_limit_cost: u32,

    /// Most codes and tokens that a client may look up in vain, a minute: as fields, not requests; 0
    /// switches it off
    #[arg(
        long,
        env = "GATEWAY_RATE_LIMIT_MISSED_LOOKUPS",
        value_name = "NUMBER",
        default_value_t = 20
    )]
    pub rate_limit_missed_lookups: u32,

    /// Proxies whose X-Forwarded-For is believed: addresses and networks, such as 10.0.0.0/8.
    /// Several: separated by commas, or given several times [default: none]
    #[arg(long, env = "GATEWAY_TRUSTED_PROXIES", value_name = "NETWORK", value_delimiter = ',',
          value_parser = Redacted(network))]
    pub trusted_proxies: Vec<IpNet>,

    /// A Redis or Valkey in which several gateways count together:
    /// redis://user:password@host:port/number, or rediss:// for TLS [default: each counts for itself]
    #[arg(long, env = "GATEWAY_REDIS_URL", value_name = "URL",
          value_parser = Redacted(check_redis_url))]
    pub redis_url: Option<String>,
}

impl RateLimitOptions {
    /// The quotas that these options describe.
    pub fn quotas(&self) -> Quotas {
        Quotas {
            requests: NonZeroU32::new(self.rate_limit_requests),
            cost: NonZeroU32::new(self.rate_limit_cost),
            missed_lookups: NonZeroU32::new(self.rate_limit_missed_lookups),
        }
    }
}

fn network(text: &str) -> Result<IpNet, &'static str> {
    let text = text.trim();
    let network = text.parse::<IpNet>().ok();
    let network = network
        .or_else(|| Some(text.parse::<IpAddr>().ok()?.into()))
        .ok_or("expected an address or a network, such as 192.0.2.1, 10.0.0.0/8 or fd00::/8")?;
    match canonical(network.trunc()) {
        network if network.prefix_len() == 0 => {
            Err("this is everybody: name the addresses of the proxies alone")
        }
        network => Ok(network),
    }
}

/// Addresses of IPv4 that are written as IPv6 are compared as the former.
fn canonical(network: IpNet) -> IpNet {
    const BITS: u8 = 96;
    let address = network.network().to_canonical();
    match network.prefix_len().checked_sub(BITS) {
        Some(prefix) if network.addr().is_ipv6() && address.is_ipv4() => {
            IpNet::new(address, prefix).unwrap_or(network)
        }
        _ => network,
    }
}

#[cfg(test)]
mod tests {
    use super::network;

    #[test]
    fn proxies_are_addresses_and_networks() {
        for (text, expected) in [
            ("10.0.0.0/8", "10.0.0.0/8"),
            ("10.1.2.3/8", "10.0.0.0/8"),
            (" 192.0.2.1", "192.0.2.1/32"),
            ("::1", "::1/128"),
            ("::ffff:10.0.0.0/104", "10.0.0.0/8"),
            ("::ffff:192.0.2.1", "192.0.2.1/32"),
        ] {
            assert_eq!(network(text).expect(text).to_string(), expected);
        }
        for text in [
            "",
            "*",
            "proxy.example",
            "10.0.0.0/33",
            "10.0.0",
            "0.0.0.0/0",
            "::/0",
        ] {
            assert!(network(text).is_err(), "{text}");
        }
    }
}
