//! Client addresses: the peer's or, if the peer is a trusted proxy, the one that it reports.

use std::{
    net::{IpAddr, SocketAddr},
    sync::atomic::{AtomicBool, Ordering},
};

use axum::http::{Extensions, HeaderMap, HeaderName};
use ipnet::IpNet;

use crate::rate_limit::ClientKey;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The peer of a request's connection.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub IpAddr);

/// Proxies whose `X-Forwarded-For` is trusted.
#[derive(Debug, Default)]
pub struct TrustedProxies {
    networks: Vec<IpNet>,
    /// Set once the log has warned of an untrusted proxy.
    has_warned: AtomicBool,
}

impl TrustedProxies {
    /// Trusts the proxies in these networks.
    pub fn new(networks: Vec<IpNet>) -> Self {
        Self {
            networks,
            has_warned: AtomicBool::new(false),
        }
    }

    /// Returns the client of a request by its address.
    pub(super) fn client(&self, headers: &HeaderMap, extensions: &Extensions) -> ClientKey {
        let peer = extensions.get::<Peer>();
        peer.map_or(ClientKey::Unknown, |peer| {
            ClientKey::from_address(self.address(peer.0, headers))
        })
    }

    /// Returns the nearest address that is not a trusted proxy's. Farther ones may be forged.
    fn address(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut lines = headers.get_all(FORWARDED_FOR).iter().rev().peekable();
        if lines.peek().is_some() && !self.trusts(peer) {
            self.warn();
            return peer;
        }
        let mut nearest = peer;
        let value = lines.flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b','));
        for value in value {
            let Some(address) = read(value) else {
                break;
            };
            nearest = address;
            if !self.trusts(address) {
                break;
            }
        }
        nearest
    }

    /// Returns true for a trusted proxy.
    pub(super) fn trusts(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.networks
            .iter()
            .any(|network| network.contains(&address))
    }

    fn warn(&self) {
        if !self.has_warned.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                "ignored X-Forwarded-For of an address that is not in --trusted-proxies: all clients \
                 behind one proxy count as one"
            );
        }
    }
}

/// Parses an address as proxies write it; some append the port.
fn read(value: &[u8]) -> Option<IpAddr> {
    let value = std::str::from_utf8(value).ok()?.trim();
    let with_port = || value.parse::<SocketAddr>().ok().map(|address| address.ip());
    let in_brackets = || value.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    value.parse().ok().or_else(with_port).or_else(in_brackets)
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use axum::http::{HeaderMap, HeaderValue};

    use super::{FORWARDED_FOR, TrustedProxies};

    fn address(peer: &str, lines: &[&str]) -> String {
        let networks = ["10.0.0.0/8", "fd00::/8"];
        let networks = networks.map(|network| network.parse().expect("a network"));
        let proxies = TrustedProxies::new(networks.into());
        let mut headers = HeaderMap::new();
        for line in lines {
            let line = HeaderValue::from_bytes(line.as_bytes()).expect("a header");
            headers.append(FORWARDED_FOR, line);
        }
        let peer: IpAddr = peer.parse().expect("an address");
        proxies.address(peer, &headers).to_string()
    }

    #[test]
    fn the_nearest_address_of_no_trusted_proxy_is_the_client() {
        for (peer, lines, expected) in [
            ("192.0.2.1", &[][..], "192.0.2.1"),
            ("10.0.0.1", &["192.0.2.1"], "192.0.2.1"),
            ("10.0.0.1", &["192.0.2.1, 10.0.0.2"], "192.0.2.1"),
            ("10.0.0.1", &["192.0.2.1", "10.0.0.2"], "192.0.2.1"),
            (
                "10.0.0.1",
                &["203.0.113.9, 192.0.2.1,10.0.0.2"],
                "192.0.2.1",
            ),
            ("10.0.0.1", &["203.0.113.9", "192.0.2.1"], "192.0.2.1"),
            ("::ffff:10.0.0.1", &["192.0.2.1:4711"], "192.0.2.1"),
            ("fd00::1", &["2001:db8::1"], "2001:db8::1"),
            ("fd00::1", &["[2001:db8::1]:443"], "2001:db8::1"),
            ("fd00::1", &["[2001:db8::1]"], "2001:db8::1"),
            ("10.0.0.1", &["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
        ] {
            assert_eq!(address(peer, lines), expected, "{peer} {lines:?}");
        }
    }

    #[test]
    fn untrusted_and_malformed_addresses_are_ignored() {
        for (peer, lines, expected) in [
            ("192.0.2.1", &["203.0.113.9"][..], "192.0.2.1"),
            ("10.0.0.1", &["unknown"], "10.0.0.1"),
            ("10.0.0.1", &[""], "10.0.0.1"),
            ("10.0.0.1", &["203.0.113.9, nonsense, 10.0.0.2"], "10.0.0.2"),
            ("10.0.0.1", &["203.0.113.9,\u{e9}"], "10.0.0.1"),
        ] {
            assert_eq!(address(peer, lines), expected, "{peer} {lines:?}");
        }
    }
}
