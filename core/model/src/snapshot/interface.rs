//! An interface with what belongs to it.

use serde::{Deserialize, Serialize};

use crate::{
    EntityId, MacAddress, Text, Via,
    kernel::{Address, BridgeVlan, FdbEntry, Link},
};

/// One interface of a namespace.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Interface {
    /// Stable: the namespace's id and the name.
    pub id: EntityId,
    /// The namespace it is in.
    pub namespace: EntityId,
    /// Its name.
    pub name: Text,
    /// As read.
    pub link: Link,
    /// How it was read.
    pub via: Via,
    /// The MAC address that Docker gave it (`EndpointSettings.MacAddress`), where the kernel's could not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub docker_mac_address: Option<MacAddress>,
    /// IPv4 first, as the kernel lists them.
    pub addresses: Vec<Address>,
    /// The bridge (bond, VRF) that it is a port of.
    pub master: Option<EntityId>,
    /// The other end of a veth, where it is seen.
    pub peer: Option<EntityId>,
    /// The parent of a macvlan, ipvlan or VLAN, or a VXLAN's underlay.
    pub parent: Option<EntityId>,
    /// The Docker network that it serves: as its bridge, or as a container's end of it.
    pub network: Option<EntityId>,
    /// Forwarding entries that point at it.
    pub fdb: Vec<FdbEntry>,
    /// VLANs on it, as a bridge's port.
    pub vlans: Vec<BridgeVlan>,
}

impl Interface {
    /// Its MAC address: the kernel's, else Docker's.
    pub fn mac_address(&self) -> Option<MacAddress> {
        self.link.mac_address.or(self.docker_mac_address)
    }
}
