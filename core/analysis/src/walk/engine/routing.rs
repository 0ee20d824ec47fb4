//! Routes: which rule leads to which table, and which route of it is taken (`fib_rules_lookup`, `fib_table_lookup`).

use std::net::IpAddr;

use bridgewalk_model::kernel::{AddressScope, NextHop, Route, RouteKind, RoutingRule};

use crate::walk::{
    Evidence, Unknown, Walker,
    flow::Flow,
    place::{At, Place},
};

/// What a route is looked up by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Key<'k> {
    /// None: not chosen yet.
    pub(crate) source: Option<IpAddr>,
    pub(crate) destination: IpAddr,
    pub(crate) mark: u32,
    /// The device it came in by; `lo` for what is sent from here.
    pub(crate) input: &'k str,
}

/// What the lookup finds.
#[derive(Clone, Debug)]
pub(crate) enum Found<'a> {
    /// A way on.
    Way { route: &'a Route, hop: &'a NextHop, rule: Option<&'a RoutingRule> },
    /// It is for this namespace itself.
    Local { route: &'a Route, rule: Option<&'a RoutingRule> },
    /// A route that leads nowhere.
    Blocked { route: &'a Route, rule: Option<&'a RoutingRule> },
    /// A rule that ends it.
    Ended { rule: &'a RoutingRule },
    /// Nothing.
    Nothing,
    /// A rule asks for what we do not evaluate.
    Unknown,
}

/// The tables that are looked up where no rules are known: those of the three rules that are always there.
const USUAL: [u32; 3] = [255, 254, 253];

pub(crate) fn look_up<'a>(place: &Place<'a>, key: &Key<'_>) -> Found<'a> {
    let is_ipv6 = key.destination.is_ipv6();
    let rules = &place.routing_rules[usize::from(is_ipv6)];
    if rules.is_empty() {
        for table in USUAL {
            if let Some(found) = in_table(place, table, key, None) {
                return found;
            }
        }
        return Found::Nothing;
    }
    for rule in rules {
        match applies(rule, key) {
            Some(true) => {}
            Some(false) => continue,
            None => return Found::Unknown,
        }
        match rule.action.as_str() {
            "lookup" => {
                let told = Some(*rule).filter(|rule| is_worth_telling(rule));
                if let Some(found) = in_table(place, rule.table, key, told).filter(|found| !is_suppressed(rule, found))
                {
                    return found;
                }
            }
            "blackhole" | "unreachable" | "prohibit" => return Found::Ended { rule },
            "nop" => {}
            // Where `goto` leads to is not kept.
            _ => return Found::Unknown,
        }
    }
    Found::Nothing
}

/// Whether a rule is more than one of the three that are always there.
fn is_worth_telling(rule: &RoutingRule) -> bool {
    !matches!((rule.priority, rule.table), (0, 255) | (32_766, 254) | (32_767, 253))
}

fn is_suppressed(rule: &RoutingRule, found: &Found<'_>) -> bool {
    let (Found::Way { route, .. } | Found::Local { route, .. } | Found::Blocked { route, .. }) = found else {
        return false;
    };
    rule.suppress_prefix_len.is_some_and(|len| u32::from(route.destination.prefix_len()) <= len)
}

fn applies(rule: &RoutingRule, key: &Key<'_>) -> Option<bool> {
    let source = match (&rule.source, key.source) {
        (None, _) => true,
        (Some(net), Some(source)) => net.contains(&source),
        (Some(net), None) => net.prefix_len() == 0,
    };
    let holds = source
        && rule.destination.as_ref().is_none_or(|net| net.contains(&key.destination))
        && rule.in_interface.as_ref().is_none_or(|name| name == key.input)
        && rule.out_interface.is_none()
        && rule.mark.is_none_or(|(value, mask)| key.mark & mask == value & mask);
    if !rule.others.is_empty() {
        // What else it asks may only narrow it.
        return if holds || rule.is_inverted { None } else { Some(false) };
    }
    Some(holds != rule.is_inverted)
}

fn in_table<'a>(place: &Place<'a>, table: u32, key: &Key<'_>, rule: Option<&'a RoutingRule>) -> Option<Found<'a>> {
    let routes = place.routes.get(&(table, key.destination.is_ipv6()))?;
    for route in routes.iter().filter(|route| route.destination.contains(&key.destination) && route.tos == 0) {
        match route.kind {
            RouteKind::Unicast => {
                if let Some(hop) = route.next_hops.iter().find(|hop| !hop.is_dead) {
                    return Some(Found::Way { route, hop, rule });
                }
            }
            RouteKind::Local | RouteKind::Broadcast | RouteKind::Anycast => return Some(Found::Local { route, rule }),
            RouteKind::Multicast => return None,
            RouteKind::Blackhole | RouteKind::Unreachable | RouteKind::Prohibit => {
                return Some(Found::Blocked { route, rule });
            }
            RouteKind::Throw => return None,
            RouteKind::Other => return Some(Found::Unknown),
        }
    }
    None
}

