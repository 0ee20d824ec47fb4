//! Addresses: outside their subnet, other than Docker's, twice, and overlapping subnets.

use std::{collections::BTreeMap, net::IpAddr};

use bridgewalk_model::{
    EntityId, SourceKind, Via,
    engine::ContainerState,
    snapshot::{Attachment, Container, Host, Namespace, Network},
};
use ipnet::IpNet;

use super::{Evidence, FindingKind, Found, has_live_engine};

pub(super) fn look(host: &Host, found: &mut Found) {
    if has_live_engine(host) {
        for container in host.containers.iter().filter(|it| it.state.is_alive()) {
            for end in &container.attachments {
                outside_subnet(host, container, end, found);
                beside_kernel(host, container, end, found);
            }
        }
    }
    duplicates(host, found);
    overlaps(host, found);
}

fn outside_subnet(host: &Host, container: &Container, end: &Attachment, found: &mut Found) {
    let Some(network) = host.network(&end.network) else { return };
    for address in end.ipv4.iter().chain(&end.ipv6) {
        let of_family = || network.pools.iter().filter(|pool| pool.subnet.addr().is_ipv4() == address.addr().is_ipv4());
        if of_family().next().is_some() && !of_family().any(|pool| pool.subnet.contains(&address.addr())) {
            let kind = FindingKind::AddressOutsideSubnet { address: *address, network: network.id.clone() };
            found.add(&container.id, kind, vec![Evidence::Entity(network.id.clone())]);
        }
    }
}

/// What Docker gave beside what the kernel has, where the inside was read.
fn beside_kernel(host: &Host, container: &Container, end: &Attachment, found: &mut Found) {
    if !matches!(container.state, ContainerState::Running | ContainerState::Paused) {
        return;
    }
    let home = container.namespace.as_ref().and_then(|id| host.namespace(id));
    let was_read = |home: &&Namespace| host.was_read(SourceKind::Links, Some(home.inode)) && has_addresses(home);
    let Some(home) = home.filter(|home| !home.is_host).filter(was_read) else { return };
    if end.ipv4.is_none() && end.ipv6.is_none() {
        return;
    }
    let Some(interface) = end.interface.as_ref().and_then(|id| host.interface(id)) else {
        let kind = FindingKind::AttachmentWithoutInterface { network: end.network.clone() };
        found.add(&container.id, kind, vec![Evidence::Entity(home.id.clone())]);
        return;
    };
    let kernel: Vec<IpNet> = interface
        .addresses
        .iter()
        .filter_map(|address| IpNet::new(address.address, address.prefix_len).ok())
        .filter(|address| !is_link_local(address.addr()))
        .collect();
    for docker in end.ipv4.iter().chain(&end.ipv6) {
        if !kernel.iter().any(|address| address.addr() == docker.addr()) {
            let kind = FindingKind::AddressDiffers { docker: *docker, kernel: kernel.clone() };
            found.add(&container.id, kind, vec![Evidence::Entity(interface.id.clone())]);
        }
    }
}

/// Whether a namespace's addresses were read from within: loopback's is always among them.
fn has_addresses(namespace: &Namespace) -> bool {
    namespace.interfaces.iter().any(|interface| interface.via != Via::HostSide && !interface.addresses.is_empty())
}

fn is_link_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_link_local(),
        IpAddr::V6(address) => address.is_unicast_link_local(),
    }
}

/// One address on two interfaces of a network on this host. Overlays are left out: their balancers bear addresses of
/// services.
fn duplicates(host: &Host, found: &mut Found) {
    let mut bearers: BTreeMap<(&EntityId, IpAddr), Vec<&EntityId>> = BTreeMap::new();
    for interface in host.namespaces.iter().flat_map(|namespace| &namespace.interfaces) {
        let network = interface.network.as_ref().and_then(|id| host.network(id));
        let Some(network) = network.filter(|network| network.driver.as_str() != "overlay") else { continue };
        for address in &interface.addresses {
            if !is_link_local(address.address) {
                bearers.entry((&network.id, address.address)).or_default().push(&interface.id);
            }
        }
    }
    for ((network, address), interfaces) in bearers {
        if let [_, second, ..] = interfaces.as_slice() {
            let kind = FindingKind::DuplicateAddress { address, network: network.clone() };
            let evidence = interfaces.iter().map(|id| Evidence::Entity((*id).clone())).collect();
            found.add(second, kind, evidence);
        }
    }
}

/// Subnets of two networks that overlap where packets of both are routed by the host. Macvlan and ipvlan are left out:
/// theirs is the subnet of the wire.
fn overlaps(host: &Host, found: &mut Found) {
    let is_routed = |network: &&Network| network.driver.as_str() == "bridge" && !network.is_config_only;
    let routed: Vec<&Network> = host.networks.iter().filter(is_routed).collect();
    let mut pools: Vec<(IpNet, &Network)> =
        routed.iter().flat_map(|network| network.pools.iter().map(|pool| (pool.subnet.trunc(), *network))).collect();
    pools.sort_by(|a, b| (a.0.network(), a.0.prefix_len(), &a.1.id).cmp(&(b.0.network(), b.0.prefix_len(), &b.1.id)));
    // Sorted by their first address, subnets overlap only where the larger is still open.
    let mut open: Vec<(IpNet, &Network)> = Vec::new();
    for (subnet, network) in pools {
        open.retain(|(outer, _)| outer.contains(&subnet));
        for (outer, other) in &open {
            if other.id != network.id {
                let kind = FindingKind::OverlappingSubnets { subnet, other: other.id.clone(), other_subnet: *outer };
                found.add(&network.id, kind, vec![Evidence::Entity(other.id.clone())]);
            }
        }
        open.push((subnet, network));
    }
}
