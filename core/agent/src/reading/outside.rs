//! Reads a namespace that may not be entered: from the side of this process's own, whose cables lead there, and through
//! `/proc/PID/net`. With `CAP_NET_ADMIN` the kernel lists its interfaces and addresses whole (`TARGET_NETNSID`).
//!
//! What these ways do not tell stays empty: MTU and MAC address without `CAP_NET_ADMIN`, routes of other tables.

use std::{collections::HashMap, io};

use bridgewalk_model::{
    Fact, SourceKind, Via,
    kernel::{self, Address, Link, LinkKind, OperState, Transport},
};

use super::{
    Known, Part, Parts, Reading, Record, addresses,
    links::{self, Device},
    proc_net::{self, Indexes},
    sockets,
};
use crate::{
    discovery::{Door, Place},
    netlink::route::Route,
};

/// Reads what can be read of `place` by a thread that is in this process's own namespace.
pub(super) fn read(place: &Place, parts: Parts, known: &Known) -> Reading {
    let mut record = Record::new(place, Via::Proc);
    let own = known.places.iter().find(|place| matches!(place.door, Door::Own));
    let target = target(place, own.is_some_and(|own| own.is_host));
    let mut indexes = Indexes::new();
    let refused = place.refused("CAP_SYS_ADMIN");
    let folder = place.pid.map(|pid| format!("/proc/{pid}/net"));
    let file = |name: &str| folder.as_ref().map_or_else(|| Ok(String::new()), |folder| proc_net::file(folder, name));
    match known_indexes(&file) {
        Ok(known) => indexes.extend(known),
        Err(error) => record.failed(Part::Links, &error),
    }

    if let Some((links, addresses)) = target {
        indexes.extend(links.iter().map(|link| (link.name.clone(), link.if_index)));
        record.via = Via::HostSide;
        if parts.has(Part::Links) {
            record.fact(Part::Links, Fact::Links, Ok(links));
        }
        if parts.has(Part::Addresses) {
            record.fact(Part::Addresses, Fact::Addresses, Ok(addresses));
        }
        record.via = Via::Proc;
    } else if folder.is_some() {
        if parts.has(Part::Links) {
            let links = file("dev").map(|dev| links_outside(place, own.map(|own| own.inode), &dev, &indexes));
            record.fact(Part::Links, Fact::Links, links);
        }
        if parts.has(Part::Addresses) {
            record.fact(Part::Addresses, Fact::Addresses, addresses_outside(&file, &indexes));
        }
        record.limit(Part::Links, SourceKind::Links, refused.clone());
    } else {
        record.limit(Part::Links, SourceKind::Links, refused.clone());
    }
    if folder.is_some() {
        if parts.has(Part::Routes) {
            record.fact(Part::Routes, Fact::Routes, routes_outside(&file, &indexes));
        }
        if parts.has(Part::Neighbours) {
            let neighbours = file("arp").map(|arp| proc_net::neighbours(&arp, &indexes));
            record.fact(Part::Neighbours, Fact::Neighbours, neighbours);
        }
    }
    if parts.has(Part::Sockets)
        && let Some(folder) = &folder
    {
        match proc_net::sockets(folder, &[Transport::Tcp, Transport::Udp, Transport::Raw]) {
            Ok(list) => super::tell_sockets(&mut record, sockets::bounded(list, &known.socket_owners, Vec::new())),
            Err(error) => record.failed(Part::Sockets, &error),
        }
    }
    for part in [Part::RoutingRules, Part::Fdb, Part::Sysctls, Part::Firewall, Part::Ipvs] {
        if parts.has(part) && (part != Part::Ipvs || known.has_ipvs) {
            record.limit(part, part.source(), refused.clone());
        }
    }
    record.reading
}

/// What the files of `/proc/PID/net` say of the interfaces' numbers.
fn known_indexes(file: &impl Fn(&str) -> io::Result<String>) -> io::Result<Indexes> {
    Ok(proc_net::indexes(&file("igmp")?, &file("dev_mcast")?, &file("if_inet6")?))
}

fn addresses_outside(file: &impl Fn(&str) -> io::Result<String>, indexes: &Indexes) -> io::Result<Vec<Address>> {
    let routes = proc_net::ipv4_routes(&file("route")?, indexes);
    let mut list = proc_net::ipv4_addresses(&file("fib_trie")?, &routes, indexes);
    list.extend(proc_net::ipv6_addresses(&file("if_inet6")?));
    Ok(list)
}

