//! An interface with what belongs to it.

use serde::{Deserialize, Serialize};

use crate::{
    EntityId, MacAddress, Text, Via,
    kernel::{Address, BridgeVlan, FdbEntry, Link},
};

/// One interface of a namespace. What it is wired to is the [`Graph`](crate::graph::Graph)'s to say.
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
    pub(crate) master: Option<EntityId>,
    /// The other end of a veth, where it is seen.
    pub(crate) peer: Option<EntityId>,
    /// The parent of a macvlan, ipvlan or VLAN, or a VXLAN's underlay.
    pub(crate) parent: Option<EntityId>,
    /// The Docker network that it serves: as its bridge, or as a container's end of it.
    pub network: Option<EntityId>,
    /// Forwarding entries that point at it.
    pub fdb: Vec<FdbEntry>,
    /// VLANs on it, as a bridge's port.
    pub vlans: Vec<BridgeVlan>,
}

impl Interface {
    /// An interface of `namespace` that nothing is tied to yet.
    pub fn new(namespace: &EntityId, link: Link, via: Via) -> Self {
        Self {
            id: namespace.interface(&link.name),
            namespace: namespace.clone(),
            name: Text::new(&link.name),
            link,
            via,
            docker_mac_address: None,
            addresses: Vec::new(),
            master: None,
            peer: None,
            parent: None,
            network: None,
            fdb: Vec::new(),
            vlans: Vec::new(),
        }
    }

    /// Its MAC address: the kernel's, else Docker's.
    pub fn mac_address(&self) -> Option<MacAddress> {
        self.link.mac_address.or(self.docker_mac_address)
    }
}
