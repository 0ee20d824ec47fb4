//! Reads a namespace on a thread that is in it: see [`readers`].

mod addresses;
mod device_conf;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzz;
pub(crate) mod inside;
mod ipvs;
mod link_kind;
mod links;
mod name_files;
mod neighbours;
#[cfg(test)]
mod odd_tests;
mod outside;
mod proc_net;
pub(crate) mod readers;
mod routes;
mod rules;
mod sections;
mod sockets;
mod sysctls;
mod vlans;

use std::{collections::HashMap, io, sync::Arc};

use bridgewalk_model::{
    Fact, Limit, LimitReason, NamespaceInode, Remedy, Section, SourceKind, Text, Via, kernel::Link,
};
use netlink_sys::protocols::NETLINK_SOCK_DIAG;

pub(crate) use sections::{Part, Parts};

use crate::{
    discovery::{Place, nsid},
    firewall,
    netlink::{Netlink, route::Route},
};

/// What readers know beyond the namespace they are in.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// All namespaces.
    pub(crate) places: Vec<Arc<Place>>,
    /// Which process holds which socket.
    pub(crate) socket_owners: Arc<HashMap<u64, u32>>,
    /// Whether the kernel has IPVS.
    pub(crate) has_ipvs: bool,
}

/// What was read of one namespace.
#[derive(Debug)]
pub(crate) struct Reading {
    /// The parts, as facts.
    pub(crate) facts: Vec<Fact>,
    /// What each part does not see.
    pub(crate) limits: Vec<(Part, Limit)>,
}

/// Collects facts and limits of one namespace.
struct Record<'a> {
    place: &'a Place,
    via: Via,
    reading: Reading,
}

impl<'a> Record<'a> {
    fn new(place: &'a Place, via: Via) -> Self {
        Self { place, via, reading: Reading { facts: Vec::new(), limits: Vec::new() } }
    }

    fn section<T>(&self, is: T) -> Section<T> {
        Section { namespace: self.place.inode, via: self.via, is }
    }

    fn fact<T>(&mut self, part: Part, fact: fn(Section<T>) -> Fact, read: io::Result<T>) {
        match read {
            Ok(is) => {
                let section = self.section(is);
                self.reading.facts.push(fact(section));
            }
            Err(error) => self.failed(part, &error),
        }
    }

    fn failed(&mut self, part: Part, error: &io::Error) {
        let reason = reason(self.place, part, error);
        self.limit(part, part.source(), reason);
    }

    fn limit(&mut self, part: Part, source: SourceKind, reason: LimitReason) {
        let limit = Limit { source, namespace: Some(self.place.inode), remedy: remedy(&reason), reason };
        if !self.reading.limits.contains(&(part, limit.clone())) {
            self.reading.limits.push((part, limit));
        }
    }
}

/// Why a part could not be read.
fn reason(place: &Place, part: Part, error: &io::Error) -> LimitReason {
    match error.raw_os_error() {
        Some(libc::EPERM | libc::EACCES) => {
            place.refused(if part == Part::Firewall { "CAP_NET_ADMIN" } else { "CAP_SYS_ADMIN" })
        }
        Some(libc::EOPNOTSUPP | libc::EPROTONOSUPPORT | libc::EAFNOSUPPORT | libc::ENOENT) => LimitReason::NotInKernel,
        Some(libc::ESRCH) => LimitReason::Vanished,
        _ if error.kind() == io::ErrorKind::NotFound => LimitReason::Vanished,
        _ if error.kind() == io::ErrorKind::Interrupted => LimitReason::Truncated { detail: error.to_string() },
        _ => LimitReason::Unreachable { detail: error.to_string() },
    }
}

/// What would lift a limit of the kernel.
pub(crate) fn remedy(reason: &LimitReason) -> Remedy {
    match reason {
        LimitReason::Privilege { .. } => Remedy::StartAgent,
        _ => Remedy::None,
    }
}

/// Reads parts of the namespace that the calling thread is in.
fn read_inside(place: &Place, parts: Parts, known: &Known) -> Reading {
    let mut record = Record::new(place, Via::Netlink);
    match Route::open() {
        Ok(mut route) => read_route_parts(&mut record, &mut route, parts, known),
        Err(error) => record.failed(Part::Links, &error),
    }
    if parts.has(Part::Sockets) {
        match Netlink::open(NETLINK_SOCK_DIAG).and_then(|mut diag| sockets::read(&mut diag, &known.socket_owners)) {
            Ok(mut read) => {
                let others = match &read.missing[..] {
                    [] => Ok(Vec::new()),
                    missing => proc_net::sockets("/proc/thread-self/net", missing),
                };
                match others {
                    Ok(others) if others.is_empty() => {}
                    Ok(others) => {
                        let list = read.list.into_iter().chain(others).collect();
                        read = sockets::bounded(list, &known.socket_owners, Vec::new());
                    }
                    Err(error) => record.failed(Part::Sockets, &error),
                }
                tell_sockets(&mut record, read);
            }
            Err(error) => record.failed(Part::Sockets, &error),
        }
    }
    if parts.has(Part::Firewall) {
        read_firewall(&mut record);
    }
    if parts.has(Part::Ipvs) && known.has_ipvs {
        record.fact(Part::Ipvs, Fact::Ipvs, ipvs::read());
    }
    record.reading
}

