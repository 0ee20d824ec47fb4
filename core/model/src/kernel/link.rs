//! Interfaces (`RTM_NEWLINK`, rtnetlink(7), `linux/if_link.h`).

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::MacAddress;

/// One interface of a namespace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// `ifi_index`: unique within its namespace only.
    pub if_index: u32,
    /// `IFLA_IFNAME`.
    pub name: String,
    /// `IFLA_ALT_IFNAME`s and `IFLA_IFALIAS`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alternative_names: Vec<String>,
    /// `IFLA_INFO_KIND` with what `IFLA_INFO_DATA` adds.
    pub kind: LinkKind,
    /// `ifi_flags & IFF_UP`: set up by the administrator.
    pub is_up: bool,
    /// `ifi_flags & IFF_LOWER_UP`: there is a carrier.
    pub has_carrier: bool,
    /// `ifi_flags & IFF_PROMISC`, or `IFLA_PROMISCUITY` above zero.
    pub is_promiscuous: bool,
    /// `IFLA_OPERSTATE`.
    pub oper_state: OperState,
    /// `IFLA_MTU`, in bytes.
    pub mtu: u32,
    /// `IFLA_ADDRESS`; none on loopback-like or tunnel devices without one.
    pub mac_address: Option<MacAddress>,
    /// `IFLA_MASTER`: the bridge, bond or VRF that this is a port of, by ifindex in the same namespace.
    pub master_if_index: Option<u32>,
    /// `IFLA_INFO_SLAVE_DATA` of a bridge's port.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bridge_port: Option<BridgePort>,
    /// `IFLA_LINK`: the other end of a veth, or the parent of a macvlan, ipvlan or VLAN, by ifindex in `peer_nsid`'s
    /// namespace. Equal to `if_index` or zero means none and is not kept.
    pub peer_if_index: Option<u32>,
    /// `IFLA_LINK_NETNSID`: the namespace that `peer_if_index` belongs to, as this namespace numbers it; absent: the
    /// same namespace.
    pub peer_nsid: Option<i32>,
    /// The namespace behind `peer_nsid`, where the reader could resolve it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peer_namespace: Option<crate::NamespaceInode>,
    /// `IFLA_STATS64`. Not part of what makes two states differ.
    #[serde(default)]
    pub counters: LinkCounters,
}

/// A bridge port's own settings (`IFLA_BRPORT_*`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BridgePort {
    /// `IFLA_BRPORT_STATE`: 0 disabled, 1 listening, 2 learning, 3 forwarding, 4 blocking (`linux/if_bridge.h`).
    pub stp_state: u8,
    /// `IFLA_BRPORT_MODE`: frames may leave by the port they came in.
    pub hairpin: bool,
    /// `IFLA_BRPORT_ISOLATED`: does not talk to other isolated ports.
    pub isolated: bool,
    /// `IFLA_BRPORT_LEARNING`.
    pub learning: bool,
    /// `IFLA_BRPORT_UNICAST_FLOOD`.
    pub flood: bool,
}

/// What an interface is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum LinkKind {
    /// `ARPHRD_LOOPBACK`.
    Loopback,
    /// A device without `IFLA_INFO_KIND`: hardware, or what a virtual machine takes for it.
    Physical,
    /// One end of a cable.
    Veth,
    /// A switch.
    Bridge {
        /// `IFLA_BR_STP_STATE` is not zero.
        stp: bool,
        /// `IFLA_BR_VLAN_FILTERING`.
        vlan_filtering: bool,
        /// `IFLA_BR_AGEING_TIME`, in hundredths of a second.
        ageing_time_cs: u32,
        /// `IFLA_BR_NF_CALL_IPTABLES`, per bridge, beside the sysctl.
        nf_call_iptables: bool,
        /// `IFLA_BR_NF_CALL_IP6TABLES`.
        nf_call_ip6tables: bool,
    },
    /// A tunnel of Ethernet over UDP.
    Vxlan {
        /// `IFLA_VXLAN_ID`.
        vni: u32,
        /// `IFLA_VXLAN_PORT`.
        port: u16,
        /// `IFLA_VXLAN_LOCAL` or `LOCAL6`.
        local: Option<IpAddr>,
        /// `IFLA_VXLAN_GROUP` or `GROUP6`.
        remote: Option<IpAddr>,
        /// `IFLA_VXLAN_LEARNING`.
        learning: bool,
        /// `IFLA_VXLAN_PROXY`: answers ARP from its own table.
        proxy: bool,
        /// `IFLA_VXLAN_LINK`.
        underlay_if_index: Option<u32>,
    },
    /// A second MAC address on the parent.
    Macvlan {
        /// `IFLA_MACVLAN_MODE`: `private`, `vepa`, `bridge`, `passthru` or `source`.
        mode: String,
    },
    /// A second address on the parent's MAC.
    Ipvlan {
        /// `IFLA_IPVLAN_MODE`: `l2`, `l3` or `l3s`.
        mode: String,
    },
    /// An 802.1Q VLAN on its parent.
    Vlan {
        /// `IFLA_VLAN_ID`.
        vlan_id: u16,
    },
    /// A device that drops what is sent.
    Dummy,
    /// A user-space device: `tun` or `tap`.
    Tun,
    /// Any other kind, by its name (`wireguard`, `bond`, `vrf`, `ifb` …).
    Other {
        /// `IFLA_INFO_KIND`.
        name: String,
    },
}

/// RFC 2863 state (`IFLA_OPERSTATE`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OperState {
    /// Not told; so for loopback.
    #[default]
    Unknown,
    /// A component is missing.
    NotPresent,
    /// Down.
    Down,
    /// The layer below is down.
    LowerLayerDown,
    /// In a test mode.
    Testing,
    /// Up, not yet usable.
    Dormant,
    /// Up.
    Up,
}

/// `IFLA_STATS64` (`struct rtnl_link_stats64`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkCounters {
    /// Bytes received.
    pub rx_bytes: u64,
    /// Bytes sent.
    pub tx_bytes: u64,
    /// Packets received.
    pub rx_packets: u64,
    /// Packets sent.
    pub tx_packets: u64,
    /// Packets dropped when received.
    pub rx_dropped: u64,
    /// Packets dropped when sent.
    pub tx_dropped: u64,
    /// Bad packets received.
    pub rx_errors: u64,
    /// Packets that could not be sent.
    pub tx_errors: u64,
}
