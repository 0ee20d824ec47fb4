//! What a namespace sends itself: route, source, OUTPUT, the route again, POSTROUTING.

use std::net::IpAddr;

use bridgewalk_model::{SourceKind, firewall::Hook};

use super::{
    Found, Key,
    hook::Doors,
    look_up,
    routing::{source_for, told},
};
use crate::walk::{
    Action, Evidence, Unknown, Verdict, Walker,
    flow::{Fact, Flow, Step},
    place::{At, Place},
};

/// A route that was found: the device, the gateway, and what says so.
pub(super) struct Way {
    pub(super) out: usize,
    pub(super) gateway: Option<IpAddr>,
    pub(super) fact: Fact,
    /// The sender's address, for one that has none yet.
    source: Option<IpAddr>,
}

/// Every namespace has routing rules: where there are none, they were not read, and which table counts cannot be told.
pub(super) fn unread_rules(place: &Place<'_>) -> Option<Unknown> {
    let is_unread = place.is_unread(SourceKind::Links) && place.routing_rules.iter().all(Vec::is_empty);
    is_unread.then(|| place.not_read(SourceKind::Links))
}

impl Walker<'_> {
    /// A process sends: the route chooses the device and, for a sender without one, the address.
    pub(super) fn send(&self, flow: &mut Flow, at: At, open: &mut Vec<Flow>) {
        let before = flow.packet.clone();
        let Some(way) = self.output_route(flow, at, open) else { return };
        if flow.packet.source.is_unspecified() {
            let Some(source) = way.source else {
                if let Some(place) = self.place(at).filter(|place| place.is_unread(SourceKind::Links)) {
                    return flow.undecided(place.not_read(SourceKind::Links));
                }
                let namespace = self.place(at).map(|place| place.namespace.id.clone());
                let is_ipv6 = flow.packet.is_ipv6();
                let fact = namespace.map(|of| Fact::ready(Evidence::NoAddress { of, is_ipv6 }));
                flow.hop(at, Action::Unroutable, None, None, fact.clone().into_iter().collect());
                return flow.end(Verdict::NoRoute, fact);
            };
            flow.packet.source = source;
        }
        if !flow.is_reply() {
            let sent = flow.packet.clone();
            if let Some(leg) = flow.legs.last_mut() {
                leg.sent = sent;
            }
        }
        flow.changed(at, Action::Sent, (None, Some(way.out)), before, vec![way.fact]);
        let then = Step::Sent {
            at,
            out: way.out,
            gateway: way.gateway,
            destination: flow.packet.destination,
            mark: flow.packet.mark,
        };
        let doors = Doors { output: Some(way.out), next_hop: way.gateway, ..Doors::default() };
        self.enter_hook(flow, (Hook::Output, at), doors, then, open);
    }

    /// After OUTPUT: if the receiver or the mark has changed, the route is looked up again (`ip_route_me_harder`).
    pub(super) fn sent(
        &self,
        flow: &mut Flow,
        at: At,
        (out, gateway): (usize, Option<IpAddr>),
        (destination, mark): (IpAddr, u32),
        open: &mut Vec<Flow>,
    ) {
        if self.balance(flow, at, open) {
            return;
        }
        let (mut out, mut gateway) = (out, gateway);
        if flow.packet.destination != destination || flow.packet.mark != mark {
            let Some(way) = self.output_route(flow, at, open) else { return };
            flow.hop(at, Action::Routed, None, Some(way.out), vec![way.fact]);
            (out, gateway) = (way.out, way.gateway);
        }
        let then = Step::Transmit { at, out, gateway };
        let doors = Doors { output: Some(out), next_hop: gateway, ..Doors::default() };
        self.pass(flow, (Hook::Postrouting, at), doors, then, open);
    }

    /// The way out of what is sent from here; none, with the flow ended, if there is none.
    pub(super) fn output_route(&self, flow: &mut Flow, at: At, open: &mut Vec<Flow>) -> Option<Way> {
        let place = self.place(at)?;
        if let Some(unknown) = unread_rules(place) {
            flow.undecided(unknown);
            return None;
        }
        let packet = &flow.packet;
        let source = Some(packet.source).filter(|source| !source.is_unspecified());
        let key = Key { source, destination: packet.destination, mark: packet.mark, input: "lo" };
        let found = look_up(place, &key);
        let fact = self.found_fact(at, &found);
        match found {
            Found::Way { route, hop, .. } => {
                let hop = self.next_hop_of(flow, at, (route, hop), open);
                let Some((out, _)) = place.by_if_index(hop.if_index) else {
                    let namespace = place.namespace.id.clone();
                    flow.undecided(Unknown::NotRead { namespace, source: SourceKind::Links });
                    return None;
                };
                let source = source_for(place, out, route, hop.gateway.unwrap_or(flow.packet.destination));
                Some(Way { out, gateway: hop.gateway, fact: fact?, source })
            }
            Found::Local { route, .. } => {
                let source = route.preferred_source.or(Some(packet.destination));
                Some(Way { out: place.loopback()?, gateway: None, fact: fact?, source })
            }
            other => {
                self.no_way(flow, at, None, &other);
                None
            }
        }
    }

    /// What a lookup found, as evidence.
    pub(super) fn found_fact(&self, at: At, found: &Found<'_>) -> Option<Fact> {
        let place = self.place(at)?;
        match found {
            Found::Way { route, rule, .. } | Found::Local { route, rule } | Found::Blocked { route, rule } => {
                Some(Fact::ready(told(place, route, *rule)))
            }
            Found::Ended { rule } => {
                let namespace = place.namespace.id.clone();
                Some(Fact::ready(Evidence::RoutingRule { namespace, rule: (*rule).clone() }))
            }
            Found::Nothing | Found::Unknown => None,
        }
    }

    /// Ends a flow for which there is no route.
    pub(super) fn no_way(&self, flow: &mut Flow, at: At, input: Option<usize>, found: &Found<'_>) {
        let Some(place) = self.place(at) else { return };
        let namespace = place.namespace.id.clone();
        if place.is_unread(SourceKind::Links) || matches!(found, Found::Unknown) {
            return flow.undecided(Unknown::NotRead { namespace, source: SourceKind::Links });
        }
        let fact = self.found_fact(at, found);
        let is_silent = match found {
            Found::Blocked { route, .. } => route.kind == bridgewalk_model::kernel::RouteKind::Blackhole,
            Found::Ended { rule } => rule.action == "blackhole",
            _ => false,
        };
        let (action, verdict) = if is_silent && input.is_some() {
            (Action::Dropped, Verdict::Dropped)
        } else {
            (Action::Unroutable, Verdict::NoRoute)
        };
        flow.hop(at, action, input, None, fact.clone().into_iter().collect());
        flow.end(verdict, fact);
    }
}
