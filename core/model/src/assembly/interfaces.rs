//! Interfaces of each namespace, with their addresses, FDB entries and VLANs, master and parent.

use super::{Draft, grouped};
use crate::{
    EntityId,
    kernel::{Link, LinkKind},
    snapshot::Interface,
};

/// Fills every namespace's interfaces.
pub(super) fn fill(draft: &mut Draft<'_>) {
    for index in 0..draft.namespaces.len() {
        let interfaces = interfaces(draft, index);
        for (place, interface) in interfaces.iter().enumerate() {
            draft.interface_at.insert((index, interface.link.if_index), place);
        }
        if let Some(namespace) = draft.namespaces.get_mut(index) {
            namespace.interfaces = interfaces;
        }
    }
    tie(draft);
}

fn interfaces(draft: &Draft<'_>, index: usize) -> Vec<Interface> {
    let (Some(namespace), Some(source)) = (draft.namespaces.get(index), draft.sources.get(index)) else {
        return Vec::new();
    };
    let Some((via, links)) = &source.links else { return Vec::new() };
    let mut addresses = grouped(source.addresses.iter().map(|address| (address.if_index, address.clone())));
    let mut fdb = grouped(source.fdb.iter().map(|entry| (entry.if_index, entry.clone())));
    let mut vlans = grouped(source.vlans.iter().map(|vlan| (vlan.if_index, vlan.clone())));
    let mut interfaces: Vec<Interface> = links
        .iter()
        .map(|link| {
            let mut addresses = addresses.remove(&link.if_index).unwrap_or_default();
            addresses.sort_by_key(|address| address.address.is_ipv6());
            Interface {
                fdb: fdb.remove(&link.if_index).unwrap_or_default(),
                vlans: vlans.remove(&link.if_index).unwrap_or_default(),
                addresses,
                ..Interface::new(&namespace.id, link.clone(), *via)
            }
        })
        .collect();
    interfaces.sort_by_key(|interface| interface.link.if_index);
    interfaces.dedup_by_key(|interface| interface.link.if_index);
    interfaces
}

/// Ties ports to their masters, and stacked interfaces to their parents.
fn tie(draft: &mut Draft<'_>) {
    for index in 0..draft.namespaces.len() {
        let Some(namespace) = draft.namespaces.get(index) else { continue };
        let ties: Vec<_> = namespace
            .interfaces
            .iter()
            .map(|interface| {
                let link = &interface.link;
                let master = link.master_if_index.and_then(|master| draft.interface_id(index, master));
                (master, parent(draft, index, link))
            })
            .collect();
        let Some(namespace) = draft.namespaces.get_mut(index) else { continue };
        for (interface, (master, parent)) in namespace.interfaces.iter_mut().zip(ties) {
            interface.master = master;
            interface.parent = parent;
        }
    }
}

fn parent(draft: &Draft<'_>, index: usize, link: &Link) -> Option<EntityId> {
    let if_index = match &link.kind {
        LinkKind::Veth => None,
        LinkKind::Vxlan { underlay_if_index, .. } => underlay_if_index.or(link.peer_if_index),
        _ => link.peer_if_index,
    }?;
    let target = draft.target_of(index, link)?;
    draft.interface_id(target, if_index)
}

impl Draft<'_> {
    /// The id of an interface by its namespace and ifindex.
    pub(super) fn interface_id(&self, namespace: usize, if_index: u32) -> Option<EntityId> {
        let place = *self.interface_at.get(&(namespace, if_index))?;
        Some(self.namespaces.get(namespace)?.interfaces.get(place)?.id.clone())
    }
}
