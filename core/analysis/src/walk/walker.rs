//! Walks on one snapshot.

use bridgewalk_model::Snapshot;

use super::{Question, Verdict, Walk, Way};

/// Follows packets through a snapshot. Making one takes time by the snapshot's size; a walk takes little.
#[derive(Debug)]
pub struct Walker<'a> {
    snapshot: &'a Snapshot,
}

impl<'a> Walker<'a> {
    /// For walks on `snapshot`.
    pub const fn new(snapshot: &'a Snapshot) -> Self {
        Self { snapshot }
    }

    /// The snapshot that it walks on.
    pub const fn snapshot(&self) -> &'a Snapshot {
        self.snapshot
    }

    /// Follows the packet that is asked for.
    pub fn walk(&self, question: &Question) -> Walk {
        Walk {
            question: question.clone(),
            way: Way { verdict: Verdict::Undecided, hops: Vec::new(), decided_by: None, openings: Vec::new() },
            reply: None,
            unknowns: Vec::new(),
            branches: Vec::new(),
        }
    }
}
