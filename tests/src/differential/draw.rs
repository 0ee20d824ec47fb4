//! Packets drawn from a rule set's own boundaries: the addresses, ports and marks that its text mentions, and their
//! neighbours.

use std::net::IpAddr;

use bridgewalk_analysis::walk::{Layer4, Packet};
use bridgewalk_model::firewall::{Hook, Negatable, PortRange, RuleSummary};
use ipnet::IpNet;

use super::{
    layout::{Layout, Probe},
    random::Random,
};

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

    /// Changes a packet, and where it comes from, to what a rule asks for, as far as it says.
    pub fn aim(&self, layout: &Layout, base: Probe, wanted: &RuleSummary, random: &mut Random) -> Option<Probe> {
        let Probe { mut door, mut packet } = base;
        let nets: Vec<&Negatable<IpNet>> = wanted.sources.iter().chain(&wanted.destinations).collect();
        let is_ipv6 = nets.first().map_or(packet.is_ipv6(), |net| net.value.addr().is_ipv6());
        let own = |end: usize, random: &mut Random| random.pick(&layout.of_family(end, is_ipv6)).copied();
        let others = |door: usize| (layout.end(door) + 1) % layout.addresses.len();
        if is_ipv6 != packet.is_ipv6() {
            packet.source = own(layout.end(door), random)?;
            packet.destination = own(others(door), random)?;
            packet.layer4 = of_family(packet.layer4, is_ipv6);
        }
        let by = |wanted: &Negatable<String>| -> Vec<usize> {
            let name = wanted.value.trim_end_matches(['*', '+']);
            let is_whole = name == wanted.value;
            let is_it = |door: &str| if is_whole { door == name } else { door.starts_with(name) };
            (0..layout.doors.len()).filter(|number| is_it(&layout.doors[*number].0) != wanted.not).collect()
        };
        if wanted.hooks.iter().all(|hook| matches!(hook, Hook::Output)) && !wanted.hooks.is_empty() {
            door = 0;
            packet.source = own(0, random)?;
        }
        let mut doors: Vec<usize> = wanted.in_interface.as_ref().map(by).unwrap_or_default();
        // What is sent from here comes by no device.
        doors.retain(|door| *door != 0 || wanted.in_interface.as_ref().is_some_and(|asked| !asked.not));
        if let Some(found) = random.pick(&doors).copied().filter(|_| !doors.contains(&door)) {
            door = found;
            packet.source = own(layout.end(door), random)?;
        }
        let out = wanted.out_interface.as_ref().map(by).unwrap_or_default();
        if let Some(found) = random.pick(&out).copied() {
            packet.destination = own(layout.end(found), random)?;
            // Rules for single addresses leave the rest of the network to those after them.
            if random.chance(30) {
                packet.destination = nobody_beside(packet.destination);
            }
        } else if wanted.hooks.contains(&Hook::Input) {
            packet.destination = own(0, random)?;
        }
        if let Some(net) = random.pick(&wanted.sources).filter(|net| !net.not) {
            packet.source = self.within(layout, net.value, random);
            let owners = (0..layout.doors.len()).filter(|door| {
                let own = &layout.addresses[layout.doors[*door].1];
                own.iter().any(|address| net.value.contains(address)) && (doors.is_empty() || doors.contains(door))
            });
            // One that may not come from where its sender lives is sent from elsewhere in its name.
            if let Some(owner) = random.pick(&owners.collect::<Vec<_>>()).filter(|_| random.chance(70)) {
                door = *owner;
            }
        }
        if let Some(net) = random.pick(&wanted.destinations).filter(|net| !net.not) {
            packet.destination = self.within(layout, net.value, random);
        } else if wanted.destination_is_local == Some(true) {
            packet.destination = own(0, random)?;
        }
        let port = |ranges: &[Negatable<PortRange>], random: &mut Random| {
            random
                .pick(ranges)
                .filter(|range| !range.not)
                .map(|range| [range.value.first, range.value.last][random.below(2)])
        };
        let (source, destination) = (port(&wanted.source_ports, random), port(&wanted.destination_ports, random));
        let (usual_source, usual_destination) = packet.layer4.ports().unwrap_or((40_000, 80));
        let source_port = source.unwrap_or(usual_source);
        let destination_port = destination.unwrap_or(usual_destination);
        let asks_ports = source.is_some() || destination.is_some();
        let number = wanted.protocol.filter(|protocol| !protocol.not).map(|protocol| protocol.value);
        // A TCP packet with no flow and without SYN.
        let is_invalid = wanted.states.iter().any(|state| !state.not && state.value == "INVALID");
        let flags = match packet.layer4 {
            _ if is_invalid => 0x11,
            Layer4::Tcp { flags, .. } => flags,
            _ => 2,
        };
        packet.layer4 = match number {
            Some(17) => Layer4::Udp { source_port, destination_port },
            Some(1 | 58) => Layer4::Icmp { kind: if is_ipv6 { 128 } else { 8 }, code: 0, identifier: source_port },
            Some(6) => Layer4::Tcp { source_port, destination_port, flags },
            _ if asks_ports && matches!(packet.layer4, Layer4::Icmp { .. }) || is_invalid => {
                Layer4::Tcp { source_port, destination_port, flags }
            }
            _ => with_ports(packet.layer4, source_port, destination_port),
        };
        usable(layout, Probe { door, packet })
    }

    /// Changes one thing of a packet.
    pub fn vary(&self, layout: &Layout, base: &Probe, random: &mut Random) -> Option<Probe> {
        let mut probe = base.clone();
        let packet = &mut probe.packet;
        let is_ipv6 = packet.is_ipv6();
        let (source_port, destination_port) = packet.layer4.ports().unwrap_or((40_000, 80));
        match random.below(10) {
            0 => probe.door = random.below(layout.doors.len()),
            1 | 2 => packet.source = self.address(layout, is_ipv6, random)?,
            3 | 4 => packet.destination = self.address(layout, is_ipv6, random)?,
            5 => packet.layer4 = with_ports(packet.layer4, source_port, self.port(random)),
            6 => packet.layer4 = with_ports(packet.layer4, self.port(random), destination_port),
            7 if random.chance(30) => {
                let kinds: &[u8] = if is_ipv6 { &[128, 129, 1, 133, 134, 135, 136] } else { &[8, 0, 3, 11, 13] };
                let kind = kinds[random.below(kinds.len())];
                packet.layer4 = Layer4::Icmp { kind, code: 0, identifier: source_port };
            }
            8 => {
                let flags = [2, 2, 0x10, 0x11, 0x12, 4, 0][random.below(7)];
                packet.layer4 = Layer4::Tcp { source_port, destination_port, flags };
            }
            _ => packet.layer4 = layer4(source_port, destination_port, is_ipv6, random),
        }
        usable(layout, probe)
    }

    /// A packet.
    pub fn draw(&self, layout: &Layout, random: &mut Random) -> Option<Probe> {
        let is_ipv6 = random.chance(40);
        // The router sends less than it forwards.
        let door = if random.chance(15) { 0 } else { random.below(layout.doors.len()) };
        let from = layout.end(door);
        let others: Vec<IpAddr> = (0..layout.addresses.len())
            .filter(|end| *end != from)
            .flat_map(|end| layout.of_family(end, is_ipv6).repeat(if end == 0 { 1 } else { 3 }))
            .collect();
        let source = if random.chance(20) {
            self.address(layout, is_ipv6, random)?
        } else {
            *random.pick(&layout.of_family(from, is_ipv6))?
        };
        let destination =
            if random.chance(30) { self.address(layout, is_ipv6, random)? } else { *random.pick(&others)? };
        let source_port = if random.chance(25) { self.port(random) } else { 30_000 + random.below(20_000) as u16 };
        let layer4 = layer4(source_port, self.port(random), is_ipv6, random);
        let packet = Packet { source, destination, layer4, ttl: 64, mark: 0, source_mac: None, destination_mac: None };
        usable(layout, Probe { door, packet })
    }

    /// One that is mentioned, or somebody's.
    fn address(&self, layout: &Layout, is_ipv6: bool, random: &mut Random) -> Option<IpAddr> {
        let mentioned = self.addresses.iter().copied().filter(|address| address.is_ipv6() == is_ipv6);
        let mentioned: Vec<IpAddr> = mentioned.filter(|_| random.chance(70)).collect();
        if random.chance(3) {
            let groups: Vec<IpAddr> = layout.groups.iter().copied().filter(|one| one.is_ipv6() == is_ipv6).collect();
            return random.pick(&groups).copied();
        }
        let owned = layout.of_family(random.below(layout.addresses.len()), is_ipv6);
        let is_owned = mentioned.is_empty() || random.chance(50);
        random.pick(if is_owned { &owned } else { &mentioned }).copied()
    }

    fn port(&self, random: &mut Random) -> u16 {
        random.pick(&self.ports).copied().filter(|port| *port > 0).unwrap_or(80)
    }

    /// An address of a network: its first, its last, one between, or mostly somebody's.
    fn within(&self, layout: &Layout, net: IpNet, random: &mut Random) -> IpAddr {
        let known = layout.addresses.iter().flatten().chain(&self.addresses);
        let known: Vec<IpAddr> = known.copied().filter(|address| net.contains(address)).collect();
        match random.below(8) {
            0 => net.network(),
            1 => net.broadcast(),
            2 => net.hosts().nth(random.below(6)).unwrap_or(net.addr()),
            _ => random.pick(&known).copied().unwrap_or(net.addr()),
        }
    }
}

