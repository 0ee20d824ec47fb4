//! From observations to a snapshot.
//!
//! [`State`] folds what the sources say into what was last seen, raw. [`assemble`] puts the pieces together: which
//! container lives in which namespace, which interface is which cable's end, which bridge is which network. Nothing is
//! guessed: a tie is made only where the kernel or the engine says so, or where there is one possibility alone.

mod containers;
mod interfaces;
mod known;
mod namespaces;
mod nat;
mod networks;
mod resolver;
mod rulesets;
mod state;
mod unread;
mod veths;

use std::collections::{BTreeMap, HashMap, HashSet};

pub use state::State;

use crate::{
    EntityId, HostIdentity, Limit, LimitReason, NamespaceInode, Remedy, Snapshot, Text,
    kernel::Process,
    snapshot::{Host, Namespace},
};
use state::NamespaceState;

/// Puts the states of several hosts side by side. `states` are in the order of their sources.
pub fn assemble(states: &[&State]) -> Snapshot {
    let mut ids = UniqueIds::default();
    let keys = host_keys(states);
    Snapshot::new(
        states.iter().map(|state| state.at_ms).max().unwrap_or(0),
        states.iter().zip(keys).map(|(state, key)| assemble_host(state, ids.take(&key, EntityId::host))).collect(),
    )
}

/// What each host is known by: its name, and where others bear the same, what is its own, whatever their order.
fn host_keys(states: &[&State]) -> Vec<String> {
    let named: Vec<_> = states.iter().map(|state| (state.host_name(), state.identity())).collect();
    let key = |(at, (name, identity)): (usize, &(&str, HostIdentity))| {
        let namesakes = named.iter().enumerate().filter(|(other, (theirs, _))| *other != at && theirs == name);
        let namesakes: Vec<_> = namesakes.map(|(_, (_, identity))| identity).collect();
        identity.tag(&namesakes).map_or_else(|| (*name).to_owned(), |tag| format!("{name}#{tag}"))
    };
    named.iter().enumerate().map(key).collect()
}

/// Gives each thing an id of its own: a second of the same name gets `#2`.
#[derive(Default)]
struct UniqueIds {
    given: HashMap<EntityId, u32>,
}

impl UniqueIds {
    fn take(&mut self, key: &str, make: impl Fn(&str) -> EntityId) -> EntityId {
        let first = make(key);
        if !self.given.contains_key(&first) {
            self.given.insert(first.clone(), 1);
            return first;
        }
        loop {
            let count = self.given.entry(first.clone()).or_insert(1);
            *count += 1;
            let next = make(&format!("{key}#{count}"));
            if !self.given.contains_key(&next) {
                self.given.insert(next.clone(), 1);
                return next;
            }
        }
    }
}

/// What is known of one host while it is put together.
struct Draft<'a> {
    state: &'a State,
    id: EntityId,
    /// In their final order, as are `sources`.
    namespaces: Vec<Namespace>,
    /// What was observed of each of them.
    sources: Vec<&'a NamespaceState>,
    by_inode: HashMap<NamespaceInode, usize>,
    /// By their number as seen from the host's namespace.
    by_nsid: HashMap<i32, usize>,
    processes: HashMap<u32, &'a Process>,
    /// The namespace of each container that is alive, by container id.
    homes: HashMap<&'a str, usize>,
    /// Interfaces by namespace and ifindex: their place in the namespace's list.
    interface_at: HashMap<(usize, u32), usize>,
}

fn assemble_host(state: &State, id: EntityId) -> Host {
    let resolved = known::resolved(state);
    let state: &State = &resolved;
    let name = state.host_name();
    let processes: HashMap<u32, &Process> = state.processes.iter().map(|process| (process.pid, process)).collect();
    let homes = containers::homes(state, &processes);
    let mut draft = namespaces::draft(state, id, name, processes, &homes);
    interfaces::fill(&mut draft);
    let mut networks = networks::networks(&draft);
    let mut containers = containers::containers(&draft, &networks);
    let veths = veths::pair(&mut draft);
    networks::tie_interfaces(&mut draft, &mut networks, &mut containers);
    let veths = veths::describe(&draft, veths);
    let nat = nat::mappings(&draft, &containers, &networks);
    resolver::fill(&mut draft);
    let Draft { id, mut namespaces, .. } = draft;
    let mut limits = limits(state);
    for namespace in namespaces.iter_mut().filter(|one| one.is_host || !one.containers.is_empty()) {
        let here = limits.iter_mut().filter(|limit| limit.namespace == Some(namespace.inode));
        here.chain(&mut namespace.limits).filter(|limit| limit.reason.is_closed()).for_each(|limit| {
            // The engine is let in, and so is what it starts.
            limit.remedy = Remedy::StartAgent;
        });
    }
    let found = limits.iter().filter(|limit| limit.reason == LimitReason::NeverRead);
    let mut by_place = grouped(found.map(|limit| (limit.namespace, limit.clone())));
    for namespace in &mut namespaces {
        namespace.limits.extend(by_place.remove(&Some(namespace.inode)).unwrap_or_default());
    }
    Host {
        name: own_name(&id, name),
        facts: state.host.clone().unwrap_or_default(),
        engine: state.engine.clone(),
        engine_lost: state.engine_lost.clone(),
        engine_lost_ms: state.engine_lost_ms,
        agent_lost_ms: state.agent_lost_ms,
        limits,
        namespaces,
        containers,
        networks,
        swarm: state.swarm.clone(),
        veths,
        nat,
        processes: state.processes.clone(),
        id,
    }
}

/// The host's name, with what tells it apart if another bears it too.
fn own_name(id: &EntityId, name: &str) -> Text {
    if *id == EntityId::host(name) {
        return Text::new(name);
    }
    Text::new(id.as_str().strip_prefix("host:").unwrap_or(name))
}

/// What is not seen, said by a source or not: without what concerned namespaces that are gone by now.
fn limits(state: &State) -> Vec<Limit> {
    let mut limits: Vec<Limit> = state
        .limits
        .values()
        .flatten()
        .filter(|limit| match limit.namespace {
            Some(inode) => state.namespaces.contains_key(&inode) && limit.reason != LimitReason::Vanished,
            None => true,
        })
        .cloned()
        .chain(unread::unread(state))
        .collect();
    let mut seen = HashSet::new();
    limits.retain(|limit| seen.insert(limit.clone()));
    limits.sort_by_cached_key(|limit| (limit.source, limit.namespace, format!("{:?}", limit.reason)));
    limits
}

impl Draft<'_> {
    fn container_id(&self, container_id: &str) -> EntityId {
        self.id.container(container_id)
    }

    /// The namespace in which an interface's `IFLA_LINK` counts, as far as that can be told.
    fn target_of(&self, namespace: usize, link: &crate::kernel::Link) -> Option<usize> {
        if let Some(inode) = link.peer_namespace {
            return self.by_inode.get(&inode).copied();
        }
        match link.peer_nsid {
            None => Some(namespace),
            Some(nsid) if self.namespaces.get(namespace).is_some_and(|namespace| namespace.is_host) => {
                self.by_nsid.get(&nsid).copied()
            }
            Some(_) => None,
        }
    }
}

/// Members of each namespace, for lookups by owner.
fn grouped<K: Ord, V>(pairs: impl Iterator<Item = (K, V)>) -> BTreeMap<K, Vec<V>> {
    let mut groups: BTreeMap<K, Vec<V>> = BTreeMap::new();
    for (key, value) in pairs {
        groups.entry(key).or_default().push(value);
    }
    groups
}
