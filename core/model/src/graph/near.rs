//! What a thing is wired to: what lights up with it.

use std::collections::{HashSet, VecDeque};

use petgraph::{Direction, graph::NodeIndex, visit::EdgeRef};

use super::{EdgeKind, Graph, NodeKind};
use crate::EntityId;

impl Graph {
    /// What a thing is wired to, with the interfaces on the way: outwards and inwards to the next thing that is more than
    /// an interface. Without the thing itself.
    pub fn near(&self, id: &EntityId) -> Vec<&EntityId> {
        let Some(at) = self.at(id) else { return Vec::new() };
        let (mut near, mut listed) = (Vec::new(), HashSet::from([at]));
        for direction in [Direction::Incoming, Direction::Outgoing] {
            let mut seen = HashSet::from([at]);
            let mut next = VecDeque::from(self.ends_of(at, direction));
            while let Some(one) = next.pop_front() {
                if !seen.insert(one) {
                    continue;
                }
                if listed.insert(one) {
                    near.push(one);
                }
                let Some(kind) = self.petgraph.node_weight(one).map(|node| node.kind) else { continue };
                let passes = match direction {
                    Direction::Outgoing => matches!(kind, NodeKind::Interface | NodeKind::Bridge),
                    Direction::Incoming => kind == NodeKind::Interface,
                };
                if passes {
                    next.extend(self.step_from(one, direction));
                }
                if kind == NodeKind::Interface && direction == Direction::Outgoing {
                    next.extend(self.residents(one));
                }
            }
        }
        // A bridge and the network that it is are one box in most pictures.
        let network_of = |bridge: &NodeIndex| self.at(self.network(self.id(*bridge)?)?);
        let networks: Vec<NodeIndex> = near.iter().filter_map(network_of).collect();
        near.extend(networks.into_iter().filter(|network| listed.insert(*network)));
        near.into_iter().filter_map(|at| self.id(at)).collect()
    }

    /// Where the way from a thing begins: from a container and a namespace also at the interfaces there.
    fn ends_of(&self, at: NodeIndex, direction: Direction) -> Vec<NodeIndex> {
        let kind = |at: NodeIndex| self.petgraph.node_weight(at).map(|node| node.kind);
        let holds = |owner: NodeIndex| {
            let held = self.petgraph.edges_directed(owner, Direction::Outgoing);
            held.filter(|edge| *edge.weight() == EdgeKind::Contains).map(|edge| edge.target())
        };
        let mut ends: Vec<NodeIndex> = self.step_from(at, direction).collect();
        let home = match kind(at) {
            Some(NodeKind::Namespace) => Some(at),
            Some(NodeKind::Container) => self.home(at),
            _ => None,
        };
        if let (Some(home), Direction::Incoming) = (home.filter(|home| !self.is_own(*home)), direction) {
            let is_wired = |one: &NodeIndex| self.step_from(*one, direction).next().is_some();
            let is_interface = |one: &NodeIndex| matches!(kind(*one), Some(NodeKind::Interface | NodeKind::Bridge));
            ends.extend(holds(home).filter(is_interface).filter(is_wired));
        }
        if direction == Direction::Outgoing && kind(at) == Some(NodeKind::Interface) {
            ends.extend(self.residents(at));
        }
        ends
    }

    /// One step along the wires.
    fn step_from(&self, at: NodeIndex, direction: Direction) -> impl Iterator<Item = NodeIndex> {
        let edges = self.petgraph.edges_directed(at, direction).filter(|edge| *edge.weight() != EdgeKind::Contains);
        edges.map(move |edge| if direction == Direction::Outgoing { edge.target() } else { edge.source() })
    }

    /// The containers that live where an interface is; none of a host's own namespace, which is everybody's.
    fn residents(&self, interface: NodeIndex) -> Vec<NodeIndex> {
        let Some(home) = self.home(interface).filter(|home| !self.is_own(*home)) else { return Vec::new() };
        let held = self.petgraph.neighbors_directed(home, Direction::Outgoing);
        held.filter(|one| self.petgraph.node_weight(*one).is_some_and(|node| node.kind == NodeKind::Container))
            .collect()
    }

    /// What holds it.
    fn home(&self, at: NodeIndex) -> Option<NodeIndex> {
        let mut outer = self.petgraph.edges_directed(at, Direction::Incoming);
        outer.find(|edge| *edge.weight() == EdgeKind::Contains).map(|edge| edge.source())
    }

    /// Whether a node is a host's own namespace, or a host.
    fn is_own(&self, home: NodeIndex) -> bool {
        self.petgraph.node_weight(home).is_none_or(|node| {
            node.kind == NodeKind::Host
                || self.home(home).and_then(|host| self.id(host)).is_some_and(|host| node.id == host.namespace("host"))
        })
    }
}
