//! Networks (`GET /networks/{id}`).

use std::{collections::BTreeMap, net::IpAddr};

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::MacAddress;

/// A network as the engine describes it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EngineNetwork {
    /// `Id`.
    pub network_id: String,
    /// `Name`.
    pub name: String,
    /// `Driver`: `bridge`, `host`, `null`, `overlay`, `macvlan`, `ipvlan` or a plugin's name.
    pub driver: String,
    /// `Scope`: `local`, `swarm` or `global`.
    pub scope: String,
    /// `Created`, RFC 3339.
    pub created: String,
    /// `Internal`: no way out.
    pub is_internal: bool,
    /// `Attachable`.
    pub is_attachable: bool,
    /// `Ingress`.
    pub is_ingress: bool,
    /// `ConfigOnly`.
    pub is_config_only: bool,
    /// `ConfigFrom.Network`.
    pub config_from: Option<String>,
    /// `EnableIPv4`, true where the engine does not tell (before 28).
    pub has_ipv4: bool,
    /// `EnableIPv6`.
    pub has_ipv6: bool,
    /// `IPAM.Driver`.
    pub ipam_driver: String,
    /// `IPAM.Config`.
    pub pools: Vec<AddressPool>,
    /// `Options`, such as `com.docker.network.bridge.name`.
    pub options: BTreeMap<String, String>,
    /// `Labels`.
    pub labels: BTreeMap<String, String>,
    /// `Containers`: on this host, sorted by endpoint id.
    pub endpoints: Vec<NetworkEndpoint>,
    /// `Peers`: other hosts of an overlay.
    pub peers: Vec<NetworkPeer>,
}

/// One pool of addresses (`IPAM.Config[]`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddressPool {
    /// `Subnet`.
    pub subnet: IpNet,
    /// `Gateway`.
    pub gateway: Option<IpAddr>,
    /// `IPRange`: where addresses are taken from.
    pub ip_range: Option<IpNet>,
    /// `AuxiliaryAddresses`: never given out.
    #[serde(default)]
    pub reserved: BTreeMap<String, IpAddr>,
}

/// An end of a network (`Containers.*`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkEndpoint {
    /// The key in the map: a container id, `ep-<endpoint id>` without one, `lb-<network>` for a load balancer.
    pub owner: String,
    /// `Name`.
    pub name: String,
    /// `EndpointID`.
    pub endpoint_id: String,
    /// `MacAddress`.
    pub mac_address: Option<MacAddress>,
    /// `IPv4Address`.
    pub ipv4: Option<IpNet>,
    /// `IPv6Address`.
    pub ipv6: Option<IpNet>,
}

/// Another host of an overlay (`Peers[]`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkPeer {
    /// `Name`.
    pub name: String,
    /// `IP`.
    pub address: Option<IpAddr>,
}

impl EngineNetwork {
    /// The name of the bridge device of a `bridge` network: the option, else `br-` and twelve digits of the id.
    pub fn bridge_name(&self) -> Option<String> {
        (self.driver == "bridge").then(|| {
            self.options
                .get("com.docker.network.bridge.name")
                .filter(|name| !name.is_empty())
                .cloned()
                .unwrap_or_else(|| format!("br-{}", self.network_id.get(..12).unwrap_or(&self.network_id)))
        })
    }

    /// The parent interface of a `macvlan` or `ipvlan` network (option `parent`), if one was named.
    pub fn parent_interface(&self) -> Option<&str> {
        self.options.get("parent").map(String::as_str).filter(|name| !name.is_empty())
    }
}
