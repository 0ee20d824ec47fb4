//! What a rule does, in the terms in which people ask.

use std::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use super::{Backend, Family, Hook};
use crate::{EntityId, kernel::Transport};

/// A value that may be asked for by its absence (`!`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Negatable<T> {
    /// Whether there is a `!` before it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub not: bool,
    /// The value.
    pub value: T,
}

/// Ports from first to last, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PortRange {
    /// The first.
    pub first: u16,
    /// The last.
    pub last: u16,
}

/// Where a rule stands, for people and for evidence: the whole host's rules can be told apart by it at one time.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RuleRef {
    /// The namespace whose rules these are.
    pub namespace: EntityId,
    /// The backend.
    pub backend: Backend,
    /// The table's family.
    pub family: Family,
    /// The table.
    pub table: String,
    /// The chain.
    pub chain: String,
    /// The place in the chain, from 1.
    pub position: u32,
    /// The rule's text.
    pub text: String,
}

/// One thing that a rule does: a rule with a map does one for each element.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleSummary {
    /// Hooks from which the rule's chain can be reached, sorted.
    pub hooks: Vec<Hook>,
    /// Source addresses; empty: any.
    pub sources: Vec<Negatable<IpNet>>,
    /// Destination addresses; empty: any.
    pub destinations: Vec<Negatable<IpNet>>,
    /// Whether the destination must be an address of this host (`addrtype LOCAL`, `fib daddr type local`); negated: must not.
    pub destination_is_local: Option<bool>,
    /// The interface it came in by; one that ends in `*` stands for any that begins so.
    pub in_interface: Option<Negatable<String>>,
    /// The interface it leaves by.
    pub out_interface: Option<Negatable<String>>,
    /// The protocol.
    pub protocol: Option<Negatable<u8>>,
    /// Source ports; empty: any.
    pub source_ports: Vec<Negatable<PortRange>>,
    /// Destination ports; empty: any.
    pub destination_ports: Vec<Negatable<PortRange>>,
    /// Conntrack states, in upper case; empty: any.
    pub states: Vec<Negatable<String>>,
    /// Matches that were decoded but have no field here, each in its tool's words.
    pub others: Vec<String>,
    /// Matches that were not decoded, by name: whether the rule applies cannot be told.
    pub undecoded: Vec<String>,
    /// What it does.
    pub action: Action,
}

/// What a rule does to a packet that it matches.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum Action {
    /// Nothing that decides (counts, logs, marks).
    #[default]
    Continue,
    /// Lets it pass this hook.
    Accept,
    /// Ends it silently.
    Drop,
    /// Ends it with an answer.
    Reject,
    /// Leaves the chain.
    Return,
    /// Goes on in another chain.
    Jump {
        /// Which.
        chain: String,
    },
    /// Changes where it goes.
    DestinationNat {
        /// The new address; none: kept.
        address: Option<IpAddr>,
        /// The new port; none: kept.
        port: Option<PortRange>,
    },
    /// Changes where it comes from.
    SourceNat {
        /// The new address.
        address: Option<IpAddr>,
    },
    /// Gives it the address of the interface it leaves by.
    Masquerade,
    /// Sends it to this host itself.
    Redirect {
        /// The new port.
        port: Option<PortRange>,
    },
    /// Something that we cannot decode, by name.
    Unknown {
        /// Its name.
        name: String,
    },
}

impl<T> Negatable<T> {
    /// The value itself.
    pub const fn is(value: T) -> Self {
        Self { not: false, value }
    }

    /// Anything but the value.
    pub const fn is_not(value: T) -> Self {
        Self { not: true, value }
    }
}

impl PortRange {
    /// One port.
    pub const fn one(port: u16) -> Self {
        Self { first: port, last: port }
    }

    /// Whether `port` is in it.
    pub const fn contains(self, port: u16) -> bool {
        self.first <= port && port <= self.last
    }
}

impl RuleSummary {
    /// Whether a packet of this protocol, to this address and port, could match; what is not known of it counts as yes.
    pub fn may_take(&self, transport: Transport, destination: Option<IpAddr>, port: u16) -> bool {
        let protocol = self.protocol.is_none_or(|wanted| (wanted.value == transport.number()) != wanted.not);
        let ports = holds(&self.destination_ports, |range| range.contains(port));
        let address = destination.is_none_or(|address| holds(&self.destinations, |net| net.contains(&address)));
        protocol && ports && address
    }
}

/// Whether one of the values that are asked for holds and none of those that must not.
fn holds<T>(wanted: &[Negatable<T>], is_so: impl Fn(&T) -> bool) -> bool {
    let mut positive = wanted.iter().filter(|wanted| !wanted.not).peekable();
    (positive.peek().is_none() || positive.any(|wanted| is_so(&wanted.value)))
        && wanted.iter().filter(|wanted| wanted.not).all(|wanted| !is_so(&wanted.value))
}
