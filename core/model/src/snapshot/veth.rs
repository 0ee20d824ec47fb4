//! Cables.

use serde::{Deserialize, Serialize};

use crate::EntityId;

/// A veth pair: which of the host's interfaces is which container's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VethPair {
    /// The end that is in the host's namespace, an overlay's, or else the one whose namespace sorts first.
    pub near: VethEnd,
    /// The other end.
    pub far: VethEnd,
    /// The bridge that the near end is a port of.
    pub bridge: Option<EntityId>,
    /// The Docker network it belongs to.
    pub network: Option<EntityId>,
    /// All containers that share the far end's namespace, by name.
    pub containers: Vec<EntityId>,
}

/// One end of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VethEnd {
    /// Its namespace.
    pub namespace: EntityId,
    /// The interface.
    pub interface: EntityId,
}
