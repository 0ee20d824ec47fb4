//! What several hosts share, on evidence alone.
//!
//! Two hosts are on one link if a neighbour entry or an FDB entry of the one names a MAC address of the other's, or if both
//! ends of the link are seen on one kernel. Two VXLANs are one tunnel if they have one VNI and the remote address of the
//! one is the other host's. That both hosts have 10.0.2.0/24 behind their hypervisors says nothing, nor that both have a
//! VXLAN of VNI 4096: every Swarm's ingress has.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    net::IpAddr,
};

use super::{build, build::Port, segments::Sets};
use crate::{
    EntityId, MacAddress, NamespaceInode, Snapshot,
    kernel::{LinkKind, NeighbourState},
    snapshot::Network,
};

/// What was found; interfaces by their place among the ports.
#[derive(Default)]
pub(super) struct Shared {
    /// Interfaces of a host's own namespace by which the outside comes in.
    pub uplinks: Vec<usize>,
    /// Uplinks that are on one link, of several hosts.
    pub links: Vec<Vec<usize>>,
    /// The two ends of a tunnel.
    pub tunnels: Vec<(usize, usize)>,
}

/// Finds it, and unites the segments that are one.
pub(super) fn find(snapshot: &Snapshot, ports: &[Port<'_>], sets: &mut Sets) -> Shared {
    let mut shared = Shared { uplinks: uplinks(snapshot, ports, sets), ..Shared::default() };
    if snapshot.hosts.len() < 2 {
        return shared;
    }
    let uplinks = &shared.uplinks;
    let on_one_kernel = on_one_kernel(snapshot, ports, uplinks);
    let by_mac = by_mac(ports, uplinks, sets);
    for (a, b) in on_one_kernel.into_iter().chain(by_mac) {
        sets.unite(a, b);
    }
    shared.tunnels = tunnels(snapshot, ports);
    for (a, b) in &shared.tunnels {
        sets.unite(*a, *b);
    }
    let mut links: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for at in &shared.uplinks {
        links.entry(sets.root(*at)).or_default().push(*at);
    }
    let host = |at: &usize| ports.get(*at).map(|port| port.host);
    links.retain(|_, link| link.iter().any(|at| host(at) != link.first().and_then(host)));
    shared.links = links.into_values().collect();
    shared
}

/// Interfaces of the hosts' own namespaces that lead out themselves. Of a veth in a Docker network's bridge the other end
/// is some container's, seen or not; a VXLAN leads to other hosts of its network alone. Whatever the default route leaves
/// by leads out as well, as far as can be known, unless it does so by another interface.
fn uplinks(snapshot: &Snapshot, ports: &[Port<'_>], sets: &mut Sets) -> Vec<usize> {
    let networks = snapshot.hosts.iter().flat_map(|host| &host.networks);
    let dockers: HashSet<&EntityId> = networks.filter_map(|network| network.bridge.as_ref()).collect();
    let by_default: Vec<Option<&EntityId>> = snapshot
        .hosts
        .iter()
        .map(|host| host.own_namespace().and_then(build::default_uplink).map(|interface| &interface.id))
        .collect();
    let is_in_dockers = |port: &Port<'_>| {
        let master = port.interface.link.master_if_index;
        let mut others = port.namespace.interfaces.iter();
        master.is_some() && others.any(|one| Some(one.link.if_index) == master && dockers.contains(&one.id))
    };
    let mut uplinks = Vec::new();
    let mut defaults = Vec::new();
    for (at, port) in ports.iter().enumerate().filter(|(_, port)| port.namespace.is_host) {
        let leads_out = sets.is_exit(at)
            && match port.interface.link.kind {
                LinkKind::Vxlan { .. } => false,
                LinkKind::Veth => !is_in_dockers(port),
                _ => true,
            };
        if leads_out {
            uplinks.push(at);
        } else if by_default.get(port.host).copied().flatten() == Some(&port.interface.id) {
            defaults.push(at);
        }
    }
    for default in defaults {
        let segment = sets.root(default);
        let is_on_parent = ports.get(default).is_some_and(|port| port.parent.is_some());
        if !is_on_parent && !uplinks.iter().any(|uplink| sets.root(*uplink) == segment) {
            uplinks.push(default);
        }
    }
    uplinks.sort_unstable();
    uplinks
}

/// Hosts that are namespaces of one kernel, as a lab's nodes are: the same interface seen twice, or both ends of a veth.
fn on_one_kernel(snapshot: &Snapshot, ports: &[Port<'_>], uplinks: &[usize]) -> Vec<(usize, usize)> {
    type Key<'a> = (&'a str, NamespaceInode, u32);
    let boot = |port: &Port<'_>| snapshot.hosts.get(port.host)?.facts.boot_id.as_deref();
    let mut by_key: HashMap<Key<'_>, Vec<usize>> = HashMap::new();
    for (at, port) in ports.iter().enumerate() {
        if let Some(boot) = boot(port) {
            by_key.entry((boot, port.namespace.inode, port.interface.link.if_index)).or_default().push(at);
        }
    }
    let mut pairs = Vec::new();
    for at in uplinks {
        let Some(port) = ports.get(*at) else { continue };
        let link = &port.interface.link;
        let Some(boot) = boot(port) else { continue };
        let same = by_key.get(&(boot, port.namespace.inode, link.if_index)).into_iter().flatten();
        let far = link.peer_namespace.zip(link.peer_if_index).filter(|_| link.kind == LinkKind::Veth);
        let far = far.and_then(|(inode, if_index)| by_key.get(&(boot, inode, if_index))).into_iter().flatten();
        let names_us = |other: &&usize| {
            ports.get(**other).is_some_and(|other| {
                let back = &other.interface.link;
                back.peer_if_index == Some(link.if_index)
                    && back.peer_namespace.is_none_or(|inode| inode == port.namespace.inode)
            })
        };
        let others =
            same.chain(far.filter(names_us)).filter(|other| ports.get(**other).map(|it| it.host) != Some(port.host));
        pairs.extend(others.map(|other| (*at, *other)));
    }
    pairs
}

/// Entries on an uplink's segment that name a MAC address which one other host alone has on an uplink's segment.
fn by_mac(ports: &[Port<'_>], uplinks: &[usize], sets: &mut Sets) -> Vec<(usize, usize)> {
    let open: HashSet<usize> = uplinks.iter().map(|at| sets.root(*at)).collect();
    let mut is_open: Vec<bool> = (0..ports.len()).map(|at| open.contains(&sets.root(at))).collect();
    let by_id: HashMap<_, _> = ports.iter().enumerate().map(|(at, port)| (port.node, at)).collect();
    // What is on a VLAN goes where its parent goes, and only to that VLAN.
    let vlan: Vec<Option<u16>> = ports.iter().map(vlan_of).collect();
    for (at, port) in ports.iter().enumerate().filter(|(at, _)| vlan.get(*at).copied().flatten().is_some()) {
        let parent = port.parent.and_then(|parent| by_id.get(&parent)).copied();
        let leads_out = parent.is_some_and(|parent| is_open.get(parent).copied().unwrap_or(false));
        if let Some(slot) = is_open.get_mut(at) {
            *slot = leads_out;
        }
    }
    let mut owners: HashMap<MacAddress, Vec<usize>> = HashMap::new();
    for (at, port) in ports.iter().enumerate() {
        let mac = port.interface.link.mac_address.filter(|mac| is_one_interfaces(*mac));
        if let Some(mac) = mac.filter(|_| is_open.get(at).copied().unwrap_or(false)) {
            owners.entry(mac).or_default().push(at);
        }
    }
    let mut pairs = Vec::new();
    for (at, port) in ports.iter().enumerate().filter(|(at, _)| is_open.get(*at).copied().unwrap_or(false)) {
        for mac in named(port) {
            let Some(owners) = owners.get(&mac) else { continue };
            let host = |at: &usize| ports.get(*at).map(|port| port.host);
            let first = owners.first().and_then(host);
            let is_one_others = first != Some(port.host) && owners.iter().all(|owner| host(owner) == first);
            let same_vlan = |owner: &&usize| vlan.get(**owner) == vlan.get(at);
            if let (true, Some(owner)) = (is_one_others, owners.iter().find(same_vlan)) {
                pairs.push((at, *owner));
            }
        }
    }
    pairs
}

fn vlan_of(port: &Port<'_>) -> Option<u16> {
    match port.interface.link.kind {
        LinkKind::Vlan { vlan_id } => Some(vlan_id),
        _ => None,
    }
}

/// The MAC addresses that the tables have for this interface: those of neighbours that answered, and those that were
/// learned at a bridge's port.
fn named(port: &Port<'_>) -> impl Iterator<Item = MacAddress> {
    let if_index = port.interface.link.if_index;
    let neighbours = port.namespace.neighbours.iter().filter(move |one| {
        one.if_index == if_index && !matches!(one.state, NeighbourState::Failed | NeighbourState::Incomplete)
    });
    let learned = port.interface.fdb.iter().filter(|entry| !entry.is_permanent && entry.remote.is_none());
    neighbours.filter_map(|one| one.mac_address).chain(learned.map(|entry| entry.mac_address))
}

/// Neither all zeros nor a group's: the lowest bit of the first byte (IEEE 802).
fn is_one_interfaces(mac: MacAddress) -> bool {
    mac != MacAddress::default() && mac.0[0] & 1 == 0
}

/// One end of a tunnel.
struct End<'s> {
    at: usize,
    host: usize,
    network: Option<&'s Network>,
    /// Where it sends to: its table, its default, and the peers that Docker lists.
    remotes: Vec<IpAddr>,
}

/// VXLANs of one VNI of which the one sends to the other's host. Where both tell whom they send to they must agree, and
/// where both are a Docker network's it must be one network.
fn tunnels(snapshot: &Snapshot, ports: &[Port<'_>]) -> Vec<(usize, usize)> {
    let mut by_vni: BTreeMap<u32, Vec<End<'_>>> = BTreeMap::new();
    for (at, port) in ports.iter().enumerate() {
        let LinkKind::Vxlan { vni, remote, .. } = port.interface.link.kind else { continue };
        let Some(host) = snapshot.hosts.get(port.host) else { continue };
        let network = port.namespace.network.as_ref().and_then(|id| host.network(id));
        let mut remotes: Vec<IpAddr> = port.interface.fdb.iter().filter_map(|entry| entry.remote).collect();
        remotes.extend(remote);
        remotes.extend(network.into_iter().flat_map(|network| &network.peers).filter_map(|peer| peer.address));
        by_vni.entry(vni).or_default().push(End { at, host: port.host, network, remotes });
    }
    let sends_to = |from: &End<'_>, to: &End<'_>| {
        let own = snapshot.hosts.get(to.host).and_then(|host| host.own_namespace());
        let mut addresses = own.into_iter().flat_map(|own| &own.interfaces).flat_map(|one| &one.addresses);
        addresses.any(|address| !address.address.is_loopback() && from.remotes.contains(&address.address))
    };
    let mut tunnels = Vec::new();
    for ends in by_vni.values() {
        for (index, a) in ends.iter().enumerate() {
            for b in ends.iter().skip(index + 1).filter(|b| b.host != a.host) {
                let is_one_network = match (a.network, b.network) {
                    (Some(a), Some(b)) => a.network_id == b.network_id,
                    _ => true,
                };
                let agree = match (a.remotes.is_empty(), b.remotes.is_empty()) {
                    (false, false) => sends_to(a, b) && sends_to(b, a),
                    (false, true) => sends_to(a, b),
                    (true, false) => sends_to(b, a),
                    (true, true) => false,
                };
                if is_one_network && agree {
                    tunnels.push((a.at, b.at));
                }
            }
        }
    }
    tunnels
}
