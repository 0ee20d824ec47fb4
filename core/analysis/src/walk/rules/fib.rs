//! What rules ask of a namespace's addresses and routes: an address's kind, the route to it, an address to send from.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use bridgewalk_model::{
    kernel::{AddressScope, Route, RouteKind, RoutingRule},
    snapshot::{Interface, Namespace},
};
use ipnet::IpNet;

/// `RT_TABLE_LOCAL`.
const LOCAL_TABLE: u32 = 255;

/// The kernel's kind of an address (`RTN_*`), seen from one device or from all. An IPv6 route counts only if it leaves by
/// `bound_to`.
pub(super) fn address_kind(
    namespace: &Namespace,
    address: IpAddr,
    device: Option<u32>,
    bound_to: Option<u32>,
) -> RouteKind {
    match address {
        IpAddr::V4(ipv4) if ipv4.octets()[0] == 0 || ipv4.is_broadcast() => return RouteKind::Broadcast,
        _ if address.is_multicast() => return RouteKind::Multicast,
        _ => {}
    }
    let routes = namespace.routes.iter().filter(|route| route.table == LOCAL_TABLE);
    let found = best(routes, address)
        .filter(|route| device.is_none_or(|device| route.next_hops.iter().any(|hop| hop.if_index == device)));
    if let Some(route) = found {
        return route.kind;
    }
    if address.is_ipv6() {
        // IPv6 has one answer for all tables.
        return match lookup(
            namespace,
            &Question { destination: address, source: None, mark: 0, in_interface: None, out_index: bound_to },
        ) {
            Some(route) if matches!(route.kind, RouteKind::Unicast | RouteKind::Anycast) => route.kind,
            _ => RouteKind::Unreachable,
        };
    }
    RouteKind::Unicast
}

/// `RTN_*` of a kind.
pub(super) const fn kind_number(kind: RouteKind) -> u32 {
    match kind {
        RouteKind::Unicast => 1,
        RouteKind::Local => 2,
        RouteKind::Broadcast => 3,
        RouteKind::Anycast => 4,
        RouteKind::Multicast => 5,
        RouteKind::Blackhole => 6,
        RouteKind::Unreachable => 7,
        RouteKind::Prohibit => 8,
        RouteKind::Throw => 9,
        RouteKind::Other => 0,
    }
}

/// The device that a rule's `fib` binds its IPv6 question to (`nft_fib6_flowi_init`): a link's own address means nothing
/// without its link. Any other address has one best route, which is compared with the device afterwards.
pub(super) fn bound_to(address: IpAddr, device: Option<u32>) -> Option<u32> {
    device.filter(|_| matches!(address, IpAddr::V6(address) if address.is_unicast_link_local()))
}

/// What a route is asked for with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Question<'a> {
    pub(super) destination: IpAddr,
    pub(super) source: Option<IpAddr>,
    pub(super) mark: u32,
    pub(super) in_interface: Option<&'a str>,
    /// Only by this device.
    pub(super) out_index: Option<u32>,
}

/// The route to an address, by the rules that choose tables.
pub(super) fn lookup<'a>(namespace: &'a Namespace, question: &Question<'_>) -> Option<&'a Route> {
    let is_ipv6 = question.destination.is_ipv6();
    for rule in namespace.routing_rules.iter().filter(|rule| rule.is_ipv6 == is_ipv6) {
        if !applies(rule, question) {
            continue;
        }
        if rule.action != "lookup" {
            return None;
        }
        let routes = namespace.routes.iter().filter(|route| {
            route.table == rule.table
                && question.out_index.is_none_or(|index| route.next_hops.iter().any(|hop| hop.if_index == index))
        });
        let found = best(routes, question.destination);
        let is_suppressed = |route: &Route| {
            rule.suppress_prefix_len.is_some_and(|len| u32::from(route.destination.prefix_len()) <= len)
        };
        if let Some(route) = found.filter(|route| route.kind != RouteKind::Throw && !is_suppressed(route)) {
            return Some(route);
        }
    }
    None
}

fn applies(rule: &RoutingRule, question: &Question<'_>) -> bool {
    let within = |net: &IpNet, address: Option<IpAddr>| address.is_some_and(|address| net.contains(&address));
    let holds = rule.source.as_ref().is_none_or(|net| within(net, question.source))
        && rule.destination.as_ref().is_none_or(|net| within(net, Some(question.destination)))
        && rule.in_interface.as_deref().is_none_or(|name| question.in_interface == Some(name))
        && rule.out_interface.is_none()
        && rule.mark.is_none_or(|(mark, mask)| question.mark & mask == mark);
    holds != rule.is_inverted
}

/// The longest prefix; of two alike, the lower metric; else the first.
fn best<'a>(routes: impl Iterator<Item = &'a Route>, address: IpAddr) -> Option<&'a Route> {
    let mut best: Option<&Route> = None;
    for route in routes.filter(|route| route.destination.contains(&address)) {
        let key = |route: &Route| (route.destination.prefix_len(), std::cmp::Reverse(route.metric));
        if best.is_none_or(|known| key(route) > key(known)) {
            best = Some(route);
        }
    }
    best
}

