//! A bridge: which port a frame leaves by, and IP's hooks on the way where bridge netfilter is on.

use bridgewalk_model::{
    SourceKind,
    firewall::Hook,
    kernel::{FdbEntry, LinkKind},
    snapshot::Interface,
};

use super::{Found, Key, hook::Doors, look_up};
use crate::walk::{
    Action, Evidence, PortSetting, Unknown, Verdict, Walker,
    flow::{Crossing, Fact, Flow, Step},
    links::Answer,
    place::{At, Port},
};

/// `BR_STATE_FORWARDING`.
const FORWARDING: u8 = 3;

/// Where a bridge sends a frame.
enum Choice<'a> {
    /// Up to its own host.
    Up,
    /// By this port, which an entry names.
    Known(usize, &'a FdbEntry),
    /// To all ports; the receiver is behind this one.
    Flooded(usize),
    /// To all ports, and nobody behind them wants it.
    Nowhere,
}

impl Walker<'_> {
    /// A frame comes in by a bridge's port.
    pub(super) fn bridge_in(
        &self,
        flow: &mut Flow,
        at: At,
        (bridge, device): (usize, &Interface),
        (from, port): (usize, &Interface),
        open: &mut Vec<Flow>,
    ) {
        if port.link.bridge_port.as_ref().is_some_and(|port| port.stp_state != FORWARDING) {
            return self.stopped(flow, at, from, PortSetting::NotForwarding);
        }
        let Some(is_filtered) = self.is_bridge_filtered(flow, at, device) else { return };
        let destination = flow.packet.destination;
        let crossing = Crossing { bridge, from: Some(from), destination, was_filtered: is_filtered };
        let then = Step::Bridge { at, crossing };
        if !is_filtered {
            flow.step = then;
            return;
        }
        let doors = Doors { input: Some(bridge), in_port: Some(from), ..Doors::default() };
        self.enter_hook(flow, (Hook::Prerouting, at), doors, then, open);
    }

    /// Whether IP's hooks see what crosses this bridge; none, with the flow ended, if it cannot be told.
    fn is_bridge_filtered(&self, flow: &mut Flow, at: At, device: &Interface) -> Option<bool> {
        let is_ipv6 = flow.packet.is_ipv6();
        let path = if is_ipv6 { "net/bridge/bridge-nf-call-ip6tables" } else { "net/bridge/bridge-nf-call-iptables" };
        let by_device = match device.link.kind {
            LinkKind::Bridge { nf_call_iptables, nf_call_ip6tables, .. } => {
                if is_ipv6 {
                    nf_call_ip6tables
                } else {
                    nf_call_iptables
                }
            }
            _ => false,
        };
        Some(self.setting(flow, at, path)? != 0 || by_device)
    }

    /// After PREROUTING: up to the host, or out by a port.
    pub(super) fn bridge(&self, flow: &mut Flow, at: At, crossing: Crossing, open: &mut Vec<Flow>) {
        let Crossing { bridge, from, destination, was_filtered } = crossing;
        let Some(place) = self.place(at) else { return };
        let Some(device) = place.interface(bridge) else { return };
        if was_filtered && flow.packet.destination != destination {
            // Translated while it crossed the bridge: to a neighbour on the same bridge it goes on as a frame, else it is
            // routed (`br_nf_pre_routing_finish`).
            let packet = &flow.packet;
            let source = Some(packet.source);
            let key =
                Key { source, destination: packet.destination, mark: packet.mark, input: device.link.name.as_str() };
            let gateway = match look_up(place, &key) {
                Found::Way { hop, .. } if hop.if_index == device.link.if_index => {
                    Some(hop.gateway.unwrap_or(packet.destination))
                }
                _ => None,
            };
            let Some(next_hop) = gateway else {
                return self.up(flow, at, bridge, from, was_filtered, open);
            };
            match self.links.answer(&self.places, Port { at, index: bridge }, next_hop) {
                Answer::Interface(target, mac) => {
                    flow.target = Some(target);
                    flow.packet.source_mac = device.link.mac_address;
                    flow.packet.destination_mac = mac;
                }
                _ => return self.up(flow, at, bridge, from, was_filtered, open),
            }
        }
        match self.choose_port(flow, at, bridge, from) {
            Choice::Up => self.up(flow, at, bridge, from, was_filtered, open),
            Choice::Known(to, entry) => {
                let fact = Fact::ready(Evidence::FdbEntry { interface: device.id.clone(), entry: entry.clone() });
                self.across(flow, at, (bridge, from, to), fact, was_filtered, open);
            }
            Choice::Flooded(to) => {
                let fact = Fact::ready(Evidence::Flooded { bridge: device.id.clone() });
                let is_flooded =
                    place.interface(to).and_then(|port| port.link.bridge_port.as_ref()).is_none_or(|port| port.flood);
                if !is_flooded {
                    return self.stopped(flow, at, to, PortSetting::NoFlood);
                }
                self.across(flow, at, (bridge, from, to), fact, was_filtered, open);
            }
            Choice::Nowhere if place.is_unread(SourceKind::Fdb) => flow.undecided(place.not_read(SourceKind::Fdb)),
            Choice::Nowhere => {
                let fact = Fact::ready(Evidence::Flooded { bridge: device.id.clone() });
                flow.hop(at, Action::Dropped, from, None, vec![fact.clone()]);
                self.light(flow, Port { at, index: bridge });
                flow.end(Verdict::Dropped, Some(fact));
            }
        }
    }

    fn choose_port(&self, flow: &Flow, at: At, bridge: usize, from: Option<usize>) -> Choice<'_> {
        let Some(place) = self.place(at) else { return Choice::Nowhere };
        let Some(device) = place.interface(bridge) else { return Choice::Nowhere };
        let if_index = device.link.if_index;
        let mac = flow.packet.destination_mac;
        if from.is_some()
            && (mac.is_some() && mac == device.link.mac_address || flow.target == Some(Port { at, index: bridge }))
        {
            return Choice::Up;
        }
        let entries = mac.and_then(|mac| place.fdb.get(&(if_index, mac))).map_or(&[][..], Vec::as_slice);
        for entry in entries {
            let Some((to, _)) = place.by_if_index(entry.if_index) else { continue };
            // The bridge's own addresses, those of its ports among them, are its host's.
            if to == bridge
                || (entry.is_permanent
                    && entry.remote.is_none()
                    && place.interface(to).is_some_and(|port| port.link.mac_address == mac))
            {
                if from.is_some() {
                    return Choice::Up;
                }
                continue;
            }
            return Choice::Known(to, entry);
        }
        let ports = place.ports.get(&if_index).map_or(&[][..], Vec::as_slice);
        let leads_to = |port: &usize, target: Port| {
            if target == (Port { at, index: *port }) {
                return true;
            }
            let peer = self.links.peer(Port { at, index: *port });
            peer.is_some_and(|peer| peer == target || self.links.children(peer).contains(&target))
        };
        let by_target = flow.target.and_then(|target| ports.iter().find(|port| leads_to(port, target)));
        if let Some(port) = by_target {
            return Choice::Flooded(*port);
        }
        let leads_out = |port: &&usize| self.links.leads_out(Port { at, index: **port });
        ports
            .iter()
            .filter(|port| Some(**port) != from)
            .find(leads_out)
            .map_or(Choice::Nowhere, |port| Choice::Flooded(*port))
    }

    /// Up to the bridge's own host.
    fn up(
        &self,
        flow: &mut Flow,
        at: At,
        bridge: usize,
        from: Option<usize>,
        was_filtered: bool,
        open: &mut Vec<Flow>,
    ) {
        flow.hop(at, Action::Bridged, from, Some(bridge), Vec::new());
        if was_filtered {
            // PREROUTING was run while it was a frame, and is not run again.
            flow.step = Step::Route { at, input: bridge, from };
        } else {
            self.ip_in(flow, at, bridge, open);
        }
    }

    /// Out by a port: FORWARD, if bridge netfilter is on.
    fn across(
        &self,
        flow: &mut Flow,
        at: At,
        (bridge, from, to): (usize, Option<usize>, usize),
        fact: Fact,
        is_filtered: bool,
        open: &mut Vec<Flow>,
    ) {
        let Some(place) = self.place(at) else { return };
        let setting = |index: usize| place.interface(index).and_then(|port| port.link.bridge_port.as_ref());
        if setting(to).is_some_and(|port| port.stp_state != FORWARDING) {
            return self.stopped(flow, at, to, PortSetting::NotForwarding);
        }
        if from == Some(to) && !setting(to).is_some_and(|port| port.hairpin) {
            return self.stopped(flow, at, to, PortSetting::NoHairpin);
        }
        let is_isolated = |index: usize| setting(index).is_some_and(|port| port.isolated);
        if from.is_some_and(is_isolated) && is_isolated(to) {
            return self.stopped(flow, at, to, PortSetting::Isolated);
        }
        if !self.shares_vlan(at, bridge, from.unwrap_or(bridge), to) {
            return self.stopped(flow, at, to, PortSetting::Vlan);
        }
        flow.hop(at, Action::Bridged, from.or(Some(bridge)), Some(to), vec![fact]);
        self.light(flow, Port { at, index: bridge });
        match from {
            Some(from) if is_filtered => {
                let doors = Doors {
                    input: Some(bridge),
                    output: Some(bridge),
                    in_port: Some(from),
                    out_port: Some(to),
                    is_bridged: true,
                    next_hop: None,
                };
                self.pass(flow, (Hook::Forward, at), doors, Step::Bridged { at, bridge, from, to }, open);
            }
            _ => flow.step = Step::Frame { at, out: to },
        }
    }

    /// After FORWARD of a bridged frame: POSTROUTING, where the input device is absent.
    pub(super) fn bridged(&self, flow: &mut Flow, at: At, bridge: usize, from: usize, to: usize, open: &mut Vec<Flow>) {
        let doors = Doors {
            output: Some(bridge),
            in_port: Some(from),
            out_port: Some(to),
            is_bridged: true,
            ..Doors::default()
        };
        self.pass(flow, (Hook::Postrouting, at), doors, Step::Frame { at, out: to }, open);
    }

    /// Whether the frame's VLAN is one of the other port's, where the bridge looks at VLANs.
    fn shares_vlan(&self, at: At, bridge: usize, from: usize, to: usize) -> bool {
        let Some(place) = self.place(at) else { return true };
        let looks = place
            .interface(bridge)
            .is_some_and(|device| matches!(device.link.kind, LinkKind::Bridge { vlan_filtering: true, .. }));
        let vlans = |index: usize| place.interface(index).map_or(&[][..], |port| port.vlans.as_slice());
        let of_frame = vlans(from).iter().find(|vlan| vlan.is_pvid).map(|vlan| vlan.vlan_id);
        !looks || of_frame.is_some_and(|id| vlans(to).iter().any(|vlan| vlan.vlan_id == id))
    }

    fn stopped(&self, flow: &mut Flow, at: At, index: usize, setting: PortSetting) {
        let Some(interface) = self.interface_id(Port { at, index }) else {
            return flow.undecided(Unknown::TooLong);
        };
        let fact = Fact::ready(Evidence::BridgePort { interface, setting });
        flow.hop(at, Action::Dropped, Some(index), None, vec![fact.clone()]);
        flow.end(Verdict::Dropped, Some(fact));
    }
}
