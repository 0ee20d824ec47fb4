//! Namespaces as rows: who lives there, which interfaces, which cables.

use std::collections::BTreeMap;

use bridgewalk_model::{
    EntityId,
    graph::Graph,
    kernel::{AddressScope, LinkKind},
    snapshot::{Container, Host, Interface, Link, Namespace, NamespaceKind, Network},
};

use super::{Line, Resident, Row, Tie, ports};
use crate::{Detail, Word, Words};

/// What is looked up again and again.
pub(super) struct Index<'a> {
    pub graph: &'a Graph,
    pub host: &'a Host,
    pub interfaces: BTreeMap<&'a EntityId, &'a Interface>,
    /// The block of a bridge or network.
    pub block_of: BTreeMap<EntityId, EntityId>,
}

impl<'a> Index<'a> {
    pub(super) fn of(graph: &'a Graph, host: &'a Host) -> Self {
        Self {
            graph,
            host,
            interfaces: host
                .namespaces
                .iter()
                .flat_map(|namespace| &namespace.interfaces)
                .map(|interface| (&interface.id, interface))
                .collect(),
            block_of: BTreeMap::new(),
        }
    }
}

/// The row of a namespace.
pub(super) fn of_namespace(index: &Index<'_>, namespace: &Namespace, detail: Detail, words: &dyn Words) -> Row {
    let containers: Vec<&Container> = namespace.containers.iter().filter_map(|id| index.host.container(id)).collect();
    let mut residents: Vec<Resident> = containers.iter().map(|container| resident(index.host, container)).collect();
    if residents.is_empty() {
        let note = match namespace.kind {
            NamespaceKind::Named => "ip netns".to_owned(),
            _ => words.word(Word::Namespace),
        };
        residents.push(Resident {
            entity: namespace.id.clone(),
            name: namespace.name.to_string(),
            note,
            state: None,
            is_stale: false,
        });
    }
    let visible = namespace.interfaces.iter().filter(|interface| interface.link.kind != LinkKind::Loopback);
    let mut interfaces: Vec<Line> = visible.map(|interface| line(index, &containers, interface, detail)).collect();
    if interfaces.is_empty() {
        // Only attachments are known: the namespace could not be read.
        interfaces = containers.iter().flat_map(|container| attachments(index, container)).collect();
    }
    if interfaces.is_empty() {
        let loopback = namespace.interfaces.iter().find(|interface| interface.link.kind == LinkKind::Loopback);
        interfaces.extend(loopback.map(|interface| line(index, &containers, interface, detail)));
    }
    Row {
        key: namespace.id.clone(),
        project: containers
            .first()
            .and_then(|container| container.compose.as_ref())
            .map(|compose| compose.project.clone()),
        cells: if containers.is_empty() {
            ports::cells_of_namespace(index.host, namespace, detail, words)
        } else {
            containers.iter().flat_map(|container| ports::cells(index.host, container, detail, words)).collect()
        },
        doors: containers.iter().flat_map(|container| ports::doors(container)).collect(),
        residents,
        notes: Vec::new(),
        links: containers.iter().flat_map(|container| ties(index.host, container, detail, words)).collect(),
        interfaces,
        is_parked: false,
        namespace: Some(namespace.id.clone()),
    }
}

/// The row of a container of which no namespace is seen.
pub(super) fn of_container(index: &Index<'_>, container: &Container, detail: Detail, words: &dyn Words) -> Row {
    let is_alive = container.state.is_alive();
    Row {
        key: container.id.clone(),
        project: container.compose.as_ref().map(|compose| compose.project.clone()),
        cells: if is_alive { ports::cells(index.host, container, detail, words) } else { Vec::new() },
        residents: vec![resident(index.host, container)],
        notes: if is_alive { Vec::new() } else { vec![networks_of(container)] },
        links: if is_alive { ties(index.host, container, detail, words) } else { Vec::new() },
        interfaces: if is_alive { attachments(index, container) } else { Vec::new() },
        doors: ports::doors(container),
        is_parked: !is_alive,
        namespace: container.namespace.clone(),
    }
}

