//! Local delivery: the socket that takes the packet, docker-proxy behind it, or nobody.

use std::net::IpAddr;

use bridgewalk_model::{
    SourceKind, Text,
    kernel::{SocketState, Transport},
    snapshot::{NamedSocket, NatKind, NatMapping},
};

use crate::walk::{
    Action, Evidence, Layer4, Packet, Unknown, Verdict, Walker,
    flow::{Arrival, Draft, Fact, Flow, Leg, Step},
    place::{At, Place},
};

impl Walker<'_> {
    /// After INPUT: who takes it.
    pub(super) fn deliver(&self, flow: &mut Flow, at: At, input: usize, open: &mut Vec<Flow>) {
        if self.balance(flow, at, open) {
            return;
        }
        if flow.is_reply() {
            return self.reply_arrives(flow, at, input);
        }
        let Some(place) = self.place(at) else { return };
        let transport = match flow.packet.layer4 {
            Layer4::Icmp { .. } => {
                let fact = Fact::ready(Evidence::Echo);
                return self.arrived(flow, at, input, Verdict::Delivered, Some(fact));
            }
            Layer4::Tcp { .. } => Transport::Tcp,
            Layer4::Udp { .. } => Transport::Udp,
            Layer4::Other { .. } => return flow.undecided(Unknown::TooLong),
        };
        let port = flow.packet.layer4.ports().map_or(0, |(_, to)| to);
        match listener(place, transport, flow.packet.destination, port, input) {
            Some(socket) => self.taken(flow, at, input, socket),
            None if place.is_unread(SourceKind::Sockets) => {
                let unknown = Unknown::NotRead { namespace: place.namespace.id.clone(), source: SourceKind::Sockets };
                let mut other = flow.clone();
                other.unknowns.push(unknown.clone());
                self.arrived(&mut other, at, input, Verdict::NoListener, None);
                open.push(other);
                flow.unknowns.push(unknown);
                self.arrived(flow, at, input, Verdict::Delivered, None);
            }
            None => self.arrived(flow, at, input, Verdict::NoListener, None),
        }
    }

    fn taken(&self, flow: &mut Flow, at: At, input: usize, socket: &NamedSocket) {
        let Some(place) = self.place(at) else { return };
        let fact = socket_fact(place, socket);
        match proxy_of(place, socket) {
            Some(mapping) => self.proxied(flow, at, input, mapping, fact),
            // It may be a docker-proxy that was not seen.
            None if place.is_unread(SourceKind::Processes) && is_published(place, socket) => {
                flow.undecided(place.not_read(SourceKind::Processes));
            }
            None => self.arrived(flow, at, input, Verdict::Delivered, Some(fact)),
        }
    }

    /// docker-proxy has accepted, and opens a connection of its own.
    fn proxied(&self, flow: &mut Flow, at: At, input: usize, mapping: &NatMapping, socket: Fact) {
        let Some((address, port)) = mapping.to_address.zip(mapping.to_port) else { return };
        let before = flow.packet.clone();
        if let Some(leg) = flow.legs.last_mut() {
            leg.arrived = Some((Arrival::At(at), before.clone()));
        }
        // A port out of those that systems choose from, another than the first connection's.
        let source_port = 45_000;
        let layer4 = match before.layer4 {
            Layer4::Udp { .. } => Layer4::Udp { source_port, destination_port: port },
            _ => Layer4::Tcp { source_port, destination_port: port, flags: 2 },
        };
        let unspecified: IpAddr = if address.is_ipv6() {
            std::net::Ipv6Addr::UNSPECIFIED.into()
        } else {
            std::net::Ipv4Addr::UNSPECIFIED.into()
        };
        let packet = Packet {
            source: unspecified,
            destination: address,
            layer4,
            ttl: 64,
            mark: 0,
            source_mac: None,
            destination_mac: None,
        };
        flow.packet = packet.clone();
        let process = Evidence::Process { pid: mapping.proxy_pid, command: Text::new("docker-proxy") };
        flow.changed(at, Action::Proxied, (Some(input), None), before, vec![Fact::ready(process), socket]);
        if let Some(hop) = flow.hops.last_mut() {
            hop.lights.push(mapping.id.clone());
        }
        flow.legs.push(Leg { origin: Some(at), sent: packet, entry: None, arrived: None });
        flow.step = Step::Send { at };
    }

    /// The first packet is where it was sent to.
    fn arrived(&self, flow: &mut Flow, at: At, input: usize, verdict: Verdict, fact: Option<Fact>) {
        let packet = flow.packet.clone();
        let action = if verdict == Verdict::Delivered { Action::Delivered } else { Action::Refused };
        flow.hop(at, action, Some(input), None, fact.clone().into_iter().collect());
        let home = self.place(at).and_then(|place| place.namespace.containers.first().cloned());
        if let Some(hop) = flow.hops.last_mut() {
            hop.lights.extend(home);
        }
        if let Some(leg) = flow.legs.last_mut() {
            leg.arrived = Some((Arrival::At(at), packet));
        }
        let is_reset = verdict == Verdict::NoListener;
        let is_tcp = matches!(flow.packet.layer4, Layer4::Tcp { .. });
        flow.end(verdict, fact);
        if !is_reset || is_tcp {
            self.begin_reply(flow);
        }
    }

    /// Adds a hop beyond the hosts.
    pub(in crate::walk) fn outside_hop(&self, flow: &mut Flow, action: Action, facts: Vec<Fact>) {
        let packet = flow.packet.clone();
        flow.hops.push(Draft {
            at: None,
            action,
            input: None,
            output: None,
            before: packet.clone(),
            after: packet,
            facts,
            lights: vec![bridgewalk_model::EntityId::outside()],
        });
    }
}

