//! A packet that is really sent, and what the kernel said of its way.
//!
//! An [`ProofOrder`] says what to send and where to look; a [`Proof`] is what came of it: in each namespace the kernel's
//! own trace, the marks of the proof's own chains, and conntrack's view. Nothing here is concluded: the analysis compares
//! it with what it predicted.

mod failure;
mod observed;
mod order;
mod trace;

pub use failure::ProofFailure;
pub use observed::{Answer, NamespaceTrace, Proof, TracedConnection};
pub use order::{MAX_TRACED_NAMESPACES, MAX_WAIT_MS, ProbeProtocol, ProofOrder, SecondFlow};
pub use trace::{ConnectionState, Mark, Passage, Step, StepKind, StepVerdict, TraceConnection, TracedFlow, Tuple};
