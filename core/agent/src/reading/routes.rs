//! Routes of all tables, IPv4 and IPv6 (`RTM_GETROUTE`).

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use bridgewalk_model::kernel::{NextHop, Route, RouteKind};
use ipnet::IpNet;

use crate::netlink::{
    Message, Netlink,
    attributes::{Attributes, Body, ip, u8_at, u16_at, u32_at},
};

const RTM_GETROUTE: u16 = 26;
const RTMSG_LEN: usize = 12;
const RTNEXTHOP_LEN: usize = 8;
const RTA_DST: u16 = 1;
const RTA_OIF: u16 = 4;
const RTA_GATEWAY: u16 = 5;
const RTA_PRIORITY: u16 = 6;
const RTA_PREFSRC: u16 = 7;
const RTA_MULTIPATH: u16 = 9;
const RTA_TABLE: u16 = 15;
const RTA_VIA: u16 = 18;
const RTM_F_CLONED: u32 = 0x200;
const RTNH_F_DEAD: u32 = 1;
const RTNH_F_ONLINK: u32 = 4;
const RTNH_F_LINKDOWN: u32 = 16;

/// The routes of the namespace that `netlink` is in, in the kernel's order.
pub(crate) fn read(netlink: &mut Netlink) -> io::Result<Vec<Route>> {
    let mut routes = Vec::new();
    for family in [libc::AF_INET, libc::AF_INET6] {
        let mut header = [0; RTMSG_LEN];
        header[0] = family as u8;
        match netlink.dump(RTM_GETROUTE, &Body::new(&header), decode) {
            Ok(list) => routes.extend(list),
            // A kernel without IPv6 has no such dump.
            Err(error) if family == libc::AF_INET6 && error.raw_os_error() == Some(libc::EOPNOTSUPP) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(routes)
}

pub(super) fn decode(message: Message<'_>) -> Option<Route> {
    let body = message.body;
    let is_ipv6 = i32::from(u8_at(body, 0)?) == libc::AF_INET6;
    let flags = u32_at(body, 8)?;
    if flags & RTM_F_CLONED != 0 {
        return None;
    }
    let attributes = Attributes::after(body, RTMSG_LEN);
    let number = |kind| attributes.find(kind).and_then(|value| u32_at(value, 0));
    let any = if is_ipv6 { IpAddr::V6(Ipv6Addr::UNSPECIFIED) } else { IpAddr::V4(Ipv4Addr::UNSPECIFIED) };
    let destination = attributes.find(RTA_DST).and_then(ip).unwrap_or(any);
    let kind = kind(u8_at(body, 7)?);
    Some(Route {
        table: number(RTA_TABLE).unwrap_or_else(|| u8_at(body, 4).unwrap_or(0).into()),
        destination: IpNet::new(destination, u8_at(body, 1)?).ok()?,
        kind,
        next_hops: if leads_on(kind) { next_hops(attributes, flags) } else { Vec::new() },
        preferred_source: attributes.find(RTA_PREFSRC).and_then(ip),
        metric: number(RTA_PRIORITY).unwrap_or(0),
        scope: u8_at(body, 6)?,
        protocol: protocol(u8_at(body, 5)?),
        tos: u8_at(body, 3)?,
    })
}

const fn leads_on(kind: RouteKind) -> bool {
    !matches!(kind, RouteKind::Blackhole | RouteKind::Unreachable | RouteKind::Prohibit | RouteKind::Throw)
}

fn next_hops(attributes: Attributes<'_>, flags: u32) -> Vec<NextHop> {
    if let Some(mut hops) = attributes.find(RTA_MULTIPATH) {
        let mut list = Vec::new();
        while let Some(len) = u16_at(hops, 0).map(usize::from) {
            let Some(hop) = hops.get(..len).filter(|_| len >= RTNEXTHOP_LEN) else { break };
            list.extend(multipath_hop(hop));
            hops = hops.get(len.next_multiple_of(4)..).unwrap_or_default();
        }
        return list;
    }
    let if_index = attributes.find(RTA_OIF).and_then(|value| u32_at(value, 0));
    if_index.map(|if_index| next_hop(attributes, if_index, 1, flags)).into_iter().collect()
}

/// `struct rtnexthop`: length, flags, hops, ifindex, attributes.
fn multipath_hop(hop: &[u8]) -> Option<NextHop> {
    let flags = u8_at(hop, 2)?.into();
    let weight = u16::from(u8_at(hop, 3)?) + 1;
    Some(next_hop(Attributes::after(hop, RTNEXTHOP_LEN), u32_at(hop, 4)?, weight, flags))
}

fn next_hop(attributes: Attributes<'_>, if_index: u32, weight: u16, flags: u32) -> NextHop {
    let via = || attributes.find(RTA_VIA).and_then(|via| ip(via.get(2..)?));
    NextHop {
        gateway: attributes.find(RTA_GATEWAY).and_then(ip).or_else(via),
        if_index,
        weight,
        is_dead: flags & (RTNH_F_DEAD | RTNH_F_LINKDOWN) != 0,
        is_on_link: flags & RTNH_F_ONLINK != 0,
    }
}

/// `RTN_*`.
const fn kind(number: u8) -> RouteKind {
    match number {
        1 => RouteKind::Unicast,
        2 => RouteKind::Local,
        3 => RouteKind::Broadcast,
        4 => RouteKind::Anycast,
        5 => RouteKind::Multicast,
        6 => RouteKind::Blackhole,
        7 => RouteKind::Unreachable,
        8 => RouteKind::Prohibit,
        9 => RouteKind::Throw,
        _ => RouteKind::Other,
    }
}

/// `RTPROT_*`, as `/etc/iproute2/rt_protos` names them.
fn protocol(number: u8) -> String {
    let name = match number {
        1 => "redirect",
        2 => "kernel",
        3 => "boot",
        4 => "static",
        8 => "gated",
        9 => "ra",
        10 => "mrt",
        11 => "zebra",
        12 => "bird",
        13 => "dnrouted",
        14 => "xorp",
        15 => "ntk",
        16 => "dhcp",
        18 => "keepalived",
        42 => "babel",
        99 => "openr",
        186 => "bgp",
        187 => "isis",
        188 => "ospf",
        189 => "rip",
        192 => "eigrp",
        _ => return number.to_string(),
    };
    name.to_owned()
}
