//! Cables: which veth is the other end of which.
//!
//! An ifindex is unique in its namespace only, so both ends are asked: each must name the other's ifindex, and the
//! other's namespace where the kernel tells it.

use std::collections::HashMap;

use super::Draft;
use crate::{
    Via,
    kernel::{Link, LinkCounters, LinkKind, OperState},
    snapshot::{Interface, NamespaceKind, VethEnd, VethPair},
};

/// One end: its namespace's place and its ifindex.
type End = (usize, u32);

/// A veth that looks for its other end.
struct Loose {
    end: End,
    peer_if_index: u32,
    target: Option<usize>,
}

/// Finds the pairs and ties both ends; near end first.
pub(super) fn pair(draft: &mut Draft<'_>) -> Vec<(End, End)> {
    add_unseen_ends(draft);
    let loose: Vec<Loose> = draft
        .namespaces
        .iter()
        .enumerate()
        .flat_map(|(index, namespace)| namespace.interfaces.iter().map(move |interface| (index, &interface.link)))
        .filter(|(_, link)| link.kind == LinkKind::Veth)
        .filter_map(|(index, link)| {
            let peer_if_index = link.peer_if_index?;
            Some(Loose { end: (index, link.if_index), peer_if_index, target: draft.target_of(index, link) })
        })
        .collect();
    let by_end: HashMap<End, &Loose> = loose.iter().map(|one| (one.end, one)).collect();
    let mut by_numbers: HashMap<(u32, u32), Vec<&Loose>> = HashMap::new();
    for one in &loose {
        by_numbers.entry((one.end.1, one.peer_if_index)).or_default().push(one);
    }
    let other_end = |one: &Loose| -> Option<End> {
        let may_be = |other: &&Loose| {
            other.end != one.end
                && other.peer_if_index == one.end.1
                && other.target.is_none_or(|target| target == one.end.0)
        };
        if let Some(target) = one.target {
            return by_end.get(&(target, one.peer_if_index)).copied().filter(may_be).map(|other| other.end);
        }
        // The kernel did not tell where: the one veth that fits, if there is one alone. A veth without a namespace id
        // has its other end at home, so it never fits another's.
        let fitting = || {
            let same_numbers = by_numbers.get(&(one.peer_if_index, one.end.1)).into_iter().flatten().copied();
            same_numbers.filter(may_be).filter(|other| other.end.0 != one.end.0)
        };
        if let Some(named) = fitting().find(|other| other.target.is_some()) {
            return Some(named.end);
        }
        let mut fitting = fitting();
        let first = fitting.next()?;
        fitting.next().is_none().then_some(first.end)
    };
    let found: HashMap<End, End> = loose.iter().filter_map(|one| Some((one.end, other_end(one)?))).collect();
    let mut pairs: Vec<(End, End)> = found
        .iter()
        .filter(|(end, other)| found.get(other) == Some(end))
        .map(|(end, other)| if place(draft, *end) <= place(draft, *other) { (*end, *other) } else { (*other, *end) })
        .collect();
    pairs.sort_unstable_by_key(|(near, far)| (place(draft, *near), *far));
    pairs.dedup();
    for (near, far) in &pairs {
        tie(draft, *near, *far);
        tie(draft, *far, *near);
    }
    pairs
}

/// The host's end is near, then an overlay's, then what comes first.
fn place(draft: &Draft<'_>, (namespace, if_index): End) -> (u8, usize, u32) {
    let rank = match draft.namespaces.get(namespace).map(|namespace| namespace.kind) {
        Some(NamespaceKind::Host) => 0,
        Some(NamespaceKind::Overlay) => 1,
        _ => 2,
    };
    (rank, namespace, if_index)
}

fn tie(draft: &mut Draft<'_>, (namespace, if_index): End, other: End) {
    let peer = draft.interface_id(other.0, other.1);
    let Some(at) = draft.interface_at.get(&(namespace, if_index)) else { return };
    if let Some(interface) = draft.namespaces.get_mut(namespace).and_then(|it| it.interfaces.get_mut(*at)) {
        interface.peer = peer;
    }
}

/// A namespace whose inside could not be read at all still has the ends that the host's side names. Such an end bears
/// the name by which the kernel writes a peer that it cannot see, `if7`.
fn add_unseen_ends(draft: &mut Draft<'_>) {
    let Some(host) = draft.namespaces.first().filter(|namespace| namespace.is_host) else { return };
    let unseen: Vec<(usize, u32, u32)> = host
        .interfaces
        .iter()
        .filter(|interface| interface.link.kind == LinkKind::Veth)
        .filter_map(|interface| {
            let target = draft.target_of(0, &interface.link).filter(|target| *target != 0)?;
            let is_unread = draft.sources.get(target).is_some_and(|source| source.links.is_none());
            is_unread.then_some((target, interface.link.peer_if_index?, interface.link.if_index))
        })
        .collect();
    for (target, if_index, peer_if_index) in unseen {
        let Some(namespace) = draft.namespaces.get_mut(target) else { continue };
        if draft.interface_at.contains_key(&(target, if_index)) {
            continue;
        }
        let link = Link {
            if_index,
            name: format!("if{if_index}"),
            alternative_names: Vec::new(),
            kind: LinkKind::Veth,
            is_up: false,
            has_carrier: false,
            is_promiscuous: false,
            oper_state: OperState::Unknown,
            mtu: 0,
            mac_address: None,
            master_if_index: None,
            bridge_port: None,
            peer_if_index: Some(peer_if_index),
            peer_nsid: Some(-1),
            peer_namespace: None,
            counters: LinkCounters::default(),
        };
        draft.interface_at.insert((target, if_index), namespace.interfaces.len());
        namespace.interfaces.push(Interface::new(&namespace.id.clone(), link, Via::HostSide));
    }
}

/// The pairs with their bridge, network and containers.
pub(super) fn describe(draft: &Draft<'_>, pairs: Vec<(End, End)>) -> Vec<VethPair> {
    let interface = |(namespace, if_index): End| {
        let at = draft.interface_at.get(&(namespace, if_index))?;
        draft.namespaces.get(namespace)?.interfaces.get(*at)
    };
    pairs
        .into_iter()
        .filter_map(|(near_end, far_end)| {
            let (near, far) = (interface(near_end)?, interface(far_end)?);
            let bridge = near.link.master_if_index.and_then(|master| interface((near_end.0, master)));
            let bridge = bridge.filter(|master| matches!(master.link.kind, LinkKind::Bridge { .. }));
            Some(VethPair {
                near: VethEnd { namespace: near.namespace.clone(), interface: near.id.clone() },
                far: VethEnd { namespace: far.namespace.clone(), interface: far.id.clone() },
                network: bridge.and_then(|bridge| bridge.network.clone()).or_else(|| far.network.clone()),
                bridge: bridge.map(|bridge| bridge.id.clone()),
                containers: {
                    let mut containers = draft.namespaces.get(far_end.0)?.containers.clone();
                    containers.sort_by_cached_key(|id| draft.container_name(id));
                    containers
                },
            })
        })
        .collect()
}

impl Draft<'_> {
    /// A container's name, for sorting.
    fn container_name(&self, id: &crate::EntityId) -> Option<String> {
        let (_, container_id) = id.as_str().rsplit_once(':')?;
        self.state.containers.get(container_id).map(|container| container.name.clone())
    }
}
