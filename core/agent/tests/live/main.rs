//! The agent against the kernel, in namespaces made for it; `ip`, `bridge` and `ss` are the oracles. Needs root.

#![allow(clippy::expect_used, clippy::panic, reason = "tests, and what they share")]

mod bench;
mod confined;
mod nobody;
mod observing;
mod proving;
mod watching;
