//! Which network namespaces there are, by whom they are kept, and how to get into them.
//!
//! A namespace lives by its processes (`/proc/PID/ns/net`) or by a mount that names it; both are looked for, in every
//! mount namespace and every root that some process has, so that a daemon in a chroot and `ip netns` are found alike.

mod folders;
mod mounts;
pub(crate) mod nsid;
mod ownership;
pub(crate) mod processes;

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    fs, io,
    os::{
        fd::{AsFd, OwnedFd},
        unix::fs::MetadataExt,
    },
    path::Path,
    sync::Arc,
};

use bridgewalk_model::{
    Limit, LimitReason, NamespaceInode, NamespaceName, NamespaceSighting, Remedy, SourceKind, kernel::Process,
};

use crate::{netlink::route::Route, privilege, protocol::Hints, root::Root};
use folders::Folders;
use processes::Seen;

/// A namespace, and how it can be read.
#[derive(Debug)]
pub(crate) struct Place {
    /// Its inode, or a stand-in: see [`NamespaceInode::stand_in`].
    pub(crate) inode: NamespaceInode,
    /// Whether it is the host's.
    pub(crate) is_host: bool,
    /// The lowest PID in it.
    pub(crate) pid: Option<u32>,
    /// Its number in the host's namespace.
    pub(crate) nsid: Option<i32>,
    /// The way in.
    pub(crate) door: Door,
}

impl Place {
    /// What is said where it may not be looked at: as the kernel names it, and a process in it.
    pub(crate) fn name(&self) -> String {
        match self.pid {
            Some(pid) if self.inode.is_stand_in() => format!("/proc/{pid}/ns/net"),
            Some(pid) => format!("net:[{}] (PID {pid})", self.inode.0),
            None => format!("net:[{}]", self.inode.0),
        }
    }

    /// Why it may not be entered or read, for which `capability` is wanted.
    pub(crate) fn refused(&self, capability: &str) -> LimitReason {
        if self.is_host {
            // The daemon's own: a helper container that it starts is let in.
            return LimitReason::Privilege { missing: capability.to_owned() };
        }
        privilege::refused(capability, || self.name())
    }
}

/// The way into a namespace.
#[derive(Clone, Debug)]
pub(crate) enum Door {
    /// This process is in it.
    Own,
    /// Can be entered, if the kernel lets us. Keeps the namespace alive as long as it is held.
    Enter(Arc<OwnedFd>),
    /// May not be opened: `/proc/PID/net` is all there is.
    Closed,
}

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// By inode, the host's first.
    pub(crate) places: Vec<Arc<Place>>,
    /// As it is told.
    pub(crate) sightings: Vec<NamespaceSighting>,
    /// All processes, by PID.
    pub(crate) processes: Vec<Process>,
    /// Names that are none, places that are closed.
    pub(crate) limits: Vec<Limit>,
}

/// The namespace that this process was started in.
pub(crate) fn own_namespace() -> NamespaceInode {
    fs::metadata("/proc/self/ns/net").map(|metadata| NamespaceInode(metadata.ino())).unwrap_or_default()
}

/// Finds all network namespaces. `before` lends the descriptors of those known already; `open_in` opens a socket in the
/// host's, which numbers them.
pub(crate) fn find(hints: &Hints, before: &[Arc<Place>], open_in: impl FnOnce(&Place) -> Option<Route>) -> Found {
    let processes::Listed { seen, unread } = processes::list(hints);
    let own = own_namespace();
    let mut limits: Vec<Limit> = unread.into_iter().map(|reason| limit_of(SourceKind::Processes, reason)).collect();
    let host = host_namespace(hints, &seen, own);
    if host.is_none() {
        limits.push(limit(LimitReason::HostUnknown));
    }
    let mut kept: BTreeMap<NamespaceInode, NamespaceSighting> = BTreeMap::new();
    let sighting =
        |inode| NamespaceSighting { inode, is_host: Some(inode) == host, names: Vec::new(), pid: None, nsid: None };
    for Seen { process, .. } in &seen {
        if let Some(inode) = process.namespace {
            kept.entry(inode).or_insert_with(|| sighting(inode)).pid.get_or_insert(process.pid);
        }
    }
    kept.entry(own).or_insert_with(|| sighting(own));
    let mut folders = Folders::default();
    for pid in views(&seen, hints) {
        let path = format!("/proc/{pid}/mountinfo");
        let mountinfo = match fs::read_to_string(&path) {
            Ok(mountinfo) => mountinfo,
            Err(error) => {
                limits.extend(unreadable(path, &error).map(limit));
                continue;
            }
        };
        for (inode, path) in mounts::namespaces(&mountinfo) {
            folders.mounted(pid, Path::new(&path));
            let names = &mut kept.entry(inode).or_insert_with(|| sighting(inode)).names;
            if !names.iter().any(|name| name.path == path) {
                names.push(NamespaceName { path, pid });
            }
        }
    }
    if let Some(pid) = hints.daemon_pid {
        hints.sandbox_folders().iter().for_each(|folder| folders.sandboxes(pid, folder));
    }
    match seen.iter().find(|seen| seen.mounts_are_hidden) {
        // What is no namespace here may be one in a view that is hidden.
        Some(hidden) => limits
            .push(limit(privilege::refused("CAP_SYS_PTRACE", || format!("/proc/{}/mountinfo", hidden.process.pid)))),
        None => limits.extend(folders.stale().into_iter().map(|path| limit(LimitReason::Stale { path }))),
    }

    let mut found =
        Found { processes: seen.into_iter().map(|seen| seen.process).collect(), limits, ..Found::default() };
    let known: HashMap<NamespaceInode, &Arc<Place>> = before.iter().map(|place| (place.inode, place)).collect();
    // Many names lie in the same few views.
    let mut roots = HashMap::new();
    let mut open_in = Some(open_in);
    let mut host_route: Option<Route> = None;
    let mut sightings: Vec<NamespaceSighting> = kept.into_values().collect();
    sightings.sort_by_key(|sighting| !sighting.is_host);
    for mut sighting in sightings {
        sighting.names.sort();
        let door = if sighting.inode == own {
            Door::Own
        } else if let Some(Door::Enter(descriptor)) = known.get(&sighting.inode).map(|place| &place.door) {
            Door::Enter(Arc::clone(descriptor))
        } else {
            match open(&sighting, &mut roots) {
                Some(descriptor) => Door::Enter(Arc::new(descriptor)),
                None if sighting.pid.is_some_and(processes::has_namespace) => Door::Closed,
                // It vanished while we looked.
                None if sighting.pid.is_some() => continue,
                None => Door::Closed,
            }
        };
        let mut place = Place { inode: sighting.inode, is_host: sighting.is_host, pid: sighting.pid, nsid: None, door };
        if let Some(open_in) = open_in.take_if(|_| place.is_host) {
            host_route = open_in(&place);
        }
        if let Some(route) = &mut host_route {
            place.nsid = nsid::read(route, &place).ok().flatten();
        }
        sighting.nsid = place.nsid;
        if let Some(at) = found.same_number(&place) {
            found.is_also(at, &place);
            continue;
        }
        found.places.push(Arc::new(place));
        found.sightings.push(sighting);
    }
    found
}

