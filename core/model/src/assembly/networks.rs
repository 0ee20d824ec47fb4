//! Docker's networks, and the devices that are them.

use std::{collections::HashMap, net::IpAddr};

use super::Draft;
use crate::{
    EntityId, MacAddress, Text,
    engine::EngineNetwork,
    kernel::LinkKind,
    snapshot::{Attachment, Container, Interface, Namespace, NamespaceKind, Network, NetworkMember},
};

/// All networks, by name.
pub(super) fn networks(draft: &Draft<'_>) -> Vec<Network> {
    let mut networks: Vec<Network> = draft.state.networks.values().map(|network| one(draft, network)).collect();
    networks.sort_by(|a, b| (&a.name, &a.network_id).cmp(&(&b.name, &b.network_id)));
    networks
}

fn one(draft: &Draft<'_>, network: &EngineNetwork) -> Network {
    let id = draft.id.network(&network.network_id);
    let host = draft.namespaces.first().filter(|namespace| namespace.is_host);
    let on_host = |name: &str| host?.interfaces.iter().find(|interface| interface.link.name == name);
    let overlay = (network.driver == "overlay").then(|| overlay_namespace(draft, &id)).flatten();
    let bridge_name = network.bridge_name();
    let bridge = match (&bridge_name, overlay) {
        (Some(name), _) => on_host(name).filter(|interface| is_bridge(interface)),
        (None, Some(overlay)) => overlay.interfaces.iter().find(|interface| is_bridge(interface)),
        (None, None) => None,
    };
    let parent = match network.driver.as_str() {
        // Without a parent Docker makes a dummy of its own.
        "macvlan" | "ipvlan" => {
            let short = network.network_id.get(..12).unwrap_or(&network.network_id);
            let prefix = if network.driver == "macvlan" { "dm" } else { "di" };
            network.parent_interface().map_or_else(|| on_host(&format!("{prefix}-{short}")), on_host)
        }
        _ => None,
    };
    let mut members: Vec<NetworkMember> = network
        .endpoints
        .iter()
        .map(|endpoint| NetworkMember {
            container: draft
                .state
                .containers
                .contains_key(&endpoint.owner)
                .then(|| draft.container_id(&endpoint.owner)),
            name: Text::new(&endpoint.name),
            ipv4: endpoint.ipv4,
            ipv6: endpoint.ipv6,
            mac_address: endpoint.mac_address,
        })
        .collect();
    members.sort_by(|a, b| (&a.name, &a.container).cmp(&(&b.name, &b.container)));
    Network {
        network_id: network.network_id.clone(),
        name: Text::new(&network.name),
        driver: Text::new(&network.driver),
        scope: Text::new(&network.scope),
        is_internal: network.is_internal,
        is_attachable: network.is_attachable,
        is_ingress: network.is_ingress,
        is_config_only: network.is_config_only,
        has_ipv4: network.has_ipv4,
        has_ipv6: network.has_ipv6,
        pools: network.pools.clone(),
        options: network.options.iter().map(|(name, value)| (Text::new(name), Text::new(value))).collect(),
        bridge_name: bridge_name.map(|name| Text::new(&name)),
        bridge: bridge.map(|interface| interface.id.clone()),
        parent: parent.map(|interface| interface.id.clone()),
        namespace: overlay.map(|namespace| namespace.id.clone()),
        members,
        peers: network.peers.clone(),
        project: network.labels.get("com.docker.compose.project").map(|project| Text::new(project)),
        created: network.created.clone(),
        id,
    }
}

fn is_bridge(interface: &Interface) -> bool {
    matches!(interface.link.kind, LinkKind::Bridge { .. })
}

