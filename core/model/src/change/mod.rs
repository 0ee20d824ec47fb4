//! What differs between two snapshots.
//!
//! Each thing is reduced to a key and the fields that a watcher wants to hear of; the two lists are then compared.
//! Counters, ages, connected sockets and the moods of the neighbour table are left out: they change all the time and
//! mean nothing by themselves. Sections that both snapshots share are not looked at.

mod things;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{EntityId, Limit, Snapshot, Text};

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// What, or whose.
    pub entity: EntityId,
    /// The kind of thing: one of [`SUBJECTS`].
    pub subject: String,
    /// What happened.
    pub kind: ChangeKind,
    /// The thing's name, or the value itself.
    pub name: Text,
    /// The field that differs, for [`ChangeKind::Changed`]: one of [`FIELDS`].
    pub field: Option<String>,
    /// Its value before.
    pub before: Option<Text>,
    /// Its value after.
    pub after: Option<Text>,
    /// What is not seen, or is seen again, where the subject is `limit`; for words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<Box<Limit>>,
}

/// Every [`Change::subject`], in the order in which changes are listed.
pub const SUBJECTS: &[&str] = &[
    "host",
    "engine",
    "container",
    "network",
    "attachment",
    "namespace",
    "interface",
    "address",
    "route",
    "neighbour",
    "fdb",
    "sysctl",
    "rule",
    "socket",
    "nat",
    "limit",
];

/// Every [`Change::field`].
pub const FIELDS: &[&str] = &[
    "state",
    "name",
    "namespace",
    "published",
    "bridge",
    "subnet",
    "address",
    "mac-address",
    "gateway",
    "is-up",
    "has-carrier",
    "mtu",
    "master",
    "peer",
    "network",
    "if-index",
    "via",
    "policy",
    "value",
    "version",
    "command",
];

/// What happened to a thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// It was not there before.
    Added,
    /// It is not there any more.
    Removed,
    /// A field differs.
    Changed,
}

/// A thing as far as changes go.
struct Thing {
    entity: EntityId,
    /// What tells it from others of its kind.
    key: String,
    name: Text,
    fields: Vec<(&'static str, String)>,
    limit: Option<Box<Limit>>,
}

/// The differences from `before` to `after`: by host, kind of thing and key. Counters and ages are not among them.
pub fn differences(before: &Snapshot, after: &Snapshot) -> Vec<Change> {
    let mut changes = Vec::new();
    let hosts: BTreeMap<&EntityId, (Option<_>, Option<_>)> =
        pairs(before.hosts.iter().map(|host| (&host.id, host)), after.hosts.iter().map(|host| (&host.id, host)));
    for (before, after) in hosts.into_values() {
        things::compare_hosts(&mut changes, before, after);
    }
    changes
}

/// What has the same key on both sides, in the keys' order.
fn pairs<K: Ord, V>(
    before: impl Iterator<Item = (K, V)>,
    after: impl Iterator<Item = (K, V)>,
) -> BTreeMap<K, (Option<V>, Option<V>)> {
    let mut pairs: BTreeMap<K, (Option<V>, Option<V>)> = BTreeMap::new();
    for (key, value) in before {
        pairs.entry(key).or_insert((None, None)).0 = Some(value);
    }
    for (key, value) in after {
        pairs.entry(key).or_insert((None, None)).1 = Some(value);
    }
    pairs
}

/// Adds the differences between two lists of things of one kind. Things of equal keys are told apart by their order.
fn compare(changes: &mut Vec<Change>, subject: &str, before: Vec<Thing>, after: Vec<Thing>) {
    let numbered = |things: Vec<Thing>| {
        let mut counts: BTreeMap<(EntityId, String), u32> = BTreeMap::new();
        let numbered: Vec<_> = things
            .into_iter()
            .map(|thing| {
                let key = (thing.entity.clone(), thing.key.clone());
                let count = counts.entry(key.clone()).or_default();
                *count += 1;
                ((key, *count), thing)
            })
            .collect();
        numbered.into_iter()
    };
    for pair in pairs(numbered(before), numbered(after)).into_values() {
        let change = |thing: &Thing, kind| Change {
            entity: thing.entity.clone(),
            subject: subject.to_owned(),
            kind,
            name: thing.name.clone(),
            field: None,
            before: None,
            after: None,
            limit: thing.limit.clone(),
        };
        match pair {
            (None, Some(thing)) => changes.push(change(&thing, ChangeKind::Added)),
            (Some(thing), None) => changes.push(change(&thing, ChangeKind::Removed)),
            (Some(before), Some(after)) => {
                for ((field, old), (_, new)) in before.fields.iter().zip(&after.fields) {
                    if old != new {
                        changes.push(Change {
                            field: Some((*field).to_owned()),
                            before: Some(Text::new(old)),
                            after: Some(Text::new(new)),
                            ..change(&after, ChangeKind::Changed)
                        });
                    }
                }
            }
            (None, None) => {}
        }
    }
}
