//! What is to be read again, and when.

use std::{
    collections::{HashMap, HashSet},
    time::{Duration, Instant},
};

use bridgewalk_model::NamespaceInode;

use crate::reading::{Part, Parts};

/// A part is read no more often, whatever happens; sockets, which have no events, come with each word of the engine.
const fn shortest_interval(part: Part) -> Duration {
    match part {
        Part::Sockets => Duration::from_millis(250),
        _ => Duration::from_millis(4),
    }
}

/// At most a quarter of the time goes into reading one namespace.
const REST: u32 = 3;
/// A reading that was held up is no measure.
const LONGEST_REST: Duration = Duration::from_millis(100);

/// Marks, each with the time at which it is due.
#[derive(Debug, Default)]
pub(super) struct Pending {
    due: HashMap<(NamespaceInode, Part), Instant>,
    taken: HashMap<(NamespaceInode, Part), Instant>,
    /// What the last reading took, with the rest after it.
    pace: HashMap<NamespaceInode, Duration>,
    /// Nothing is marked of those that a reader is stuck in.
    suspended: HashSet<NamespaceInode>,
}

impl Pending {
    /// Marks parts to be read at `at`, or as soon after as they may.
    pub(super) fn mark(&mut self, namespace: NamespaceInode, parts: Parts, at: Instant) {
        if self.is_suspended(namespace) {
            return;
        }
        let pace = self.pace.get(&namespace).copied().unwrap_or_default();
        for part in Part::ALL.into_iter().filter(|part| parts.has(*part)) {
            let key = (namespace, part);
            let interval = pace.max(shortest_interval(part));
            let earliest = self.taken.get(&key).map_or(at, |taken| at.max(*taken + interval));
            self.due.entry(key).and_modify(|due| *due = earliest.min(*due)).or_insert(earliest);
        }
    }

    /// Says what a reading of `namespace` took.
    pub(super) fn took(&mut self, namespace: NamespaceInode, took: Duration) {
        self.pace.insert(namespace, took + (took * REST).min(LONGEST_REST));
    }

    /// The parts of `namespace` that are due, taken off.
    pub(super) fn take_due(&mut self, namespace: NamespaceInode, now: Instant, with_sockets: bool) -> Parts {
        let mut parts = Parts::NONE;
        for part in Part::ALL {
            let key = (namespace, part);
            if (part != Part::Sockets || with_sockets) && self.due.get(&key).is_some_and(|due| *due <= now) {
                self.due.remove(&key);
                self.taken.insert(key, now);
                parts = parts.and(Parts::of(&[part]));
            }
        }
        parts
    }

    /// When the next is due of those that are not being read.
    pub(super) fn next_due(&self, busy: &HashSet<NamespaceInode>, with_sockets: bool) -> Option<Instant> {
        self.due
            .iter()
            .filter(|((namespace, part), _)| !busy.contains(namespace) && (*part != Part::Sockets || with_sockets))
            .map(|(_, due)| *due)
            .min()
    }

    /// Forgets what is marked of a namespace, and marks nothing until it is resumed.
    pub(super) fn suspend(&mut self, namespace: NamespaceInode) {
        self.due.retain(|(other, _), _| *other != namespace);
        self.suspended.insert(namespace);
    }

    /// See [`Self::suspend`].
    pub(super) fn resume(&mut self, namespace: NamespaceInode) {
        self.suspended.remove(&namespace);
    }

    /// See [`Self::suspend`].
    pub(super) fn is_suspended(&self, namespace: NamespaceInode) -> bool {
        self.suspended.contains(&namespace)
    }

    /// Whether nothing is marked.
    pub(super) fn is_empty(&self) -> bool {
        self.due.is_empty()
    }

    /// Forgets namespaces.
    pub(super) fn retain(&mut self, is_there: impl Fn(NamespaceInode) -> bool) {
        self.due.retain(|(namespace, _), _| is_there(*namespace));
        self.taken.retain(|(namespace, _), _| is_there(*namespace));
        self.pace.retain(|namespace, _| is_there(*namespace));
        self.suspended.retain(|namespace| is_there(*namespace));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_storm_ends_with_one_reading_after_it() {
        let namespace = NamespaceInode(1);
        let links = Parts::of(&[Part::Links]);
        let start = Instant::now();
        let ms = |ms| start + Duration::from_millis(ms);
        let mut pending = Pending::default();
        pending.mark(namespace, links, ms(0));
        assert_eq!(pending.take_due(namespace, ms(0), true), links);
        pending.took(namespace, Duration::from_millis(5));
        for at in 1..15 {
            pending.mark(namespace, links, ms(at));
            assert!(pending.take_due(namespace, ms(at), true).is_empty());
        }
        assert_eq!(pending.next_due(&HashSet::new(), true), Some(ms(20)));
        assert_eq!(pending.take_due(namespace, ms(20), true), links);
        assert!(pending.is_empty());
    }

    #[test]
    fn sockets_wait_for_their_owners_and_the_busy_for_their_turn() {
        let namespace = NamespaceInode(1);
        let now = Instant::now();
        let mut pending = Pending::default();
        pending.mark(namespace, Parts::of(&[Part::Sockets]), now);
        assert!(pending.take_due(namespace, now, false).is_empty());
        assert_eq!(pending.next_due(&HashSet::from([namespace]), true), None);
        pending.suspend(namespace);
        pending.mark(namespace, Parts::of(&[Part::Links]), now);
        assert!(pending.is_empty());
        pending.resume(namespace);
        pending.mark(namespace, Parts::of(&[Part::Links]), now);
        assert!(!pending.is_empty());
        pending.retain(|_| false);
        assert!(pending.is_empty());
    }
}
