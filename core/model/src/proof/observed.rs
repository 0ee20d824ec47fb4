//! What came of it.

use serde::{Deserialize, Serialize};

use super::{Mark, Passage, ProofOrder, Tuple};
use crate::NamespaceInode;

/// What was sent and what the kernel said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    /// What was asked for.
    pub order: ProofOrder,
    /// What was sent, as the sender's socket had it.
    pub sent: Tuple,
    /// What came back to the socket.
    pub answer: Answer,
    /// From sending to the answer; none: there was none.
    pub answer_us: Option<u64>,
    /// In the order of [`ProofOrder::namespaces`], the sender's first.
    pub namespaces: Vec<NamespaceTrace>,
}

/// What came back to the sender's socket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Answer {
    /// TCP: connected. UDP and ICMP: an answer.
    Answered,
    /// TCP reset, or ICMP "port unreachable": nobody listens, or a rule said so.
    Refused,
    /// ICMP said that it cannot get there, or the local kernel knew no way.
    Unreachable {
        /// `errno`'s text: `No route to host`, `Network is unreachable` …
        error: String,
    },
    /// A rule on this side forbade sending (`EPERM`).
    Forbidden,
    /// Nothing, while it was waited for. What UDP's receivers mostly say.
    Silence,
}

/// What was seen in one namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamespaceTrace {
    /// Which.
    pub namespace: NamespaceInode,
    /// Why nothing was looked at here; none: it was.
    pub failure: Option<String>,
    /// Where the proof's own chains saw a packet: they are first at PREROUTING and OUTPUT and last at INPUT and
    /// POSTROUTING, so that what ends silently in between (a martian, no route) shows.
    pub marks: Vec<Mark>,
    /// The chains that the packets went through, in order, the proof's own left out.
    pub passages: Vec<Passage>,
    /// What conntrack made of each flow that was seen here, the first packet's first.
    pub connections: Vec<TracedConnection>,
    /// `NFTA_GEN_ID` before anything was done here.
    pub generation: Option<u32>,
    /// Whether somebody else changed the rules here meanwhile.
    pub rules_changed: bool,
    /// Whether there are legacy tables here: the kernel does not trace their rules.
    pub has_legacy_tables: bool,
    /// Whether the kernel had more to say than was kept (`ENOBUFS`, or too many steps).
    pub is_truncated: bool,
}

/// A flow in conntrack (`struct nf_conn`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TracedConnection {
    /// `CTA_ID`, in the machine's byte order as the trace has it.
    pub id: Option<u32>,
    /// `CTA_TUPLE_ORIG`.
    pub original: Tuple,
    /// `CTA_TUPLE_REPLY`: the reply that is awaited; differs from the original turned round where NAT was done.
    pub reply: Tuple,
    /// `CTA_STATUS` (`IPS_*`).
    pub status: u32,
}

impl Proof {
    /// What was seen in a namespace.
    pub fn namespace(&self, inode: NamespaceInode) -> Option<&NamespaceTrace> {
        self.namespaces.iter().find(|trace| trace.namespace == inode)
    }
}
