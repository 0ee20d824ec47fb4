//! How much of what an agent reported is held.
//!
//! A pipe's other end may be anybody's program. Each message is bounded by the protocol; here is what all of them leave
//! together: a section replaces the one before it, and the list of namespaces removes what is not in it, as
//! [`State`](bridgewalk_model::assembly::State) has it.

use std::{
    collections::{HashMap, HashSet},
    mem::{Discriminant, discriminant},
};

use bridgewalk_model::{Fact, NamespaceInode, weight};

/// The most that is held of what one agent reports, in bytes of memory: a namespace takes some tens of kilobytes.
pub(crate) const MAX_HELD_BYTES: usize = 160 << 20;

/// What a section takes beside what is in it: its place in the state, and in what is assembled of that.
const SECTION_BYTES: usize = 512;

/// What is held, by kind and namespace.
#[derive(Debug, Default)]
pub(crate) struct Held {
    bytes: HashMap<(Discriminant<Fact>, Option<NamespaceInode>), usize>,
    total: usize,
}

impl Held {
    /// Takes in a fact; false if that is more than may be held.
    pub(crate) fn take(&mut self, fact: &Fact) -> bool {
        if let Fact::Namespaces(list) = fact {
            let listed: HashSet<NamespaceInode> = list.iter().map(|sighting| sighting.inode).collect();
            self.bytes.retain(|(_, namespace), _| namespace.is_none_or(|inode| listed.contains(&inode)));
            self.total = self.bytes.values().sum();
        }
        let bytes = SECTION_BYTES + weight(fact);
        let before = self.bytes.entry((discriminant(fact), fact.namespace())).or_default();
        if is_whole(fact) {
            self.total -= *before;
            *before = 0;
        }
        *before += bytes;
        self.total += bytes;
        self.total <= MAX_HELD_BYTES
    }
}

/// Whether a fact replaces the one of its kind before it.
fn is_whole(fact: &Fact) -> bool {
    match fact {
        Fact::Limits { of, limits } => limits.iter().all(|limit| of.contains(&limit.source)),
        Fact::Namespaces(_) | Fact::Processes(_) | Fact::NameFiles(_) | Fact::Host(_) => true,
        Fact::Links(_)
        | Fact::Addresses(_)
        | Fact::Routes(_)
        | Fact::RoutingRules(_)
        | Fact::Neighbours(_)
        | Fact::Fdb(_)
        | Fact::BridgeVlans(_)
        | Fact::Sysctls(_)
        | Fact::Firewall(_)
        | Fact::Sockets(_)
        | Fact::Ipvs(_) => true,
        // No agent reports these; whoever does adds to what is held.
        Fact::Engine(_)
        | Fact::EngineLost { .. }
        | Fact::Containers(_)
        | Fact::Container(_)
        | Fact::ContainerGone { .. }
        | Fact::Networks(_)
        | Fact::Network(_)
        | Fact::NetworkGone { .. }
        | Fact::Swarm(_)
        | Fact::EngineEvent(_)
        | Fact::Complete => false,
    }
}

#[cfg(test)]
mod tests {
    use bridgewalk_model::{NamespaceSighting, Section, Via, kernel::Sysctl};

    use super::*;

    fn section(inode: u64, path: &str) -> Fact {
        let is = vec![Sysctl { path: path.to_owned(), value: String::new() }];
        Fact::Sysctls(Section { namespace: NamespaceInode(inode), via: Via::Netlink, is })
    }

    #[test]
    fn what_is_replaced_or_gone_counts_no_more() {
        let mut held = Held::default();
        let big = "x".repeat(MAX_HELD_BYTES / 2 - 4096);
        assert!(held.take(&section(1, &big)));
        assert!(held.take(&section(1, &big)));
        assert!(held.take(&section(1, "small")));
        assert!(held.take(&section(2, &big)));
        assert!(!held.take(&section(3, &"x".repeat(MAX_HELD_BYTES / 2 + 8192))));
        let sighting =
            NamespaceSighting { inode: NamespaceInode(3), is_host: false, names: Vec::new(), pid: None, nsid: None };
        assert!(held.take(&Fact::Namespaces(vec![sighting])));
    }

    #[test]
    fn what_is_added_to_what_is_there_counts_again() {
        let mut held = Held::default();
        let gone = Fact::ContainerGone { container_id: "x".repeat(1 << 20) };
        assert!((1..MAX_HELD_BYTES >> 20).all(|_| held.take(&gone)));
        assert!(!(0..10).all(|_| held.take(&gone)));
    }
}
