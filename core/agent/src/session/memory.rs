//! What was told, and what is not seen.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, hash_map::Entry},
    mem::{Discriminant, discriminant},
};

use bridgewalk_model::{Fact, Limit, LimitReason, NamespaceInode, Section, SourceKind, Via, firewall::Backend};

use crate::{
    reading::{Part, Parts, remedy, without_counters},
    watching::Unwatched,
};

/// Every source that the agent speaks for.
const SOURCES: [SourceKind; 11] = [
    SourceKind::Namespaces,
    SourceKind::Links,
    SourceKind::Fdb,
    SourceKind::NfTables,
    SourceKind::LegacyTables,
    SourceKind::Sockets,
    SourceKind::Processes,
    SourceKind::NameFiles,
    SourceKind::Sysctls,
    SourceKind::Ipvs,
    SourceKind::KernelEvents,
];

/// What was told last, counters aside, and the limits by where they were met.
#[derive(Debug, Default)]
pub(super) struct Memory {
    told: HashMap<(Option<NamespaceInode>, Discriminant<Fact>), Fact>,
    limits: BTreeMap<(NamespaceInode, Part), Vec<Limit>>,
    event_limits: BTreeMap<NamespaceInode, Limit>,
    /// Namespaces whose end nobody tells.
    end_limits: Vec<Limit>,
    /// Of `resolv.conf` and its like.
    pub(super) name_file_limits: Vec<Limit>,
}

impl Memory {
    /// Whether a fact differs from what was told; if so it is remembered as told.
    pub(super) fn is_news(&mut self, fact: &Fact) -> bool {
        let plain = without_counters(fact);
        match self.told.entry((fact.namespace(), discriminant(fact))) {
            Entry::Occupied(told) if *told.get() == plain => false,
            Entry::Occupied(mut told) => {
                told.insert(plain);
                true
            }
            Entry::Vacant(place) => {
                place.insert(plain);
                true
            }
        }
    }

    /// Replaces what limits the parts that were read.
    pub(super) fn limits_of(&mut self, namespace: NamespaceInode, parts: Parts, limits: Vec<(Part, Limit)>) {
        for part in Part::ALL.into_iter().filter(|part| parts.has(*part)) {
            self.limits.remove(&(namespace, part));
        }
        for (part, limit) in limits {
            self.limits.entry((namespace, part)).or_default().push(limit);
        }
    }

    /// Says why events of a namespace do not come, or that they do.
    pub(super) fn events_missing(&mut self, namespace: NamespaceInode, missing: Option<LimitReason>) {
        match missing {
            None => {
                self.event_limits.remove(&namespace);
            }
            Some(reason) => {
                self.event_limits.insert(namespace, of_events(namespace, reason));
            }
        }
    }

    /// Says of which namespaces the end is not heard; of all others it is.
    pub(super) fn ends_missing(&mut self, unwatched: Vec<Unwatched>) {
        let unwatched = unwatched.into_iter().filter(|one| !one.has_ended);
        self.end_limits = unwatched
            .map(|Unwatched { namespace, detail, .. }| of_events(namespace, LimitReason::Unreachable { detail }))
            .collect();
    }

    /// All limits, with those that were met elsewhere.
    pub(super) fn limits(&self, mut limits: Vec<Limit>) -> Fact {
        limits.extend(self.limits.values().flatten().cloned());
        limits.extend(self.event_limits.values().cloned());
        limits.extend(self.end_limits.iter().cloned());
        limits.extend(self.name_file_limits.iter().cloned());
        limits.sort();
        limits.dedup();
        Fact::Limits { of: SOURCES.to_vec(), limits }
    }

    /// The processes that hold a socket that was told.
    pub(super) fn socket_holders(&self) -> BTreeSet<u32> {
        self.told
            .values()
            .filter_map(|fact| {
                let Fact::Sockets(section) = fact else { return None };
                Some(section.is.iter().filter_map(|socket| socket.pid))
            })
            .flatten()
            .collect()
    }

    /// Whether some link's other end was in a namespace that was not known.
    pub(super) fn has_unresolved_peers(&self, namespace: NamespaceInode) -> bool {
        self.told.values().any(|fact| {
            matches!(fact, Fact::Links(section) if section.namespace == namespace
                && section.is.iter().any(|link| link.peer_nsid.is_some() && link.peer_namespace.is_none()))
        })
    }

    /// Whether rules were seen there whose changes nobody tells: those of legacy iptables, or any where the events may
    /// not be heard.
    pub(super) fn has_silent_rules(&self, namespace: NamespaceInode) -> bool {
        let kind = discriminant(&Fact::Firewall(Section { namespace, via: Via::Netlink, is: Vec::new() }));
        self.event_limits.contains_key(&namespace)
            || matches!(self.told.get(&(Some(namespace), kind)), Some(Fact::Firewall(section))
                if section.is.iter().any(|ruleset| ruleset.backend == Backend::Legacy))
    }

    /// Forgets namespaces.
    pub(super) fn retain(&mut self, is_there: impl Fn(NamespaceInode) -> bool) {
        self.told.retain(|(namespace, _), _| namespace.is_none_or(&is_there));
        self.limits.retain(|(namespace, _), _| is_there(*namespace));
        self.event_limits.retain(|namespace, _| is_there(*namespace));
        // A namespace that is gone is not one that is not seen.
        for limits in [&mut self.end_limits, &mut self.name_file_limits] {
            limits.retain(|limit| limit.namespace.is_none_or(&is_there));
        }
    }
}

fn of_events(namespace: NamespaceInode, reason: LimitReason) -> Limit {
    Limit { source: SourceKind::KernelEvents, namespace: Some(namespace), remedy: remedy(&reason), reason }
}