/// The overlay's namespace of this network. Two engines on one kernel may both have one: ours is the one whose path the
/// daemon sees, else the one that a container of ours is cabled to.
fn overlay_namespace<'d>(draft: &'d Draft<'_>, network: &EntityId) -> Option<&'d Namespace> {
    let candidates: Vec<&Namespace> = draft
        .namespaces
        .iter()
        .filter(|one| one.kind == NamespaceKind::Overlay && one.network.as_ref() == Some(network))
        .collect();
    let daemon = draft.state.engine.as_ref().and_then(|engine| engine.daemon_pid);
    let is_daemons = |one: &&&Namespace| daemon.is_some() && one.names.iter().any(|name| Some(name.pid) == daemon);
    let is_cabled = |one: &&&Namespace| {
        one.interfaces.iter().any(|interface| {
            let target = interface.link.peer_namespace.and_then(|inode| draft.by_inode.get(&inode));
            target.and_then(|index| draft.namespaces.get(*index)).is_some_and(|far| !far.containers.is_empty())
        })
    };
    candidates
        .iter()
        .find(is_daemons)
        .or_else(|| candidates.iter().find(is_cabled))
        .or_else(|| candidates.first())
        .copied()
}

/// Ties containers' ends to interfaces, and interfaces to the networks that they serve. Comes after the cables: what
/// Docker does not list (docker_gwbridge) is told by the bridge at the other end.
pub(super) fn tie_interfaces(draft: &mut Draft<'_>, networks: &mut [Network], containers: &mut [Container]) {
    let mut serves: HashMap<EntityId, EntityId> = HashMap::new();
    for network in networks.iter() {
        if let Some(bridge) = &network.bridge {
            serves.insert(bridge.clone(), network.id.clone());
        }
    }
    let bridges = serves.clone();
    let mut told: HashMap<EntityId, MacAddress> = HashMap::new();
    for container in containers.iter_mut() {
        let Some(home) = draft.homes.get(container.container_id.as_str()) else { continue };
        let Some(namespace) = draft.namespaces.get(*home).filter(|namespace| !namespace.is_host) else { continue };
        for attachment in &mut container.attachments {
            attachment.interface = end_of(namespace, attachment).map(|interface| interface.id.clone());
            if let Some(interface) = &attachment.interface {
                if let Some(mac_address) = attachment.mac_address {
                    told.entry(interface.clone()).or_insert(mac_address);
                }
                serves.entry(interface.clone()).or_insert_with(|| attachment.network.clone());
            }
        }
    }
    let masters: HashMap<EntityId, EntityId> = draft
        .namespaces
        .iter()
        .flat_map(|namespace| &namespace.interfaces)
        .filter_map(|interface| Some((interface.id.clone(), interface.master.clone()?)))
        .collect();
    for interface in draft.namespaces.iter_mut().flat_map(|namespace| &mut namespace.interfaces) {
        let by_cable = || bridges.get(masters.get(interface.peer.as_ref()?)?);
        interface.network = serves.get(&interface.id).or_else(by_cable).cloned();
        if interface.link.mac_address.is_none() && !told.is_empty() {
            interface.docker_mac_address = told.get(&interface.id).copied();
        }
    }
}

/// The interface that is a container's end: the one with its MAC address, else with its address. Several ipvlan
/// interfaces have one MAC address: there the address decides.
fn end_of<'n>(namespace: &'n Namespace, attachment: &Attachment) -> Option<&'n Interface> {
    let wanted: Vec<IpAddr> = attachment.ipv4.iter().chain(&attachment.ipv6).map(ipnet::IpNet::addr).collect();
    let has_address =
        |interface: &&Interface| interface.addresses.iter().any(|address| wanted.contains(&address.address));
    let has_mac = |interface: &&Interface| {
        attachment.mac_address.is_some() && interface.link.mac_address == attachment.mac_address
    };
    let interfaces = || namespace.interfaces.iter();
    interfaces()
        .find(|interface| has_mac(interface) && has_address(interface))
        .or_else(|| {
            let mut by_mac = interfaces().filter(has_mac);
            by_mac.next().filter(|_| by_mac.next().is_none())
        })
        .or_else(|| interfaces().find(has_address))
}
