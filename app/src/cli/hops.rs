//! `--walk`: a packet's hops on the picture, numbered, and only what it passes.

use std::{collections::BTreeSet, net::IpAddr};

use bridgewalk_analysis::walk::{Action, Hop, Walker};
use bridgewalk_diagram::{Scope, Station, View};
use bridgewalk_model::{EntityId, Snapshot, SourceKind, kernel::Transport, snapshot::NatKind};

use super::{
    Failure,
    arguments::{Protocol, Walk},
    walk,
};
use crate::words::Words;

/// `view` with the stations of the packet from `ends[0]` to `ends[1]`; without `ends`, from outside to the first
/// published port.
///
/// # Errors
/// An end that is none; no published port where one is needed.
pub(super) fn with_walk(
    ends: Option<&[String]>,
    snapshot: &Snapshot,
    view: View,
    words: Words,
) -> Result<View, Failure> {
    let nothing = || {
        let is_read = snapshot.hosts.iter().all(|host| host.was_read(SourceKind::Engine, None));
        Failure::input(words.text(if is_read { "cli-error-nothing-published" } else { "cli-error-published-not-read" }))
    };
    let (sender, receiver) = match ends {
        Some([sender, receiver]) => (sender.clone(), receiver.clone()),
        _ => ("outside".to_owned(), format!("host:{}", published_port(snapshot).ok_or_else(nothing)?)),
    };
    let asked = Walk { sender, receiver, protocol: Protocol::Tcp, source_port: None, prove: false };
    let walker = Walker::new(snapshot);
    let question = walk::question(&walker, &asked).map_err(|error| walk::mistake(&error, snapshot, words))?;
    let walked = walker.walk(&question);
    let hops = &walked.way.hops;
    let stations = hops
        .iter()
        .map(|hop| Station {
            entity: place(snapshot, hop),
            caption: words.format(
                "walk-caption",
                &[
                    ("where", words.walk_place(snapshot, &hop.namespace).into()),
                    ("what", words.walk_hop(snapshot, hop).into()),
                ],
            ),
        })
        .collect();
    let mut lights: BTreeSet<EntityId> = hops.iter().flat_map(|hop| &hop.lights).cloned().collect();
    lights.extend(hops.iter().map(|hop| place(snapshot, hop)));
    let mut hidden = view.hidden.clone();
    if view.scope == Scope::Whole {
        hidden.extend(passed_by(snapshot, &lights));
    }
    Ok(View { stations, emphasis: lights, hidden, ..view })
}

/// Where a picture shows a hop: a translation's own box, a network for its bridge.
fn place(snapshot: &Snapshot, hop: &Hop) -> EntityId {
    let last = hop.lights.last().unwrap_or(&hop.namespace);
    let Some(host) = snapshot.hosts.iter().find(|host| host.id == hop.host) else { return last.clone() };
    if hop.action == Action::Translated {
        let (before, after) = (&hop.before, &hop.after);
        // Several rules may lead to one port of a container.
        let mapping = host.nat.iter().find(|mapping| {
            mapping.kind == NatKind::DestinationNat
                && mapping.to_address == Some(after.destination)
                && mapping.to_port == after.layer4.ports().map(|(_, receiver)| receiver)
                && (mapping.host_port.is_none()
                    || mapping.host_port == before.layer4.ports().map(|(_, receiver)| receiver))
                && mapping.host_ip.is_none_or(|address| address == before.destination)
        });
        if let Some(mapping) = mapping {
            return mapping.id.clone();
        }
    }
    let network = host.networks.iter().find(|network| network.bridge.as_ref() == Some(last));
    network.map_or_else(|| last.clone(), |network| network.id.clone())
}

/// A port that is published on every address, of the first container that has one.
fn published_port(snapshot: &Snapshot) -> Option<u16> {
    let containers = snapshot.hosts.iter().flat_map(|host| &host.containers);
    let bindings = containers.filter(|container| container.state.is_alive()).flat_map(|container| &container.published);
    bindings
        .filter(|binding| binding.container_port.transport == Transport::Tcp)
        .filter(|binding| binding.host_ip.is_none_or(|address: IpAddr| address.is_unspecified()))
        .find_map(|binding| binding.host_port)
}

/// Containers and networks that have nothing to do with what lights up.
fn passed_by(snapshot: &Snapshot, lights: &BTreeSet<EntityId>) -> BTreeSet<EntityId> {
    let is_lit = |id: &EntityId| lights.contains(id) || lights.iter().any(|light| light.is_within(id));
    let mut hidden = BTreeSet::new();
    for host in &snapshot.hosts {
        let own = host.own_namespace().map(|namespace| &namespace.id);
        let lit = |container: &&bridgewalk_model::snapshot::Container| {
            is_lit(&container.id)
                || container.namespace.as_ref().is_some_and(|namespace| Some(namespace) != own && is_lit(namespace))
        };
        let on: BTreeSet<&EntityId> = host
            .containers
            .iter()
            .filter(lit)
            .flat_map(|container| &container.attachments)
            .map(|end| &end.network)
            .collect();
        let plumbing = host.namespaces.iter().filter(|it| !it.is_host && it.containers.is_empty() && !is_lit(&it.id));
        hidden.extend(plumbing.map(|namespace| namespace.id.clone()));
        hidden.extend(host.containers.iter().filter(|container| !lit(container)).map(|container| container.id.clone()));
        for network in &host.networks {
            let is_on = on.contains(&network.id)
                || lights.contains(&network.id)
                || network.bridge.as_ref().is_some_and(|bridge| lights.contains(bridge));
            if !is_on {
                hidden.insert(network.id.clone());
                hidden.extend(network.bridge.clone());
            }
        }
    }
    hidden
}
