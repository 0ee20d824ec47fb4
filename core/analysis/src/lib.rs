//! Explains a snapshot.
//!
//! [`ports`] puts what Docker publishes beside the rules and processes that do it, [`findings`] lists where intent and
//! state disagree, [`names`] who answers to which name, [`pools`] which addresses are taken. All of it is computed from
//! the snapshot alone, in typed messages; words are made elsewhere.

#![forbid(unsafe_code)]

mod findings;
mod names;
mod pools;
mod ports;
pub mod walk;

pub use findings::{Evidence, FINDING_KEYS, Finding, FindingKind, Severity, findings};
pub use names::{Name, NameKind, names};
pub use pools::{PoolUse, pools};
pub use ports::{Agreement, Disagreement, Doubt, Port, Published, Reach, ports};
