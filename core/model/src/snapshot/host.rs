//! One host.

use std::{collections::BTreeSet, net::IpAddr, sync::Arc};

use serde::{Deserialize, Serialize};

use super::{Container, Interface, Namespace, NatMapping, Network, VethPair};
use crate::{
    EntityId, HostFacts, HostIdentity, Limit, Text,
    engine::{AddressPool, EngineFacts, Swarm},
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
    /// Since when: milliseconds since 1970-01-01 UTC, by the observed host's clock.
    pub engine_lost_ms: Option<u64>,
    /// Since when the kernel's part is as last seen only: the agent that read it has gone.
    pub agent_lost_ms: Option<u64>,
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

    /// The addresses of a network's pool that are its gateway's. Docker takes one in each pool. Before 28 it says which only
    /// where somebody asked for it; then the bridge has it, and the network's containers have it as theirs. Empty: not seen.
    pub fn gateways(&self, network: &Network, pool: &AddressPool) -> BTreeSet<IpAddr> {
        if let Some(gateway) = pool.gateway {
            return BTreeSet::from([gateway]);
        }
        let is_bridge = network.driver.as_str() == "bridge";
        let bridge = network.bridge.as_ref().filter(|_| is_bridge).and_then(|id| self.interface(id));
        let of_bridge = bridge.into_iter().flat_map(|bridge| &bridge.addresses).map(|address| address.address);
        let ends = self.containers.iter().flat_map(|container| &container.attachments);
        let ends = ends.filter(|end| end.network == network.id);
        let of_ends = ends.flat_map(|end| [end.gateway, end.ipv6_gateway]).flatten();
        of_bridge.chain(of_ends).filter(|address| pool.subnet.contains(address)).collect()
    }

    /// The interface with this id, in any namespace.
    pub fn interface(&self, id: &EntityId) -> Option<&Interface> {
        self.namespaces.iter().flat_map(|namespace| &namespace.interfaces).find(|interface| interface.id == *id)
    }
}
