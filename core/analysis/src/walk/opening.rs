//! What would let a packet through that does not arrive.

use bridgewalk_model::{
    AddressPort, EntityId,
    engine::PortKey,
    firewall::RuleRef,
    kernel::{Sysctl, Transport},
};
use serde::Serialize;

/// One change that would do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Opening {
    /// Put both into one network.
    ShareNetwork {
        /// The container that would join.
        container: EntityId,
        /// The network.
        network: EntityId,
    },
    /// Publish the port.
    PublishPort {
        /// Whose.
        container: EntityId,
        /// Which.
        port: PortKey,
    },
    /// Publish it on an address that can be reached from there, not on loopback.
    PublishOnAddress {
        /// Whose.
        container: EntityId,
        /// Which.
        port: PortKey,
    },
    /// Let the network's containers talk to each other (`com.docker.network.bridge.enable_icc`).
    AllowInterContainer {
        /// The network.
        network: EntityId,
    },
    /// Make the network anew, not internal.
    NotInternal {
        /// The network.
        network: EntityId,
    },
    /// Take the rule away, or put one that accepts before it.
    RemoveRule {
        /// The rule.
        rule: RuleRef,
    },
    /// Change a base chain's policy, or accept before its end.
    ChangePolicy {
        /// The namespace.
        namespace: EntityId,
        /// The table.
        table: String,
        /// The chain.
        chain: String,
    },
    /// Listen on the port.
    Listen {
        /// Where.
        namespace: EntityId,
        /// The protocol.
        transport: Transport,
        /// The port.
        port: u16,
    },
    /// Listen on every address, not on this one alone.
    ListenEverywhere {
        /// Where.
        namespace: EntityId,
        /// The protocol.
        transport: Transport,
        /// Where it listens now.
        local: AddressPort,
    },
    /// Set a kernel setting.
    SetSysctl {
        /// Where.
        namespace: EntityId,
        /// The setting, with the value that would do.
        setting: Sysctl,
    },
    /// Add a route.
    AddRoute {
        /// Where.
        namespace: EntityId,
    },
    /// Set an interface up.
    SetUp {
        /// Which.
        interface: EntityId,
    },
    /// Start the container.
    StartContainer {
        /// Which.
        container: EntityId,
    },
}
