//! Containers: where each lives, and its ends in Docker's networks.

use std::collections::HashMap;

use super::{Draft, State, namespaces::is_daemons_view};
use crate::{
    EntityId, NamespaceInode, Text,
    engine::{Endpoint, EngineContainer},
    kernel::Process,
    snapshot::{Attachment, Compose, Container, Network},
};

/// Paths of namespaces as the daemon sees them: others may give any namespace such a path in mounts of their own.
pub(super) struct NamesOfDocker<'a> {
    by_path: HashMap<&'a str, NamespaceInode>,
    by_last: HashMap<&'a str, NamespaceInode>,
}

impl<'a> NamesOfDocker<'a> {
    pub(super) fn of(state: &'a State) -> Self {
        let sighted = state.namespaces.iter().filter_map(|(inode, one)| Some((*inode, one.sighting.as_ref()?)));
        let by_path: HashMap<&str, NamespaceInode> = sighted
            .flat_map(|(inode, sighting)| sighting.names.iter().map(move |name| (name, inode)))
            .filter(|(name, _)| is_daemons_view(state, name))
            .map(|(name, inode)| (name.path.as_str(), inode))
            .collect();
        let by_last =
            by_path.iter().filter_map(|(path, inode)| sandbox_name(path).map(|last| (last, *inode))).collect();
        Self { by_path, by_last }
    }

    /// The namespace behind a `SandboxKey`; `/var/run` is often a link. None for the host's own.
    pub(super) fn sandbox(&self, key: &str) -> Option<NamespaceInode> {
        let name = sandbox_name(key).filter(|name| *name != "default");
        self.by_path.get(key).filter(|_| name.is_some()).or_else(|| self.by_last.get(name?)).copied()
    }
}

/// The namespace of each container that is alive: by its first process, by its sandbox's path, by its processes'
/// control group, else by what its network mode says.
pub(super) fn homes<'a>(state: &'a State, processes: &HashMap<u32, &'a Process>) -> HashMap<&'a str, NamespaceInode> {
    let sighted = || state.namespaces.iter().filter_map(|(inode, one)| Some((*inode, one.sighting.as_ref()?)));
    let is_sighted = |inode: &NamespaceInode| state.namespaces.get(inode).is_some_and(|it| it.sighting.is_some());
    let names = NamesOfDocker::of(state);
    let by_pid: HashMap<u32, NamespaceInode> =
        sighted().filter_map(|(inode, sighting)| Some((sighting.pid?, inode))).collect();
    let mut by_group: HashMap<&str, NamespaceInode> = HashMap::new();
    for process in state.processes.iter() {
        if let (Some(container_id), Some(inode)) = (&process.container_id, process.namespace) {
            by_group.entry(container_id).or_insert(inode);
        }
    }
    let host = sighted().find(|(_, sighting)| sighting.is_host).map(|(inode, _)| inode);
    // PIDs of an engine on another machine name other processes here.
    let is_local = state.engine.as_ref().is_none_or(|engine| engine.is_local);

    let mut homes: HashMap<&str, NamespaceInode> = HashMap::new();
    let alive = || state.containers.values().filter(|container| container.state.is_alive());
    for container in alive() {
        let by_process = container.pid.filter(|_| is_local).and_then(|pid| {
            let process = processes.get(&pid);
            let owner = process.and_then(|process| process.container_id.as_ref());
            if owner.is_some_and(|owner| *owner != container.container_id) {
                return None;
            }
            process.and_then(|process| process.namespace).or_else(|| by_pid.get(&pid).copied())
        });
        let by_sandbox = || names.sandbox(&container.sandbox_key);
        let by_group = || by_group.get(container.container_id.as_str()).copied();
        let by_mode = || host.filter(|_| container.network_mode == "host");
        let home = by_process
            .filter(is_sighted)
            .or_else(|| by_mode().or_else(by_sandbox))
            .or_else(|| by_group().filter(is_sighted));
        if let Some(home) = home {
            homes.insert(&container.container_id, home);
        }
    }
    // Whoever joined another container's namespace lives where that one lives; chains are a few steps long.
    for _ in 0..8 {
        let mut changed = false;
        for container in alive() {
            if homes.contains_key(container.container_id.as_str()) {
                continue;
            }
            if let Some(home) = joined(state, container).and_then(|other| homes.get(other.container_id.as_str())) {
                homes.insert(&container.container_id, *home);
                changed = true;
            }
        }
        if !changed {
            break;
        }
    }
    homes
}

/// The last part of a path `…/netns/NAME`.
fn sandbox_name(path: &str) -> Option<&str> {
    let (folder, last) = path.rsplit_once('/')?;
    (folder.ends_with("/netns") && !last.is_empty()).then_some(last)
}

