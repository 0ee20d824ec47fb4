//! From a snapshot to its graph: first everything there is, then how it is wired.

use std::collections::HashMap;

use petgraph::graph::NodeIndex;

use super::{EdgeKind, Graph, Node, NodeKind, segments, shared};
use crate::{
    EntityId, Snapshot,
    kernel::{LinkKind, RouteKind},
    snapshot::{Host, Interface, Namespace},
};

/// An interface and where it is.
#[derive(Clone, Copy)]
pub(super) struct Port<'s> {
    pub node: NodeIndex,
    /// Its host's place in the snapshot.
    pub host: usize,
    pub namespace: &'s Namespace,
    pub interface: &'s Interface,
    /// What it is a port of.
    pub master: Option<NodeIndex>,
    /// The other end of a veth.
    pub peer: Option<NodeIndex>,
    pub parent: Option<NodeIndex>,
}

struct Builder<'s> {
    snapshot: &'s Snapshot,
    graph: Graph,
    ports: Vec<Port<'s>>,
    /// By node: its place among the ports.
    port_at: HashMap<NodeIndex, usize>,
    containers: Vec<Vec<NodeIndex>>,
}

pub(super) fn graph(snapshot: &Snapshot) -> Graph {
    let interfaces = snapshot.hosts.iter().flat_map(|host| &host.namespaces).map(|one| one.interfaces.len()).sum();
    let mut builder = Builder {
        snapshot,
        graph: Graph::default(),
        ports: Vec::with_capacity(interfaces),
        port_at: HashMap::with_capacity(interfaces),
        containers: Vec::with_capacity(snapshot.hosts.len()),
    };
    builder.graph.index.reserve(2 * interfaces);
    let outside = builder.add(&EntityId::outside(), NodeKind::Outside);
    for (place, host) in snapshot.hosts.iter().enumerate() {
        builder.things(place, host);
    }
    for (place, host) in snapshot.hosts.iter().enumerate() {
        builder.wiring(place, host);
        builder.translations(place, host, outside);
        builder.tasks(host);
    }
    builder.lower_edges();
    builder.links(outside);
    builder.graph
}

impl<'s> Builder<'s> {
    fn add(&mut self, id: &EntityId, kind: NodeKind) -> NodeIndex {
        let index = self.graph.petgraph.add_node(Node { id: id.clone(), kind });
        self.graph.index.insert(id.clone(), index);
        index
    }

    fn add_in(&mut self, owner: NodeIndex, id: &EntityId, kind: NodeKind) -> NodeIndex {
        let index = self.add(id, kind);
        self.wire(owner, index, EdgeKind::Contains);
        index
    }

    fn wire(&mut self, from: NodeIndex, to: NodeIndex, kind: EdgeKind) {
        self.graph.petgraph.add_edge(from, to, kind);
    }

    /// Where a thing is, if it is there.
    fn find(&self, id: Option<&EntityId>) -> Option<NodeIndex> {
        self.graph.at(id?)
    }

    fn wire_found(&mut self, from: Option<&EntityId>, to: Option<&EntityId>, kind: EdgeKind) {
        if let (Some(from), Some(to)) = (self.find(from), self.find(to)) {
            self.wire(from, to, kind);
        }
    }

    fn things(&mut self, place: usize, host: &'s Host) {
        let machine = self.add(&host.id, NodeKind::Host);
        for namespace in &host.namespaces {
            let owner = self.add_in(machine, &namespace.id, NodeKind::Namespace);
            let first = self.ports.len();
            for interface in &namespace.interfaces {
                let is_bridge = matches!(interface.link.kind, LinkKind::Bridge { .. });
                let kind = if is_bridge { NodeKind::Bridge } else { NodeKind::Interface };
                let node = self.add_in(owner, &interface.id, kind);
                self.port_at.insert(node, self.ports.len());
                self.ports.push(Port {
                    node,
                    host: place,
                    namespace,
                    interface,
                    master: None,
                    peer: None,
                    parent: None,
                });
            }
            self.masters(first);
        }
        for network in &host.networks {
            self.add_in(machine, &network.id, NodeKind::Network);
        }
        let mut containers = Vec::with_capacity(host.containers.len());
        for container in &host.containers {
            let home = self.find(container.namespace.as_ref()).unwrap_or(machine);
            containers.push(self.add_in(home, &container.id, NodeKind::Container));
        }
        self.containers.push(containers);
        for service in host.swarm.iter().flat_map(|swarm| &swarm.services) {
            self.add_in(machine, &host.id.service(&service.service_id), NodeKind::Service);
        }
        for mapping in &host.nat {
            self.add_in(machine, &mapping.id, NodeKind::Nat);
        }
        let default = host.own_namespace().and_then(default_uplink);
        if let Some(default) = self.find(default.map(|interface| &interface.id)) {
            self.graph.default_uplinks.insert(machine, default);
        }
    }

    /// Ties the ports of the namespace whose first interface is at `first` to their masters: both are in it.
    fn masters(&mut self, first: usize) {
        let Some(ports) = self.ports.get_mut(first..) else { return };
        if ports.iter().all(|port| port.interface.link.master_if_index.is_none()) {
            return;
        }
        let nodes: HashMap<u32, NodeIndex> =
            ports.iter().map(|port| (port.interface.link.if_index, port.node)).collect();
        for port in ports {
            port.master = port.interface.link.master_if_index.and_then(|master| nodes.get(&master)).copied();
        }
    }