fn layer4(source_port: u16, destination_port: u16, is_ipv6: bool, random: &mut Random) -> Layer4 {
    match random.below(20) {
        0..=9 => Layer4::Tcp {
            source_port,
            destination_port,
            flags: if random.chance(94) { 2 } else { [0x10, 0x11, 4, 0x12][random.below(4)] },
        },
        10..=15 => Layer4::Udp { source_port, destination_port },
        _ => Layer4::Icmp { kind: if is_ipv6 { 128 } else { 8 }, code: 0, identifier: source_port },
    }
}

fn with_ports(layer4: Layer4, source_port: u16, destination_port: u16) -> Layer4 {
    match layer4 {
        Layer4::Tcp { flags, .. } => Layer4::Tcp { source_port, destination_port, flags },
        Layer4::Udp { .. } => Layer4::Udp { source_port, destination_port },
        other => other,
    }
}

fn of_family(layer4: Layer4, is_ipv6: bool) -> Layer4 {
    match layer4 {
        Layer4::Icmp { code, identifier, .. } => Layer4::Icmp { kind: if is_ipv6 { 128 } else { 8 }, code, identifier },
        other => other,
    }
}

fn usable(layout: &Layout, probe: Probe) -> Option<Probe> {
    let Packet { source, destination, .. } = &probe.packet;
    let is_one_family = source.is_ipv6() == destination.is_ipv6();
    // Nobody sends in the name of many, and what the router itself sends to many goes out more than once.
    let is_of_one = !layout.groups.contains(source) && (probe.door != 0 || !layout.groups.contains(destination));
    // What a translation sends away from here in the loopback's name finds no way, which is no matter of rules.
    let may_leave = probe.door != 0 || !source.is_loopback();
    (is_one_family && is_of_one && may_leave && layout.is_open(&probe) && is_usual(*source) && is_usual(*destination))
        .then_some(probe)
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
