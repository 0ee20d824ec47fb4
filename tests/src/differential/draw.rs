//! Packets drawn from a rule set's own boundaries: the addresses, ports and marks that its text mentions, and their
//! neighbours.

use std::net::IpAddr;

use bridgewalk_analysis::walk::{Layer4, Packet};
use bridgewalk_model::firewall::{Hook, Negatable, PortRange, RuleSummary};
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

    /// A packet that a rule asks for, as far as it says: one that was not hit yet.
    pub fn aim(&self, bed: &Bed, wanted: &RuleSummary, random: &mut Random) -> Option<(usize, Packet)> {
        let (mut from, mut packet) = self.draw(bed, random)?;
        let nets: Vec<&Negatable<IpNet>> = wanted.sources.iter().chain(&wanted.destinations).collect();
        let is_ipv6 = nets.first().map_or(packet.is_ipv6(), |net| net.value.addr().is_ipv6());
        let of_family =
            |end: usize| bed.ends[end].addresses.iter().copied().filter(move |address| address.is_ipv6() == is_ipv6);
        if is_ipv6 != packet.is_ipv6() {
            packet.source = of_family(from).next()?;
            packet.destination = of_family((from + 1) % bed.ends.len()).next()?;
        }
        let by = |wanted: Option<&Negatable<String>>| -> Vec<usize> {
            let Some(wanted) = wanted else { return Vec::new() };
            let name = wanted.value.trim_end_matches(['*', '+']);
            let is_whole = name == wanted.value;
            let is_it = |door: &str| if is_whole { door == name } else { door.starts_with(name) };
            bed.doors.iter().filter(|(door, _)| is_it(door) != wanted.not).map(|(_, end)| *end).collect()
        };
        if wanted.hooks.iter().all(|hook| matches!(hook, Hook::Output)) && !wanted.hooks.is_empty() {
            from = 0;
            packet.source = of_family(0).next()?;
        }
        let excludes = wanted.in_interface.as_ref().is_some_and(|asked| asked.not);
        let mut doors = by(wanted.in_interface.as_ref());
        // What may not come from one network is mostly kept from the others too.
        if excludes && doors.contains(&1) && random.chance(50) {
            doors = vec![1];
        }
        if let Some(end) = random.pick(&doors).copied() {
            from = end;
            packet.source = of_family(end).next()?;
        }
        if let Some(end) = random.pick(&by(wanted.out_interface.as_ref())).copied() {
            packet.destination = of_family(end).next()?;
            // Rules for single addresses leave the rest of the network to those after them.
            if random.chance(30) {
                packet.destination = nobody_beside(packet.destination);
            }
        } else if wanted.hooks.contains(&Hook::Input) {
            packet.destination = *random.pick(&of_family(0).collect::<Vec<_>>())?;
        }
        if let Some(net) = wanted.sources.iter().find(|net| !net.not) {
            packet.source = within(net.value, random);
            let owner = (0..bed.ends.len()).find(|end| of_family(*end).any(|address| net.value.contains(&address)));
            // One that may not come from where its sender lives is sent from elsewhere in its name.
            let doors = by(wanted.in_interface.as_ref());
            if let Some(owner) = owner.filter(|owner| wanted.in_interface.is_none() || doors.contains(owner)) {
                from = owner;
                packet.source = of_family(owner).find(|address| net.value.contains(address))?;
            }
        }
        if let Some(net) = wanted.destinations.iter().find(|net| !net.not) {
            packet.destination = within(net.value, random);
            let owned = bed.ends.iter().flat_map(|end| &end.addresses).find(|address| net.value.contains(*address));
            if random.chance(70) {
                packet.destination = owned.copied().unwrap_or(packet.destination);
            }
        } else if wanted.destination_is_local == Some(true) {
            packet.destination = *random.pick(&of_family(0).collect::<Vec<_>>())?;
        }
        let port = |ranges: &[Negatable<PortRange>], random: &mut Random| {
            ranges.iter().find(|range| !range.not).map(|range| [range.value.first, range.value.last][random.below(2)])
        };
        let (source, destination) = (port(&wanted.source_ports, random), port(&wanted.destination_ports, random));
        let (usual_source, usual_destination) = packet.layer4.ports().unwrap_or((40_000, 80));
        let source_port = source.unwrap_or(usual_source);
        let destination_port = destination.unwrap_or(usual_destination);
        let asks_ports = source.is_some() || destination.is_some();
        let number = wanted.protocol.filter(|protocol| !protocol.not).map(|protocol| protocol.value);
        // A TCP packet with no flow and without SYN.
        let is_invalid = wanted.states.iter().any(|state| !state.not && state.value == "INVALID");
        let flags = if is_invalid { 0x11 } else { 2 };
        packet.layer4 = match number {
            Some(17) => Layer4::Udp { source_port, destination_port },
            Some(1 | 58) => Layer4::Icmp { kind: if is_ipv6 { 128 } else { 8 }, code: 0, identifier: source_port },
            Some(6) => Layer4::Tcp { source_port, destination_port, flags },
            _ if asks_ports || !matches!(packet.layer4, Layer4::Icmp { .. }) => {
                Layer4::Tcp { source_port, destination_port, flags }
            }
            _ if is_invalid => Layer4::Tcp { source_port, destination_port, flags },
            _ => packet.layer4,
        };
        (packet.source.is_ipv6() == packet.destination.is_ipv6()
            && is_usual(packet.source)
            && is_usual(packet.destination)
            && (from == 0 || !bed.ends[from].addresses.contains(&packet.destination)))
        .then_some((from, packet))
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

/// An address of the same network that nobody has.
fn nobody_beside(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(address) => IpAddr::V4((u32::from(address) ^ 0x60).into()),
        IpAddr::V6(address) => IpAddr::V6((u128::from(address) ^ 0x6000).into()),
    }
}

/// An address of a network: its first, its last, or one between.
fn within(net: IpNet, random: &mut Random) -> IpAddr {
    match random.below(3) {
        0 => net.network(),
        1 => net.broadcast(),
        _ => net.hosts().nth(random.below(6)).unwrap_or(net.addr()),
    }
}
