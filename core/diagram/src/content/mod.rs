//! What a picture says, before anything has a place: a host's uplinks, its networks as blocks, the namespaces in them
//! as rows, the doors and translations that lead there. From the snapshot alone: nothing is guessed.

mod blocks;
mod places;
mod ports;

use bridgewalk_model::{EntityId, Snapshot, Text, engine::ContainerState};

pub(crate) use places::{address_of, last_seen, subnets_of};
pub(crate) use ports::{cells as cells_of, doors as doors_of};

use crate::{View, Words};

/// One host.
#[derive(Clone, Debug)]
pub(crate) struct HostContent {
    pub id: EntityId,
    pub name: String,
    pub note: String,
    pub outside: Vec<Remote>,
    pub uplinks: Vec<Uplink>,
    pub blocks: Vec<Block>,
}

/// Something beyond the host.
#[derive(Clone, Debug)]
pub(crate) struct Remote {
    pub entity: EntityId,
    pub name: String,
    pub note: String,
}

/// One of the host's own interfaces.
#[derive(Clone, Debug)]
pub(crate) struct Uplink {
    pub entity: EntityId,
    pub name: String,
    pub lines: Vec<String>,
    /// The default route leaves by it.
    pub is_default: bool,
    pub is_down: bool,
    /// A line from outside ends here.
    pub leads_out: bool,
}

/// What a block is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BlockKind {
    /// A bridge in the host's namespace.
    Bridge,
    /// A bridge in a namespace of its own.
    Overlay,
    /// Interfaces on a parent of the host's: by its place in the uplinks, where it is one.
    Parent(Option<usize>),
    /// Cables that end in the host's namespace itself.
    Direct,
    /// Containers in the host's namespace.
    HostStack,
    /// Containers with loopback alone.
    NoNetwork,
    /// A network of a driver that leaves no trace we know.
    Plugin,
    /// Containers that do not run.
    Parked,
    /// Namespaces without a cable that we see.
    Others,
}

/// A network and who is in it.
#[derive(Clone, Debug)]
pub(crate) struct Block {
    pub key: EntityId,
    pub kind: BlockKind,
    pub entity: Option<EntityId>,
    pub title: String,
    pub lines: Vec<String>,
    /// Hides its own behind the host's address: the translation, and what stands in its cell.
    pub masquerade: Option<NatCell>,
    pub is_internal: bool,
    /// As last seen only: the engine does not answer, and no device of it is seen.
    pub is_stale: bool,
    /// An overlay's tunnel: name, note.
    pub tunnel: Option<(EntityId, String, String)>,
    pub rows: Vec<Row>,
}

/// A namespace, or a container that has none.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub key: EntityId,
    pub project: Option<Text>,
    pub cells: Vec<NatCell>,
    pub residents: Vec<Resident>,
    /// Lines that say more, without an interface.
    pub notes: Vec<String>,
    /// Links to other containers, each a line and an arrow.
    pub links: Vec<Tie>,
    pub interfaces: Vec<Line>,
    pub doors: Vec<Door>,
    pub is_parked: bool,
    pub namespace: Option<EntityId>,
}

/// Who lives in a namespace.
#[derive(Clone, Debug)]
pub(crate) struct Resident {
    pub entity: EntityId,
    pub name: String,
    pub note: String,
    pub state: Option<ContainerState>,
    /// As last seen only: the engine does not answer.
    pub is_stale: bool,
}

/// A container's names for another container: `--link`, obsolete.
#[derive(Clone, Debug)]
pub(crate) struct Tie {
    pub entity: EntityId,
    /// What stands in the linking container's box.
    pub text: String,
    /// Its accessible name.
    pub name: String,
    /// The container that it leads to; none: it is gone.
    pub target: Option<EntityId>,
}

/// An interface in a namespace, and where its cable goes.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub entity: Option<EntityId>,
    pub name: String,
    pub address: String,
    pub detail: String,
    /// The block that it is wired to.
    pub block: Option<EntityId>,
    /// The bridge's port: the near end of the veth.
    pub port: Option<(EntityId, String)>,
}

/// A container's port.
#[derive(Clone, Debug)]
pub(crate) struct Door {
    pub label: String,
    pub is_published: bool,
}

/// Who may come in by a translation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Any address of the host.
    Everyone,
    /// One address of the host, not loopback.
    OneAddress,
    /// Loopback.
    HostOnly,
    /// It is a way out.
    Outward,
}

/// A translation, as one cell.
#[derive(Clone, Debug)]
pub(crate) struct NatCell {
    pub entity: Option<EntityId>,
    pub label: String,
    pub notes: Vec<String>,
    pub reach: Reach,
    /// Asked for, but no rule or process of it is seen.
    pub is_unseen: bool,
    /// The network that it leads to, or hides.
    pub network: Option<EntityId>,
}

/// What is said of every host of `snapshot` under `view`.
pub(crate) fn hosts(snapshot: &Snapshot, view: &View, words: &dyn Words) -> Vec<HostContent> {
    snapshot.hosts.iter().map(|host| blocks::content(snapshot.graph(), host, snapshot.at_ms, view, words)).collect()
}
