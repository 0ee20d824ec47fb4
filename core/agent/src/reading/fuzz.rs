//! The decoders of rtnetlink, sock_diag and `/proc`, for [`crate::fuzz`].

#![allow(clippy::drop_non_drop, reason = "what comes out does not matter, only that it does")]

use bridgewalk_model::kernel::Transport;
use netlink_packet_route::RouteNetlinkMessage;

use super::{addresses, ipvs, links, neighbours, proc_net, routes, rules, sockets, vlans};
use crate::{
    fuzz::{Target, messages, raw_messages},
    netlink::route,
};

pub(crate) const TARGETS: &[Target] = &[
    ("links", route),
    ("addresses", route),
    ("routes", route),
    ("rules", route),
    ("neighbours", route),
    ("sockets", |bytes| messages(bytes, |message| drop(sockets::decode(message, Transport::Tcp)))),
    ("proc", |bytes| {
        let text = String::from_utf8_lossy(bytes);
        let indexes = proc_net::indexes(&text, &text, &text);
        drop(proc_net::devices(&text));
        drop(proc_net::ipv6_addresses(&text));
        let routes = proc_net::ipv4_routes(&text, &indexes);
        drop(proc_net::ipv4_addresses(&text, &routes, &indexes));
        drop(proc_net::ipv6_routes(&text, &indexes));
        drop(proc_net::neighbours(&text, &indexes));
        drop(ipvs::parse(&text));
    }),
];

/// Each message by what it is.
fn route(bytes: &[u8]) {
    raw_messages(bytes, |message| match route::decode(message) {
        Some(RouteNetlinkMessage::NewLink(message)) => {
            drop(links::decode(message.clone()));
            drop(vlans::decode(message));
        }
        Some(RouteNetlinkMessage::NewAddress(message)) => drop(addresses::decode(message)),
        Some(RouteNetlinkMessage::NewRoute(message)) => drop(routes::decode(message)),
        Some(RouteNetlinkMessage::NewRule(message)) => drop(rules::decode(message)),
        Some(RouteNetlinkMessage::NewNeighbour(message)) => {
            drop(neighbours::decode(message.clone()));
            drop(neighbours::decode_fdb(message));
        }
        _ => {}
    });
}

/// Real bytes of this machine.
#[cfg(test)]
pub(crate) fn collect(keep: &mut dyn FnMut(&str, Vec<u8>)) {
    use linux_raw_sys::netlink::{IFLA_EXT_MASK, RTEXT_FILTER_BRVLAN};
    use netlink_sys::protocols::{NETLINK_ROUTE, NETLINK_SOCK_DIAG};

    use crate::{
        fuzz::raw,
        netlink::{Netlink, attributes::Body},
    };

    let mut socket = Netlink::open(NETLINK_ROUTE).unwrap();
    for (name, kind, header_len, first) in [
        ("links", libc::RTM_GETLINK, 16, 0),
        ("links", libc::RTM_GETLINK, 16, libc::AF_BRIDGE as u8),
        ("addresses", libc::RTM_GETADDR, 8, 0),
        ("routes", libc::RTM_GETROUTE, 12, 0),
        ("rules", libc::RTM_GETRULE, 12, 0),
        ("neighbours", libc::RTM_GETNEIGH, 12, 0),
        ("neighbours", libc::RTM_GETNEIGH, 12, libc::AF_BRIDGE as u8),
    ] {
        let mut header = vec![0; header_len];
        header[0] = first;
        let body = if kind == libc::RTM_GETLINK && first != 0 {
            Body::new(&header).with(IFLA_EXT_MASK as u16, &RTEXT_FILTER_BRVLAN.to_ne_bytes())
        } else {
            Body::new(&header)
        };
        socket.dump(kind, &body, |message| Some(raw(message))).unwrap().into_iter().for_each(|it| keep(name, it));
    }
    let mut diag = Netlink::open(NETLINK_SOCK_DIAG).unwrap();
    for (family, transport) in [(2, 6), (10, 6), (2, 17), (10, 17)] {
        let mut header = vec![0; 56];
        header[0] = family;
        header[1] = transport;
        header[4..8].copy_from_slice(&u32::MAX.to_ne_bytes());
        let found = diag.dump(20, &Body::new(&header), |message| Some(raw(message)));
        found.unwrap().into_iter().for_each(|it| keep("sockets", it));
    }
    for file in ["dev", "igmp", "dev_mcast", "if_inet6", "route", "ipv6_route", "fib_trie", "arp", "tcp", "udp6"] {
        keep("proc", std::fs::read(format!("/proc/self/net/{file}")).unwrap_or_default());
    }
    let services = "IP Virtual Server version 1.2.1 (size=4096)\nProt LocalAddress:Port Scheduler Flags\n  -> RemoteAddress:Port \
                    Forward Weight ActiveConn InActConn\nFWM  00000101 rr\n  -> 0A000004:0000 Masq 1 0 0\nTCP  \
                    C0A80001:0050 rr\n  -> [2001:0db8:0000:0000:0000:0000:0000:0001]:0050 Route 1 0 0\n";
    keep("proc", services.into());
}
