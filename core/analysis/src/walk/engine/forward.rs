//! The input route: martians, the reverse path, forwarding, time to live.

use std::net::IpAddr;

use bridgewalk_model::{firewall::Hook, kernel::LinkKind};

use super::{Found, Key, conf, hook::Doors, look_up, routing::told, send::unread_rules};
use crate::walk::{
    Action, Evidence, Unknown, Verdict, Walker,
    flow::{Fact, Flow, Step},
    place::At,
};

impl Walker<'_> {
    /// After PREROUTING: for this namespace, or on its way through it.
    pub(super) fn route(&self, flow: &mut Flow, at: At, input: usize, from: Option<usize>, open: &mut Vec<Flow>) {
        let Some(place) = self.place(at) else { return };
        let Some(device) = place.interface(input) else { return };
        let doors = Doors { input: Some(input), in_port: from, ..Doors::default() };
        if device.link.kind == LinkKind::Loopback {
            // What loops back keeps the route that it was sent by.
            self.expect_balancer(flow, at, doors);
            return self.pass(flow, (Hook::Input, at), doors, Step::Deliver { at, input }, open);
        }
        let name = device.link.name.as_str();
        if !self.is_fit(flow, at, input, name) {
            return;
        }
        if let Some(unknown) = unread_rules(place) {
            return flow.undecided(unknown);
        }
        let packet = &flow.packet;
        let key = Key { source: Some(packet.source), destination: packet.destination, mark: packet.mark, input: name };
        let found = look_up(place, &key);
        match found {
            Found::Local { .. } => {
                if !self.is_from_there(flow, at, input, name) {
                    return;
                }
                self.expect_balancer(flow, at, doors);
                self.pass(flow, (Hook::Input, at), doors, Step::Deliver { at, input }, open);
            }
            Found::Way { route, hop, rule } => {
                if !self.is_forwarding(flow, at, input, name) || !self.is_from_there(flow, at, input, name) {
                    return;
                }
                let hop = self.next_hop_of(flow, at, (route, hop), open);
                let Some((out, _)) = place.by_if_index(hop.if_index) else { return };
                let fact = Fact::ready(told(place, route, rule));
                if flow.packet.ttl <= 1 {
                    flow.hop(at, Action::Rejected, Some(input), None, vec![Fact::ready(Evidence::TimeToLive)]);
                    return flow.end(Verdict::Rejected, Some(Fact::ready(Evidence::TimeToLive)));
                }
                let before = flow.packet.clone();
                flow.packet.ttl -= 1;
                flow.changed(at, Action::Routed, (Some(input), Some(out)), before, vec![fact]);
                let then = Step::Forwarded { at, input, out, gateway: hop.gateway, from };
                let doors = Doors { output: Some(out), next_hop: hop.gateway, ..doors };
                self.pass(flow, (Hook::Forward, at), doors, then, open);
            }
            other => self.no_way(flow, at, Some(input), &other),
        }
    }

    /// After FORWARD: POSTROUTING.
    pub(super) fn forwarded(
        &self,
        flow: &mut Flow,
        at: At,
        (input, out): (usize, usize),
        gateway: Option<IpAddr>,
        from: Option<usize>,
        open: &mut Vec<Flow>,
    ) {
        let doors =
            Doors { input: Some(input), output: Some(out), in_port: from, next_hop: gateway, ..Doors::default() };
        self.pass(flow, (Hook::Postrouting, at), doors, Step::Transmit { at, out, gateway }, open);
    }

    /// Martians: loopback's addresses come in by no other device, unless `route_localnet` says so.
    fn is_fit(&self, flow: &mut Flow, at: At, input: usize, name: &str) -> bool {
        let (source, destination) = (flow.packet.source, flow.packet.destination);
        if source.is_unspecified() || source.is_multicast() {
            self.martian(flow, at, input, source, None);
            return false;
        }
        let Some(strange) = [source, destination].into_iter().find(IpAddr::is_loopback) else { return true };
        if strange.is_ipv6() {
            self.martian(flow, at, input, strange, None);
            return false;
        }
        let path = conf(false, name, "route_localnet");
        let Some(all) = self.setting(flow, at, &conf(false, "all", "route_localnet")) else { return false };
        let Some(own) = self.setting(flow, at, &path) else { return false };
        if all == 0 && own == 0 {
            let fact = self.sysctl_fact(at, path);
            self.martian(flow, at, input, strange, fact);
            return false;
        }
        true
    }

    fn martian(&self, flow: &mut Flow, at: At, input: usize, address: IpAddr, setting: Option<Fact>) {
        let martian = Fact::ready(Evidence::Martian { address });
        let decided = setting.clone().unwrap_or_else(|| martian.clone());
        let facts = setting.into_iter().chain([martian]).collect();
        flow.hop(at, Action::Dropped, Some(input), None, facts);
        flow.end(Verdict::Dropped, Some(decided));
    }

    /// Whether this namespace forwards what comes in by this device (`IN_DEV_FORWARD`; IPv6 asks `all` alone).
    fn is_forwarding(&self, flow: &mut Flow, at: At, input: usize, name: &str) -> bool {
        let is_ipv6 = flow.packet.is_ipv6();
        let path = conf(is_ipv6, if is_ipv6 { "all" } else { name }, "forwarding");
        let Some(value) = self.setting(flow, at, &path) else { return false };
        if value == 0 {
            let fact = self.sysctl_fact(at, path);
            flow.hop(at, Action::Dropped, Some(input), None, fact.clone().into_iter().collect());
            flow.end(Verdict::Dropped, fact);
        }
        value != 0
    }

    /// The mark by which the way back to the sender is looked up: the packet's own only with `src_valid_mark`
    /// (`__fib_validate_source`); none, with the flow ended, if it cannot be told.
    fn mark_for_source(&self, flow: &mut Flow, at: At, name: &str) -> Option<u32> {
        if flow.packet.mark == 0 {
            return Some(0);
        }
        let place = self.place(at)?;
        let paths = ["all", name].map(|name| conf(false, name, "src_valid_mark"));
        let values = paths.each_ref().map(|path| place.sysctl(path));
        if values.iter().flatten().any(|value| *value != "0") {
            return Some(flow.packet.mark);
        }
        // Recordings of earlier versions do not have it.
        let depends = place.routing_rules.first().is_some_and(|rules| rules.iter().any(|rule| rule.mark.is_some()));
        match paths.into_iter().zip(values).find(|(_, value)| value.is_none()) {
            Some((path, _)) if depends => {
                flow.undecided(Unknown::Setting { namespace: place.namespace.id.clone(), path });
                None
            }
            _ => Some(0),
        }
    }

    /// Whether the sender may be where the packet comes from (`fib_validate_source`).
    fn is_from_there(&self, flow: &mut Flow, at: At, input: usize, name: &str) -> bool {
        if flow.packet.is_ipv6() {
            return true;
        }
        let Some(place) = self.place(at) else { return false };
        let mut strictest: Option<(i64, String)> = None;
        for name in ["all", name] {
            let path = conf(false, name, "rp_filter");
            let Some(value) = self.setting(flow, at, &path) else { return false };
            if strictest.as_ref().is_none_or(|(known, _)| value > *known) {
                strictest = Some((value, path));
            }
        }
        let (mode, path) = strictest.unwrap_or_default();
        let source = flow.packet.source;
        let Some(mark) = self.mark_for_source(flow, at, name) else { return false };
        let key = Key { source: Some(flow.packet.destination), destination: source, mark, input: name };
        let own = place.interface(input);
        let has_address = own.is_some_and(|device| device.addresses.iter().any(|one| one.address.is_ipv4()));
        let is_right = match look_up(place, &key) {
            Found::Way { route, .. } => {
                let is_by_it = route.next_hops.iter().any(|hop| Some(hop.if_index) == own.map(|it| it.link.if_index));
                mode == 0 || is_by_it || (mode != 1 && has_address)
            }
            // One's own address does not come in from elsewhere.
            Found::Local { .. } => {
                let mut accepts = false;
                for name in ["all", name] {
                    let Some(value) = self.setting(flow, at, &conf(false, name, "accept_local")) else { return false };
                    accepts |= value != 0;
                }
                if !accepts {
                    self.martian(flow, at, input, source, None);
                    return false;
                }
                true
            }
            Found::Unknown => {
                flow.undecided(Unknown::NotRead {
                    namespace: place.namespace.id.clone(),
                    source: bridgewalk_model::SourceKind::Links,
                });
                return false;
            }
            // Without the filter it does not matter whether there is a way back.
            Found::Nothing | Found::Blocked { .. } | Found::Ended { .. } => mode == 0,
        };
        if !is_right {
            let fact = self.sysctl_fact(at, path);
            flow.hop(at, Action::Dropped, Some(input), None, fact.clone().into_iter().collect());
            flow.end(Verdict::Dropped, fact);
        }
        is_right
    }
}
