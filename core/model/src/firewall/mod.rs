//! Packet filter rules: nftables and legacy xtables, in one shape.
//!
//! A rule keeps its expressions as the kernel runs them, so that the packet walk can run them too; whatever could not
//! be decoded stays, raw and named. `Rule::text` is the rule as its own tool prints it, and [`RuleSummary`] is what it
//! does in the terms in which people ask.

mod clause;
mod expression;
mod ruleset;
mod summarise;
mod summary;
mod text;
mod written;

pub use expression::*;
pub use ruleset::{
    Backend, BaseChain, Chain, Counter, Family, Hook, Policy, Rule, Ruleset, Set, SetElement, Syntax, Table,
};
pub use summarise::summarise;
pub use summary::{Action, Negatable, PortRange, RuleRef, RuleSummary};
pub use text::write_text;
