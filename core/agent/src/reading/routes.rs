//! Routes of all tables, IPv4 and IPv6 (`RTM_GETROUTE`).

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use bridgewalk_model::kernel::{NextHop, Route as Entry, RouteKind};
use ipnet::IpNet;
use netlink_packet_route::{
    AddressFamily,
    route::{
        RouteAddress, RouteAttribute, RouteFlags, RouteMessage, RouteNextHop, RouteNextHopFlags, RouteProtocol,
        RouteType, RouteVia,
    },
};

use crate::netlink::route::Route;

/// The routes of the namespace that `route` is in, in the kernel's order.
pub(crate) fn read(route: &mut Route) -> io::Result<Vec<Entry>> {
    let mut entries = Vec::new();
    for family in [AddressFamily::Inet, AddressFamily::Inet6] {
        let mut message = RouteMessage::default();
        message.header.address_family = family;
        match route.dump(|handle| handle.route().get(message.clone()).execute(), decode) {
            Ok(list) => entries.extend(list),
            // A kernel without IPv6 has no such dump.
            Err(error) if family == AddressFamily::Inet6 && error.raw_os_error() == Some(libc::EOPNOTSUPP) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(entries)
}

pub(super) fn decode(message: RouteMessage) -> Option<Entry> {
    let header = message.header;
    if header.flags.contains(RouteFlags::Cloned) {
        return None;
    }
    let is_ipv6 = header.address_family == AddressFamily::Inet6;
    let mut destination = if is_ipv6 { Ipv6Addr::UNSPECIFIED.into() } else { Ipv4Addr::UNSPECIFIED.into() };
    let (mut table, mut preferred_source, mut metric) = (header.table.into(), None, 0);
    for attribute in &message.attributes {
        match attribute {
            RouteAttribute::Destination(address) => destination = ip_of(address).unwrap_or(destination),
            RouteAttribute::Table(number) => table = *number,
            RouteAttribute::PrefSource(address) => preferred_source = ip_of(address),
            RouteAttribute::Priority(priority) => metric = *priority,
            _ => {}
        }
    }
    let kind = kind(header.kind);
    Some(Entry {
        table,
        destination: IpNet::new(destination, header.destination_prefix_length).ok()?,
        kind,
        next_hops: if leads_on(kind) { next_hops(&message.attributes, header.flags) } else { Vec::new() },
        preferred_source,
        metric,
        scope: header.scope.into(),
        protocol: protocol(header.protocol),
        tos: header.tos,
    })
}

const fn leads_on(kind: RouteKind) -> bool {
    !matches!(kind, RouteKind::Blackhole | RouteKind::Unreachable | RouteKind::Prohibit | RouteKind::Throw)
}

fn next_hops(attributes: &[RouteAttribute], flags: RouteFlags) -> Vec<NextHop> {
    let hops =
        attributes.iter().find_map(|it| if let RouteAttribute::MultiPath(hops) = it { Some(hops) } else { None });
    if let Some(hops) = hops {
        return hops.iter().map(of_several).collect();
    }
    let if_index =
        attributes.iter().find_map(|it| if let RouteAttribute::Oif(index) = it { Some(*index) } else { None });
    let alone = |if_index| NextHop {
        gateway: gateway(attributes),
        if_index,
        weight: 1,
        is_dead: flags.intersects(RouteFlags::Dead | RouteFlags::Linkdown),
        is_on_link: flags.contains(RouteFlags::Onlink),
    };
    if_index.map(alone).into_iter().collect()
}

fn of_several(hop: &RouteNextHop) -> NextHop {
    NextHop {
        gateway: gateway(&hop.attributes),
        if_index: hop.interface_index,
        weight: u16::from(hop.hops) + 1,
        is_dead: hop.flags.intersects(RouteNextHopFlags::Dead | RouteNextHopFlags::Linkdown),
        is_on_link: hop.flags.contains(RouteNextHopFlags::Onlink),
    }
}

/// `RTA_GATEWAY`, or `RTA_VIA` where it is of the other family.
fn gateway(attributes: &[RouteAttribute]) -> Option<IpAddr> {
    attributes.iter().find_map(|attribute| match attribute {
        RouteAttribute::Gateway(address) => ip_of(address),
        RouteAttribute::Via(RouteVia::Inet(address)) => Some((*address).into()),
        RouteAttribute::Via(RouteVia::Inet6(address)) => Some((*address).into()),
        _ => None,
    })
}

fn ip_of(address: &RouteAddress) -> Option<IpAddr> {
    match address {
        RouteAddress::Inet(address) => Some((*address).into()),
        RouteAddress::Inet6(address) => Some((*address).into()),
        _ => None,
    }
}

/// `RTN_*`.
const fn kind(kind: RouteType) -> RouteKind {
    match kind {
        RouteType::Unicast => RouteKind::Unicast,
        RouteType::Local => RouteKind::Local,
        RouteType::Broadcast => RouteKind::Broadcast,
        RouteType::Anycast => RouteKind::Anycast,
        RouteType::Multicast => RouteKind::Multicast,
        RouteType::BlackHole => RouteKind::Blackhole,
        RouteType::Unreachable => RouteKind::Unreachable,
        RouteType::Prohibit => RouteKind::Prohibit,
        RouteType::Throw => RouteKind::Throw,
        _ => RouteKind::Other,
    }
}

/// `RTPROT_*`, as `/etc/iproute2/rt_protos` names them.
fn protocol(protocol: RouteProtocol) -> String {
    let name = match protocol {
        RouteProtocol::IcmpRedirect => "redirect",
        RouteProtocol::Kernel => "kernel",
        RouteProtocol::Boot => "boot",
        RouteProtocol::Static => "static",
        RouteProtocol::Gated => "gated",
        RouteProtocol::Ra => "ra",
        RouteProtocol::Mrt => "mrt",
        RouteProtocol::Zebra => "zebra",
        RouteProtocol::Bird => "bird",
        RouteProtocol::DnRouted => "dnrouted",
        RouteProtocol::Xorp => "xorp",
        RouteProtocol::Ntk => "ntk",
        RouteProtocol::Dhcp => "dhcp",
        RouteProtocol::KeepAlived => "keepalived",
        RouteProtocol::Babel => "babel",
        RouteProtocol::Other(99) => "openr",
        RouteProtocol::Bgp => "bgp",
        RouteProtocol::Isis => "isis",
        RouteProtocol::Ospf => "ospf",
        RouteProtocol::Rip => "rip",
        RouteProtocol::Eigrp => "eigrp",
        other => return u8::from(other).to_string(),
    };
    name.to_owned()
}
