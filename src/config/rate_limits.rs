//! Rate limit settings, and the proxies whose client addresses are trusted.

use std::{net::IpAddr, num::NonZeroU32};

use clap::Args;
use ipnet::IpNet;

use super::quantity::number;
use crate::{
    rate_limit::{Quotas, check_redis_url},
    redacted::Redacted,
};

/// Rate limits per client. A client is a user or, without a token, an address.
#[derive(Args, Clone)]
#[command(next_help_heading = "Rate limits")]
pub struct RateLimitOptions {
    /// Maximum number of requests from a client per minute; 0 disables the limit
    #[arg(
        long,
        env = "GATEWAY_RATE_LIMIT_REQUESTS",
        value_name = "NUMBER",
        default_value_t = 1200,
        value_parser = number(0..=u32::MAX)
    )]
    pub rate_limit_requests: u32,

    /// Highest cost of a client's operations per minute, in nodes; 0 disables the limit
    #[arg(
        long,
        env = "GATEWAY_RATE_LIMIT_COST",
        value_name = "NODES",
        default_value_t = 200_000,
        value_parser = number(0..=u32::MAX)
    )]
    pub rate_limit_cost: u32,

    /// Maximum number of look-ups of codes and tokens per minute that miss; each field counts.
    /// 0 disables the limit
    #[arg(
        long,
        env = "GATEWAY_RATE_LIMIT_MISSED_LOOKUPS",
        value_name = "NUMBER",
        default_value_t = 20,
        value_parser = number(0..=u32::MAX)
    )]
    pub rate_limit_missed_lookups: u32,

    /// Maximum number of mutations from a client per minute; each of a document counts. 0 disables the
    /// limit
    #[arg(
        long,
        env = "GATEWAY_RATE_LIMIT_MUTATIONS",
        value_name = "NUMBER",
        default_value_t = 120,
        value_parser = number(0..=u32::MAX)
    )]
    pub rate_limit_mutations: u32,

    /// Maximum number of rows that a client's mutations create or change per minute, as counted in their
    /// input; 0 disables the limit
    #[arg(
        long,
        env = "GATEWAY_RATE_LIMIT_WRITTEN_ROWS",
        value_name = "ROWS",
        default_value_t = 1000,
        value_parser = number(0..=u32::MAX)
    )]
    pub rate_limit_written_rows: u32,

    /// Proxies whose X-Forwarded-For header is trusted: addresses or networks, such as 10.0.0.0/8.
    /// Separate several by commas, or repeat the option [default: none]
    #[arg(long, env = "GATEWAY_TRUSTED_PROXIES", value_name = "NETWORK", value_delimiter = ',',
          value_parser = Redacted(network))]
    pub trusted_proxies: Vec<IpNet>,

    /// Redis or Valkey in which several gateways share rate limits:
    /// redis://user:password@host:port/number, or rediss:// for TLS [default: each process counts
    /// alone]
    #[arg(long, env = "GATEWAY_REDIS_URL", value_name = "URL",
          value_parser = Redacted(check_redis_url))]
    pub redis_url: Option<String>,
}

impl RateLimitOptions {
    /// Returns the quotas. Those of mutations only if there are some.
    pub fn quotas(&self, has_mutations: bool) -> Quotas {
        let of_writes = |most| NonZeroU32::new(most).filter(|_| has_mutations);
        Quotas {
            requests: NonZeroU32::new(self.rate_limit_requests),
            cost: NonZeroU32::new(self.rate_limit_cost),
            missed_lookups: NonZeroU32::new(self.rate_limit_missed_lookups),
            mutations: of_writes(self.rate_limit_mutations),
            written_rows: of_writes(self.rate_limit_written_rows),
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
            Err("this trusts every address: name only the addresses of the proxies")
        }
        network => Ok(network),
    }
}

/// Converts an IPv4-mapped network to an IPv4 network, since client addresses are converted too.
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
    use std::num::NonZeroU32;

    use clap::Parser;

    use super::{RateLimitOptions, network};

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        options: RateLimitOptions,
    }

    #[test]
    fn a_gateway_that_only_reads_has_no_quotas_of_writes() {
        let arguments = ["serve", "--rate-limit-mutations=5", "--rate-limit-cost=0"];
        let line = Line::try_parse_from(arguments).expect("good options");
        let writes = line.options.quotas(true);
        assert_eq!(writes.mutations, NonZeroU32::new(5));
        assert_eq!(writes.written_rows, NonZeroU32::new(1000));
        assert_eq!(writes.cost, None);
        let reads = line.options.quotas(false);
        assert_eq!((reads.mutations, reads.written_rows), (None, None));
        assert_eq!(reads.requests, writes.requests);
    }

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