/// A container's links, as far as the detail shows them.
fn ties(host: &Host, container: &Container, detail: Detail, words: &dyn Words) -> Vec<Tie> {
    if detail == Detail::Concept || container.links.is_empty() {
        return Vec::new();
    }
    let tie = |link: Link<'_>| Tie {
        text: format!("{}: {}", words.word(Word::LinkShort), link_text(&link)),
        name: format!("{}: {}", words.word(Word::Link), link_text(&link)),
        target: link.target.map(|target| target.id.clone()),
        entity: link.id,
    };
    host.links(container).into_iter().map(tie).collect()
}

/// `redis → shop-db-1`.
fn link_text(link: &Link<'_>) -> String {
    let target = link.target.map_or(link.target_name, |target| &target.name);
    let aliases: Vec<&str> = link.aliases.iter().map(|alias| alias.as_str()).collect();
    format!("{} → {target}", aliases.join(", "))
}

pub(super) fn resident(host: &Host, container: &Container) -> Resident {
    Resident {
        entity: container.id.clone(),
        name: container.name.to_string(),
        note: container.image.to_string(),
        state: Some(container.state),
        is_stale: host.stale_since(container).is_some(),
    }
}

fn networks_of(container: &Container) -> String {
    if container.attachments.is_empty() {
        container.network_mode.to_string()
    } else {
        container.attachments.iter().map(|end| end.network_name.as_str()).collect::<Vec<_>>().join(", ")
    }
}

fn attachments(index: &Index<'_>, container: &Container) -> Vec<Line> {
    container
        .attachments
        .iter()
        // Networks `host` and `none` give neither interface nor address: there is nothing to say.
        .filter(|end| end.interface.is_some() || end.ipv4.is_some() || end.ipv6.is_some())
        .map(|end| Line {
            entity: end.interface.clone(),
            name: String::new(),
            address: end.ipv4.or(end.ipv6).map(|address| address.to_string()).unwrap_or_default(),
            detail: String::new(),
            block: index.block_of.get(&end.network).cloned(),
            port: None,
        })
        .collect()
}

fn line(index: &Index<'_>, containers: &[&Container], interface: &Interface, detail: Detail) -> Line {
    let near = index.graph.near_end(&interface.id).and_then(|near| index.interfaces.get(near));
    let master = near.and_then(|near| index.graph.master(&near.id));
    let bridge = master.and_then(|master| index.interfaces.get(master));
    let network = interface.network.as_ref().or_else(|| bridge.and_then(|it| it.network.as_ref())).or_else(|| {
        containers
            .iter()
            .flat_map(|container| &container.attachments)
            .find(|end| end.interface.as_ref() == Some(&interface.id))
            .map(|end| &end.network)
    });
    let block = master
        .and_then(|bridge| index.block_of.get(bridge))
        .or_else(|| network.and_then(|network| index.block_of.get(network)))
        .cloned();
    let port = near.map(|near| (near.id.clone(), near.name.to_string()));
    let more =
        interface.addresses.iter().filter(|address| address.scope == AddressScope::Global).count().saturating_sub(1);
    let address = address_of(interface);
    Line {
        entity: Some(interface.id.clone()),
        name: interface.name.to_string(),
        address: if more > 0 { format!("{address} +{more}") } else { address },
        detail: if detail == Detail::Everything { detail_of(interface) } else { String::new() },
        block,
        port,
    }
}

/// That what is said of the host is as last seen, and since when, if so.
pub(crate) fn last_seen(host: &Host, now_ms: u64, words: &dyn Words) -> Option<String> {
    Some(format!("{} {}", words.word(Word::Stale), bridgewalk_model::moment(host.lost_ms()?, now_ms)))
}

/// The subnets of a network: it may have several of each family.
pub(crate) fn subnets_of(network: &Network) -> Vec<String> {
    network.pools.iter().map(|pool| pool.subnet.to_string()).collect()
}

/// The address that people mean: the first global one, else the first.
pub(crate) fn address_of(interface: &Interface) -> String {
    interface
        .addresses
        .iter()
        .find(|address| address.scope == AddressScope::Global)
        .or_else(|| interface.addresses.first())
        .map(ToString::to_string)
        .unwrap_or_default()
}

/// MAC address, ifindex and MTU.
pub(super) fn detail_of(interface: &Interface) -> String {
    let mut parts = Vec::new();
    if let Some(mac) = interface.mac_address() {
        parts.push(mac.to_string());
    }
    parts.push(format!("if {}", interface.link.if_index));
    parts.push(format!("mtu {}", interface.link.mtu));
    parts.join(" · ")
}
