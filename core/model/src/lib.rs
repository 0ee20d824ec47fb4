//! What a host's network is.
//!
//! Sources hand on [`Observation`]s: what one source said about one thing at one time, raw and never edited. The
//! [`assembly`] folds them into the [`State`](assembly::State) last seen and puts Docker's intent beside the kernel's
//! state in a [`Snapshot`]; a [`Graph`](graph::Graph) of it is what is drawn, and [`change`] tells two snapshots apart.
//! Nothing here reads a clock, a file or a socket: a [`recording`] is made of bytes it is given.

#![forbid(unsafe_code)]

pub mod anonymise;
pub mod assembly;
pub mod change;
pub mod engine;
pub mod facts;
pub mod firewall;
pub mod graph;
pub mod kernel;
pub mod proof;
pub mod recording;
pub mod snapshot;

mod answer;
mod id;
mod identity;
mod limit;
mod mac;
mod moment;
mod observation;
mod source;
mod text;
mod weight;

pub use answer::Answer;
pub use id::EntityId;
pub use identity::HostIdentity;
pub use limit::{Limit, LimitReason, NotReadBecause, Remedy, SourceKind};
pub use mac::MacAddress;
pub use moment::moment;
pub use observation::{
    AddressPort, Fact, HostFacts, NamespaceInode, NamespaceName, NamespaceSighting, Observation, Section, SectionKind,
    Via,
};
pub use snapshot::Snapshot;
pub use source::{Source, Sourced};
pub use text::{Text, is_hidden, reveal};
pub use weight::{json_elements, weight};
