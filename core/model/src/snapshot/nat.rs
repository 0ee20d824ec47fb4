//! Address translations.

use std::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::{
    EntityId,
    firewall::{Negatable, RuleRef},
    kernel::Transport,
};

/// One translation on its way, from the rule or process that makes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NatMapping {
    /// Stable: what it translates, from and to.
    pub id: EntityId,
    /// What it does.
    pub kind: NatKind,
    /// Whether it is IPv6's.
    pub is_ipv6: bool,
    /// The protocol; none: any.
    pub transport: Option<Transport>,
    /// The address it listens on; none: every address of the host.
    pub host_ip: Option<IpAddr>,
    /// The first port it listens on; none: any.
    pub host_port: Option<u16>,
    /// Where it sends to.
    pub to_address: Option<IpAddr>,
    /// The port it sends to.
    pub to_port: Option<u16>,
    /// Source network that it hides (masquerade, SNAT).
    pub source: Option<IpNet>,
    /// The interface it asks for on the way in.
    pub in_interface: Option<Negatable<String>>,
    /// The interface it asks for on the way out.
    pub out_interface: Option<Negatable<String>>,
    /// The container that has `to_address`, where one has.
    pub container: Option<EntityId>,
    /// The Docker network that `to_address` or `source` belongs to.
    pub network: Option<EntityId>,
    /// The rule that does it; none for docker-proxy.
    pub rule: Option<RuleRef>,
    /// The process that does it, for docker-proxy.
    pub proxy_pid: Option<u32>,
}

/// What a translation does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NatKind {
    /// Changes where a packet goes: a published port.
    DestinationNat,
    /// Hides the source behind the outgoing interface's address.
    Masquerade,
    /// Hides the source behind a given address.
    SourceNat,
    /// Sends to this host itself.
    Redirect,
    /// A process accepts and opens a connection of its own: docker-proxy.
    Proxy,
}