    fn wiring(&mut self, place: usize, host: &Host) {
        for pair in &host.veths {
            let ends = (self.find(Some(&pair.near.interface)), self.find(Some(&pair.far.interface)));
            if let (Some(near), Some(far)) = ends {
                self.wire(near, far, EdgeKind::VethPair);
                for (one, other) in [(near, far), (far, near)] {
                    if let Some(port) = self.port_at.get(&one).and_then(|at| self.ports.get_mut(*at)) {
                        port.peer = Some(other);
                    }
                }
            }
        }
        for network in &host.networks {
            self.wire_found(Some(&network.id), network.bridge.as_ref(), EdgeKind::Realises);
            self.wire_found(network.parent.as_ref(), Some(&network.id), EdgeKind::Parent);
        }
        let nodes = self.containers.get(place).cloned().unwrap_or_default();
        for (container, node) in host.containers.iter().zip(nodes) {
            for attachment in &container.attachments {
                if let Some(network) = self.find(Some(&attachment.network)) {
                    self.wire(network, node, EdgeKind::Member);
                }
            }
        }
    }

    /// Ports of bridges, and what is on a parent.
    fn lower_edges(&mut self) {
        for at in 0..self.ports.len() {
            let Some(port) = self.ports.get(at).copied() else { continue };
            if let Some(master) = port.master {
                self.wire(master, port.node, EdgeKind::Port);
            }
            let Some(parent) = self.find(port.interface.parent.as_ref()) else { continue };
            self.wire(parent, port.node, EdgeKind::Parent);
            if let Some(port) = self.ports.get_mut(at) {
                port.parent = Some(parent);
            }
        }
    }

    fn translations(&mut self, place: usize, host: &Host, outside: NodeIndex) {
        let Some(machine) = self.find(Some(&host.id)) else { return };
        let containers: HashMap<&EntityId, NodeIndex> = host
            .containers
            .iter()
            .map(|container| &container.id)
            .zip(self.containers.get(place).into_iter().flatten().copied())
            .collect();
        for mapping in &host.nat {
            let Some(index) = self.find(Some(&mapping.id)) else { continue };
            // What listens on a loopback address takes packets of this host alone.
            let is_local = mapping.host_ip.is_some_and(|address| address.is_loopback());
            self.wire(if is_local { machine } else { outside }, index, EdgeKind::NatIn);
            let onto = mapping.container.as_ref().and_then(|id| containers.get(id)).copied().or_else(|| {
                let network = mapping.network.as_ref().and_then(|id| host.network(id))?;
                self.find(network.bridge.as_ref().or(network.parent.as_ref())).or_else(|| self.find(Some(&network.id)))
            });
            if let Some(onto) = onto {
                self.wire(index, onto, EdgeKind::NatOut);
            }
        }
    }

    /// A service is known where a manager is observed; its tasks' containers may be on any observed host.
    fn tasks(&mut self, host: &Host) {
        let Some(swarm) = &host.swarm else { return };
        let services: HashMap<&str, EntityId> =
            swarm.services.iter().map(|it| (it.service_id.as_str(), host.id.service(&it.service_id))).collect();
        let by_task: HashMap<&str, &str> = swarm
            .tasks
            .iter()
            .filter_map(|task| Some((task.container_id.as_deref()?, task.service_id.as_str())))
            .collect();
        for container in self.snapshot.hosts.iter().flat_map(|host| &host.containers) {
            let service =
                container.swarm_service_id.as_deref().or_else(|| by_task.get(container.container_id.as_str()).copied());
            let service = service.and_then(|service| services.get(service));
            self.wire_found(service, Some(&container.id), EdgeKind::Task);
        }
    }

    /// Who hears whom, who leads out, and what hosts share.
    fn links(&mut self, outside: NodeIndex) {
        let mut sets = segments::Sets::new(&self.ports, &self.port_at);
        let shared = shared::find(self.snapshot, &self.ports, &mut sets);
        self.graph.segments = sets.finish(&self.ports, &self.port_at, self.graph.petgraph.node_count());
        for at in shared.uplinks {
            if let Some(port) = self.ports.get(at) {
                self.graph.petgraph.add_edge(outside, port.node, EdgeKind::Uplink);
            }
        }
        for (from, to) in shared.tunnels {
            if let (Some(from), Some(to)) = (self.ports.get(from), self.ports.get(to)) {
                self.graph.petgraph.add_edge(from.node, to.node, EdgeKind::Tunnel);
            }
        }
        for link in shared.links {
            let ids = link.iter().filter_map(|at| Some(&self.ports.get(*at)?.interface.id));
            let Some(first) = ids.min() else { continue };
            let node = self.add(&EntityId::link(first), NodeKind::Link);
            for at in link {
                if let Some(port) = self.ports.get(at).copied() {
                    self.wire(node, port.node, EdgeKind::Uplink);
                }
            }
        }
    }
}

/// The interface by which a namespace's default route leaves: of several that of the main table, of IPv4, with the least
/// metric.
pub fn default_uplink(namespace: &Namespace) -> Option<&Interface> {
    const MAIN_TABLE: u32 = 254;
    let to_everywhere = namespace.routes.iter().filter(|route| {
        route.destination.prefix_len() == 0 && route.kind == RouteKind::Unicast && !route.next_hops.is_empty()
    });
    let preferred = to_everywhere
        .min_by_key(|route| (route.table != MAIN_TABLE, route.destination.addr().is_ipv6(), route.metric))?;
    let hop = preferred.next_hops.iter().find(|hop| !hop.is_dead).or(preferred.next_hops.first())?;
    namespace.interfaces.iter().find(|interface| interface.link.if_index == hop.if_index)
}
