//! Who a client is, to count what it takes.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Bits of an IPv6 address that are a network's: whoever has one has all addresses in it.
const NETWORK: u32 = 64;

/// Behind this are addresses of IPv4 (RFC 6052, section 2.1).
const NAT64: u128 = 0x64_ff9b << 96;

/// By what a client is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ClientKey {
    /// By nothing: all of these are one.
    Unknown,
    /// By its address; of one of IPv6 the first 64 bits.
    Address(IpAddr),
    /// As the user of that id, wherever they are.
    User(i64),
}

impl ClientKey {
    /// Whoever has this address.
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
    fn a_network_of_ipv6_is_one_client() {
        assert_eq!(key("2001:db8:1:2::1"), key("2001:db8:1:2:ffff::9"));
        assert_ne!(key("2001:db8:1:2::1"), key("2001:db8:1:3::1"));
        assert_eq!(key("64:ff9b::192.0.2.1"), key("192.0.2.1"));
        assert_eq!(key("::ffff:192.0.2.1"), key("192.0.2.1"));
        assert_ne!(key("192.0.2.1"), key("192.0.2.2"));
    }
}
