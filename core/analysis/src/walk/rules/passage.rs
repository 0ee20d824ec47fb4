//! What goes into a hook, and what comes out.

use bridgewalk_model::{
    firewall::{Hook, RuleRef},
    snapshot::{Interface, Namespace},
};
use serde::Serialize;

use crate::walk::{Connection, Packet};

/// A packet about to pass one hook.
#[derive(Clone, Debug)]
pub struct Passage<'a> {
    /// Where.
    pub namespace: &'a Namespace,
    /// Which hook.
    pub hook: Hook,
    /// The packet.
    pub packet: Packet,
    /// Its flow as this namespace's conntrack knows it; none: conntrack has not seen it yet.
    pub connection: Option<Connection>,
    /// Whether the packet goes in the flow's reply direction.
    pub is_reply: bool,
    /// The device it came in by; absent at OUTPUT, and at POSTROUTING of a bridged packet.
    pub in_interface: Option<&'a Interface>,
    /// The device it leaves by; absent at PREROUTING and INPUT.
    pub out_interface: Option<&'a Interface>,
    /// The bridge port it came in by, on its way through bridge netfilter.
    pub in_port: Option<&'a Interface>,
    /// The bridge port it leaves by, on its way through bridge netfilter.
    pub out_port: Option<&'a Interface>,
    /// Whether it is on its way across a bridge (`br_netfilter`), and not routed.
    pub is_bridged: bool,
}

/// One way out of a hook. More than one: something could not be decided, and the ways end differently or changed the
/// packet differently.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Branch {
    /// What was decided.
    pub verdict: Verdict,
    /// The packet as it leaves, translated and marked.
    pub packet: Packet,
    /// Its flow as it is now; none if it was not tracked.
    pub connection: Option<Connection>,
    /// The rules that were run, in order, those that matched and those that merely were looked at and did not.
    pub visits: Vec<RuleVisit>,
    /// What could not be decided on this way, and what was taken for it. Empty: certain.
    pub undecided: Vec<Undecided>,
}

/// How a packet leaves a hook.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
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
        by: RuleRef,
        /// In nft's words: `icmp port-unreachable`, `tcp reset`.
        with: String,
    },
    /// It is handed to a program (`NFQUEUE`).
    Queue {
        /// By which rule.
        by: RuleRef,
    },
}

/// What ended a packet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum Reason {
    /// A rule.
    Rule {
        /// Which.
        rule: RuleRef,
    },
    /// A base chain's policy.
    Policy {
        /// The table's family in nft's words.
        family: String,
        /// The table.
        table: String,
        /// The chain.
        chain: String,
    },
    /// NAT found no free tuple, or a rule asked for what cannot be.
    Translation,
}

/// A rule that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RuleVisit {
    /// Which.
    pub rule: RuleRef,
    /// Whether it matched.
    pub matched: Truth,
}

/// Three values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Truth {
    /// It holds.
    Yes,
    /// It does not.
    No,
    /// It cannot be told.
    Unknown,
}

/// A match that cannot be decided, and how this way went on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Undecided {
    /// The rule.
    pub rule: RuleRef,
    /// What it asks: the match's name in the kernel, `limit`, `hashlimit`, or a set or object that was not read.
    pub asks: String,
    /// Whether this way goes on as if it had matched.
    pub taken_as: bool,
}
