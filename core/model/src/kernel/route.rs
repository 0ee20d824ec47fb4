//! Routes (`RTM_NEWROUTE`) and routing policy rules (`RTM_NEWRULE`).

use std::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

/// One route of one table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    /// `RTA_TABLE`, else `rtm_table`: 254 main, 255 local.
    pub table: u32,
    /// `RTA_DST` with `rtm_dst_len`; the default route has `0.0.0.0/0` or `::/0`.
    pub destination: IpNet,
    /// `rtm_type`.
    pub kind: RouteKind,
    /// `RTA_GATEWAY` with `RTA_OIF`, or each of `RTA_MULTIPATH`. Empty for routes that lead nowhere.
    pub next_hops: Vec<NextHop>,
    /// `RTA_PREFSRC`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preferred_source: Option<IpAddr>,
    /// `RTA_PRIORITY`; 0 if absent.
    #[serde(default)]
    pub metric: u32,
    /// `rtm_scope` (0 global, 253 link, 254 host).
    pub scope: u8,
    /// `rtm_protocol` as `ip route` names it: `kernel`, `boot`, `static`, `ra` …
    pub protocol: String,
    /// `rtm_tos`.
    #[serde(default)]
    pub tos: u8,
}

/// A way on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NextHop {
    /// `RTA_GATEWAY` or `RTA_VIA`; none: the destination is on the link.
    pub gateway: Option<IpAddr>,
    /// `RTA_OIF`.
    pub if_index: u32,
    /// `rtnh_hops` + 1; 1 for a route with a single hop.
    pub weight: u16,
    /// `RTNH_F_DEAD` or `RTNH_F_LINKDOWN`.
    pub is_dead: bool,
    /// `RTNH_F_ONLINK`.
    pub is_on_link: bool,
}

/// What a route does (`rtm_type`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RouteKind {
    /// Sends on.
    Unicast,
    /// Delivers here.
    Local,
    /// Broadcast.
    Broadcast,
    /// IPv6 anycast.
    Anycast,
    /// Multicast.
    Multicast,
    /// Drops silently.
    Blackhole,
    /// Answers "host unreachable".
    Unreachable,
    /// Answers "administratively prohibited".
    Prohibit,
    /// Goes on with the next rule.
    Throw,
    /// Another number.
    Other,
}

/// One rule that chooses a table (`ip rule`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoutingRule {
    /// Whether it is IPv6's.
    pub is_ipv6: bool,
    /// `FRA_PRIORITY`; 0 if absent.
    pub priority: u32,
    /// `FRA_TABLE`, else the header's.
    pub table: u32,
    /// `ip rule`'s word for the action: `lookup`, `blackhole`, `unreachable`, `prohibit`, `goto`, `nop`.
    pub action: String,
    /// `FIB_RULE_INVERT`.
    pub is_inverted: bool,
    /// `FRA_SRC`.
    pub source: Option<IpNet>,
    /// `FRA_DST`.
    pub destination: Option<IpNet>,
    /// `FRA_IIFNAME`.
    pub in_interface: Option<String>,
    /// `FRA_OIFNAME`.
    pub out_interface: Option<String>,
    /// `FRA_FWMARK` and `FRA_FWMASK`.
    pub mark: Option<(u32, u32)>,
    /// `FRA_SUPPRESS_PREFIXLEN`.
    pub suppress_prefix_len: Option<u32>,
    /// Names of attributes of this rule that we do not evaluate.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<String>,
}