fn routes_outside(file: &impl Fn(&str) -> io::Result<String>, indexes: &Indexes) -> io::Result<Vec<kernel::Route>> {
    let mut routes = proc_net::ipv4_routes(&file("route")?, indexes);
    routes.extend(proc_net::ipv6_routes(&file("ipv6_route")?, indexes));
    Ok(routes)
}

/// Interfaces and addresses as the kernel lists them to whoever has `CAP_NET_ADMIN` over the namespace.
fn target(place: &Place, own_is_host: bool) -> Option<(Vec<Link>, Vec<Address>)> {
    let nsid = place.nsid.filter(|_| own_is_host)?;
    let mut route = Route::open().ok()?;
    route.check_strictly().ok()?;
    let devices = links::read_target(&mut route, nsid).ok()?;
    let addresses = addresses::read_target(&mut route, nsid).ok()?;
    Some((devices.into_iter().map(|device| device.link).collect(), addresses))
}

/// Interfaces as `dev` names them, with the other ends of cables that lead to this process's namespace.
fn links_outside(
    place: &Place,
    own: Option<bridgewalk_model::NamespaceInode>,
    dev: &str,
    indexes: &Indexes,
) -> Vec<Link> {
    let here: Vec<Device> = Route::open().and_then(|mut route| links::read(&mut route)).unwrap_or_default();
    let ends: HashMap<u32, &Link> = here
        .iter()
        .map(|device| &device.link)
        .filter(|link| place.nsid.is_some() && link.peer_nsid == place.nsid)
        .filter_map(|link| Some((link.peer_if_index?, link)))
        .collect();
    let link = |(name, counters): (String, _)| {
        // Without a number it cannot be told apart; the cable's end tells it if there is but one.
        let if_index = indexes.get(&name).copied()?;
        let end = ends.get(&if_index).filter(|end| end.kind == LinkKind::Veth);
        let kind = match end {
            _ if name == "lo" => LinkKind::Loopback,
            Some(_) => LinkKind::Veth,
            None => LinkKind::Other { name: "unknown".to_owned() },
        };
        Some(Link {
            if_index,
            name,
            alternative_names: Vec::new(),
            kind,
            // The end here has a carrier if and only if the other is up.
            is_up: end.is_some_and(|end| end.has_carrier),
            has_carrier: end.is_some_and(|end| end.has_carrier),
            is_promiscuous: false,
            oper_state: if end.is_some_and(|end| end.has_carrier) { OperState::Up } else { OperState::Unknown },
            mtu: 0,
            mac_address: None,
            master_if_index: None,
            bridge_port: None,
            peer_if_index: end.map(|end| end.if_index),
            peer_nsid: None,
            peer_namespace: end.and(own),
            counters,
        })
    };
    proc_net::devices(dev).into_iter().filter_map(link).collect()
}

#[cfg(test)]
mod tests {
    use bridgewalk_model::{LimitReason, NamespaceInode};

    use super::*;

    /// Files that cannot be read are no empty ones: what they would have told is said to be missing.
    #[test]
    fn an_unreadable_file_is_said_and_not_taken_for_an_empty_one() {
        let place = Place { inode: NamespaceInode(7), is_host: false, pid: Some(1), nsid: None, door: Door::Closed };
        let refused = |_: &str| Err(io::Error::from_raw_os_error(libc::EIO));
        let mut record = Record::new(&place, Via::Proc);
        let indexes = Indexes::new();
        record.fact(Part::Routes, Fact::Routes, routes_outside(&refused, &indexes));
        record.fact(Part::Addresses, Fact::Addresses, addresses_outside(&refused, &indexes));
        assert!(known_indexes(&refused).is_err());
        assert!(record.reading.facts.is_empty());
        assert_eq!(record.reading.limits.len(), 2);
        for (_, limit) in &record.reading.limits {
            assert_eq!(limit.namespace, Some(place.inode));
            assert!(matches!(&limit.reason, LimitReason::Unreachable { .. }), "{limit:?}");
        }
        let empty = |_: &str| Ok(String::new());
        record.fact(Part::Routes, Fact::Routes, routes_outside(&empty, &indexes));
        assert_eq!(record.reading.facts.len(), 1);
        // A process that has ended is no kernel without the file.
        let error = proc_net::file("/proc/4294967295/net", "route").unwrap_err();
        assert_eq!(error.raw_os_error(), Some(libc::ESRCH));
        assert_eq!(proc_net::file("/proc/self/net", "no_such_file").unwrap(), "");
    }
}
