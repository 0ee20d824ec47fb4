//! IPVS (generic netlink family `IPVS`, or `/proc/net/ip_vs`).

use serde::{Deserialize, Serialize};

use crate::{AddressPort, kernel::Transport};

/// The virtual servers of a namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ipvs {
    /// In the kernel's order.
    pub services: Vec<VirtualServer>,
}

/// One virtual server (`IPVS_CMD_ATTR_SERVICE`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VirtualServer {
    /// `IPVS_SVC_ATTR_FWMARK`: chosen by mark instead of address.
    pub mark: Option<u32>,
    /// `IPVS_SVC_ATTR_PROTOCOL`.
    pub transport: Option<Transport>,
    /// `IPVS_SVC_ATTR_ADDR` and `_PORT`.
    pub address: Option<AddressPort>,
    /// `IPVS_SVC_ATTR_SCHED_NAME`: `rr`.
    pub scheduler: String,
    /// `IPVS_CMD_ATTR_DEST` of it.
    pub servers: Vec<RealServer>,
}

/// One real server behind it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RealServer {
    /// `IPVS_DEST_ATTR_ADDR` and `_PORT`.
    pub address: AddressPort,
    /// `IPVS_DEST_ATTR_FWD_METHOD`: `masquerade`, `direct_route` or `tunnel`.
    pub forwarding: String,
    /// `IPVS_DEST_ATTR_WEIGHT`.
    pub weight: u32,
}
