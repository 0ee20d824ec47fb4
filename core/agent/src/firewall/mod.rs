//! Packet filter rules of the calling thread's network namespace: nf_tables over netlink, legacy xtables over
//! getsockopt(2). Nothing is run and nothing is loaded: only tables that are there are read.

mod expression;
mod ip_sets;
mod legacy;
mod nftables;
mod sets;
mod xt;

use std::io;

use bridgewalk_model::{
    SourceKind,
    firewall::{Ruleset, Syntax, write_text},
};
use netlink_sys::protocols::NETLINK_NETFILTER;

use crate::netlink::Netlink;

/// What was read of a namespace's rules.
#[derive(Debug, Default)]
pub(crate) struct FirewallReading {
    /// One set of rules for each backend that has tables.
    pub(crate) rulesets: Vec<Ruleset>,
    /// Backends that could not be read, with what the kernel answered. One that the kernel does not have is no failure.
    pub(crate) failures: Vec<(SourceKind, io::Error)>,
}

/// Reads all rules of the calling thread's network namespace.
pub(crate) fn read_rulesets() -> FirewallReading {
    let mut reading = FirewallReading::default();
    let mut take = |source: SourceKind, result: io::Result<Ruleset>| match result {
        Ok(ruleset) => reading.rulesets.extend((!ruleset.tables.is_empty()).then_some(ruleset)),
        Err(error) => reading.failures.push((source, error)),
    };
    take(SourceKind::NfTables, nftables::read());
    take(SourceKind::LegacyTables, legacy::read());
    ip_sets::name(&mut reading.rulesets);
    reading.rulesets.iter_mut().flat_map(|ruleset| &mut ruleset.tables).for_each(write_text);
    reading
}

/// The number of nf_tables' rules in the calling thread's namespace: another with each change.
///
/// # Errors
/// What the kernel refused with.
pub(crate) fn generation() -> io::Result<Option<u32>> {
    nftables::generation(&mut Netlink::open(NETLINK_NETFILTER)?)
}

/// Tables whose names and chains are iptables' own are printed in its language, as `iptables-save` does.
fn syntax_of(name: &str, rules_speak_xt: bool, has_sets: bool, chains_are_iptables: bool) -> Syntax {
    let known = matches!(name, "filter" | "nat" | "mangle" | "raw" | "security");
    if known && !has_sets && (rules_speak_xt || chains_are_iptables) { Syntax::Iptables } else { Syntax::Nft }
}

/// An interface's name with its mask (`iniface_mask`): one that ends before the name's NUL stands for any that begins so.
fn interface(name: &[u8], mask: &[u8]) -> String {
    let text = crate::netlink::attributes::text(name);
    let compared = mask.iter().take_while(|byte| **byte != 0).count();
    // iptables keeps the `+` in the name itself.
    if text.ends_with('+') || compared > text.len() || (text.is_empty() && compared == 0) { text } else { text + "+" }
}

#[cfg(any(test, fuzzing))]
pub(crate) mod fuzz;
#[cfg(test)]
mod live_tests;
