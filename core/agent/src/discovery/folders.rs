//! Folders of namespaces' names, and the names in them that are no namespace any more.
//!
//! A namespace is mounted on a file, in one mount namespace: others see the file alone. So each folder is known by what
//! it is, not by who sees it, and a name is stale only if nothing is mounted on it in any view. Docker leaves the file of
//! each container that has ended where it was, and sweeps them up a minute later: in its folder no name is stale.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    path::{Path, PathBuf},
};

use crate::root::Root;

/// Stale names of one folder: more are not listed.
const MAX_STALE_NAMES: usize = 1_000;

/// Device and inode.
type Identity = (u64, u64);

/// A folder, through the first view that it was seen in.
#[derive(Debug)]
struct Folder {
    pid: u32,
    path: PathBuf,
    /// Whether Docker keeps its sandboxes in it.
    is_dockers: bool,
    /// Names that a namespace is mounted on, in some view.
    living: HashSet<String>,
}

/// All folders in which namespaces are named.
#[derive(Debug, Default)]
pub(super) struct Folders {
    /// Who each is, by who sees it under which path: several paths may lead to one folder.
    identities: HashMap<(u32, PathBuf), Option<Identity>>,
    folders: BTreeMap<Identity, Folder>,
}

impl Folders {
    /// Takes in that a namespace is mounted on `path` as `pid` sees it.
    pub(super) fn mounted(&mut self, pid: u32, path: &Path) {
        let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else { return };
        if let Some(folder) = self.folder(pid, folder) {
            folder.living.insert(name.to_string_lossy().into_owned());
        }
    }

    /// Takes in that the daemon keeps names of its sandboxes in `folder`.
    pub(super) fn sandboxes(&mut self, daemon_pid: u32, folder: &Path) {
        if let Some(folder) = self.folder(daemon_pid, folder) {
            folder.is_dockers = true;
        }
    }

    /// Names in these folders that are no namespace any more, as whoever keeps them sees them.
    pub(super) fn stale(&self) -> Vec<String> {
        let others = self.folders.values().filter(|folder| !folder.is_dockers);
        let mut paths: Vec<String> = others.flat_map(Folder::stale).collect();
        paths.sort();
        paths.dedup();
        paths
    }

    fn folder(&mut self, pid: u32, path: &Path) -> Option<&mut Folder> {
        let key = (pid, path.to_owned());
        let identity = (*self
            .identities
            .entry(key)
            .or_insert_with(|| Root::of(pid).and_then(|root| root.identity(&path.display().to_string())).ok()))?;
        let is_dockers = path.ends_with("docker/netns");
        let new = || Folder { pid, path: path.to_owned(), is_dockers, living: HashSet::new() };
        Some(self.folders.entry(identity).or_insert_with(new))
    }
}

impl Folder {
    fn stale(&self) -> Vec<String> {
        let max = MAX_STALE_NAMES + self.living.len();
        let names = Root::of(self.pid)
            .and_then(|root| root.files_but_namespaces(&self.path.display().to_string(), max))
            .unwrap_or_default();
        let stale = names.into_iter().filter(|name| !self.living.contains(name)).take(MAX_STALE_NAMES);
        stale.map(|name| self.path.join(name).display().to_string()).collect()
    }
}
