//! The reply: sent from where the first packet arrived, to where it came from.

use std::net::IpAddr;

use crate::walk::{
    Action, EntryBy, Evidence, Layer4, Packet, Unknown, Verdict, Walker,
    flow::{Arrival, Fact, Flow, Step, same_ends},
    place::{At, Port},
};

/// SYN's answer where nobody listens: RST and ACK.
const RESET: u8 = 0x14;
/// What is left of the time to live of a packet from afar.
const TTL_FROM_AFAR: u8 = 57;

impl Walker<'_> {
    /// The first packet's way has ended where it is answered.
    pub(super) fn begin_reply(&self, flow: &mut Flow) {
        flow.reply_from = Some(flow.hops.len());
        flow.leg = flow.legs.len().saturating_sub(1);
        flow.current = None;
        self.reply_of_leg(flow);
    }

    /// Sends the reply of the leg that is at hand.
    fn reply_of_leg(&self, flow: &mut Flow) {
        let Some((arrival, packet)) = flow.legs.get(flow.leg).and_then(|leg| leg.arrived.clone()) else {
            return flow.undecided(Unknown::TooLong);
        };
        flow.packet = packet.reply();
        let is_refused = flow.first.as_ref().is_some_and(|first| first.verdict == Verdict::NoListener);
        if let (true, Layer4::Tcp { flags, .. }) =
            (is_refused && flow.leg + 1 == flow.legs.len(), &mut flow.packet.layer4)
        {
            *flags = RESET;
        }
        flow.packet.source_mac = None;
        flow.packet.destination_mac = None;
        match arrival {
            Arrival::At(at) => flow.step = Step::Send { at },
            Arrival::Outside(by) => self.reply_from_outside(flow, by),
        }
    }

    /// Outside answers: if it knows the way back to the address that the packet left with, by the link of that address.
    fn reply_from_outside(&self, flow: &mut Flow, by: Port) {
        flow.packet.ttl = TTL_FROM_AFAR;
        let by = self.way_back(by, flow.packet.destination);
        let facts = self.interface_id(by).map(|interface| Evidence::Entry { interface, by: EntryBy::Receiver });
        self.outside_hop(flow, Action::Sent, facts.map(Fact::ready).into_iter().collect());
        self.come_in(flow, by);
    }

    /// A packet from outside reaches the host by this interface, if anything out there can know its receiver.
    pub(in crate::walk) fn come_in(&self, flow: &mut Flow, by: Port) {
        let address = flow.packet.destination;
        if self.is_strangers(flow, by) {
            // One stranger's answer to another, over our bridge.
            let device = self.above(by);
            flow.packet.destination_mac = self.neighbour_mac(device, address);
            flow.target = flow.legs.first().and_then(|leg| leg.entry);
            flow.step = Step::FrameIn { at: by.at, index: by.index };
            return;
        }
        let own = self.place(by.at).and_then(|place| place.by_address.get(&address).copied());
        let owners = self.links.owners(address);
        let child = |index: &usize| self.links.children(by).contains(&Port { at: by.at, index: *index });
        let target = match own {
            // A macvlan of the host's own answers for itself.
            Some(index) if child(&index) => Some(Port { at: by.at, index }),
            Some(_) => Some(self.above(by)),
            None => owners.iter().copied().find(|owner| self.links.are_together(*owner, by)),
        };
        if let Some(target) = target {
            flow.packet.destination_mac = self.mac_of(target);
            flow.target = Some(target);
            flow.step = Step::FrameIn { at: by.at, index: by.index };
            if target.at != by.at && !self.links.children(by).contains(&target) && self.links.master(by).is_none() {
                flow.step = Step::FrameIn { at: target.at, index: target.index };
            }
            return;
        }
        // A private address means nothing out there; whether a public one is routed to this host cannot be told.
        if let Some(unknown) = self.unseen_owner(address) {
            flow.undecided(unknown);
        } else if is_private(address) {
            let fact = Fact::ready(Evidence::Beyond { address });
            self.outside_hop(flow, Action::Unroutable, vec![fact.clone()]);
            flow.end(Verdict::NoRoute, Some(fact));
        } else {
            flow.undecided(Unknown::Beyond { address });
        }
    }

    /// Whether the packet is for the stranger who began it all, and is on that one's own link.
    fn is_strangers(&self, flow: &Flow, by: Port) -> bool {
        flow.is_reply()
            && flow.legs.first().is_some_and(|leg| {
                let is_here = leg.entry.is_some_and(|entry| entry != by && self.links.are_together(entry, by));
                leg.origin.is_none() && leg.sent.source == flow.packet.destination && is_here
            })
    }

    /// The reply leaves a host for the outside, by `by` or the VLAN on it.
    pub(super) fn reply_outside(&self, flow: &mut Flow, by: Port, fact: Fact) {
        flow.hop(by.at, Action::Carried, None, Some(by.index), Vec::new());
        self.light(flow, by);
        let exit = flow.vlan.unwrap_or(by);
        let leg = flow.legs.get(flow.leg).filter(|leg| leg.origin.is_none());
        let is_awaited = leg.is_some_and(|leg| is_reply_of(&leg.sent, &flow.packet));
        let entry = leg.and_then(|leg| leg.entry);
        let comes_back = entry.is_none_or(|entry| self.leads_back(entry, exit, flow.packet.destination));
        if is_awaited && comes_back {
            self.outside_hop(flow, Action::Delivered, vec![fact.clone()]);
            return flow.end(Verdict::Delivered, Some(fact));
        }
        let astray = leg.zip(entry).and_then(|(leg, entry)| {
            Some(Evidence::Astray {
                came_in: self.interface_id(entry)?,
                leaves_by: self.interface_id(exit)?,
                source: flow.packet.source,
                awaited: leg.sent.destination,
            })
        });
        let is_told = astray.as_ref().is_some_and(
            |astray| matches!(astray, Evidence::Astray { source, awaited, .. } if is_awaited || source != awaited),
        );
        let fact = astray.filter(|_| is_told).map_or(fact, Fact::ready);
        if is_awaited {
            self.outside_hop(flow, Action::Unroutable, vec![fact.clone()]);
            flow.end(Verdict::NoRoute, Some(fact));
        } else {
            // Nobody there has asked for it.
            self.outside_hop(flow, Action::Refused, vec![fact.clone()]);
            flow.end(Verdict::NoListener, Some(fact));
        }
    }

    /// The reply is delivered in a namespace: its socket awaits the addresses that it sent to, and no others.
    pub(super) fn reply_arrives(&self, flow: &mut Flow, at: At, input: usize) {
        let leg = flow.legs.get(flow.leg);
        let is_awaited = leg.is_some_and(|leg| leg.origin == Some(at) && is_reply_of(&leg.sent, &flow.packet));
        if !is_awaited {
            flow.hop(at, Action::Refused, Some(input), None, Vec::new());
            return flow.end(Verdict::NoListener, None);
        }
        if flow.leg == 0 {
            flow.hop(at, Action::Delivered, Some(input), None, Vec::new());
            let home = self.place(at).and_then(|place| place.namespace.containers.first().cloned());
            if let Some(hop) = flow.hops.last_mut() {
                hop.lights.extend(home);
            }
            return flow.end(Verdict::Delivered, None);
        }
        // docker-proxy passes on what it was answered.
        let before = flow.packet.clone();
        flow.leg -= 1;
        flow.current = None;
        self.reply_of_leg(flow);
        flow.changed(at, Action::Proxied, (Some(input), None), before, Vec::new());
    }
}

/// Whether a packet is what the sender of `sent` awaits.
fn is_reply_of(sent: &Packet, packet: &Packet) -> bool {
    same_ends(&sent.reply(), packet)
}

/// Addresses that no router outside knows: RFC 1918, shared, link-local, unique local.
pub(in crate::walk) fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            let [a, b, ..] = address.octets();
            address.is_private() || address.is_link_local() || address.is_loopback() || (a == 100 && b & 0xc0 == 64)
        }
        IpAddr::V6(address) => address.is_loopback() || address.is_unique_local() || address.is_unicast_link_local(),
    }
}
