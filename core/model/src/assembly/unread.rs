//! What no source spoke of. Read and empty is one thing, not read another: whatever was not read is limited by what a
//! source said of it, or it gets a limit here. So a snapshot's limits alone tell what is missing.

use super::{State, grouped};
use crate::{Limit, LimitReason, NamespaceInode, Remedy, SectionKind, SourceKind};

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
        // Not every kernel has IPVS.
        let wanted = SectionKind::ALL.into_iter().filter(|kind| *kind != SectionKind::Ipvs);
        for kind in wanted.filter(|kind| !namespace.read.contains(kind)) {
            let source = kind.source();
            let is_said = of(None).iter().chain(here).any(|limit| {
                limit.source == source || (kind == SectionKind::Firewall && limit.source == SourceKind::LegacyTables)
            });
            let missing = limit(source, Some(*inode), LimitReason::NeverRead);
            if !is_said && unread.last() != Some(&missing) {
                unread.push(missing);
            }
        }
    }
    unread
}
