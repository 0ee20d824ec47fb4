//! A packet at one of netfilter's hooks: which rules see it, what they do with it, where it cannot be told.
//!
//! All base chains of one hook run in the order of their priorities, whatever their table, family or backend; conntrack
//! and NAT have their places among them. A match that cannot be decided splits the way in two; where both end alike, the
//! answer is decided regardless.

mod passage;

pub use passage::{Branch, Passage, Reason, RuleVisit, Truth, Undecided, Verdict};
