//! What an end of a walk may be called, offered while one types.

use bridgewalk_analysis::walk::qualified;
use bridgewalk_model::{
    EntityId, Snapshot,
    snapshot::{Container, Host},
};

use crate::{
    window::{icon::Icon, search::Item},
    words::Words,
};

/// The words that stand for the host and for all beyond it.
pub(in crate::window) const HOST: &str = "host";
pub(in crate::window) const OUTSIDE: &str = "outside";

/// Everything that a walk can start from or lead to. An item's name is what is written into the field.
pub(super) fn index(snapshot: &Snapshot, words: Words) -> Vec<Item> {
    let mut items = vec![Item {
        entity: EntityId::outside(),
        icon: Icon::Globe,
        name: OUTSIDE.to_owned(),
        kind: words.text("diagram-outside"),
        keys: vec![words.text("diagram-outside")],
    }];
    for host in &snapshot.hosts {
        items.push(Item {
            entity: host.id.clone(),
            icon: Icon::Host,
            name: written_host(snapshot, host),
            kind: words.text("diagram-host"),
            keys: vec![host.name.to_string()],
        });
    }
    let mut add = |entity: &EntityId, icon: Icon, name: String, kind: String| {
        if items.iter().all(|item| item.name != name) {
            items.push(Item { entity: entity.clone(), icon, name, kind, keys: Vec::new() });
        }
    };
    for host in &snapshot.hosts {
        for container in &host.containers {
            let kind = words.text("diagram-container");
            let kind = if container.name.is_altered() { format!("{kind}, {}", container.name) } else { kind };
            add(&container.id, Icon::Container, written_name(snapshot, host, container), kind);
        }
        for service in host.swarm.iter().flat_map(|swarm| &swarm.services) {
            let id = host.id.service(&service.service_id);
            add(&id, Icon::Group, service.name.clone(), words.text("window-service"));
        }
        for container in &host.containers {
            let of = |network: &str| format!("{}, {network}", container.name);
            for end in &container.attachments {
                let network = end.network_name.as_str();
                for alias in end.aliases.iter().chain(&end.dns_names) {
                    add(&container.id, Icon::Network, alias.to_string(), of(network));
                }
                for address in end.ipv4.iter().chain(&end.ipv6) {
                    add(&container.id, Icon::Interface, address.addr().to_string(), of(network));
                }
            }
        }
        let own = host.own_namespace().into_iter().flat_map(|namespace| &namespace.interfaces);
        for interface in own {
            for address in interface.addresses.iter().filter(|address| !address.address.is_multicast()) {
                let kind = format!("{}, {}", host.name, interface.name);
                add(&interface.id, Icon::Interface, address.address.to_string(), kind);
            }
        }
    }
    items
}

/// What is written for a thing that was pointed at, and the port that comes with it; none: no packet can start or end
/// there.
pub(super) fn written(snapshot: &Snapshot, id: &EntityId) -> Option<(String, Option<u16>)> {
    if *id == EntityId::outside() {
        return Some((OUTSIDE.to_owned(), None));
    }
    if let Some((host, container)) = snapshot.container(id) {
        return Some((written_name(snapshot, host, container), None));
    }
    if let Some((host, namespace, interface)) = snapshot.interface(id) {
        let container = namespace.containers.first().and_then(|id| host.container(id));
        if let Some(container) = container {
            return Some((written_name(snapshot, host, container), None));
        }
        // A cable's end on the host stands for the container at its other end.
        let peer = snapshot.graph().peer(&interface.id).and_then(|peer| snapshot.interface(peer));
        if let Some((host, far, _)) = peer
            && let Some(container) = far.containers.first().and_then(|id| host.container(id))
        {
            return Some((written_name(snapshot, host, container), None));
        }
        let address = interface.addresses.iter().find(|address| address.address.is_ipv4());
        let address = address.or(interface.addresses.first());
        return address.map(|address| (address.address.to_string(), None));
    }
    if let Some((host, namespace)) = snapshot.namespace(id) {
        let container = namespace.containers.first().and_then(|id| host.container(id));
        return match container {
            Some(container) => Some((written_name(snapshot, host, container), None)),
            None if namespace.is_host => Some((written_host(snapshot, host), None)),
            None => Some((qualified(snapshot, host, namespace.name.as_str()), None)),
        };
    }
    for host in &snapshot.hosts {
        if host.id == *id {
            return Some((written_host(snapshot, host), None));
        }
        if let Some(nat) = host.nat.iter().find(|nat| nat.id == *id) {
            let address = nat.host_ip.filter(|address| !address.is_unspecified()).or_else(|| own_address(host))?;
            return nat.host_port.map(|port| (address.to_string(), Some(port)));
        }
    }
    None
}

/// The word for the only host, or the name of one of several.
fn written_host(snapshot: &Snapshot, host: &Host) -> String {
    if snapshot.hosts.len() == 1 { HOST.to_owned() } else { host.name.to_string() }
}

/// A container's name, or its short id where what is shown is not its name.
fn written_name(snapshot: &Snapshot, host: &Host, container: &Container) -> String {
    if container.name.is_altered() {
        container.container_id.get(..12).unwrap_or(&container.container_id).to_owned()
    } else {
        qualified(snapshot, host, container.name.as_str())
    }
}

/// An address by which others reach the host: of the interface that its default route leaves by, else the first one that
/// no bridge bears.
fn own_address(host: &Host) -> Option<std::net::IpAddr> {
    use bridgewalk_model::kernel::LinkKind;
    let own = host.own_namespace()?;
    let is_outward = |kind: &LinkKind| !matches!(kind, LinkKind::Loopback | LinkKind::Bridge { .. });
    let outward = own.interfaces.iter().filter(|interface| is_outward(&interface.link.kind));
    let candidates = bridgewalk_model::graph::default_uplink(own).into_iter().chain(outward);
    candidates.flat_map(|interface| &interface.addresses).map(|address| address.address).find(std::net::IpAddr::is_ipv4)
}
