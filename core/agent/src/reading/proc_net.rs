//! What the files of `/proc/PID/net` tell of a namespace to whoever may not enter it. Pure: each function takes a
//! file's text.

use std::{
    collections::HashMap,
    fs, io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use bridgewalk_model::{
    AddressPort,
    kernel::{Address, LinkCounters, Neighbour, NeighbourState, NextHop, Route, RouteKind, Socket, Transport},
};
use ipnet::IpNet;

use super::{addresses, sockets};

/// Interfaces by name.
pub(super) type Indexes = HashMap<String, u32>;

const RTF_REJECT: u32 = 0x0200;
const RTF_GATEWAY: u32 = 0x0002;
const RTF_LOCAL: u32 = 0x8000_0000;
const RTF_ANYCAST: u32 = 0x0010_0000;

/// The sockets of some protocols, in the folder of a namespace.
pub(super) fn sockets(folder: &str, transports: &[Transport]) -> io::Result<Vec<Socket>> {
    let files = transports.iter().flat_map(|transport| [(*transport, ""), (*transport, "6")]);
    let mut sockets = Vec::new();
    for (transport, version) in files {
        let text = file(folder, &format!("{transport}{version}"))?;
        sockets.extend(text.lines().skip(1).filter_map(|line| socket(line, transport)));
    }
    Ok(sockets)
}

/// A file of the folder `/proc/PID/net`; nothing where the kernel has none of this name.
pub(super) fn file(folder: &str, name: &str) -> io::Result<String> {
    match fs::read_to_string(format!("{folder}/{name}")) {
        // The folder is there as long as its process is.
        Err(error) if error.kind() == io::ErrorKind::NotFound && fs::metadata(folder).is_ok() => Ok(String::new()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(io::Error::from_raw_os_error(libc::ESRCH)),
        read => read,
    }
}

/// `sl local remote st queues timer retransmits uid timeout inode …`.
fn socket(line: &str, transport: Transport) -> Option<Socket> {
    let fields: Vec<&str> = line.split_ascii_whitespace().collect();
    let state = u8::from_str_radix(fields.get(3)?, 16).ok()?;
    let inode = fields.get(9)?.parse().ok()?;
    // Sockets in TIME_WAIT and those not yet accepted belong to no process.
    if matches!(state, 6 | 12) {
        return None;
    }
    Some(Socket {
        transport,
        local: address_port(fields.get(1)?)?,
        remote: sockets::remote_of(address_port(fields.get(2)?)?),
        state: sockets::state(state, transport),
        is_ipv6_only: false,
        bound_if_index: 0,
        inode,
        uid: fields.get(7)?.parse().ok()?,
        pid: None,
    })
}

fn address_port(text: &str) -> Option<AddressPort> {
    let (address, port) = text.split_once(':')?;
    Some(AddressPort { address: native_words(address)?, port: u16::from_str_radix(port, 16).ok()? })
}

/// Each four bytes of an address printed as one number of the machine's order.
fn native_words(hex: &str) -> Option<IpAddr> {
    let mut bytes = Vec::with_capacity(16);
    for at in (0..hex.len()).step_by(8) {
        bytes.extend(u32::from_str_radix(hex.get(at..at + 8)?, 16).ok()?.to_ne_bytes());
    }
    crate::netlink::attributes::ip(&bytes)
}

/// Sixteen bytes in order.
fn ipv6(hex: &str) -> Option<Ipv6Addr> {
    (hex.len() == 32).then(|| u128::from_str_radix(hex, 16).ok().map(Ipv6Addr::from))?
}

/// `dev`: names with their counters, in the kernel's order.
pub(super) fn devices(text: &str) -> Vec<(String, LinkCounters)> {
    text.lines().skip(2).filter_map(device).collect()
}

fn device(line: &str) -> Option<(String, LinkCounters)> {
    let (name, numbers) = line.rsplit_once(':')?;
    let numbers: Vec<u64> = numbers.split_ascii_whitespace().filter_map(|number| number.parse().ok()).collect();
    let at = |index: usize| numbers.get(index).copied();
    let counters = LinkCounters {
        rx_bytes: at(0)?,
        rx_packets: at(1)?,
        rx_errors: at(2)?,
        rx_dropped: at(3)?,
        tx_bytes: at(8)?,
        tx_packets: at(9)?,
        tx_errors: at(10)?,
        tx_dropped: at(11)?,
    };
    Some((name.trim().to_owned(), counters))
}

/// Interfaces' numbers, which no single file has of all: `igmp`, `dev_mcast` and `if_inet6` together.
pub(super) fn indexes(igmp: &str, dev_mcast: &str, if_inet6: &str) -> Indexes {
    let mut indexes = Indexes::new();
    let first_two = igmp.lines().filter(|line| line.starts_with(|c: char| c.is_ascii_digit())).chain(dev_mcast.lines());
    for line in first_two {
        let mut fields = line.split_ascii_whitespace();
        if let (Some(Ok(index)), Some(name)) = (fields.next().map(str::parse), fields.next()) {
            indexes.insert(name.trim_end_matches(':').to_owned(), index);
        }
    }
    for line in if_inet6.lines() {
        let fields: Vec<&str> = line.split_ascii_whitespace().collect();
        if let [_, index, _, _, _, name] = fields[..]
            && let Ok(index) = u32::from_str_radix(index, 16)
        {
            indexes.insert(name.to_owned(), index);
        }
    }
    indexes
}

/// `if_inet6`: address, ifindex, prefix length, scope, flags, name.
pub(super) fn ipv6_addresses(if_inet6: &str) -> Vec<Address> {
    let address = |line: &str| {
        let fields: Vec<&str> = line.split_ascii_whitespace().collect();
        let number = |at: usize| u32::from_str_radix(fields.get(at)?, 16).ok();
        let flags = number(4)?;
        // The file has IPV6_ADDR_* where netlink has RT_SCOPE_*.
        let scope = match number(3)? {
            0x00 => 0,
            0x10 => 254,
            0x20 => 253,
            0x40 => 200,
            _ => 255,
        };
        Some(Address {
            if_index: number(1)?,
            address: ipv6(fields.first()?)?.into(),
            prefix_len: u8::try_from(number(2)?).ok()?,
            peer: None,
            broadcast: None,
            scope: addresses::scope(scope),
            is_secondary: flags & 0x01 != 0,
            is_tentative: flags & 0x48 != 0,
        })
    };
    if_inet6.lines().filter_map(address).collect()
}

/// `fib_trie` lists the local addresses; `route` tells the interface and the prefix that each lies in. An address in no
/// such prefix whose interface cannot be told is left out.
pub(super) fn ipv4_addresses(fib_trie: &str, routes: &[Route], indexes: &Indexes) -> Vec<Address> {
    let mut found: Vec<Ipv4Addr> = Vec::new();
    let mut leaf: Option<Ipv4Addr> = None;
    for line in fib_trie.lines() {
        if let Some(address) = line.trim_start().strip_prefix("|-- ") {
            leaf = address.parse().ok();
        } else if line.trim_start().starts_with("/32 host LOCAL") {
            found.extend(leaf);
        }
    }
    found.sort_unstable();
    found.dedup();
    let place = |address: Ipv4Addr| {
        if address.is_loopback() {
            return Some((indexes.get("lo").copied()?, if address == Ipv4Addr::LOCALHOST { 8 } else { 32 }));
        }
        let on_link = routes.iter().filter(|route| {
            route.destination.contains(&IpAddr::V4(address)) && route.next_hops.iter().all(|hop| hop.gateway.is_none())
        });
        let nearest = on_link.max_by_key(|route| route.destination.prefix_len())?;
        Some((nearest.next_hops.first()?.if_index, nearest.destination.prefix_len()))
    };
    let address = |address: Ipv4Addr| {
        let (if_index, prefix_len) = place(address)?;
        Some(Address {
            if_index,
            address: address.into(),
            prefix_len,
            peer: None,
            broadcast: None,
            scope: addresses::scope(if address.is_loopback() { 254 } else { 0 }),
            is_secondary: false,
            is_tentative: false,
        })
    };
    found.into_iter().filter_map(address).collect()
}

/// `route`: the main table of IPv4.
pub(super) fn ipv4_routes(text: &str, indexes: &Indexes) -> Vec<Route> {
    let route = |line: &str| {
        let fields: Vec<&str> = line.split_ascii_whitespace().collect();
        let flags = u32::from_str_radix(fields.get(3)?, 16).ok()?;
        let mask = u32::from_str_radix(fields.get(7)?, 16).ok()?;
        let prefix_len = u8::try_from(mask.count_ones()).ok()?;
        let is_rejected = flags & RTF_REJECT != 0;
        let gateway = native_words(fields.get(2)?)?;
        let has_gateway = flags & RTF_GATEWAY != 0;
        let hop = NextHop {
            gateway: has_gateway.then_some(gateway),
            if_index: if is_rejected { 0 } else { *indexes.get(*fields.first()?)? },
            weight: 1,
            is_dead: false,
            is_on_link: false,
        };
        Some(Route {
            table: 254,
            destination: IpNet::new(native_words(fields.get(1)?)?, prefix_len).ok()?,
            kind: if is_rejected { RouteKind::Unreachable } else { RouteKind::Unicast },
            next_hops: if is_rejected { Vec::new() } else { vec![hop] },
            preferred_source: None,
            metric: fields.get(6)?.parse().ok()?,
            scope: if has_gateway { 0 } else { 253 },
            protocol: String::new(),
            tos: 0,
        })
    };
    text.lines().skip(1).filter_map(route).collect()
}

/// `ipv6_route`: destination, source, next hop, metric, use, flags, device.
pub(super) fn ipv6_routes(text: &str, indexes: &Indexes) -> Vec<Route> {
    let route = |line: &str| {
        let fields: Vec<&str> = line.split_ascii_whitespace().collect();
        let number = |at: usize| u32::from_str_radix(fields.get(at)?, 16).ok();
        let flags = number(8)?;
        let kind = match flags {
            flags if flags & RTF_REJECT != 0 => RouteKind::Unreachable,
            flags if flags & RTF_LOCAL != 0 => RouteKind::Local,
            flags if flags & RTF_ANYCAST != 0 => RouteKind::Anycast,
            _ => RouteKind::Unicast,
        };
        let is_main = kind == RouteKind::Unicast || kind == RouteKind::Unreachable;
        let hop = |if_index| NextHop {
            gateway: ipv6(fields[4]).filter(|gateway| !gateway.is_unspecified()).map(IpAddr::V6),
            if_index,
            weight: 1,
            is_dead: false,
            is_on_link: false,
        };
        let next_hops = match kind {
            RouteKind::Unreachable => Vec::new(),
            _ => vec![hop(*indexes.get(*fields.get(9)?)?)],
        };
        Some(Route {
            table: if is_main { 254 } else { 255 },
            destination: IpNet::new(ipv6(fields.first()?)?.into(), u8::try_from(number(1)?).ok()?).ok()?,
            kind,
            next_hops,
            preferred_source: None,
            metric: number(5)?,
            scope: 0,
            protocol: String::new(),
            tos: 0,
        })
    };
    text.lines().filter_map(route).collect()
}

/// `arp`: address, hardware type, flags, MAC, mask, device.
pub(super) fn neighbours(arp: &str, indexes: &Indexes) -> Vec<Neighbour> {
    let neighbour = |line: &str| {
        let fields: Vec<&str> = line.split_ascii_whitespace().collect();
        let flags = u32::from_str_radix(fields.get(2)?.strip_prefix("0x")?, 16).ok()?;
        Some(Neighbour {
            if_index: *indexes.get(*fields.get(5)?)?,
            address: fields.first()?.parse().ok()?,
            mac_address: fields.get(3)?.parse().ok().filter(|_| flags & 0x02 != 0),
            // The file tells complete from incomplete and no more.
            state: match flags {
                flags if flags & 0x04 != 0 => NeighbourState::Permanent,
                flags if flags & 0x02 != 0 => NeighbourState::Stale,
                _ => NeighbourState::Incomplete,
            },
            is_proxy: flags & 0x08 != 0,
            is_router: false,
        })
    };
    arp.lines().skip(1).filter_map(neighbour).collect()
}
