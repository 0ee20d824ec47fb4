//! Packets as bytes, and back.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use bridgewalk_analysis::walk::{Layer4, Packet};

use super::seen::Header;

/// A packet's bytes from IP's header on. `id` is what it is known again by: IPv4's identification, IPv6's flow label.
pub fn bytes(packet: &Packet, id: u16) -> Vec<u8> {
    let mut inner = layer4(packet);
    let protocol = packet.layer4.number(packet.is_ipv6());
    let len = u16::try_from(inner.len()).unwrap_or(u16::MAX);
    match (packet.source, packet.destination) {
        (IpAddr::V4(source), IpAddr::V4(destination)) => {
            let mut pseudo = [source.octets(), destination.octets()].concat();
            pseudo.extend([0, protocol]);
            pseudo.extend(len.to_be_bytes());
            seal(&mut inner, if protocol == 1 { &[] } else { &pseudo }, packet.layer4);
            let mut header = vec![0x45, 0];
            header.extend((len + 20).to_be_bytes());
            header.extend(id.to_be_bytes());
            header.extend([0, 0, packet.ttl, protocol, 0, 0]);
            header.extend(source.octets());
            header.extend(destination.octets());
            let sum = checksum(&[&header]);
            header[10..12].copy_from_slice(&sum.to_be_bytes());
            [header, inner].concat()
        }
        (IpAddr::V6(source), IpAddr::V6(destination)) => {
            let mut pseudo = [source.octets(), destination.octets()].concat();
            pseudo.extend(u32::from(len).to_be_bytes());
            pseudo.extend([0, 0, 0, protocol]);
            seal(&mut inner, &pseudo, packet.layer4);
            let mut header = (0x6000_0000 | u32::from(id)).to_be_bytes().to_vec();
            header.extend(len.to_be_bytes());
            header.extend([protocol, packet.ttl]);
            header.extend(source.octets());
            header.extend(destination.octets());
            [header, inner].concat()
        }
        _ => Vec::new(),
    }
}

fn layer4(packet: &Packet) -> Vec<u8> {
    match packet.layer4 {
        Layer4::Tcp { source_port, destination_port, flags } => {
            let mut bytes = [source_port.to_be_bytes(), destination_port.to_be_bytes()].concat();
            // The numbers of a connection whose first packet has 1000 in each direction.
            let next: u32 = if flags & 2 == 2 { 1000 } else { 1001 };
            let acknowledged: u32 = if flags & 16 == 16 { 1001 } else { 0 };
            bytes.extend(next.to_be_bytes());
            bytes.extend(acknowledged.to_be_bytes());
            bytes.extend([0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
            bytes
        }
        Layer4::Udp { source_port, destination_port } => {
            let mut bytes = [source_port.to_be_bytes(), destination_port.to_be_bytes()].concat();
            bytes.extend([0, 12, 0, 0, b'w', b'a', b'l', b'k']);
            bytes
        }
        Layer4::Icmp { kind, code, identifier } => {
            let mut bytes = vec![kind, code, 0, 0];
            bytes.extend(identifier.to_be_bytes());
            bytes.extend([0, 1, 0, 0, 0, 0]);
            bytes
        }
        Layer4::Other { .. } => vec![0; 8],
    }
}

fn seal(inner: &mut [u8], pseudo: &[u8], layer4: Layer4) {
    let at = match layer4 {
        Layer4::Tcp { .. } => 16,
        Layer4::Udp { .. } => 6,
        Layer4::Icmp { .. } => 2,
        Layer4::Other { .. } => return,
    };
    let sum = match checksum(&[pseudo, inner]) {
        0 if at == 6 => 0xffff,
        sum => sum,
    };
    inner[at..at + 2].copy_from_slice(&sum.to_be_bytes());
}

fn checksum(parts: &[&[u8]]) -> u16 {
    let words = parts.iter().flat_map(|part| part.chunks(2));
    let sum: u32 = words.map(|word| u32::from(word[0]) << 8 | word.get(1).map_or(0, |low| u32::from(*low))).sum();
    let sum = (sum & 0xffff) + (sum >> 16);
    let sum = (sum & 0xffff) + (sum >> 16);
    !u16::try_from(sum).unwrap_or(0)
}

/// The header and the id of traced bytes.
pub fn parse(network: &[u8], transport: &[u8], mark: u32) -> Option<(u16, Header)> {
    let port = |at: usize| transport.get(at..at + 2).and_then(|b| b.try_into().ok()).map(u16::from_be_bytes);
    let (id, source, destination, ttl, protocol): (u16, IpAddr, IpAddr, u8, u8) = match network.first()? >> 4 {
        4 => {
            let address = |at: usize| Some(Ipv4Addr::from(<[u8; 4]>::try_from(network.get(at..at + 4)?).ok()?));
            let id = u16::from_be_bytes(network.get(4..6)?.try_into().ok()?);
            (id, address(12)?.into(), address(16)?.into(), *network.get(8)?, *network.get(9)?)
        }
        6 => {
            let address = |at: usize| Some(Ipv6Addr::from(<[u8; 16]>::try_from(network.get(at..at + 16)?).ok()?));
            let id = u16::from_be_bytes(network.get(2..4)?.try_into().ok()?);
            (id, address(8)?.into(), address(24)?.into(), *network.get(7)?, *network.get(6)?)
        }
        _ => return None,
    };
    let ports = matches!(protocol, 6 | 17).then(|| port(0).zip(port(2))).flatten();
    Some((id, Header { source, destination, ports, ttl, mark }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_is_read_as_it_was_written() {
        for (source, destination) in [("192.0.2.1", "192.0.2.2"), ("2001:db8::1", "2001:db8::2")] {
            let packet = Packet {
                source: source.parse().unwrap(),
                destination: destination.parse().unwrap(),
                layer4: Layer4::Tcp { source_port: 40_000, destination_port: 80, flags: 2 },
                ttl: 64,
                mark: 0,
                source_mac: None,
                destination_mac: None,
            };
            let bytes = bytes(&packet, 777);
            let len = if packet.is_ipv6() { 40 } else { 20 };
            assert_eq!(parse(&bytes[..len], &bytes[len..], 0), Some((777, Header::of(&packet))));
            assert_eq!(checksum(&[&bytes[..len]]) == 0, !packet.is_ipv6());
        }
    }
}
