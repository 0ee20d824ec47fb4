//! Below IP: who has the next hop's address, and what carries the frame there.

use std::net::IpAddr;

use bridgewalk_model::{
    EntityId, SourceKind,
    firewall::Hook,
    kernel::{LinkKind, NeighbourState},
};

use super::{hook::Doors, next_hop};
use crate::walk::{
    Action, Evidence, Unknown, Verdict, Walker,
    flow::{Arrival, Crossing, Fact, Flow, Step},
    links::Answer,
    place::{At, Port},
};

impl Walker<'_> {
    /// After POSTROUTING: the next hop's address on the link is looked for.
    pub(super) fn transmit(&self, flow: &mut Flow, at: At, out: usize, gateway: Option<IpAddr>, open: &mut Vec<Flow>) {
        let Some(interface) = self.place(at).and_then(|place| place.interface(out)) else { return };
        flow.packet.source_mac = interface.link.mac_address;
        flow.target = None;
        flow.vlan = None;
        match interface.link.kind {
            LinkKind::Loopback => {
                // What was seen on its way out is not looked up again: conntrack and route are kept.
                let then = Step::Route { at, input: out, from: None };
                let doors = Doors { input: Some(out), ..Doors::default() };
                return self.pass(flow, (Hook::Prerouting, at), doors, then, open);
            }
            // A tunnel of IP has no link addresses, and asks nobody for one.
            LinkKind::Tun | LinkKind::Physical | LinkKind::Other { .. } if interface.link.mac_address.is_none() => {
                flow.step = Step::Frame { at, out };
                return;
            }
            _ => {}
        }
        let port = Port { at, index: out };
        let address = next_hop(flow, gateway);
        let answer = match self.links.answer(&self.places, port, address) {
            // Who has just sent us something from this link is there, behind the port that it came in by.
            Answer::Nobody(_) | Answer::Unknown if self.is_asker(flow, port, address) => {
                flow.target = flow.legs.get(flow.leg).and_then(|leg| leg.entry);
                Answer::Beyond(None, None)
            }
            answer => answer,
        };
        let told = |mac_address, state: Option<NeighbourState>, interface: Option<EntityId>| {
            Fact::ready(Evidence::Neighbour { address, mac_address, state, interface })
        };
        flow.step = Step::Frame { at, out };
        match answer {
            Answer::Interface(target, mac) => {
                flow.packet.destination_mac = mac;
                flow.target = Some(target);
                let state = self.state_of(at, interface.link.if_index, address);
                let fact = told(mac, state, self.interface_id(target));
                if let Some(hop) = flow.hops.last_mut() {
                    hop.facts.push(fact);
                }
            }
            Answer::Beyond(None, None) => flow.packet.destination_mac = None,
            Answer::Beyond(mac, state) => {
                flow.packet.destination_mac = mac;
                if let Some(hop) = flow.hops.last_mut() {
                    hop.facts.push(told(mac, state, None));
                }
            }
            Answer::Nobody(state) => {
                if let Some(unknown) = self.unseen_owner(address) {
                    return flow.undecided(unknown);
                }
                let fact = told(None, state, None);
                flow.hop(at, Action::Unroutable, None, Some(out), vec![fact.clone()]);
                flow.end(Verdict::NoRoute, Some(fact));
            }
            Answer::Isolated(other) => {
                let parent_first = self.links.children(other).contains(&port);
                let (child, parent) = if parent_first { (port, other) } else { (other, port) };
                let (Some(interface), Some(parent)) = (self.interface_id(child), self.interface_id(parent)) else {
                    return;
                };
                let fact = Fact::ready(Evidence::ParentIsolation { interface, parent });
                flow.hop(at, Action::Unroutable, None, Some(out), vec![fact.clone()]);
                flow.end(Verdict::NoRoute, Some(fact));
            }
            // A router is taken to be there: without it the host would have no way out at all. Who else is on the link
            // cannot be told.
            Answer::Unknown if gateway.is_some() => flow.packet.destination_mac = None,
            Answer::Unknown => {
                let mut other = flow.clone();
                other.unknowns.push(Unknown::Beyond { address });
                let fact = told(None, None, None);
                other.hop(at, Action::Unroutable, None, Some(out), vec![fact.clone()]);
                other.end(Verdict::NoRoute, Some(fact));
                open.push(other);
                flow.packet.destination_mac = None;
                flow.unknowns.push(Unknown::Beyond { address });
            }
        }
    }

    /// Whether this is the stranger whose packet is being answered, on the link that it came from.
    fn is_asker(&self, flow: &Flow, port: Port, address: IpAddr) -> bool {
        let leg = flow.legs.get(flow.leg).filter(|leg| flow.is_reply() && leg.sent.source == address);
        leg.and_then(|leg| leg.entry).is_some_and(|entry| self.leads_back(entry, port, address))
    }

    /// A frame leaves by an interface.
    pub(super) fn frame(&self, flow: &mut Flow, at: At, out: usize) {
        let Some(place) = self.place(at) else { return };
        let Some(interface) = place.interface(out) else { return };
        if !interface.link.is_up {
            return self.down(flow, at, out);
        }
        let port = Port { at, index: out };
        match &interface.link.kind {
            LinkKind::Bridge { .. } => {
                let destination = flow.packet.destination;
                let crossing = Crossing { bridge: out, from: None, destination, was_filtered: false };
                flow.step = Step::Bridge { at, crossing };
            }
            LinkKind::Veth => match self.links.peer(port) {
                Some(peer) => self.carry(flow, port, peer),
                None if place.namespace.is_host || flow.target.is_some() => self.leave_host(flow, port),
                None => flow.undecided(Unknown::OtherEnd { interface: interface.id.clone() }),
            },
            LinkKind::Macvlan { .. } | LinkKind::Ipvlan { .. } => {
                let Some(parent) = self.links.parent(port) else {
                    return flow.undecided(Unknown::OtherEnd { interface: interface.id.clone() });
                };
                let sibling = flow.target.filter(|target| self.links.children(parent).contains(target));
                match sibling {
                    Some(sibling) if self.are_siblings_joined(port, sibling) => self.carry(flow, port, sibling),
                    Some(_) => {
                        let parent = self.interface_id(parent).unwrap_or_else(EntityId::outside);
                        let fact = Fact::ready(Evidence::ParentIsolation { interface: interface.id.clone(), parent });
                        flow.hop(at, Action::Dropped, Some(out), None, vec![fact.clone()]);
                        flow.end(Verdict::Dropped, Some(fact));
                    }
                    None => {
                        self.light(flow, port);
                        flow.step = Step::Frame { at: parent.at, out: parent.index };
                    }
                }
            }
            LinkKind::Vlan { .. } => match self.links.parent(port) {
                Some(parent) => {
                    flow.vlan.get_or_insert(port);
                    flow.step = Step::Frame { at: parent.at, out: parent.index };
                }
                None => self.leave_host(flow, port),
            },
            LinkKind::Vxlan { .. } => self.tunnel(flow, port),
            LinkKind::Dummy => {
                flow.hop(at, Action::Dropped, None, Some(out), Vec::new());
                flow.end(Verdict::Dropped, None);
            }
            LinkKind::Physical | LinkKind::Tun | LinkKind::Other { .. } => self.leave_host(flow, port),
            LinkKind::Loopback => flow.step = Step::FrameIn { at, index: out },
        }
    }

    /// A frame comes in by an interface.
    pub(super) fn frame_in(&self, flow: &mut Flow, at: At, index: usize, open: &mut Vec<Flow>) {
        let Some(place) = self.place(at) else { return };
        let Some(interface) = place.interface(index) else { return };
        if !interface.link.is_up {
            return self.down(flow, at, index);
        }
        let port = Port { at, index };
        if let Some(aggregate) = self.links.aggregate(port) {
            flow.step = Step::FrameIn { at: aggregate.at, index: aggregate.index };
            return;
        }
        // A macvlan's or ipvlan's parent hands on what is for its children.
        if let Some(child) = flow.target.filter(|target| self.links.children(port).contains(target)) {
            return self.carry(flow, port, child);
        }
        let bridge = interface.link.master_if_index.and_then(|master| place.by_if_index(master));
        if let Some((bridge, device)) = bridge.filter(|(_, device)| matches!(device.link.kind, LinkKind::Bridge { .. }))
        {
            return self.bridge_in(flow, at, (bridge, device), (index, interface), open);
        }
        let is_for_us = match (flow.packet.destination_mac, interface.link.mac_address) {
            (Some(wanted), Some(own)) => wanted == own,
            _ => true,
        };
        if !is_for_us {
            let fact = Fact::ready(Evidence::Neighbour {
                address: flow.packet.destination,
                mac_address: flow.packet.destination_mac,
                state: None,
                interface: None,
            });
            flow.hop(at, Action::Dropped, Some(index), None, vec![fact.clone()]);
            return flow.end(Verdict::Dropped, Some(fact));
        }
        self.ip_in(flow, at, index, open);
    }

    /// A packet comes up from a device: PREROUTING, then the input route.
    pub(super) fn ip_in(&self, flow: &mut Flow, at: At, input: usize, open: &mut Vec<Flow>) {
        if flow.packet.is_ipv6() {
            let Some(name) = self.place(at).and_then(|place| place.interface(input)).map(|it| it.link.name.clone())
            else {
                return;
            };
            let path = super::conf(true, &name, "disable_ipv6");
            let Some(value) = self.setting(flow, at, &path) else { return };
            if value != 0 {
                let fact = self.sysctl_fact(at, path);
                flow.hop(at, Action::Dropped, Some(input), None, fact.clone().into_iter().collect());
                return flow.end(Verdict::Dropped, fact);
            }
        }
        let then = Step::Route { at, input, from: None };
        let doors = Doors { input: Some(input), ..Doors::default() };
        self.enter_hook(flow, (Hook::Prerouting, at), doors, then, open);
    }

    /// A cable, or a parent and its child: what goes in at one end comes out at the other.
    fn carry(&self, flow: &mut Flow, from: Port, to: Port) {
        flow.hop(from.at, Action::Carried, None, Some(from.index), Vec::new());
        self.light(flow, from);
        self.light(flow, to);
        flow.step = Step::FrameIn { at: to.at, index: to.index };
    }

    /// A frame leaves for what is not observed, or for another observed host's uplink.
    fn leave_host(&self, flow: &mut Flow, by: Port) {
        if let Some(target) = flow.target.filter(|target| target.at != by.at) {
            flow.hop(by.at, Action::Carried, None, Some(by.index), Vec::new());
            self.light(flow, by);
            flow.step = Step::FrameIn { at: target.at, index: target.index };
            return;
        }
        let address = flow.packet.destination;
        let is_ours = !address.is_loopback() && !self.links.owners(address).is_empty();
        let fact = Fact::ready(Evidence::Beyond { address });
        if is_ours {
            // A router out there may send it back to us, and may not.
            flow.hop(by.at, Action::Carried, None, Some(by.index), Vec::new());
            self.light(flow, by);
            return flow.undecided(Unknown::Beyond { address });
        }
        if flow.is_reply() {
            return self.reply_outside(flow, by, fact);
        }
        flow.hop(by.at, Action::Carried, None, Some(by.index), Vec::new());
        self.light(flow, by);
        // On the link, or behind it, somebody may have it whose addresses were not read.
        let may_be_ours = self.is_inside(address) || self.is_on_link(by, address);
        if let Some(unknown) = self.unseen_owner(address).filter(|_| may_be_ours) {
            return flow.undecided(unknown);
        }
        self.outside_hop(flow, Action::Delivered, vec![fact.clone()]);
        let packet = flow.packet.clone();
        if let Some(leg) = flow.legs.last_mut() {
            leg.arrived = Some((Arrival::Outside(flow.vlan.unwrap_or(by)), packet));
        }
        flow.end(Verdict::Delivered, Some(fact));
        self.begin_reply(flow);
    }

    /// A VXLAN wraps the frame and sends it to the host that has the receiver.
    fn tunnel(&self, flow: &mut Flow, out: Port) {
        let Some(place) = self.place(out.at) else { return };
        let Some(interface) = place.interface(out.index) else { return };
        let LinkKind::Vxlan { vni, remote, .. } = interface.link.kind else { return };
        let entry = flow
            .packet
            .destination_mac
            .and_then(|mac| interface.fdb.iter().find(|entry| entry.mac_address == mac && entry.remote.is_some()));
        let Some(remote) = entry.and_then(|entry| entry.remote).or(remote) else {
            if place.is_unread(SourceKind::Fdb) {
                return flow.undecided(place.not_read(SourceKind::Fdb));
            }
            let fact = Fact::ready(Evidence::Flooded { bridge: interface.id.clone() });
            flow.hop(out.at, Action::Dropped, None, Some(out.index), vec![fact.clone()]);
            return flow.end(Verdict::Dropped, Some(fact));
        };
        let mut facts = vec![Fact::ready(Evidence::Tunnel { interface: interface.id.clone(), vni, remote })];
        facts
            .extend(entry.map(|entry| {
                Fact::ready(Evidence::FdbEntry { interface: interface.id.clone(), entry: entry.clone() })
            }));
        flow.hop(out.at, Action::Encapsulated, None, Some(out.index), facts.clone());
        self.light(flow, out);
        match self.tunnel_end(out, remote) {
            Some(end) => {
                facts.truncate(1);
                flow.hop(end.at, Action::Decapsulated, Some(end.index), None, facts);
                self.light(flow, end);
                flow.step = Step::FrameIn { at: end.at, index: end.index };
            }
            // It came through this tunnel, so the tunnel leads there.
            None if self.is_asker(flow, out, flow.packet.destination) => {
                let fact = Fact::ready(Evidence::Beyond { address: remote });
                self.reply_outside(flow, out, fact);
            }
            None => flow.undecided(Unknown::Beyond { address: remote }),
        }
    }

    /// The other end of the tunnel that leads to this address, on the observed host that has it.
    fn tunnel_end(&self, from: Port, remote: IpAddr) -> Option<Port> {
        let host = |port: &Port| self.place(port.at).map(|place| &place.host.id);
        let owners = self.links.owners(remote).iter();
        let at_home = |port: &&Port| self.place(port.at).is_some_and(|place| place.namespace.is_host);
        let hosts: Vec<&EntityId> = owners.filter(at_home).filter_map(host).collect();
        let ends = self.links.tunnels(from).iter();
        ends.copied().find(|end| host(end).is_some_and(|host| hosts.contains(&host)))
    }

    fn are_siblings_joined(&self, a: Port, b: Port) -> bool {
        let mode = |port: Port| match &self.place(port.at)?.interface(port.index)?.link.kind {
            LinkKind::Macvlan { mode } => Some(mode == "bridge"),
            LinkKind::Ipvlan { .. } => Some(true),
            _ => None,
        };
        mode(a) == Some(true) && mode(b) == Some(true)
    }

    fn down(&self, flow: &mut Flow, at: At, index: usize) {
        let fact = self.interface_id(Port { at, index }).map(|interface| Fact::ready(Evidence::LinkDown { interface }));
        flow.hop(at, Action::Dropped, None, Some(index), fact.clone().into_iter().collect());
        flow.end(Verdict::Dropped, fact);
    }

    fn state_of(&self, at: At, if_index: u32, address: IpAddr) -> Option<NeighbourState> {
        self.place(at)?.neighbours.get(&(if_index, address)).map(|known| known.state)
    }

    pub(in crate::walk) fn interface_id(&self, port: Port) -> Option<EntityId> {
        self.place(port.at)?.interface(port.index).map(|interface| interface.id.clone())
    }

    /// Lights an interface with the last hop.
    pub(super) fn light(&self, flow: &mut Flow, port: Port) {
        if let (Some(hop), Some(id)) = (flow.hops.last_mut(), self.interface_id(port)) {
            hop.lights.push(id);
        }
    }
}
