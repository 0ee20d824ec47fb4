//! What the observations of one source say of another's: the namespaces that only stand in for real ones, and which
//! namespace is the host's where the daemon's process does not tell.
//!
//! Without the right to look at `/proc/PID/ns/net` the agent sees a container's namespace twice: through its process,
//! without its inode, and by its name in `/run/docker/netns`, which it may not open. Docker says which process and which
//! name are one container's.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap},
};

use super::{containers::NamesOfDocker, state::State};
use crate::{Limit, LimitReason, NamespaceInode, Remedy, SourceKind, kernel::LinkKind};

/// The state with each namespace once, and without a host's namespace that nothing speaks for.
pub(super) fn resolved(state: &State) -> Cow<'_, State> {
    let mut state = Cow::Borrowed(state);
    let real = real_inodes(&state);
    if !real.is_empty() {
        merge(state.to_mut(), &real);
    }
    if host_is_doubtful(&state) {
        let state = state.to_mut();
        for sighting in state.namespaces.values_mut().filter_map(|namespace| namespace.sighting.as_mut()) {
            sighting.is_host = false;
        }
        let limit = Limit {
            source: SourceKind::Namespaces,
            namespace: None,
            reason: LimitReason::HostUnknown,
            remedy: Remedy::StartAgent,
        };
        state.limits.entry(SourceKind::Namespaces).or_default().push(limit);
    }
    state
}

/// Stand-ins, and the inodes that they stand in for: where a container's first process is in the one, the container's
/// sandbox is the other, and no process was seen in that.
fn real_inodes(state: &State) -> HashMap<NamespaceInode, NamespaceInode> {
    let has_stand_ins = state.namespaces.keys().any(|inode| inode.is_stand_in());
    if !has_stand_ins || !state.engine.as_ref().is_some_and(|engine| engine.is_local) {
        return HashMap::new();
    }
    let names = NamesOfDocker::of(state);
    let mut real: BTreeMap<NamespaceInode, Vec<NamespaceInode>> = BTreeMap::new();
    for container in state.containers.values().filter(|container| container.state.is_alive()) {
        let process = container.pid.and_then(|pid| state.process(pid)).filter(|process| {
            process.container_id.as_ref().is_none_or(|container_id| *container_id == container.container_id)
        });
        let stand_in = process.and_then(|process| process.namespace).filter(|inode| inode.is_stand_in());
        let named = names.sandbox(&container.sandbox_key).filter(|inode| !inode.is_stand_in());
        let is_unseen = |inode: &NamespaceInode| {
            let sighting = state.namespaces.get(inode).and_then(|namespace| namespace.sighting.as_ref());
            sighting.is_some_and(|sighting| sighting.pid.is_none())
        };
        if let (Some(stand_in), Some(named)) = (stand_in, named.filter(is_unseen)) {
            let list = real.entry(stand_in).or_default();
            if !list.contains(&named) {
                list.push(named);
            }
        }
    }
    let mut taken: HashMap<NamespaceInode, u32> = HashMap::new();
    for inode in real.values().flatten() {
        *taken.entry(*inode).or_default() += 1;
    }
    let only = |list: Vec<NamespaceInode>| match list.as_slice() {
        [one] if taken.get(one) == Some(&1) => Some(*one),
        _ => None,
    };
    real.into_iter().filter_map(|(stand_in, list)| Some((stand_in, only(list)?))).collect()
}

/// Puts what was read through the processes under the real inode.
fn merge(state: &mut State, real: &HashMap<NamespaceInode, NamespaceInode>) {
    let rename = |inode: &mut NamespaceInode| {
        if let Some(real) = real.get(inode) {
            *inode = *real;
        }
    };
    for (stand_in, inode) in real {
        let Some(mut seen) = state.namespaces.remove(stand_in) else { continue };
        let named = state.namespaces.remove(inode).and_then(|namespace| namespace.sighting);
        if let (Some(seen), Some(named)) = (&mut seen.sighting, named) {
            seen.inode = *inode;
            seen.names = named.names;
            seen.nsid = seen.nsid.or(named.nsid);
            seen.is_host |= named.is_host;
        }
        state.namespaces.insert(*inode, seen);
    }
    for (_, links) in state.namespaces.values_mut().filter_map(|namespace| namespace.links.as_mut()) {
        links.iter_mut().filter_map(|link| link.peer_namespace.as_mut()).for_each(rename);
    }
    let mut processes = state.processes.to_vec();
    processes.iter_mut().filter_map(|process| process.namespace.as_mut()).for_each(rename);
    state.processes = processes.into();
    for limit in state.limits.values_mut().flatten() {
        limit.namespace.iter_mut().for_each(rename);
    }
}

/// Whether what is called the host's namespace is the agent's own, and nothing says that the engine on this machine has
/// it too: the daemon's process was not found, and none of the engine's bridges is there.
fn host_is_doubtful(state: &State) -> bool {
    if !state.engine.as_ref().is_some_and(|engine| engine.is_local && engine.daemon_pid.is_none()) {
        return false;
    }
    let host = state.namespaces.values().find(|it| it.sighting.as_ref().is_some_and(|sighting| sighting.is_host));
    let Some((_, links)) = host.and_then(|host| host.links.as_ref()) else { return false };
    let is_there =
        |name: &String| links.iter().any(|link| link.name == *name && matches!(link.kind, LinkKind::Bridge { .. }));
    let bridges: Vec<String> = state.networks.values().filter_map(|network| network.bridge_name()).collect();
    !bridges.is_empty() && !bridges.iter().any(is_there)
}
