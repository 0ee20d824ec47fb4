//! The graph of a snapshot: hosts, namespaces, interfaces, bridges, networks, containers, services, NAT mappings and
//! the outside world, and how they are wired.
//!
//! A host contains its namespaces, networks, services and translations; a namespace its interfaces, bridges and the
//! containers that live in it. Containers that live nowhere are the host's. Veths are edges, not nodes of their own.

use std::collections::{BTreeMap, HashMap};

use petgraph::stable_graph::{NodeIndex, StableDiGraph};

use crate::{
    EntityId, Snapshot, Text,
    kernel::{LinkKind, RouteKind},
    snapshot::{Host, Interface, Namespace, NatKind, NatMapping},
};

/// A snapshot's graph. Node indexes are good within one graph only; [`EntityId`]s are the keys.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    /// The graph itself.
    pub petgraph: StableDiGraph<Node, EdgeKind>,
    /// Where each thing is in it.
    pub index: HashMap<EntityId, NodeIndex>,
}

/// A thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// What it is in the snapshot.
    pub id: EntityId,
    /// What kind of thing.
    pub kind: NodeKind,
    /// What people call it.
    pub name: Text,
}

/// What kind of thing a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum NodeKind {
    /// All beyond the host's own interfaces.
    Outside,
    /// A machine.
    Host,
    /// A namespace.
    Namespace,
    /// An interface that is no bridge.
    Interface,
    /// A bridge.
    Bridge,
    /// A Docker network.
    Network,
    /// A container.
    Container,
    /// A Swarm service.
    Service,
    /// An address translation.
    Nat,
}

/// How two things are wired. Directions go from the outside inwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EdgeKind {
    /// The first holds the second: host, namespace, interface; namespace, container.
    Contains,
    /// A veth pair: the host's end, then the container's.
    Cable,
    /// A bridge and its port.
    Port,
    /// A parent interface and the macvlan, ipvlan or VLAN on it; an underlay and its VXLAN; a parent and the Docker
    /// network whose containers' interfaces are on it.
    Parent,
    /// A Docker network and a container in it.
    Member,
    /// A Docker network and the bridge that is it.
    Realises,
    /// The outside world and a host's interface.
    Uplink,
    /// A translation's way in: outside or host to the mapping.
    NatIn,
    /// A translation's way on: the mapping to a container or an interface.
    NatOut,
    /// A VXLAN and another host's VXLAN of the same network.
    Tunnel,
    /// A service and its task's container.
    Task,
}

impl Graph {
    /// The graph of `snapshot`.
    pub fn of(snapshot: &Snapshot) -> Self {
        let mut graph = Self::default();
        let outside = graph.add(&EntityId::outside(), NodeKind::Outside, &Text::default());
        for host in &snapshot.hosts {
            graph.add_things(host);
        }
        for host in &snapshot.hosts {
            graph.add_wiring(host);
            graph.add_uplinks(host, outside);
            graph.add_translations(host, outside);
            graph.add_tasks(snapshot, host);
        }
        graph.add_tunnels(snapshot);
        graph
    }

    /// The node of a thing.
    pub fn node(&self, id: &EntityId) -> Option<&Node> {
        self.petgraph.node_weight(*self.index.get(id)?)
    }

    fn add(&mut self, id: &EntityId, kind: NodeKind, name: &Text) -> NodeIndex {
        let index = self.petgraph.add_node(Node { id: id.clone(), kind, name: name.clone() });
        self.index.insert(id.clone(), index);
        index
    }

    fn add_in(&mut self, owner: NodeIndex, id: &EntityId, kind: NodeKind, name: &Text) -> NodeIndex {
        let index = self.add(id, kind, name);
        self.petgraph.add_edge(owner, index, EdgeKind::Contains);
        index
    }

    fn wire(&mut self, from: Option<&EntityId>, to: Option<&EntityId>, kind: EdgeKind) {
        let at = |id: Option<&EntityId>| id.and_then(|id| self.index.get(id)).copied();
        if let (Some(from), Some(to)) = (at(from), at(to)) {
            self.petgraph.add_edge(from, to, kind);
        }
    }

    fn add_things(&mut self, host: &Host) {
        let machine = self.add(&host.id, NodeKind::Host, &host.name);
        for namespace in &host.namespaces {
            let owner = self.add_in(machine, &namespace.id, NodeKind::Namespace, &namespace.name);
            for interface in &namespace.interfaces {
                let is_bridge = matches!(interface.link.kind, LinkKind::Bridge { .. });
                let kind = if is_bridge { NodeKind::Bridge } else { NodeKind::Interface };
                self.add_in(owner, &interface.id, kind, &interface.name);
            }
        }
        for network in &host.networks {
            self.add_in(machine, &network.id, NodeKind::Network, &network.name);
        }
        for container in &host.containers {
            let home = container.namespace.as_ref().and_then(|id| self.index.get(id)).copied();
            self.add_in(home.unwrap_or(machine), &container.id, NodeKind::Container, &container.name);
        }
        for service in host.swarm.iter().flat_map(|swarm| &swarm.services) {
            let id = host.id.service(&service.service_id);
            self.add_in(machine, &id, NodeKind::Service, &Text::new(&service.name));
        }
        for mapping in &host.nat {
            self.add_in(machine, &mapping.id, NodeKind::Nat, &nat_name(mapping));
        }
    }

