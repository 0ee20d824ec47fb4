//! IPVS: a virtual server's address, or a mark, means one of several real servers.
//!
//! It takes the packet at INPUT, before NAT's place there, and sends it on through OUTPUT and POSTROUTING, so that a rule
//! at POSTROUTING may still give the flow another sender, as Docker's for the ingress does.

use bridgewalk_model::{
    AddressPort, SourceKind,
    firewall::Hook,
    kernel::{RealServer, Transport, VirtualServer},
};

use super::hook::Doors;
use crate::walk::{
    Action, Connection, Evidence, Layer4, Packet, Unknown, Walker,
    flow::{Fact, Flow, Step},
    place::At,
};

/// More real servers than these end no differently.
const MAX_SERVERS: usize = 8;

/// Whether what is balanced stays in conntrack (`ip_vs_update_conntrack`), or leaves it (`ip_vs_notrack`).
const CONNTRACK: &str = "net/ipv4/vs/conntrack";

impl Walker<'_> {
    /// The virtual server that a flow's packet for this namespace is for.
    fn virtual_server(&self, packet: &Packet, at: At) -> Option<&VirtualServer> {
        let ipvs = self.place(at)?.namespace.ipvs.as_ref()?;
        let server = ipvs.services.iter().find(|server| is_for(server, packet))?;
        server.servers.iter().any(|real| real.weight > 0).then_some(server)
    }

    /// Before INPUT: whether IPVS will take the packet out of it. INPUT's own rules may give it the mark that says so, as
    /// those of a Swarm's load balancer do: then they are run to see.
    pub(super) fn expect_balancer(&self, flow: &mut Flow, at: At, doors: Doors) {
        let Some(place) = self.place(at).filter(|place| place.namespace.ipvs.is_some() && !flow.is_reply()) else {
            return;
        };
        let Some((_, connection)) = flow.current.and_then(|(index, _)| flow.tracked.get(index)) else { return };
        let taken = Connection { is_balanced: true, ..connection.clone() };
        let branches = place.rules.pass(doors.passage(place, flow, Hook::Input, Some(taken)));
        if branches.iter().any(|branch| self.virtual_server(&branch.packet, at).is_some())
            && let Some((_, connection)) = flow.current.and_then(|(index, _)| flow.tracked.get_mut(index))
        {
            connection.is_balanced = true;
        }
    }

    /// If a virtual server takes the packet, it goes on to each of the real ones; then the answer is true.
    pub(super) fn balance(&self, flow: &mut Flow, at: At, open: &mut Vec<Flow>) -> bool {
        let unread = self.place(at).filter(|it| it.namespace.ipvs.is_none() && it.is_unread(SourceKind::Ipvs));
        if let Some(place) = unread.filter(|_| !flow.is_reply()) {
            flow.undecided(place.not_read(SourceKind::Ipvs));
            return true;
        }
        let server = self.virtual_server(&flow.packet, at).filter(|_| !flow.is_reply());
        let Some(server) = server else { return false };
        let alive: Vec<&RealServer> = server.servers.iter().filter(|real| real.weight > 0).take(MAX_SERVERS).collect();
        let Some((first, others)) = alive.split_first() else { return false };
        let is_choice = !others.is_empty();
        for real in others.iter().rev() {
            let mut other = flow.clone();
            self.to_server(&mut other, at, server, real, is_choice, open);
            open.push(other);
        }
        self.to_server(flow, at, server, first, is_choice, open);
        true
    }

    fn to_server(
        &self,
        flow: &mut Flow,
        at: At,
        server: &VirtualServer,
        real: &RealServer,
        is_choice: bool,
        open: &mut Vec<Flow>,
    ) {
        let Some(place) = self.place(at) else { return };
        let before = flow.packet.clone();
        let masquerades = real.forwarding == "masquerade";
        if masquerades {
            flow.packet.destination = real.address.address;
            set_port(&mut flow.packet.layer4, real.address.port);
            let awaited = flow.packet.reply();
            let setting = place.sysctl(CONNTRACK);
            if setting.is_none() && flow.current.is_some() {
                let path = CONNTRACK.to_owned();
                flow.unknowns.push(Unknown::Setting { namespace: place.namespace.id.clone(), path });
            }
            if let Some((_, connection)) = flow.current.and_then(|(index, _)| flow.tracked.get_mut(index)) {
                connection.reply.source = awaited.source;
                connection.reply.layer4 = awaited.layer4;
                connection.is_destination_translated = true;
                connection.is_balanced = true;
                connection.is_untracked = setting == Some("0");
            }
        }
        let chosen = Evidence::VirtualServer {
            namespace: place.namespace.id.clone(),
            server: server.clone(),
            chosen: real.clone(),
        };
        flow.changed(at, Action::Balanced, (None, None), before, vec![Fact::ready(chosen)]);
        if is_choice {
            flow.unknowns.push(Unknown::Server { taken: real.address });
        }
        if !masquerades {
            return flow.undecided(Unknown::Server { taken: real.address });
        }
        // Of several next hops to a real server the first is assumed.
        let Some(way) = self.output_route(flow, at, &mut Vec::new()) else { return };
        let then = Step::Sent {
            at,
            out: way.out,
            gateway: way.gateway,
            destination: flow.packet.destination,
            mark: flow.packet.mark,
        };
        flow.hop(at, Action::Routed, None, Some(way.out), vec![way.fact]);
        let doors = Doors { output: Some(way.out), next_hop: way.gateway, ..Doors::default() };
        // A mark that chose the virtual server must not choose it again.
        self.pass(flow, (Hook::Output, at), doors, then, open);
    }
}

fn is_for(server: &VirtualServer, packet: &Packet) -> bool {
    // What was balanced already has left this server's address.
    let is_balanced = server.servers.iter().any(|real| real.address.address == packet.destination);
    if is_balanced {
        return false;
    }
    if let Some(mark) = server.mark {
        return packet.mark == mark;
    }
    let transport = match packet.layer4 {
        Layer4::Tcp { .. } => Transport::Tcp,
        Layer4::Udp { .. } => Transport::Udp,
        _ => return false,
    };
    let port = packet.layer4.ports().map(|(_, to)| to);
    server.transport == Some(transport)
        && server.address.is_some_and(|AddressPort { address, port: wanted }| {
            address == packet.destination && (wanted == 0 || Some(wanted) == port)
        })
}

fn set_port(layer4: &mut Layer4, port: u16) {
    if port == 0 {
        return;
    }
    match layer4 {
        Layer4::Tcp { destination_port, .. } | Layer4::Udp { destination_port, .. } => *destination_port = port,
        Layer4::Icmp { .. } | Layer4::Other { .. } => {}
    }
}
