//! Keys that identify clients for rate and connection limits.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Prefix length of an IPv6 network, all of whose addresses count as one client.
const NETWORK: u32 = 64;

/// Prefix of IPv4 addresses behind NAT64 (RFC 6052, section 2.1).
const NAT64: u128 = 0x64_ff9b << 96;

/// Identity of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ClientKey {
    /// Unknown clients, which share their quotas.
    Unknown,
    /// Its address; for IPv6, the first 64 bits.
    Address(IpAddr),
    /// The user with this id, at any address.
    User(i64),
}

impl ClientKey {
    /// Returns the client at an address.
    pub fn from_address(address: IpAddr) -> Self {
        let address = match address.to_canonical() {
            IpAddr::V6(address) if address.to_bits() & !u128::from(u32::MAX) == NAT64 => {
                IpAddr::V4(Ipv4Addr::from_bits(address.to_bits() as u32))
            }
            IpAddr::V6(address) => {
                let network = address.to_bits() & (u128::MAX << (u128::BITS - NETWORK));
                IpAddr::V6(Ipv6Addr::from_bits(network))
            }
            address => address,
        };
        Self::Address(address)
    }
}

#[cfg(test)]
mod tests {
    use super::ClientKey;

    fn key(address: &str) -> ClientKey {
        ClientKey::from_address(address.parse().expect("an address"))
    }

    #[test]
    fn an_ipv6_network_is_one_client() {
        assert_eq!(key("2001:db8:1:2::1"), key("2001:db8:1:2:ffff::9"));
        assert_ne!(key("2001:db8:1:2::1"), key("2001:db8:1:3::1"));
        assert_eq!(key("64:ff9b::192.0.2.1"), key("192.0.2.1"));
        assert_eq!(key("::ffff:192.0.2.1"), key("192.0.2.1"));
        assert_ne!(key("192.0.2.1"), key("192.0.2.2"));
    }
}