fn read_route_parts(record: &mut Record<'_>, route: &mut Route, parts: Parts, known: &Known) {
    if parts.has(Part::Links) || parts.has(Part::Sysctls) {
        match links::read(route) {
            Ok(devices) => {
                if parts.has(Part::Sysctls) {
                    record.fact(Part::Sysctls, Fact::Sysctls, Ok(sysctls::read(&devices)));
                }
                if parts.has(Part::Links) {
                    let mut links: Vec<Link> = devices.into_iter().map(|device| device.link).collect();
                    name_peers(&mut links, route, record.place, known);
                    record.fact(Part::Links, Fact::Links, Ok(links));
                }
            }
            Err(error) => record.failed(Part::Links, &error),
        }
    }
    if parts.has(Part::Addresses) {
        record.fact(Part::Addresses, Fact::Addresses, addresses::read(route));
    }
    if parts.has(Part::Routes) {
        record.fact(Part::Routes, Fact::Routes, routes::read(route));
    }
    if parts.has(Part::RoutingRules) {
        record.fact(Part::RoutingRules, Fact::RoutingRules, rules::read(route));
    }
    if parts.has(Part::Neighbours) {
        record.fact(Part::Neighbours, Fact::Neighbours, neighbours::read(route));
    }
    if parts.has(Part::Fdb) {
        record.fact(Part::Fdb, Fact::Fdb, neighbours::read_fdb(route));
    }
    if parts.has(Part::BridgeVlans) {
        record.fact(Part::BridgeVlans, Fact::BridgeVlans, vlans::read(route));
    }
}

/// Finds the namespaces behind the numbers that links name. The host is asked for first: nearly all cables end there.
fn name_peers(links: &mut [Link], route: &mut Route, place: &Place, known: &Known) {
    let mut wanted: Vec<i32> = links.iter().filter_map(|link| link.peer_nsid).collect();
    wanted.sort_unstable();
    wanted.dedup();
    let mut names: HashMap<i32, NamespaceInode> = HashMap::new();
    for other in &known.places {
        if names.len() >= wanted.len() {
            break;
        }
        let nsid = if place.is_host { other.nsid } else { nsid::read(route, other).ok().flatten() };
        if let Some(nsid) = nsid.filter(|nsid| wanted.contains(nsid)) {
            names.insert(nsid, other.inode);
        }
    }
    for link in links {
        link.peer_namespace = link.peer_nsid.and_then(|nsid| names.get(&nsid)).copied();
    }
}

fn tell_sockets(record: &mut Record<'_>, read: sockets::Sockets) {
    if read.found > read.list.len() {
        let detail = format!("{} of {} sockets", read.list.len(), read.found);
        record.limit(Part::Sockets, SourceKind::Sockets, LimitReason::Truncated { detail });
    }
    record.fact(Part::Sockets, Fact::Sockets, Ok(read.list));
}

fn read_firewall(record: &mut Record<'_>) {
    let read = firewall::read_rulesets();
    for (source, error) in &read.failures {
        let reason = reason(record.place, Part::Firewall, error);
        record.limit(Part::Firewall, *source, reason);
    }
    for table in read.rulesets.iter().flat_map(|ruleset| &ruleset.tables) {
        for set in table.sets.iter().filter(|set| set.is_cut()) {
            let detail = format!(
                "{} elements of the set {} {} {}",
                set.elements.len(),
                table.family,
                Text::new(&table.name),
                Text::new(&set.name)
            );
            record.limit(Part::Firewall, SourceKind::NfTables, LimitReason::Truncated { detail });
        }
    }
    record.fact(Part::Firewall, Fact::Firewall, Ok(read.rulesets));
}

/// A fact with its counters taken away, to be compared.
pub(crate) fn without_counters(fact: &Fact) -> Fact {
    if let Fact::Links(section) = fact {
        let is = section.is.iter().map(links::without_counters).collect();
        return Fact::Links(Section { namespace: section.namespace, via: section.via, is });
    }
    let mut plain = fact.clone();
    if let Fact::Firewall(section) = &mut plain {
        for chain in section.is.iter_mut().flat_map(|rules| &mut rules.tables).flat_map(|table| &mut table.chains) {
            if let Some(base) = &mut chain.base {
                base.counter = None;
            }
            for rule in &mut chain.rules {
                rule.counter = None;
            }
        }
    }
    plain
}

/// Whether the kernel has IPVS.
pub(crate) fn has_ipvs() -> bool {
    ipvs::is_in_kernel()
}
