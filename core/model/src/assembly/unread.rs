//! What no source spoke of. Read and empty is one thing, not read another: whatever was not read is limited by what a
//! source said of it, or it gets a limit here. So a snapshot's limits alone tell what is missing.

use super::{State, grouped};
use crate::{Fact, Limit, LimitReason, NamespaceInode, Remedy, SourceKind};

/// A section of a namespace that every kernel has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    Links,
    Addresses,
    Routes,
    RoutingRules,
    Neighbours,
    Fdb,
    BridgeVlans,
    Sysctls,
    Firewall,
    Sockets,
}

impl Part {
    const ALL: [Self; 10] = [
        Self::Links,
        Self::Addresses,
        Self::Routes,
        Self::RoutingRules,
        Self::Neighbours,
        Self::Fdb,
        Self::BridgeVlans,
        Self::Sysctls,
        Self::Firewall,
        Self::Sockets,
    ];

    /// Of which namespace a fact is which part.
    pub(super) const fn of(fact: &Fact) -> Option<(NamespaceInode, Self)> {
        Some(match fact {
            Fact::Links(section) => (section.namespace, Self::Links),
            Fact::Addresses(section) => (section.namespace, Self::Addresses),
            Fact::Routes(section) => (section.namespace, Self::Routes),
            Fact::RoutingRules(section) => (section.namespace, Self::RoutingRules),
            Fact::Neighbours(section) => (section.namespace, Self::Neighbours),
            Fact::Fdb(section) => (section.namespace, Self::Fdb),
            Fact::BridgeVlans(section) => (section.namespace, Self::BridgeVlans),
            Fact::Sysctls(section) => (section.namespace, Self::Sysctls),
            Fact::Firewall(section) => (section.namespace, Self::Firewall),
            Fact::Sockets(section) => (section.namespace, Self::Sockets),
            _ => return None,
        })
    }

    const fn source(self) -> SourceKind {
        match self {
            Self::Links | Self::Addresses | Self::Routes | Self::RoutingRules | Self::Neighbours => SourceKind::Links,
            Self::Fdb | Self::BridgeVlans => SourceKind::Fdb,
            Self::Sysctls => SourceKind::Sysctls,
            Self::Firewall => SourceKind::NfTables,
            Self::Sockets => SourceKind::Sockets,
        }
    }
}

/// What was not read and no source has said so.
pub(super) fn unread(state: &State) -> Vec<Limit> {
    let said = || state.limits.values().flatten();
    let limit = |source, namespace, reason| Limit { source, namespace, reason, remedy: Remedy::None };
    let mut unread = Vec::new();
    let is_silent = |source| !said().any(|limit| limit.source == source && limit.reason.is_lack());
    if is_silent(SourceKind::Engine) {
        match (&state.engine_lost, &state.engine) {
            (Some(detail), _) => {
                let reason = LimitReason::Unreachable { detail: detail.clone() };
                unread.push(Limit { remedy: Remedy::ReachEngine, ..limit(SourceKind::Engine, None, reason) });
            }
            (None, None) => unread.push(limit(SourceKind::Engine, None, LimitReason::NeverRead)),
            (None, Some(_)) => {}
        }
    }
    if !is_silent(SourceKind::Agent) {
        // Whatever is missing is missing for want of it.
        return unread;
    }
    let sighted = state.namespaces.iter().filter(|(_, namespace)| namespace.sighting.is_some());
    if sighted.clone().next().is_none() {
        unread.push(limit(SourceKind::Agent, None, LimitReason::NeverRead));
    }
    let lists = [(SourceKind::Processes, state.has_processes), (SourceKind::NameFiles, state.has_name_files)];
    for (source, was_read) in lists {
        if !was_read && !unread.iter().any(|limit| limit.source == SourceKind::Agent) && is_silent(source) {
            unread.push(limit(source, None, LimitReason::NeverRead));
        }
    }
    let by_place = grouped(said().map(|limit| (limit.namespace, limit)));
    let of = |place: Option<NamespaceInode>| by_place.get(&place).map_or(&[][..], Vec::as_slice);
    for (inode, namespace) in sighted {
        let here = of(Some(*inode));
        if here.iter().any(|limit| limit.reason == LimitReason::Vanished) {
            continue;
        }
        for part in Part::ALL.into_iter().filter(|part| !namespace.read.contains(part)) {
            let source = part.source();
            let is_said = of(None).iter().chain(here).any(|limit| {
                limit.source == source || (part == Part::Firewall && limit.source == SourceKind::LegacyTables)
            });
            let missing = limit(source, Some(*inode), LimitReason::NeverRead);
            if !is_said && unread.last() != Some(&missing) {
                unread.push(missing);
            }
        }
    }
    unread
}
