//! What goes into a hook, and what comes out.

use std::net::IpAddr;

use bridgewalk_model::{firewall::Hook, snapshot::Interface};

use super::{ChainId, RuleId, Truth};
use crate::walk::{Connection, Packet};

/// A packet about to pass one hook of a namespace.
#[derive(Clone, Debug)]
pub struct Passage<'a> {
    /// Which hook.
    pub hook: Hook,
    /// The packet.
    pub packet: Packet,
    /// Its flow as this namespace's conntrack knows it; none: conntrack has not seen it yet, and takes it up at
    /// PREROUTING and OUTPUT.
    pub connection: Option<Connection>,
    /// Whether the packet goes in the flow's reply direction.
    pub is_reply: bool,
    /// The device it came in by; absent at OUTPUT, at POSTROUTING of what this namespace sends itself, and at POSTROUTING
    /// of a bridged packet.
    pub in_interface: Option<&'a Interface>,
    /// The device it leaves by; absent at PREROUTING and INPUT.
    pub out_interface: Option<&'a Interface>,
    /// The bridge port it came in by, on its way through bridge netfilter (`nf_bridge->physindev`).
    pub in_port: Option<&'a Interface>,
    /// The bridge port it leaves by, on its way through bridge netfilter (`nf_bridge->physoutdev`).
    pub out_port: Option<&'a Interface>,
    /// Whether it is on its way across a bridge (`br_netfilter`), and not routed.
    pub is_bridged: bool,
    /// The gateway that the packet's route leads to; none: the destination itself. MASQUERADE chooses its address by it.
    pub next_hop: Option<IpAddr>,
}

/// One way out of a hook. More than one: something could not be decided, and the ways end differently or changed the
/// packet differently.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Branch {
    /// What was decided.
    pub verdict: Verdict,
    /// The packet as it leaves, translated and marked.
    pub packet: Packet,
    /// Its flow as it is now; none if conntrack has not seen it.
    pub connection: Option<Connection>,
    /// The rules that were run, in order, those that matched and those that merely were looked at and did not.
    pub visits: Vec<RuleVisit>,
    /// What could not be decided, on which this way depends, and what was taken for it. Empty: certain.
    pub undecided: Vec<Undecided>,
    /// What could not be decided but makes no difference to how it ends.
    pub regardless: Vec<Undecided>,
}

/// How a packet leaves a hook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It goes on.
    Accept,
    /// It ends, silently.
    Drop {
        /// By what.
        by: Reason,
    },
    /// It ends, and the sender is told.
    Reject {
        /// By which rule.
        by: RuleId,
        /// In nft's words: `icmp port-unreachable`, `tcp reset`.
        with: String,
    },
    /// It is handed to a program (`NFQUEUE`).
    Queue {
        /// By which rule.
        by: RuleId,
    },
}

/// What ended a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// A rule; also one that should translate and found no address to give.
    Rule(RuleId),
    /// A base chain's policy.
    Policy(ChainId),
}

/// A rule that was looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RuleVisit {
    /// Which.
    pub rule: RuleId,
    /// Whether it matched.
    pub matched: Truth,
}

/// A match that cannot be decided, and how this way went on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Undecided {
    /// The rule.
    pub rule: RuleId,
    /// What it asks: the match's name in the kernel, `limit`, `hashlimit`, or a set or object that was not read.
    pub asks: String,
    /// Whether this way goes on as if it had matched.
    pub taken_as: bool,
}
