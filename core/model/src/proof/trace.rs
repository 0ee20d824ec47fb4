//! The kernel's trace (`NFT_MSG_TRACE`), put in order.

use serde::{Deserialize, Serialize};

use crate::{
    AddressPort,
    firewall::{Family, Hook},
};

/// A packet's ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Tuple {
    /// IP's number of the protocol.
    pub protocol: u8,
    /// The sender. An ICMP echo has its identifier in the port's stead, at this end and at the other.
    pub source: AddressPort,
    /// The receiver.
    pub destination: AddressPort,
}

/// Whose packet it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TracedFlow {
    /// What the proof sent, or the answer to it.
    Probe,
    /// A flow of [`super::ProofOrder::second_flows`].
    Second,
}

/// One packet's way through one base chain and the chains that it jumps to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passage {
    /// The table's family.
    pub family: Family,
    /// The table.
    pub table: String,
    /// The base chain.
    pub chain: String,
    /// Whose packet.
    pub flow: TracedFlow,
    /// Whether it is the answer's way back.
    pub is_reply: bool,
    /// The header as it came into the chain.
    pub packet: Tuple,
    /// IPv4's time to live, IPv6's hop limit.
    pub ttl: u8,
    /// `skb->mark` (`NFTA_TRACE_MARK`; the kernel leaves out 0).
    pub mark: u32,
    /// `NFTA_TRACE_IIF`.
    pub in_if_index: Option<u32>,
    /// `NFTA_TRACE_OIF`.
    pub out_if_index: Option<u32>,
    /// What conntrack knew of it; none before conntrack had seen it, and on kernels that do not say (before 6.17).
    pub connection: Option<TraceConnection>,
    /// What matched, in order; the last ends it.
    pub steps: Vec<Step>,
}

/// `NFTA_TRACE_CT_*`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TraceConnection {
    /// `NFTA_TRACE_CT_ID`.
    pub id: u32,
    /// `NFTA_TRACE_CT_DIRECTION`.
    pub is_reply: bool,
    /// `NFTA_TRACE_CT_STATE`.
    pub state: ConnectionState,
}

/// `NF_CT_STATE_*`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConnectionState {
    /// Not of any flow that may be.
    Invalid,
    /// An answer was seen.
    Established,
    /// Of another flow's.
    Related,
    /// The first packet.
    New,
    /// Not followed.
    Untracked,
}

/// One message of the trace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// In which chain.
    pub chain: String,
    /// By what.
    pub by: StepKind,
    /// What it said.
    pub verdict: StepVerdict,
}

/// `NFTA_TRACE_TYPE`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum StepKind {
    /// A rule that matched.
    Rule {
        /// `NFTA_TRACE_RULE_HANDLE`.
        handle: u64,
    },
    /// A chain's end.
    Return,
    /// The base chain's policy.
    Policy,
}

/// `NFTA_TRACE_VERDICT`, or `NFTA_TRACE_POLICY`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum StepVerdict {
    /// The next rule.
    Continue,
    /// Out of this base chain, onwards.
    Accept,
    /// It ends.
    Drop,
    /// Taken by the rule itself (`NF_STOLEN`).
    Stolen,
    /// Handed to a program.
    Queue,
    /// Back to where it was jumped from.
    Return,
    /// To another chain, and back.
    Jump {
        /// Which.
        chain: String,
    },
    /// To another chain.
    Goto {
        /// Which.
        chain: String,
    },
    /// One that is not known here.
    Other {
        /// The kernel's number.
        code: i32,
    },
}

/// A packet at one of the proof's own chains.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// PREROUTING and OUTPUT: before all else; INPUT and POSTROUTING: after all else.
    pub hook: Hook,
    /// How many passages were before it.
    pub after_passages: usize,
    /// Whose packet.
    pub flow: TracedFlow,
    /// Whether it is the answer's way back.
    pub is_reply: bool,
    /// The header as it was there.
    pub packet: Tuple,
    /// `NFTA_TRACE_IIF`.
    pub in_if_index: Option<u32>,
    /// `NFTA_TRACE_OIF`.
    pub out_if_index: Option<u32>,
}

impl Tuple {
    /// The same, the other way.
    pub const fn reply(self) -> Self {
        Self { protocol: self.protocol, source: self.destination, destination: self.source }
    }
}
