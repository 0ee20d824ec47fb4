//! What is new or odd in a message costs itself alone, wherever in a message it is: each attribute of messages of a real
//! kernel in turn.

use linux_raw_sys::netlink as kernel;
use netlink_packet_route::RouteNetlinkMessage;

use super::{addresses, links, neighbours, routes, rules, vlans};
use crate::{
    fuzz::{corpus_of, raw_messages},
    netlink::{HEADER_LEN, attributes::Attributes, route},
};

/// What is made of a message.
fn told(message: &[u8]) -> Option<String> {
    match route::decode(message)? {
        RouteNetlinkMessage::NewLink(message) => {
            Some(format!("{:?} {:?}", links::decode(message.clone()), vlans::decode(message)))
        }
        RouteNetlinkMessage::NewAddress(message) => addresses::decode(message).map(|it| format!("{it:?}")),
        RouteNetlinkMessage::NewRoute(message) => routes::decode(message).map(|it| format!("{it:?}")),
        RouteNetlinkMessage::NewRule(message) => rules::decode(message).map(|it| format!("{it:?}")),
        RouteNetlinkMessage::NewNeighbour(message) => {
            Some(format!("{:?} {:?}", neighbours::decode(message.clone()), neighbours::decode_fdb(message)))
        }
        _ => None,
    }
}

/// Whether attributes lie in it that are read.
fn is_nest(of_link: bool, path: &[u16]) -> bool {
    let path: Vec<u32> = path.iter().map(|kind| u32::from(*kind)).collect();
    let info = kernel::IFLA_LINKINFO as u32;
    let spec = kernel::IFLA_AF_SPEC as u32;
    of_link
        && match path[..] {
            [kind] => kind == info || kind == spec || kind == kernel::IFLA_PROP_LIST as u32,
            [above, kind] if above == info => {
                kind == kernel::IFLA_INFO_DATA as u32 || kind == kernel::IFLA_INFO_SLAVE_DATA as u32
            }
            [above, kind] => above == spec && [libc::AF_INET as u32, libc::AF_INET6 as u32].contains(&kind),
            _ => false,
        }
}

/// Any bytes are a text.
fn may_be_odd(path: &[u16]) -> bool {
    let texts = [kernel::IFLA_IFNAME, kernel::IFLA_IFALIAS, kernel::IFLA_QDISC].map(|kind| kind as u16);
    let texts_of_rules = [kernel::FRA_IIFNAME, kernel::FRA_OIFNAME].map(|kind| kind as u16);
    let kinds = [kernel::IFLA_INFO_KIND, kernel::IFLA_INFO_SLAVE_KIND].map(|kind| kind as u16);
    let is_kind = matches!(path, [_, kind] if kinds.contains(kind));
    !is_kind && path.last().is_some_and(|kind| !texts.contains(kind) && !texts_of_rules.contains(kind))
}

/// The attributes with `change` made to the one at `at`, counting through all of them; and the path of that one.
fn changed(
    attributes: &[u8],
    at: &mut Option<usize>,
    path: &mut Vec<u16>,
    is_link: bool,
    change: &dyn Fn(u16, &[u8]) -> Vec<u8>,
    found: &mut Vec<u16>,
) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (kind, value) in Attributes(attributes) {
        path.push(kind);
        let is_it = *at == Some(0);
        *at = at.and_then(|at| at.checked_sub(1));
        if is_it {
            found.clone_from(path);
            bytes.extend(change(kind, value));
        } else if is_nest(is_link, path) {
            let inner = changed(value, at, path, is_link, change, found);
            bytes.extend(attribute(kind, &inner));
        } else {
            bytes.extend(attribute(kind, value));
        }
        path.pop();
    }
    bytes
}

fn attribute(kind: u16, value: &[u8]) -> Vec<u8> {
    let mut bytes = u16::try_from(4 + value.len()).unwrap().to_ne_bytes().to_vec();
    bytes.extend_from_slice(&kind.to_ne_bytes());
    bytes.extend_from_slice(value);
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}

#[test]
fn an_odd_attribute_is_like_none_and_a_new_one_changes_nothing() {
    let mut odd = 0;
    for (name, header_len) in [("links", 16), ("addresses", 8), ("routes", 12), ("rules", 12), ("neighbours", 12)] {
        for piece in corpus_of(name) {
            raw_messages(&piece, |message| {
                let Some(as_it_is) = told(message) else { return };
                let (header, attributes) = message.split_at(HEADER_LEN + header_len);
                let whole = |attributes: &[u8]| {
                    let mut bytes = [header, attributes].concat();
                    let len = u32::try_from(bytes.len()).unwrap();
                    bytes[..4].copy_from_slice(&len.to_ne_bytes());
                    bytes
                };
                for at in 0.. {
                    let mut path = Vec::new();
                    let mut change = |change: &dyn Fn(u16, &[u8]) -> Vec<u8>| {
                        whole(&changed(attributes, &mut Some(at), &mut Vec::new(), name == "links", change, &mut path))
                    };
                    // A rule that asks for more than is known is not the same rule.
                    if name != "rules" {
                        let new = change(&|kind, value| [attribute(0x3ff0, &[7; 5]), attribute(kind, value)].concat());
                        assert_eq!(told(&new).as_ref(), Some(&as_it_is), "{name} {at}");
                    }
                    let is_odd = change(&|kind, _| attribute(kind, &[1, 2, 3]));
                    let is_gone = change(&|_, _| Vec::new());
                    if path.is_empty() {
                        break;
                    }
                    if may_be_odd(&path) {
                        odd += 1;
                        assert_eq!(told(&is_odd), told(&is_gone), "{name} {path:?}");
                    }
                }
            });
        }
    }
    assert!(odd > 200, "{odd}");
}

#[test]
fn an_odd_attribute_of_a_next_hop_costs_no_hop() {
    let hop = |if_index: u32, gateway: &[u8]| {
        let attributes = attribute(libc::RTA_GATEWAY, gateway);
        let len = u16::try_from(8 + attributes.len()).unwrap();
        [&len.to_ne_bytes()[..], &[0, 2], &if_index.to_ne_bytes(), &attributes].concat()
    };
    let hops = [hop(7, &[192, 0, 2]), hop(8, &[192, 0, 2, 1])].concat();
    let header = [libc::AF_INET as u8, 24, 0, 0, 254, 4, 0, libc::RTN_UNICAST, 0, 0, 0, 0];
    let body = [
        &header[..],
        &attribute(libc::RTA_DST, &[198, 51, 100, 0]),
        &attribute(libc::RTA_MULTIPATH, &hops),
        &attribute(libc::RTA_PRIORITY, &9_u32.to_ne_bytes()),
    ]
    .concat();
    let len = u32::try_from(HEADER_LEN + body.len()).unwrap();
    let message = [&len.to_ne_bytes()[..], &libc::RTM_NEWROUTE.to_ne_bytes(), &[0; 10], &body].concat();
    let Some(RouteNetlinkMessage::NewRoute(message)) = route::decode(&message) else { panic!("no route") };
    let route = routes::decode(message).unwrap();
    let hops: Vec<_> = route.next_hops.iter().map(|hop| (hop.if_index, hop.weight, hop.gateway)).collect();
    assert_eq!(hops, [(7, 3, None), (8, 3, Some([192, 0, 2, 1].into()))]);
    assert_eq!((route.metric, route.destination.to_string().as_str()), (9, "198.51.100.0/24"));
}
