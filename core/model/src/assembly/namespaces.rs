//! What each namespace is, what it is called, and its stable id.

use std::{cmp::Reverse, collections::HashMap, sync::Arc};

use super::{Draft, State, UniqueIds, grouped, state::NamespaceState};
use crate::{
    AddressPort, EntityId, NamespaceInode, NamespaceName, NamespaceSighting, Text,
    engine::EngineContainer,
    kernel::{Process, Socket},
    snapshot::{NamedSocket, Namespace, NamespaceKind},
};

/// A namespace before it has its id.
struct Sorted<'a> {
    source: &'a NamespaceState,
    sighting: &'a NamespaceSighting,
    kind: NamespaceKind,
    key: String,
    name: Text,
    containers: Vec<&'a EngineContainer>,
}

/// Names and orders the namespaces: the host's own first, containers' by name, then the others.
pub(super) fn draft<'a>(
    state: &'a State,
    id: EntityId,
    host_name: &str,
    processes: HashMap<u32, &'a Process>,
    homes: &HashMap<&'a str, NamespaceInode>,
) -> Draft<'a> {
    let mut members = grouped(homes.iter().filter_map(|(container_id, inode)| {
        state.containers.get(*container_id).map(|container| (*inode, &**container))
    }));
    // The owner of the sandbox first: whoever joined another's comes later.
    for list in members.values_mut() {
        list.sort_by_key(|container| {
            let has_joined = container.network_mode.starts_with("container:");
            (has_joined, &container.name, &container.container_id)
        });
    }
    let mut strangers: HashMap<NamespaceInode, &str> = HashMap::new();
    for process in state.processes.iter() {
        if let (Some(inode), Some(container_id)) = (process.namespace, &process.container_id) {
            strangers.entry(inode).or_insert(container_id);
        }
    }
    let mut has_host = false;
    let mut sorted: Vec<Sorted<'a>> = state
        .namespaces
        .iter()
        .filter_map(|(inode, source)| {
            let sighting = source.sighting.as_ref()?;
            let containers = members.remove(inode).unwrap_or_default();
            let is_host = sighting.is_host && !has_host;
            has_host |= is_host;
            let stranger = strangers.get(inode).copied();
            let (kind, key, name) = describe(state, sighting, is_host, host_name, &containers, stranger, &processes);
            Some(Sorted { source, sighting, kind, key, name, containers })
        })
        .collect();
    sorted.sort_by(|a, b| {
        let place = |one: &Sorted<'_>| (one.kind, Reverse(one.sighting.pid.is_some()));
        (a.kind, &a.name, &a.key).cmp(&(b.kind, &b.name, &b.key)).then_with(|| place(a).cmp(&place(b)))
    });

    let mut ids = UniqueIds::default();
    let mut draft = Draft {
        state,
        id,
        namespaces: Vec::with_capacity(sorted.len()),
        sources: Vec::with_capacity(sorted.len()),
        by_inode: HashMap::new(),
        by_nsid: HashMap::new(),
        processes,
        homes: HashMap::new(),
        interface_at: HashMap::new(),
    };
    for (index, one) in sorted.into_iter().enumerate() {
        draft.by_inode.insert(one.sighting.inode, index);
        if let Some(nsid) = one.sighting.nsid.filter(|nsid| *nsid >= 0) {
            draft.by_nsid.entry(nsid).or_insert(index);
        }
        draft.sources.push(one.source);
        let id = ids.take(&one.key, |key| draft.id.namespace(key));
        let namespace = namespace(&draft, id, one);
        draft.namespaces.push(namespace);
    }
    draft.homes = homes
        .iter()
        .filter_map(|(container, inode)| draft.by_inode.get(inode).map(|index| (*container, *index)))
        .collect();
    draft
}

/// The socket as it is used: one of IPv6 with an IPv4-mapped address sends and takes IPv4 (`ipv6(7)`).
fn as_used(socket: &Socket) -> Socket {
    let canonical = |end: AddressPort| AddressPort { address: end.address.to_canonical(), ..end };
    Socket { local: canonical(socket.local), remote: socket.remote.map(canonical), ..socket.clone() }
}

fn namespace(draft: &Draft<'_>, id: EntityId, one: Sorted<'_>) -> Namespace {
    let Sorted { source, sighting, kind, name, containers, .. } = one;
    let sockets = source
        .sockets
        .iter()
        .map(|socket| {
            let process = socket.pid.and_then(|pid| draft.processes.get(&pid));
            NamedSocket {
                socket: as_used(socket),
                command: process.map(|process| Text::new(&process.command)),
                container: process
                    .and_then(|process| process.container_id.as_deref())
                    // A container that does not run has no processes, whatever a control group is called.
                    .filter(|container_id| {
                        draft.state.containers.get(*container_id).is_some_and(|it| it.state.is_alive())
                    })
                    .map(|container_id| draft.container_id(container_id)),
            }
        })
        .collect();
    Namespace {
        id,
        inode: sighting.inode,
        kind,
        name,
        is_host: kind == NamespaceKind::Host,
        containers: containers.iter().map(|container| draft.container_id(&container.container_id)).collect(),
        network: network_of(draft, kind, sighting),
        names: sighting.names.clone(),
        pid: sighting.pid,
        nsid: sighting.nsid,
        interfaces: Vec::new(),
        routes: Arc::clone(&source.routes),
        routing_rules: Arc::clone(&source.routing_rules),
        neighbours: Arc::clone(&source.neighbours),
        sysctls: Arc::clone(&source.sysctls),
        firewall: Arc::clone(&source.firewall.rulesets),
        sockets,
        resolvers: Vec::new(),
        ipvs: source.ipvs.clone(),
        limits: draft
            .state
            .limits
            .values()
            .flatten()
            .filter(|limit| limit.namespace == Some(sighting.inode))
            .cloned()
            .collect(),
    }
}

