//! What Docker says: its intent, as far as its API tells.

mod container;
mod event;
mod facts;
mod network;
mod swarm;

pub use container::{ContainerState, Endpoint, EngineContainer, PortBinding, PortKey};
pub use event::{EngineEvent, EngineEventKind};
pub use facts::{EngineFacts, Plugin};
pub use network::{AddressPool, EngineNetwork, NetworkEndpoint, NetworkPeer};
pub use swarm::{Swarm, SwarmNode, SwarmPort, SwarmService, SwarmTask, VirtualIp};
