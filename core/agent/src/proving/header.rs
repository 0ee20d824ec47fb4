//! A packet's own header, as the trace shows its first bytes.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use bridgewalk_model::{AddressPort, proof::Tuple};

use crate::netlink::attributes::{be16_at, u8_at};

/// What matters of a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// The ends; an echo has its identifier in both ports.
    pub(super) tuple: Tuple,
    /// Time to live, or hop limit.
    pub(super) ttl: u8,
    /// TCP's flags; ICMP's type.
    pub(super) flags_or_type: u8,
}

/// Reads an IP header, and the first bytes of what is behind it.
pub(super) fn read(network: &[u8], transport: &[u8]) -> Option<Header> {
    let (protocol, ttl, source, destination): (u8, u8, IpAddr, IpAddr) = match u8_at(network, 0)? >> 4 {
        4 => {
            let address = |at: usize| -> Option<IpAddr> {
                Some(Ipv4Addr::from(<[u8; 4]>::try_from(network.get(at..at + 4)?).ok()?).into())
            };
            (u8_at(network, 9)?, u8_at(network, 8)?, address(12)?, address(16)?)
        }
        6 => {
            let address = |at: usize| -> Option<IpAddr> {
                Some(Ipv6Addr::from(<[u8; 16]>::try_from(network.get(at..at + 16)?).ok()?).into())
            };
            (u8_at(network, 6)?, u8_at(network, 7)?, address(8)?, address(24)?)
        }
        _ => return None,
    };
    let (source_port, destination_port, flags_or_type) = match protocol {
        1 | 58 => {
            let identifier = be16_at(transport, 4)?;
            (identifier, identifier, u8_at(transport, 0)?)
        }
        6 => (be16_at(transport, 0)?, be16_at(transport, 2)?, u8_at(transport, 13)?),
        17 => (be16_at(transport, 0)?, be16_at(transport, 2)?, 0),
        _ => return None,
    };
    let tuple = Tuple {
        protocol,
        source: AddressPort { address: source, port: source_port },
        destination: AddressPort { address: destination, port: destination_port },
    };
    Some(Header { tuple, ttl, flags_or_type })
}