/// Kind, key of the id, and name.
fn describe(
    state: &State,
    sighting: &NamespaceSighting,
    is_host: bool,
    host_name: &str,
    containers: &[&EngineContainer],
    stranger: Option<&str>,
    processes: &HashMap<u32, &Process>,
) -> (NamespaceKind, String, Text) {
    if is_host {
        return (NamespaceKind::Host, "host".to_owned(), Text::new(host_name));
    }
    if let Some(owner) = containers.first() {
        return (NamespaceKind::Container, format!("container-{}", owner.container_id), Text::new(&owner.name));
    }
    // A load balancer or an overlay may have had a process of some container for a moment: its path tells.
    let plumbing = sighting.names.iter().find_map(|name| {
        let (is_dockers, last) = split_path(&name.path).filter(|_| is_daemons_view(state, name))?;
        Some((is_dockers.then(|| plumbing_kind(last)).flatten()?, last))
    });
    if let Some((kind, last)) = plumbing {
        let prefix = if kind == NamespaceKind::Overlay { "overlay" } else { "named" };
        return (kind, format!("{prefix}-{last}"), Text::new(last));
    }
    if let Some(container_id) = stranger {
        let short = container_id.get(..12).unwrap_or(container_id);
        return (NamespaceKind::Container, format!("container-{container_id}"), Text::new(short));
    }
    let named = sighting.names.iter().find_map(|name| split_path(&name.path).filter(|(is_dockers, _)| !is_dockers));
    if let Some((_, last)) = named {
        return (NamespaceKind::Named, format!("named-{last}"), Text::new(last));
    }
    if let Some(pid) = sighting.pid {
        let name = processes.get(&pid).map_or_else(|| Text::new(&pid.to_string()), |it| Text::new(&it.command));
        return (NamespaceKind::Process, format!("pid-{pid}"), name);
    }
    if let Some((_, last)) = sighting.names.iter().find_map(|name| split_path(&name.path)) {
        return (NamespaceKind::Unknown, format!("named-{last}"), Text::new(last));
    }
    let inode = sighting.inode.0;
    (NamespaceKind::Unknown, format!("inode-{inode}"), Text::new(&format!("net:[{inode}]")))
}

/// Whether a path `…/netns/NAME` is of Docker's making, and `NAME`.
fn split_path(path: &str) -> Option<(bool, &str)> {
    let (folder, last) = path.rsplit_once('/')?;
    (folder.ends_with("/netns") && !last.is_empty()).then(|| (folder.ends_with("/docker/netns"), last))
}

/// Whether a path is seen by the daemon, whose names mean what Docker's mean: whoever has mounts of his own can give any
/// namespace any path. Where no daemon is known, nobody's word is against it.
pub(super) fn is_daemons_view(state: &State, name: &NamespaceName) -> bool {
    let daemon = state.engine.as_ref().and_then(|engine| engine.daemon_pid);
    daemon.is_none_or(|pid| pid == name.pid)
}

fn plumbing_kind(last: &str) -> Option<NamespaceKind> {
    if last == "ingress_sbox" {
        return Some(NamespaceKind::Ingress);
    }
    if last.starts_with("lb_") {
        return Some(NamespaceKind::LoadBalancer);
    }
    overlay_prefix(last).map(|_| NamespaceKind::Overlay)
}

/// `1-58v9o3i8ni`: a counter, and the first ten characters of the network's id.
fn overlay_prefix(last: &str) -> Option<&str> {
    let (epoch, prefix) = last.split_once('-')?;
    let is_overlay = !epoch.is_empty() && epoch.bytes().all(|byte| byte.is_ascii_digit()) && prefix.len() >= 9;
    is_overlay.then_some(prefix)
}

/// The Docker network whose plumbing a namespace is.
fn network_of(draft: &Draft<'_>, kind: NamespaceKind, sighting: &NamespaceSighting) -> Option<EntityId> {
    let mut networks = draft.state.networks.values();
    let network = match kind {
        NamespaceKind::Ingress => networks.find(|network| network.is_ingress),
        NamespaceKind::Overlay | NamespaceKind::LoadBalancer => {
            let prefix = sighting.names.iter().find_map(|name| {
                let (_, last) = split_path(&name.path).filter(|_| is_daemons_view(draft.state, name))?;
                last.strip_prefix("lb_").or_else(|| overlay_prefix(last))
            })?;
            networks.find(|network| network.network_id.starts_with(prefix))
        }
        _ => None,
    };
    network.map(|network| draft.id.network(&network.network_id))
}
