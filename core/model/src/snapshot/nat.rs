//! Address translations.

use std::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use super::Host;
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

impl NatMapping {
    /// Whether it is a way in: a published port's, done by a rule or by docker-proxy.
    pub const fn is_way_in(&self) -> bool {
        matches!(self.kind, NatKind::DestinationNat | NatKind::Proxy | NatKind::Redirect)
    }
}

impl Host {
    /// Everything that does the same as this way in: the rules of both families and docker-proxy, for one port of the host
    /// and one of the container. The mapping itself is among them.
    pub fn same_port<'a>(&'a self, mapping: &'a NatMapping) -> Vec<&'a NatMapping> {
        let is_loopback = |one: &NatMapping| one.host_ip.is_some_and(|address| address.is_loopback());
        let is_same = |one: &&NatMapping| {
            one.is_way_in()
                && one.container.is_some()
                && one.container == mapping.container
                && (one.transport, one.host_port, one.to_port)
                    == (mapping.transport, mapping.host_port, mapping.to_port)
                && is_loopback(one) == is_loopback(mapping)
        };
        let all: Vec<_> = self.nat.iter().filter(is_same).collect();
        if all.is_empty() { vec![mapping] } else { all }
    }
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