    fn add_wiring(&mut self, host: &Host) {
        for pair in &host.veths {
            self.wire(Some(&pair.near.interface), Some(&pair.far.interface), EdgeKind::Cable);
        }
        for interface in host.namespaces.iter().flat_map(|namespace| &namespace.interfaces) {
            self.wire(interface.master.as_ref(), Some(&interface.id), EdgeKind::Port);
            self.wire(interface.parent.as_ref(), Some(&interface.id), EdgeKind::Parent);
        }
        for network in &host.networks {
            self.wire(Some(&network.id), network.bridge.as_ref(), EdgeKind::Realises);
            self.wire(network.parent.as_ref(), Some(&network.id), EdgeKind::Parent);
        }
        for container in &host.containers {
            for attachment in &container.attachments {
                self.wire(Some(&attachment.network), Some(&container.id), EdgeKind::Member);
            }
        }
    }

    fn add_uplinks(&mut self, host: &Host, outside: NodeIndex) {
        let Some(namespace) = host.own_namespace() else { return };
        for interface in uplinks(namespace) {
            if let Some(index) = self.index.get(&interface.id) {
                self.petgraph.add_edge(outside, *index, EdgeKind::Uplink);
            }
        }
    }

    fn add_translations(&mut self, host: &Host, outside: NodeIndex) {
        let machine = self.index.get(&host.id).copied();
        for mapping in &host.nat {
            let Some(index) = self.index.get(&mapping.id).copied() else { continue };
            // What listens on a loopback address takes packets of this host alone.
            let is_local = mapping.host_ip.is_some_and(|address| address.is_loopback());
            if let Some(from) = if is_local { machine } else { Some(outside) } {
                self.petgraph.add_edge(from, index, EdgeKind::NatIn);
            }
            let network = mapping.network.as_ref().and_then(|id| host.network(id));
            let bridge = network.and_then(|network| network.bridge.clone().or_else(|| network.parent.clone()));
            let onto = mapping.container.clone().or(bridge).or_else(|| mapping.network.clone());
            self.wire(Some(&mapping.id), onto.as_ref(), EdgeKind::NatOut);
        }
    }

    /// A service is known where a manager is observed; its tasks' containers may be on any observed host.
    fn add_tasks(&mut self, snapshot: &Snapshot, host: &Host) {
        let Some(swarm) = &host.swarm else { return };
        let services: HashMap<&str, EntityId> =
            swarm.services.iter().map(|it| (it.service_id.as_str(), host.id.service(&it.service_id))).collect();
        let by_task: HashMap<&str, &str> = swarm
            .tasks
            .iter()
            .filter_map(|task| Some((task.container_id.as_deref()?, task.service_id.as_str())))
            .collect();
        for container in snapshot.hosts.iter().flat_map(|host| &host.containers) {
            let service =
                container.swarm_service_id.as_deref().or_else(|| by_task.get(container.container_id.as_str()).copied());
            let service = service.and_then(|service| services.get(service));
            self.wire(service, Some(&container.id), EdgeKind::Task);
        }
    }

    /// VXLANs of one network on several hosts, each pair once.
    fn add_tunnels(&mut self, snapshot: &Snapshot) {
        let mut ends: BTreeMap<(&str, u32), Vec<(usize, &EntityId)>> = BTreeMap::new();
        for (place, host) in snapshot.hosts.iter().enumerate() {
            for network in &host.networks {
                let namespace = network.namespace.as_ref().and_then(|id| host.namespace(id));
                for interface in namespace.iter().flat_map(|namespace| &namespace.interfaces) {
                    if let LinkKind::Vxlan { vni, .. } = interface.link.kind {
                        ends.entry((&network.network_id, vni)).or_default().push((place, &interface.id));
                    }
                }
            }
        }
        for list in ends.values() {
            for (index, (place, from)) in list.iter().enumerate() {
                for (_, to) in list.iter().skip(index + 1).filter(|(other, _)| other != place) {
                    self.wire(Some(from), Some(to), EdgeKind::Tunnel);
                }
            }
        }
    }
}

/// Interfaces of the host that lead out: hardware, and whatever a default route leaves by, unless that is a bridge with
/// hardware for a port.
fn uplinks(namespace: &Namespace) -> impl Iterator<Item = &Interface> {
    let by_default: Vec<u32> = namespace
        .routes
        .iter()
        .filter(|route| route.destination.prefix_len() == 0 && route.kind == RouteKind::Unicast)
        .flat_map(|route| route.next_hops.iter().map(|hop| hop.if_index))
        .collect();
    let is_physical = |interface: &Interface| interface.link.kind == LinkKind::Physical;
    namespace.interfaces.iter().filter(move |interface| {
        let if_index = interface.link.if_index;
        let has_hardware =
            || namespace.interfaces.iter().any(|port| port.link.master_if_index == Some(if_index) && is_physical(port));
        is_physical(interface) || (by_default.contains(&if_index) && !has_hardware())
    })
}

/// `8080 → 80/tcp`, `127.0.0.1:8080 → 80/tcp`, `172.17.0.0/16`: what stands on the mapping.
fn nat_name(mapping: &NatMapping) -> Text {
    let transport = mapping.transport.map_or(String::new(), |transport| format!("/{transport}"));
    let text = match mapping.kind {
        NatKind::Masquerade | NatKind::SourceNat => {
            let all = if mapping.is_ipv6 { "::/0" } else { "0.0.0.0/0" };
            mapping.source.map_or_else(|| all.to_owned(), |source| source.to_string())
        }
        NatKind::DestinationNat | NatKind::Redirect | NatKind::Proxy => {
            let address = match mapping.host_ip {
                Some(address) if address.is_ipv6() => format!("[{address}]:"),
                Some(address) => format!("{address}:"),
                None => String::new(),
            };
            let port = |port: Option<u16>| port.map_or_else(|| "*".to_owned(), |port| port.to_string());
            format!("{address}{} → {}{transport}", port(mapping.host_port), port(mapping.to_port))
        }
    };
    Text::new(&text)
}
