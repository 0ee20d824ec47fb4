//! One host.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Container, Interface, Namespace, NatMapping, Network, VethPair};
use crate::{
    EntityId, HostFacts, HostIdentity, Limit, Text,
    engine::{EngineFacts, Swarm},
    kernel::Process,
};

/// A machine with its kernel and, mostly, its Docker engine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Host {
    /// `host:<hostname>`; of several of one name with the beginning of what is its own ([`HostIdentity`]) after a `#`,
    /// or, if nothing tells them apart, with their number.
    pub id: EntityId,
    /// Its name, with what tells it apart after a `#` if several bear it; `facts.hostname` is the name alone.
    pub name: Text,
    /// What is known of the machine.
    pub facts: HostFacts,
    /// The engine; none: there is none, or it cannot be reached.
    pub engine: Option<Arc<EngineFacts>>,
    /// Why the engine's part is as last seen only.
    pub engine_lost: Option<String>,
    /// Namespaces: the host's own first, then containers' by name, then others.
    pub namespaces: Vec<Namespace>,
    /// Containers in every state, by name.
    pub containers: Vec<Container>,
    /// Docker's networks, by name.
    pub networks: Vec<Network>,
    /// What a Swarm's manager knows.
    pub swarm: Option<Arc<Swarm>>,
    /// Veth pairs with one end in the host's namespace or an overlay's, by the host's interface.
    pub veths: Vec<VethPair>,
    /// Address translations that the rules and docker-proxy make.
    pub nat: Vec<NatMapping>,
    /// Processes that matter.
    pub processes: Arc<[Process]>,
    /// What is not seen, sorted.
    pub limits: Vec<Limit>,
}

impl Host {
    /// What is its own.
    pub fn identity(&self) -> HostIdentity {
        HostIdentity::of(self)
    }

    /// The host's own namespace.
    pub fn own_namespace(&self) -> Option<&Namespace> {
        self.namespaces.iter().find(|namespace| namespace.is_host)
    }

    /// The namespace with this id.
    pub fn namespace(&self, id: &EntityId) -> Option<&Namespace> {
        self.namespaces.iter().find(|namespace| namespace.id == *id)
    }

    /// The container with this id.
    pub fn container(&self, id: &EntityId) -> Option<&Container> {
        self.containers.iter().find(|container| container.id == *id)
    }

    /// The network with this id.
    pub fn network(&self, id: &EntityId) -> Option<&Network> {
        self.networks.iter().find(|network| network.id == *id)
    }

    /// The interface with this id, in any namespace.
    pub fn interface(&self, id: &EntityId) -> Option<&Interface> {
        self.namespaces.iter().flat_map(|namespace| &namespace.interfaces).find(|interface| interface.id == *id)
    }
}
