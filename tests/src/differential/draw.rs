//! Packets drawn from a rule set's own boundaries: the addresses, ports and marks that its text mentions, and their
//! neighbours.

use std::net::IpAddr;

use bridgewalk_analysis::walk::{Layer4, Packet};
use ipnet::IpNet;

use super::{bed::Bed, random::Random};

/// What may be drawn.
#[derive(Clone, Debug, Default)]
pub struct Pool {
    addresses: Vec<IpAddr>,
    ports: Vec<u16>,
}

impl Pool {
    /// What the text mentions, with its neighbours.
    pub fn new(text: &str) -> Self {
        let mut pool = Self::default();
        let is_end = |c: char| c.is_whitespace() || matches!(c, ',' | '{' | '}' | '"' | ';' | '=' | '(' | ')');
        for word in text.split(is_end).filter(|word| !word.is_empty()) {
            for word in std::iter::once(word).chain(word.split('-')) {
                pool.take(word);
            }
        }
        pool.ports.extend([22, 53, 80, 443, 8080, 40_000]);
        pool.ports.sort_unstable();
        pool.addresses.sort_unstable();
        pool.addresses.dedup();
        pool
    }

    fn take(&mut self, word: &str) {
        if let Ok(net) = word.parse::<IpNet>() {
            for address in [net.network(), net.broadcast()] {
                self.around(address);
            }
        } else if let Ok(address) = word.parse::<IpAddr>() {
            self.around(address);
        } else if let Some((address, port)) = word.rsplit_once(':').filter(|(address, _)| address.contains('.')) {
            self.take(address);
            self.take(port);
        } else {
            for number in word.split(':').filter_map(|number| number.parse::<u16>().ok()) {
                self.ports.extend([number, number.saturating_sub(1), number.saturating_add(1)]);
            }
        }
    }

    fn around(&mut self, address: IpAddr) {
        let next = |by: i8| match address {
            IpAddr::V4(address) => IpAddr::V4(u32::from(address).wrapping_add_signed(by.into()).into()),
            IpAddr::V6(address) => IpAddr::V6(u128::from(address).wrapping_add_signed(by.into()).into()),
        };
        self.addresses.extend([address, next(-1), next(1)]);
    }

    /// A packet, and the end to send it from.
    pub fn draw(&self, bed: &Bed, random: &mut Random) -> Option<(usize, Packet)> {
        let is_ipv6 = random.chance(40);
        // The router sends less than it forwards.
        let from = if random.chance(15) { 0 } else { 1 + random.below(bed.ends.len() - 1) };
        let of_family = |addresses: &[IpAddr]| -> Vec<IpAddr> {
            addresses.iter().copied().filter(|address| address.is_ipv6() == is_ipv6 && is_usual(*address)).collect()
        };
        let own = of_family(&bed.ends[from].addresses);
        let mentioned = of_family(&self.addresses);
        let others: Vec<IpAddr> = (bed.ends.iter().enumerate())
            .filter(|(end, _)| *end != from)
            .flat_map(|(end, found)| of_family(&found.addresses).repeat(if end == 0 { 1 } else { 3 }))
            .collect();
        let source = match from {
            1.. if random.chance(20) && !mentioned.is_empty() => *random.pick(&mentioned)?,
            _ => *random.pick(&own)?,
        };
        let destination = if random.chance(30) && !mentioned.is_empty() {
            *random.pick(&mentioned)?
        } else {
            *random.pick(&others)?
        };
        // What is not sent is not seen: the router's own packets need an address that it would use.
        let port = |random: &mut Random| random.pick(&self.ports).copied().filter(|port| *port > 0).unwrap_or(80);
        let source_port = if random.chance(25) { port(random) } else { 30_000 + random.below(20_000) as u16 };
        let layer4 = match random.below(20) {
            0..=9 => Layer4::Tcp {
                source_port,
                destination_port: port(random),
                flags: if random.chance(94) {
                    2
                } else {
                    random.word(&["\u{10}", "\u{11}", "\u{4}", "\u{12}"]).as_bytes()[0]
                },
            },
            10..=15 => Layer4::Udp { source_port, destination_port: port(random) },
            _ => Layer4::Icmp { kind: if is_ipv6 { 128 } else { 8 }, code: 0, identifier: source_port },
        };
        let packet = Packet { source, destination, layer4, ttl: 64, mark: 0, source_mac: None, destination_mac: None };
        Some((from, packet))
    }
}

/// Not what a raw socket refuses to send, nor what no route leads to.
fn is_usual(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            !(address.is_broadcast()
                || address.is_unspecified()
                || address.is_multicast()
                || address.octets()[0] == 0
                || address.octets()[0] >= 240)
        }
        IpAddr::V6(address) => {
            !(address.is_unspecified()
                || address.is_multicast()
                || address.is_unicast_link_local()
                || address.to_ipv4_mapped().is_some())
        }
    }
}