impl Found {
    /// The real namespace that a stand-in has the number of: its name could be opened, its processes could not.
    fn same_number(&self, place: &Place) -> Option<usize> {
        let nsid = place.nsid.filter(|_| place.inode.is_stand_in())?;
        self.places.iter().position(|other| other.nsid == Some(nsid))
    }

    /// Gives the namespace at `at` the processes of its stand-in.
    fn is_also(&mut self, at: usize, stand_in: &Place) {
        let (inode, pid) = (self.places[at].inode, self.places[at].pid.or(stand_in.pid));
        let before = &self.places[at];
        let door = before.door.clone();
        self.places[at] = Arc::new(Place { inode, is_host: before.is_host, pid, nsid: before.nsid, door });
        self.sightings[at].pid = pid;
        for process in self.processes.iter_mut().filter(|process| process.namespace == Some(stand_in.inode)) {
            process.namespace = Some(inode);
        }
    }
}

/// The daemon's namespace, as it was found: what stands in for it may have turned out to be this process's own. Without a
/// daemon, this process's. None if there is a daemon and it may not be looked at.
fn host_namespace(hints: &Hints, seen: &[Seen], own: NamespaceInode) -> Option<NamespaceInode> {
    let Some(pid) = hints.daemon_pid else { return Some(own) };
    seen.iter().find(|seen| seen.process.pid == pid)?.process.namespace
}

/// Why a file of `/proc` was not read; none: its process has ended.
fn unreadable(path: String, error: &io::Error) -> Option<LimitReason> {
    match error.raw_os_error() {
        Some(libc::EACCES | libc::EPERM) => Some(privilege::refused("CAP_SYS_PTRACE", || path)),
        Some(libc::ESRCH | libc::ENOENT | libc::EINVAL) => None,
        _ => Some(LimitReason::Unreachable { detail: format!("{path}: {error}") }),
    }
}

fn limit(reason: LimitReason) -> Limit {
    limit_of(SourceKind::Namespaces, reason)
}

fn limit_of(source: SourceKind, reason: LimitReason) -> Limit {
    let remedy = match reason {
        LimitReason::Privilege { .. } | LimitReason::HostUnknown => Remedy::StartAgent,
        _ => Remedy::None,
    };
    Limit { source, namespace: None, reason, remedy }
}

/// One process for each mount namespace and root: the daemon first, then this one, before others that see the same. What
/// the daemon has mounted may be read also where its mount namespace may not be looked at.
fn views(seen: &[Seen], hints: &Hints) -> Vec<u32> {
    let own_pid = std::process::id();
    let mut known: HashSet<&(u64, String)> = HashSet::new();
    let mut pids: Vec<u32> = Vec::new();
    let first = [hints.daemon_pid.unwrap_or(own_pid), own_pid];
    let preferred = first.iter().filter_map(|pid| seen.iter().find(|seen| seen.process.pid == *pid));
    for (at, seen) in preferred.chain(seen).enumerate() {
        let is_new = match &seen.mount_view {
            Some(view) => known.insert(view),
            None => at < first.len(),
        };
        if is_new && !pids.contains(&seen.process.pid) {
            pids.push(seen.process.pid);
        }
    }
    if pids.is_empty() {
        pids.push(own_pid);
    }
    pids
}

/// The namespace's own descriptor, by a process in it or by a name; checked to be the one that was meant.
fn open(sighting: &NamespaceSighting, roots: &mut HashMap<u32, Option<Root>>) -> Option<OwnedFd> {
    let by_process = || {
        let file = fs::File::open(format!("/proc/{}/ns/net", sighting.pid?)).ok()?;
        let is_meant = rustix::fs::fstat(file.as_fd()).is_ok_and(|stat| stat.st_ino == sighting.inode.0);
        is_meant.then(|| file.into())
    };
    by_process().or_else(|| {
        sighting.names.iter().find_map(|name| {
            let root = roots.entry(name.pid).or_insert_with(|| Root::of(name.pid).ok()).as_ref()?;
            root.namespace(&name.path, sighting.inode.0)
        })
    })
}