/// The socket that takes a packet to this address and port: the most particular one (`inet_lookup_listener`).
fn listener<'a>(
    place: &Place<'a>,
    transport: Transport,
    to: IpAddr,
    port: u16,
    input: usize,
) -> Option<&'a NamedSocket> {
    let if_index = place.interface(input).map_or(0, |interface| interface.link.if_index);
    let rank = |named: &NamedSocket| {
        let socket = &named.socket;
        let fits = socket.transport == transport
            && socket.state == SocketState::Listen
            && socket.local.port == port
            && (socket.bound_if_index == 0 || socket.bound_if_index == if_index);
        if !fits {
            return None;
        }
        let local = socket.local.address;
        let by_address = if local == to {
            4
        } else if local.is_unspecified() && local.is_ipv6() == to.is_ipv6() {
            2
        } else if local.is_unspecified() && local.is_ipv6() && !socket.is_ipv6_only {
            1
        } else {
            return None;
        };
        Some(by_address + u8::from(socket.bound_if_index != 0))
    };
    place
        .namespace
        .sockets
        .iter()
        .filter_map(|socket| Some((rank(socket)?, socket)))
        .max_by_key(|(rank, _)| *rank)
        .map(|(_, socket)| socket)
}

/// What docker-proxy behind this socket sends on to.
fn proxy_of<'a>(place: &Place<'a>, named: &NamedSocket) -> Option<&'a NatMapping> {
    let socket = &named.socket;
    if !place.namespace.is_host {
        return None;
    }
    // A proxy's mapping is there only if it is the daemon's and holds its socket, whatever others are called.
    let parent_of = |pid: u32| place.host.processes.iter().find(|it| it.pid == pid).map(|it| it.parent_pid);
    place.host.nat.iter().filter(|mapping| mapping.kind == NatKind::Proxy).find(|mapping| {
        let is_same = mapping.host_port == Some(socket.local.port) && mapping.transport == Some(socket.transport);
        let listens = match mapping.host_ip {
            Some(address) => address == socket.local.address,
            None => socket.local.address.is_unspecified() && mapping.is_ipv6 == socket.local.address.is_ipv6(),
        };
        let is_held = match (socket.pid, mapping.proxy_pid) {
            (Some(holder), Some(proxy)) => holder == proxy || (listens && parent_of(proxy) == Some(holder)),
            _ => listens,
        };
        is_same && is_held
    })
}

/// Whether Docker publishes a port on the host's port that this socket listens on.
fn is_published(place: &Place<'_>, named: &NamedSocket) -> bool {
    let bindings = place.host.containers.iter().flat_map(|container| &container.published);
    place.namespace.is_host
        && bindings.into_iter().any(|binding| {
            binding.host_port == Some(named.socket.local.port)
                && binding.container_port.transport == named.socket.transport
        })
}

fn socket_fact(place: &Place<'_>, named: &NamedSocket) -> Fact {
    Fact::ready(Evidence::Socket {
        namespace: place.namespace.id.clone(),
        transport: named.socket.transport,
        local: named.socket.local,
        pid: named.socket.pid,
        command: named.command.clone(),
        container: named.container.clone(),
    })
}
