//! A namespace, indexed for walks.

use std::{
    collections::{HashMap, HashSet},
    net::IpAddr,
};

use bridgewalk_model::{
    Limit, MacAddress, SourceKind,
    firewall::Hook,
    kernel::{FdbEntry, LinkKind, Neighbour, Route, RoutingRule},
    snapshot::{Host, Interface, Namespace},
};

use super::{Unknown, rules::NamespaceRules};

/// A namespace's number in [`Walker::places`](super::Walker).
pub(super) type At = usize;

/// An interface: its namespace's number and its place in that namespace's list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Port {
    pub(super) at: At,
    pub(super) index: usize,
}

/// What a walk asks of one namespace.
#[derive(Debug)]
pub(super) struct Place<'a> {
    pub(super) host: &'a Host,
    pub(super) namespace: &'a Namespace,
    pub(super) rules: NamespaceRules<'a>,
    /// Whether any rule is hooked anywhere: most containers have none, and no hook needs to be asked.
    pub(super) has_rules: bool,
    /// Interfaces by ifindex.
    pub(super) by_if_index: HashMap<u32, usize>,
    /// Interfaces by address.
    pub(super) by_address: HashMap<IpAddr, usize>,
    pub(super) neighbours: HashMap<(u32, IpAddr), &'a Neighbour>,
    /// Entries of bridges' tables, by the bridge's ifindex and the address.
    pub(super) fdb: HashMap<(u32, MacAddress), Vec<&'a FdbEntry>>,
    /// Bridges' ports, by the bridge's ifindex.
    pub(super) ports: HashMap<u32, Vec<usize>>,
    /// IPv4's and IPv6's rules, by priority.
    pub(super) routing_rules: [Vec<&'a RoutingRule>; 2],
    /// Routes by table and family, the longest prefix first, then the lowest metric.
    pub(super) routes: HashMap<(u32, bool), Vec<&'a Route>>,
    sysctls: HashMap<&'a str, &'a str>,
    unread: HashSet<SourceKind>,
}

impl<'a> Place<'a> {
    pub(super) fn new(host: &'a Host, namespace: &'a Namespace) -> Self {
        let mut place = Self {
            host,
            namespace,
            rules: NamespaceRules::new(namespace),
            has_rules: namespace.firewall.iter().flat_map(|ruleset| &ruleset.tables).any(|table| {
                table.chains.iter().any(|chain| chain.base.as_ref().is_some_and(|base| is_walked(base.hook)))
            }),
            by_if_index: HashMap::new(),
            by_address: HashMap::new(),
            neighbours: namespace.neighbours.iter().map(|one| ((one.if_index, one.address), one)).collect(),
            fdb: HashMap::new(),
            ports: HashMap::new(),
            routing_rules: [false, true]
                .map(|is_ipv6| namespace.routing_rules.iter().filter(|rule| rule.is_ipv6 == is_ipv6).collect()),
            routes: HashMap::new(),
            sysctls: namespace.sysctls.iter().map(|one| (one.path.as_str(), one.value.as_str())).collect(),
            unread: unread(host, namespace),
        };
        for (index, interface) in namespace.interfaces.iter().enumerate() {
            place.by_if_index.insert(interface.link.if_index, index);
            for address in interface.addresses.iter().filter(|address| !address.is_tentative) {
                place.by_address.entry(address.address).or_insert(index);
            }
            if let Some(master) = interface.link.master_if_index {
                place.ports.entry(master).or_default().push(index);
            }
            for entry in &interface.fdb {
                let table = entry.bridge_if_index.unwrap_or(entry.if_index);
                place.fdb.entry((table, entry.mac_address)).or_default().push(entry);
            }
        }
        for route in namespace.routes.iter() {
            place.routes.entry((route.table, route.destination.addr().is_ipv6())).or_default().push(route);
        }
        for routes in place.routes.values_mut() {
            routes.sort_by_key(|route| (std::cmp::Reverse(route.destination.prefix_len()), route.metric));
        }
        for rules in &mut place.routing_rules {
            rules.sort_by_key(|rule| rule.priority);
        }
        place
    }

    /// The interface at this place of the list.
    pub(super) fn interface(&self, index: usize) -> Option<&'a Interface> {
        self.namespace.interfaces.get(index)
    }

    /// The interface with this ifindex, with its place in the list.
    pub(super) fn by_if_index(&self, if_index: u32) -> Option<(usize, &'a Interface)> {
        let index = *self.by_if_index.get(&if_index)?;
        Some((index, self.namespace.interfaces.get(index)?))
    }

    /// The loopback interface.
    pub(super) fn loopback(&self) -> Option<usize> {
        self.namespace.interfaces.iter().position(|one| one.link.kind == LinkKind::Loopback)
    }

    /// A setting as text, by its path below `/proc/sys`.
    pub(super) fn sysctl(&self, path: &str) -> Option<&'a str> {
        self.sysctls.get(path).copied()
    }

    /// Whether what this source tells of this namespace was not read, or not all of it.
    pub(super) fn is_unread(&self, source: SourceKind) -> bool {
        self.unread.contains(&source)
    }

    /// That it was not, for a walk that comes to need it.
    pub(super) fn not_read(&self, source: SourceKind) -> Unknown {
        Unknown::NotRead { namespace: self.namespace.id.clone(), source }
    }
}

const fn is_walked(hook: Hook) -> bool {
    !matches!(hook, Hook::Ingress | Hook::Egress)
}

/// What was not read here, or not all of it.
fn unread(host: &Host, namespace: &Namespace) -> HashSet<SourceKind> {
    let is_here = |limit: &&Limit| limit.namespace.is_none_or(|inode| inode == namespace.inode);
    let mut unread: HashSet<SourceKind> = host
        .limits
        .iter()
        .chain(&namespace.limits)
        .filter(|limit| is_here(limit) && limit.reason.is_lack())
        .map(|limit| limit.source)
        .collect();
    if unread.contains(&SourceKind::Agent) {
        unread.extend(
            SourceKind::ALL
                .into_iter()
                .filter(|source| !matches!(source, SourceKind::Engine | SourceKind::EngineEvents)),
        );
    }
    // A namespace that was entered has its loopback interface at the least.
    let is_entered = namespace
        .interfaces
        .iter()
        .any(|one| one.link.kind == LinkKind::Loopback && one.via == bridgewalk_model::Via::Netlink);
    if !is_entered {
        unread.extend([SourceKind::Links, SourceKind::NfTables, SourceKind::Sysctls]);
    }
    unread
}