/// The address that a device sends from to `towards` (`inet_select_addr`, `ipv6_dev_get_saddr`).
pub(super) fn source_address(namespace: &Namespace, device: &Interface, towards: IpAddr) -> Option<IpAddr> {
    match towards {
        IpAddr::V4(towards) => ipv4_source(namespace, device, towards).map(IpAddr::V4),
        IpAddr::V6(towards) => ipv6_source(namespace, device, towards).map(IpAddr::V6),
    }
}

fn ipv4_source(namespace: &Namespace, device: &Interface, towards: Ipv4Addr) -> Option<Ipv4Addr> {
    let mut first = None;
    for found in &device.addresses {
        let IpAddr::V4(local) = found.address else { continue };
        if found.is_secondary || found.scope != AddressScope::Global {
            continue;
        }
        let on_link = match found.peer.unwrap_or(found.address) {
            IpAddr::V4(other) => ipnet::Ipv4Net::new(other, found.prefix_len).is_ok_and(|net| net.contains(&towards)),
            IpAddr::V6(_) => false,
        };
        if on_link {
            return Some(local);
        }
        first = first.or(Some(local));
    }
    // Without one of its own, any other device's.
    first.or_else(|| {
        let others = namespace.interfaces.iter().flat_map(|interface| &interface.addresses);
        others.filter(|found| found.scope == AddressScope::Global).find_map(|found| match found.address {
            IpAddr::V4(address) => Some(address),
            IpAddr::V6(_) => None,
        })
    })
}

/// RFC 6724's rules as far as they can be told: the receiver itself, scope, the outgoing device, the longest common prefix
/// (`ipv6_get_saddr_eval`).
fn ipv6_source(namespace: &Namespace, device: &Interface, towards: Ipv6Addr) -> Option<Ipv6Addr> {
    let wanted = scope(towards);
    let usable = namespace.interfaces.iter().flat_map(|interface| {
        let is_own = interface.link.if_index == device.link.if_index;
        interface.addresses.iter().filter(|found| !found.is_tentative).filter_map(move |found| match found.address {
            IpAddr::V6(address) => Some((is_own, address)),
            IpAddr::V4(_) => None,
        })
    });
    let common = |address: Ipv6Addr| (u128::from(address) ^ u128::from(towards)).leading_zeros();
    let distance = |address: Ipv6Addr| match scope(address) {
        scope if scope >= wanted => -scope,
        scope => scope - 128,
    };
    usable
        // On the link only the outgoing device's own will do.
        .filter(|(is_own, _)| *is_own || wanted > LINK_SCOPE && !towards.is_multicast())
        .max_by_key(|(is_own, address)| (*address == towards, distance(*address), *is_own, common(*address)))
        .map(|(_, address)| address)
}

/// `IPV6_ADDR_SCOPE_LINKLOCAL`.
const LINK_SCOPE: i32 = 2;

/// `__ipv6_addr_src_scope`: the loopback address counts as of the link.
fn scope(address: Ipv6Addr) -> i32 {
    match address.octets() {
        [0xff, scope, ..] => i32::from(scope & 0xf),
        _ if address.is_loopback() || address.is_unicast_link_local() => LINK_SCOPE,
        [0xfe, second, ..] if second >= 0xc0 => 5,
        _ => 14,
    }
}

/// The address to which REDIRECT sends what comes in by a device (`nf_nat_redirect_ipv4`, `nf_nat_redirect_ipv6`).
pub(super) fn redirect_address(device: Option<&Interface>, towards: IpAddr) -> Option<IpAddr> {
    let Some(device) = device else {
        return Some(if towards.is_ipv6() { Ipv6Addr::LOCALHOST.into() } else { Ipv4Addr::LOCALHOST.into() });
    };
    let asked = scopes(towards);
    let usable = device.addresses.iter().filter(|found| found.address.is_ipv6() == towards.is_ipv6());
    usable
        .filter(|found| match found.address {
            IpAddr::V4(_) => true,
            IpAddr::V6(_) => !found.is_tentative && (asked == 0 || asked & scopes(found.address) != 0),
        })
        .map(|found| found.address)
        .next()
}

/// `IPV6_ADDR_SCOPE_MASK`'s bits of an address; none: it is global, and any address will do.
fn scopes(address: IpAddr) -> u8 {
    let IpAddr::V6(address) = address else { return 0 };
    match scope(address) {
        _ if address.is_loopback() => 0x10,
        1 => 0x10,
        LINK_SCOPE => 0x20,
        5 => 0x40,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::scopes;

    #[test]
    fn what_is_for_all_on_a_link_is_redirected_to_the_links_own_address() {
        let [group, own, other] = ["ff02::1", "fe80::1", "2001:db8::1"].map(|text| scopes(text.parse().unwrap()));
        assert_eq!((group & own, other), (own, 0), "a global address would do for any but a link's");
    }
}
