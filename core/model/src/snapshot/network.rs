//! A Docker network.

use std::collections::BTreeMap;

use ipnet::IpNet;
use serde::{Deserialize, Serialize, Serializer};

use crate::{
    EntityId, MacAddress, Text,
    engine::{AddressPool, NetworkPeer},
};

/// A network as the engine means it, with the devices that are it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Network {
    /// Stable: Docker's network id.
    pub id: EntityId,
    /// Docker's full network id.
    pub network_id: String,
    /// Its name.
    pub name: Text,
    /// `bridge`, `overlay`, `macvlan`, `ipvlan`, `host`, `null` or a plugin's name.
    pub driver: Text,
    /// `local`, `swarm` or `global`.
    pub scope: Text,
    /// No way out.
    pub is_internal: bool,
    /// Containers may join a Swarm's overlay.
    pub is_attachable: bool,
    /// The Swarm's ingress.
    pub is_ingress: bool,
    /// Only a template.
    pub is_config_only: bool,
    /// Has IPv4.
    pub has_ipv4: bool,
    /// Has IPv6.
    pub has_ipv6: bool,
    /// Address pools.
    pub pools: Vec<AddressPool>,
    /// Driver options.
    #[serde(serialize_with = "by_raw_name")]
    pub options: BTreeMap<Text, Text>,
    /// The bridge's name as Docker means it, for driver `bridge`.
    pub bridge_name: Option<Text>,
    /// The bridge that is really there, in the host's or the overlay's namespace.
    pub bridge: Option<EntityId>,
    /// The parent interface of a macvlan or ipvlan, where it is there.
    pub parent: Option<EntityId>,
    /// An overlay's own namespace, where it is seen.
    pub namespace: Option<EntityId>,
    /// Who is in it, by name.
    pub members: Vec<NetworkMember>,
    /// Other hosts of an overlay.
    pub peers: Vec<NetworkPeer>,
    /// Compose's project (label `com.docker.compose.project`).
    pub project: Option<Text>,
    /// RFC 3339.
    pub created: String,
}

/// An end of a network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NetworkMember {
    /// The container; none: a load balancer or a gateway of the Swarm's.
    pub container: Option<EntityId>,
    /// Its name.
    pub name: Text,
    /// Its address.
    pub ipv4: Option<IpNet>,
    /// Its IPv6 address.
    pub ipv6: Option<IpNet>,
    /// Its MAC address.
    pub mac_address: Option<MacAddress>,
}

/// A document's key is a string: that which the source has, so that no two are one.
fn by_raw_name<S: Serializer>(options: &BTreeMap<Text, Text>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(options.iter().map(|(name, value)| (name.raw(), value)))
}
