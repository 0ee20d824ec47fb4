//! The evaluator of rules beside the kernel: the same packet through both, and what each says.
//!
//! A [`bed::Bed`] is a router between namespaces of its own, with any rules loaded. [`observe`] sends packets and takes
//! down what the kernel's own trace says of each hook; [`judge`] asks the evaluator the same and compares the path, the
//! verdict and the translated header; [`live`] does so on hosts of running engines. [`seek`] looks for packets that matter:
//! it asks the evaluator beforehand ([`predict`]), so that rules are hit that chance seldom finds. Which rules no packet can
//! match, [`reach`] proves with rules that it has read itself ([`asked`]). What was observed can be kept as a [`seen::Case`] and judged again without root.

pub mod ask;
pub mod asked;
pub mod bed;
pub mod draw;
pub mod judge;
pub mod layout;
pub mod live;
pub mod observe;
pub mod paths;
pub mod predict;
pub mod random;
pub mod reach;
pub mod rules;
pub mod seek;
pub mod seen;
pub mod space;
pub mod tally;
pub mod trace;
pub mod wire;