/// The address that a sender without one is given (`inet_select_addr`, RFC 6724 as far as one host needs it).
pub(crate) fn source_for(place: &Place<'_>, out: usize, route: &Route, next_hop: IpAddr) -> Option<IpAddr> {
    if let Some(preferred) = route.preferred_source {
        return Some(preferred);
    }
    let is_ipv6 = next_hop.is_ipv6();
    let usable = |interface: usize| {
        place
            .interface(interface)
            .into_iter()
            .flat_map(|one| &one.addresses)
            .filter(move |address| address.address.is_ipv6() == is_ipv6 && !address.is_tentative)
    };
    let in_subnet = |address: &&bridgewalk_model::kernel::Address| {
        ipnet::IpNet::new(address.address, address.prefix_len).is_ok_and(|net| net.contains(&next_hop))
    };
    let is_wide = |address: &&bridgewalk_model::kernel::Address| {
        !matches!(address.scope, AddressScope::Host | AddressScope::Nowhere)
            && (!is_ipv6 || address.scope != AddressScope::Link)
    };
    usable(out)
        .filter(|address| !address.is_secondary)
        .find(in_subnet)
        .or_else(|| usable(out).find(|address| is_wide(address) && !address.is_secondary))
        .or_else(|| usable(out).find(is_wide))
        .or_else(|| usable(out).find(|_| !is_ipv6))
        .or_else(|| (0..place.namespace.interfaces.len()).filter(|index| *index != out).flat_map(usable).find(is_wide))
        .map(|address| address.address)
}

impl Walker<'_> {
    /// The next hop of a route that the flow takes: where there are several of equal cost, the step under way is taken
    /// once for each.
    pub(super) fn next_hop_of<'a>(
        &self,
        flow: &mut Flow,
        at: At,
        (route, first): (&'a Route, &'a NextHop),
        open: &mut Vec<Flow>,
    ) -> &'a NextHop {
        let alive = || route.next_hops.iter().filter(|hop| !hop.is_dead);
        if let Some(path) = flow.path.take() {
            return alive().nth(path).unwrap_or(first);
        }
        let Some(place) = self.place(at).filter(|_| alive().count() > 1) else { return first };
        let unknown = Unknown::Path { namespace: place.namespace.id.clone() };
        for path in 1..alive().count() {
            let mut other = flow.clone();
            other.path = Some(path);
            other.unknowns.push(unknown.clone());
            open.push(other);
        }
        flow.unknowns.push(unknown);
        first
    }
}

/// A route as evidence.
pub(crate) fn told(place: &Place<'_>, route: &Route, rule: Option<&RoutingRule>) -> Evidence {
    Evidence::Route { namespace: place.namespace.id.clone(), route: route.clone(), rule: rule.cloned() }
}
