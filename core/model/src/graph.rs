//! The graph of a snapshot: hosts, namespaces, interfaces, bridges, networks, containers, services, NAT mappings and
//! the outside world, and how they are wired.

use std::collections::HashMap;

use petgraph::stable_graph::{NodeIndex, StableDiGraph};

use crate::{EntityId, Snapshot, Text};

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
    /// A parent interface and the macvlan, ipvlan or VLAN on it; an underlay and its VXLAN.
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
        let _ = snapshot;
        Self::default()
    }
}
