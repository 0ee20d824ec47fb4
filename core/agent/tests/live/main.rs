//! The agent against the kernel, in namespaces made for it; `ip`, `bridge` and `ss` are the oracles. Needs root.

mod bench;
mod observing;
mod watching;
