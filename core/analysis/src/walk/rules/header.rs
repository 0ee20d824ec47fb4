//! A packet's header as bytes, as far as they are known.

use std::net::IpAddr;

use bridgewalk_model::MacAddress;

use crate::walk::{Layer4, Packet};

/// Some bytes of a header, each bit known or not.
#[derive(Clone, Copy, Debug)]
pub(super) struct HeaderBytes {
    value: [u8; 40],
    known: [u8; 40],
}

/// What cannot be loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Absent {
    /// The kernel does not find it: the rule does not match.
    Missing,
    /// Beyond what we know of the packet.
    Unknown,
}

impl HeaderBytes {
    const fn unknown() -> Self {
        Self { value: [0; 40], known: [0; 40] }
    }

    fn put(&mut self, at: usize, bytes: &[u8]) {
        self.value[at..at + bytes.len()].copy_from_slice(bytes);
        self.known[at..at + bytes.len()].fill(0xff);
    }

    /// The network header: 20 bytes of IPv4 (no options), 40 of IPv6 (no extension).
    pub(super) fn network(packet: &Packet) -> Self {
        let mut header = Self::unknown();
        let protocol = packet.layer4.number(packet.is_ipv6());
        match (packet.source, packet.destination) {
            (IpAddr::V4(source), IpAddr::V4(destination)) => {
                header.put(0, &[0x45]);
                // The fragment's offset and "more fragments" are zero, "do not fragment" is not known.
                (header.known[6], header.known[7]) = (0x3f, 0xff);
                header.put(8, &[packet.ttl, protocol]);
                header.put(12, &source.octets());
                header.put(16, &destination.octets());
            }
            (IpAddr::V6(source), IpAddr::V6(destination)) => {
                (header.value[0], header.known[0]) = (0x60, 0xf0);
                header.put(6, &[protocol, packet.ttl]);
                header.put(8, &source.octets());
                header.put(24, &destination.octets());
            }
            _ => {}
        }
        header
    }

    /// The header of what IP carries.
    pub(super) fn transport(packet: &Packet) -> Self {
        let mut header = Self::unknown();
        match packet.layer4 {
            Layer4::Tcp { source_port, destination_port, flags } => {
                header.put(0, &source_port.to_be_bytes());
                header.put(2, &destination_port.to_be_bytes());
                header.put(13, &[flags]);
            }
            Layer4::Udp { source_port, destination_port } => {
                header.put(0, &source_port.to_be_bytes());
                header.put(2, &destination_port.to_be_bytes());
            }
            Layer4::Icmp { kind, code, identifier } => {
                header.put(0, &[kind, code]);
                header.put(4, &identifier.to_be_bytes());
            }
            Layer4::Other { .. } => {}
        }
        header
    }

    /// The Ethernet header; `is_loopback`: all addresses are zero there.
    pub(super) fn link(packet: &Packet, is_loopback: bool) -> Self {
        let mut header = Self::unknown();
        let mut address = |at: usize, found: Option<MacAddress>| match found {
            Some(found) => header.put(at, &found.0),
            None if is_loopback => header.put(at, &[0; 6]),
            None => {}
        };
        address(0, packet.destination_mac);
        address(6, packet.source_mac);
        header.put(12, if packet.is_ipv6() { &[0x86, 0xdd] } else { &[0x08, 0x00] });
        header
    }

    /// `len` bytes from `offset` on.
    pub(super) fn get(&self, offset: u32, len: u32) -> Result<(&[u8], &[u8]), Absent> {
        let (from, len) = (offset as usize, len as usize);
        let end = from.checked_add(len).filter(|end| *end <= self.value.len()).ok_or(Absent::Unknown)?;
        Ok((&self.value[from..end], &self.known[from..end]))
    }
}

/// An address's bytes on the wire, 4 or 16.
pub(super) fn octets(address: IpAddr) -> ([u8; 16], usize) {
    let mut bytes = [0; 16];
    match address {
        IpAddr::V4(address) => {
            bytes[..4].copy_from_slice(&address.octets());
            (bytes, 4)
        }
        IpAddr::V6(address) => (address.octets(), 16),
    }
}

/// The address that these bytes are: 4 of IPv4, 16 of IPv6.
pub(super) fn address(bytes: &[u8]) -> Option<IpAddr> {
    match bytes.len() {
        4 => <[u8; 4]>::try_from(bytes).ok().map(IpAddr::from),
        16 => <[u8; 16]>::try_from(bytes).ok().map(IpAddr::from),
        _ => None,
    }
}
