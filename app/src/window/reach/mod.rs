//! Who reaches whom: everybody beside everybody, and what is open to the outside.

mod doors;
mod grid;
mod panel;

pub(super) use panel::{ReachPanel, ask};
