//! What bridges and VXLANs know (`RTM_NEWNEIGH` of the family `AF_BRIDGE`, `IFLA_BRIDGE_VLAN_INFO`).

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::MacAddress;

/// One entry of a forwarding database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FdbEntry {
    /// `ndm_ifindex`: the port, or the bridge itself.
    pub if_index: u32,
    /// `NDA_MASTER`: the bridge whose table this is; none: the device's own (VXLAN, or a NIC's filter).
    pub bridge_if_index: Option<u32>,
    /// `NDA_LLADDR`.
    pub mac_address: MacAddress,
    /// `NDA_VLAN`.
    pub vlan_id: Option<u16>,
    /// `NDA_DST`: where a VXLAN sends frames for this address.
    pub remote: Option<IpAddr>,
    /// `NUD_PERMANENT`: one of the bridge's own, or set by hand.
    pub is_permanent: bool,
    /// `NUD_NOARP`: static, not aged.
    pub is_static: bool,
    /// `NTF_EXT_LEARNED`.
    pub is_externally_learned: bool,
    /// `NTF_SELF`.
    pub is_self: bool,
}

/// A VLAN on a bridge port (`struct bridge_vlan_info`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BridgeVlan {
    /// The port, or the bridge itself.
    pub if_index: u32,
    /// The VLAN's number.
    pub vlan_id: u16,
    /// `BRIDGE_VLAN_INFO_PVID`: untagged frames that come in belong to it.
    pub is_pvid: bool,
    /// `BRIDGE_VLAN_INFO_UNTAGGED`: its frames leave untagged.
    pub is_untagged: bool,
}
