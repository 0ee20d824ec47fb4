//! What is to be read again, and when.

use std::{
    collections::{HashMap, HashSet},
    time::{Duration, Instant},
};

use bridgewalk_model::NamespaceInode;

use crate::reading::{Part, Parts};

/// A part is read no more often. Sockets have no events and come with each word of the engine; rules that legacy
/// iptables writes likewise.
const fn part_interval(part: Part) -> Duration {
    match part {
        Part::Sockets => Duration::from_millis(250),
        _ => Duration::from_millis(20),
    }
}

/// Marks, each with the time at which it is due.
#[derive(Debug, Default)]
pub(super) struct Pending {
    due: HashMap<(NamespaceInode, Part), Instant>,
    taken: HashMap<(NamespaceInode, Part), Instant>,
}

impl Pending {
    /// Marks parts to be read at `at`, or as soon after as they may.
    pub(super) fn mark(&mut self, namespace: NamespaceInode, parts: Parts, at: Instant) {
        for part in Part::ALL.into_iter().filter(|part| parts.has(*part)) {
            let key = (namespace, part);
            let earliest = self.taken.get(&key).map_or(at, |taken| at.max(*taken + part_interval(part)));
            self.due.entry(key).and_modify(|due| *due = earliest.min(*due)).or_insert(earliest);
        }
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

    /// Whether nothing is marked.
    pub(super) fn is_empty(&self) -> bool {
        self.due.is_empty()
    }

    /// Forgets namespaces.
    pub(super) fn retain(&mut self, is_there: impl Fn(NamespaceInode) -> bool) {
        self.due.retain(|(namespace, _), _| is_there(*namespace));
        self.taken.retain(|(namespace, _), _| is_there(*namespace));
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
        pending.retain(|_| false);
        assert!(pending.is_empty());
    }
}
