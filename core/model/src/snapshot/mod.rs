//! A host's network at one moment: Docker's intent and the kernel's state, side by side.
//!
//! Made by [`crate::assembly`]; everything else (the window, the command line, the walk, the drawing) reads this. Each
//! thing has a stable [`EntityId`]; lists are sorted by it or by what people expect, so the same host gives the same
//! bytes.

mod container;
mod host;
mod interface;
mod link;
mod namespace;
mod nat;
mod network;
mod staleness;
mod veth;

use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

pub use container::{Attachment, Compose, Container};
pub use host::Host;
pub use interface::Interface;
pub use link::Link;
pub use namespace::{NamedSocket, Namespace, NamespaceKind, Resolver};
pub use nat::{NatKind, NatMapping};
pub use network::{Network, NetworkMember};
pub use veth::{VethEnd, VethPair};

use crate::{EntityId, graph::Graph};

/// The version of the snapshot's JSON. Raised when a field changes its meaning or goes; new fields do not raise it.
pub const SCHEMA_VERSION: u32 = 1;

/// All hosts that were observed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// [`SCHEMA_VERSION`].
    pub schema_version: u32,
    /// When the last observation in it was made: milliseconds since 1970-01-01 UTC.
    pub at_ms: u64,
    /// The hosts, in the order of their sources.
    pub hosts: Vec<Host>,
    #[serde(skip)]
    graph: Wiring,
}

/// The graph, once it was asked for. It follows from the rest, so it is neither compared nor copied: a copy may be changed
/// before it is asked.
#[derive(Debug, Default)]
struct Wiring(OnceLock<Graph>);

impl Clone for Wiring {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl PartialEq for Wiring {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Snapshot {
    /// What `hosts` are at `at_ms`.
    pub fn new(at_ms: u64, hosts: Vec<Host>) -> Self {
        Self { schema_version: SCHEMA_VERSION, at_ms, hosts, graph: Wiring::default() }
    }

    /// How everything in it is wired. Made when it is first asked for, which takes some time: whoever hands a snapshot on
    /// asks before, so that no reader waits. A snapshot is not changed after that.
    pub fn graph(&self) -> &Graph {
        self.graph.0.get_or_init(|| Graph::of(self))
    }

    /// The namespace with this id, with its host.
    pub fn namespace(&self, id: &EntityId) -> Option<(&Host, &Namespace)> {
        self.hosts.iter().find_map(|host| host.namespace(id).map(|namespace| (host, namespace)))
    }

    /// The container with this id, with its host.
    pub fn container(&self, id: &EntityId) -> Option<(&Host, &Container)> {
        self.hosts.iter().find_map(|host| host.container(id).map(|container| (host, container)))
    }

    /// The network with this id, with its host.
    pub fn network(&self, id: &EntityId) -> Option<(&Host, &Network)> {
        self.hosts.iter().find_map(|host| host.network(id).map(|network| (host, network)))
    }

    /// The interface with this id, with its namespace and host.
    pub fn interface(&self, id: &EntityId) -> Option<(&Host, &Namespace, &Interface)> {
        self.hosts.iter().find_map(|host| {
            host.namespaces.iter().find_map(|namespace| {
                namespace
                    .interfaces
                    .iter()
                    .find(|interface| interface.id == *id)
                    .map(|interface| (host, namespace, interface))
            })
        })
    }
}