/// The container whose namespace `container` joined (`container:ID`; older engines keep a name there).
fn joined<'a>(state: &'a State, container: &EngineContainer) -> Option<&'a EngineContainer> {
    let other = container.network_mode.strip_prefix("container:")?;
    if let Some(found) = state.containers.get(other) {
        return Some(found);
    }
    let mut all = state.containers.values();
    all.find(|candidate| candidate.name == other).map(|found| &**found)
}

/// All containers, by name; their ends' interfaces are tied later.
pub(super) fn containers(draft: &Draft<'_>, networks: &[Network]) -> Vec<Container> {
    let by_name: HashMap<&str, &EntityId> = networks.iter().map(|network| (network.name.raw(), &network.id)).collect();
    let mut containers: Vec<Container> =
        draft.state.containers.values().map(|container| one(draft, &by_name, container)).collect();
    containers.sort_by(|a, b| (&a.name, &a.container_id).cmp(&(&b.name, &b.container_id)));
    containers
}

fn one(draft: &Draft<'_>, networks: &HashMap<&str, &EntityId>, container: &EngineContainer) -> Container {
    let label = |name: &str| container.labels.get(name).filter(|value| !value.is_empty());
    let home = draft.homes.get(container.container_id.as_str()).and_then(|index| draft.namespaces.get(*index));
    let mut attachments: Vec<Attachment> =
        container.endpoints.iter().map(|endpoint| attachment(draft, networks, endpoint)).collect();
    attachments.sort_by(|a, b| a.network_name.cmp(&b.network_name));
    Container {
        id: draft.container_id(&container.container_id),
        container_id: container.container_id.clone(),
        name: Text::new(&container.name),
        image: Text::new(&container.image),
        state: container.state,
        exit_code: container.exit_code,
        pid: container.pid,
        command: container.pid.and_then(|pid| draft.processes.get(&pid)).map(|process| Text::new(&process.command)),
        hostname: Text::new(&container.hostname),
        network_mode: Text::new(&container.network_mode),
        namespace: home.map(|namespace| namespace.id.clone()),
        shares_with: joined(draft.state, container).map(|other| draft.container_id(&other.container_id)),
        attachments,
        exposed_ports: container.exposed_ports.clone(),
        requested_bindings: container.requested_bindings.clone(),
        published: container.published.clone(),
        links: links(container),
        dns_servers: container.dns_servers.iter().map(|server| Text::new(server)).collect(),
        compose: label("com.docker.compose.project").map(|project| Compose {
            project: Text::new(project),
            service: Text::new(label("com.docker.compose.service").map_or("", String::as_str)),
            number: label("com.docker.compose.container-number").and_then(|number| number.parse().ok()),
        }),
        swarm_service_id: label("com.docker.swarm.service.id").cloned(),
        labels: container.labels.iter().map(|(name, value)| (Text::new(name), Text::new(value))).collect(),
        created: container.created.clone(),
        started_at: container.started_at.clone(),
    }
}

fn attachment(draft: &Draft<'_>, networks: &HashMap<&str, &EntityId>, endpoint: &Endpoint) -> Attachment {
    // A container that was never started knows its network by name alone.
    let network = if endpoint.network_id.is_empty() {
        networks.get(endpoint.network_name.as_str()).map(|id| (*id).clone())
    } else {
        None
    };
    Attachment {
        network: network.unwrap_or_else(|| draft.id.network(&endpoint.network_id)),
        network_name: Text::new(&endpoint.network_name),
        endpoint_id: endpoint.endpoint_id.clone(),
        ipv4: endpoint.ipv4,
        ipv6: endpoint.ipv6,
        gateway: endpoint.gateway,
        ipv6_gateway: endpoint.ipv6_gateway,
        mac_address: endpoint.mac_address,
        aliases: endpoint.aliases.iter().map(|name| Text::new(name)).collect(),
        dns_names: endpoint.dns_names.iter().map(|name| Text::new(name)).collect(),
        interface: None,
    }
}

/// Of the container (`HostConfig.Links`), and of its ends: Compose says them there alone.
fn links(container: &EngineContainer) -> Vec<(Text, Text)> {
    let of_ends = container.endpoints.iter().flat_map(|endpoint| &endpoint.links);
    let mut links: Vec<(Text, Text)> = Vec::new();
    for link in container.links.iter().chain(of_ends).map(|link| split_link(link)) {
        if !links.contains(&link) {
            links.push(link);
        }
    }
    links
}

/// `target:alias`.
fn split_link(link: &str) -> (Text, Text) {
    let (target, alias) = link.split_once(':').unwrap_or((link, link));
    let last = |name: &str| Text::new(name.rsplit('/').next().unwrap_or(name));
    (last(target), last(alias))
}
