//! Why nothing could be proved.

use serde::{Deserialize, Serialize};

use crate::NamespaceInode;

/// Nothing was sent, for this reason. One line, which names the thing and what helps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ProofFailure {
    /// The agent only reads.
    #[error("the agent was started to read only: start it with leave to prove (--may-prove)")]
    NotAllowed,
    /// There is no agent, or it has not looked yet.
    #[error("no agent is at work that could prove it")]
    NoAgent,
    /// The order makes no sense.
    #[error("this cannot be sent: {detail}")]
    Order {
        /// What is wrong.
        detail: String,
    },
    /// The agent does not know the sender's namespace.
    #[error("the namespace {} that should send is not there any more", namespace.0)]
    Vanished {
        /// Which.
        namespace: NamespaceInode,
    },
    /// The sender's namespace may not be entered, or tables may not be made there.
    #[error("the namespace that should send cannot be used: {detail}")]
    Closed {
        /// What the system answered, with the privilege that is missing.
        detail: String,
    },
    /// The packet could not be sent for a reason that is not the network's.
    #[error("nothing could be sent: {detail}")]
    Send {
        /// What the system answered.
        detail: String,
    },
    /// Others are under way.
    #[error("too many proofs are under way")]
    Busy,
    /// The agent said nothing in time, or ended.
    #[error("the agent gave no answer: {detail}")]
    NoAnswer {
        /// What is known.
        detail: String,
    },
}
