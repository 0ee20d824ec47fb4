//! The graph of all hosts: what there is and how it is wired. It is what is drawn, walked and searched.
//!
//! A host contains its namespaces, networks, services and translations; a namespace its interfaces, bridges and the
//! containers that live in it. Containers that live nowhere are the host's. Veth pairs are edges, not nodes. What several
//! hosts share is a node of its own: the link that their interfaces are on.
//!
//! Whoever wants to know a relation asks here: which two interfaces are one veth pair, which bridge a port is in, what is
//! on a parent, which interface leads out ([`relations`](Graph::peer)), who hears whom ([`Segment`]), which hosts share a
//! link and what is the evidence ([`shared`]), what a thing is wired to ([`Graph::near`]), and what lies between two things
//! ([`Graph::wires`]).
//!
//! [`Snapshot::graph`](crate::Snapshot::graph) makes it once for each snapshot, on the collector's thread.

mod build;
mod near;
mod relations;
mod segments;
mod shared;
mod wires;

use std::collections::HashMap;

use petgraph::{
    graph::{DiGraph, NodeIndex},
    visit::EdgeRef,
};
use serde::Serialize;

pub use build::default_uplink;
pub use segments::Segment;
pub use wires::Stretch;

use crate::{EntityId, Snapshot};

/// A snapshot's graph.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    petgraph: DiGraph<Node, EdgeKind>,
    index: HashMap<EntityId, NodeIndex>,
    /// By node: the segment that an interface is on.
    segments: segments::Segments,
    /// By host's node: the interface that its default route leaves by.
    default_uplinks: HashMap<NodeIndex, NodeIndex>,
}

/// A thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// What it is in the snapshot; of a shared link, [`EntityId::link`].
    pub id: EntityId,
    /// What kind of thing.
    pub kind: NodeKind,
}

/// What kind of thing a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NodeKind {
    /// All beyond the hosts' own interfaces.
    Outside,
    /// A link outside that several observed hosts are on.
    Link,
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EdgeKind {
    /// The first holds the second: host, namespace, interface; namespace, container.
    Contains,
    /// A veth pair: the host's end, then the container's.
    VethPair,
    /// A bridge (bond, VRF) and its port.
    Port,
    /// A parent interface and the macvlan, ipvlan or VLAN on it; an underlay and its VXLAN; a parent and the Docker
    /// network whose containers' interfaces are on it.
    Parent,
    /// A Docker network and a container in it.
    Member,
    /// A Docker network and the bridge that is it.
    Realises,
    /// The outside world, or a link that several hosts share, and a host's interface.
    Uplink,
    /// A translation's way in: outside or host to the mapping.
    NatIn,
    /// A translation's way on: the mapping to a container or an interface.
    NatOut,
    /// A VXLAN and another host's VXLAN at the other end of the tunnel.
    Tunnel,
    /// A service and its task's container.
    Task,
}

/// Two things and how they are wired.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edge<'a> {
    /// The outer one.
    pub from: &'a Node,
    /// How.
    pub kind: EdgeKind,
    /// The inner one.
    pub to: &'a Node,
}

impl Graph {
    /// The graph of `snapshot`. [`Snapshot::graph`] has it ready.
    pub fn of(snapshot: &Snapshot) -> Self {
        build::graph(snapshot)
    }

    /// The node of a thing.
    pub fn node(&self, id: &EntityId) -> Option<&Node> {
        self.petgraph.node_weight(self.at(id)?)
    }

    /// Everything there is: the outside first, then host by host, owners before what they hold, shared links last.
    pub fn nodes(&self) -> impl Iterator<Item = &Node> {
        self.petgraph.node_weights()
    }

    /// How everything is wired.
    pub fn edges(&self) -> impl Iterator<Item = Edge<'_>> {
        self.petgraph.edge_references().filter_map(|edge| self.edge(edge.source(), *edge.weight(), edge.target()))
    }

    fn edge(&self, from: NodeIndex, kind: EdgeKind, to: NodeIndex) -> Option<Edge<'_>> {
        Some(Edge { from: self.petgraph.node_weight(from)?, kind, to: self.petgraph.node_weight(to)? })
    }

    fn at(&self, id: &EntityId) -> Option<NodeIndex> {
        self.index.get(id).copied()
    }
}
