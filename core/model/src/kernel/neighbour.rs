//! Neighbours: ARP and NDP (`RTM_NEWNEIGH` of the families `AF_INET` and `AF_INET6`).

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::MacAddress;

/// Who answers for an address on a link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Neighbour {
    /// `ndm_ifindex`.
    pub if_index: u32,
    /// `NDA_DST`.
    pub address: IpAddr,
    /// `NDA_LLADDR`; none while it is asked for, or if nobody answered.
    pub mac_address: Option<MacAddress>,
    /// `ndm_state`.
    pub state: NeighbourState,
    /// `NTF_PROXY`: this host answers for it.
    pub is_proxy: bool,
    /// `NTF_ROUTER`.
    pub is_router: bool,
}

/// `ndm_state` (`linux/neighbour.h`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NeighbourState {
    /// Nothing known.
    None,
    /// Being asked for.
    Incomplete,
    /// Confirmed of late.
    Reachable,
    /// Not confirmed of late.
    Stale,
    /// Waiting before asking again.
    Delay,
    /// Asked again.
    Probe,
    /// Nobody answered.
    Failed,
    /// Needs no address resolution.
    NoArp,
    /// Set by hand; so are Docker's on an overlay.
    Permanent,
}
