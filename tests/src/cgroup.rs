//! The cgroups of a test host, the one thing of it that would outlive its processes.
//!
//! A host gets a cgroup of its own in every hierarchy, below the one that the test runs in, and a cgroup
//! namespace that shows it as the root. When the host is gone the whole tree is removed; trees of test
//! processes that died before they could do so are found by the process id in their name and swept.

use std::{
    fs,
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use anyhow::{Context, Result};

const PREFIX: &str = "bridgewalk-bed-";

/// One host's cgroups, one for each hierarchy of the machine; removed when dropped.
#[derive(Debug)]
pub struct Cgroups {
    directories: Vec<PathBuf>,
}

impl Cgroups {
    /// Makes them. The key must be unique among this process's hosts.
    pub fn make(key: &str) -> Result<Self> {
        let name = format!("{PREFIX}{}-{key}", std::process::id());
        let mut made = Self { directories: Vec::new() };
        for parent in own_directories()? {
            let directory = parent.join(&name);
            fs::create_dir(&directory).with_context(|| format!("cannot make {}", directory.display()))?;
            made.directories.push(directory.clone());
            // A new cgroup in the cpuset hierarchy accepts nobody until it has processors and memory.
            for setting in ["cpuset.cpus", "cpuset.mems"] {
                let (from, to) = (parent.join(setting), directory.join(setting));
                if let (Ok(value), true) = (fs::read_to_string(&from), to.exists())
                    && !value.trim().is_empty()
                {
                    fs::write(&to, value).with_context(|| format!("cannot set {}", to.display()))?;
                }
            }
        }
        Ok(made)
    }

    /// The files to which a process writes its id to move here.
    pub fn procs(&self) -> impl Iterator<Item = PathBuf> {
        self.directories.iter().map(|directory| directory.join("cgroup.procs"))
    }

    /// Whether any of them is still there.
    pub fn exist(&self) -> bool {
        self.directories.iter().any(|directory| directory.exists())
    }

    /// Lets paused processes go on, since a frozen process cannot die.
    pub fn thaw(&self) {
        for directory in &self.directories {
            thaw_tree(directory);
        }
    }

    /// Removes them all with everything below; `false` if some could not be removed.
    pub fn remove(&self) -> bool {
        // The last process of a cgroup is gone a moment before the cgroup knows.
        for _ in 0..100 {
            for directory in &self.directories {
                remove_tree(directory);
            }
            if !self.exist() {
                return true;
            }
            thread::sleep(Duration::from_millis(20));
        }
        false
    }
}

impl Drop for Cgroups {
    fn drop(&mut self) {
        if !self.remove() {
            eprintln!("bed: cgroups left behind: {:?}", self.directories);
        }
    }
}

/// Removes the cgroups of hosts whose test process is gone, and lets what is frozen in them die.
pub fn sweep() -> Result<()> {
    let mut dead = Vec::new();
    for parent in own_directories()? {
        let Ok(entries) = fs::read_dir(&parent) else {
            continue;
        };
        for entry in entries.flatten() {
            let name = entry.file_name();
            let owner =
                name.to_str().and_then(|name| name.strip_prefix(PREFIX)).and_then(|rest| rest.split('-').next());
            if let Some(owner) = owner
                && !Path::new("/proc").join(owner).exists()
            {
                thaw_tree(&entry.path());
                dead.push(entry.path());
            }
        }
    }
    if !dead.is_empty() {
        // What still cannot be removed after this is left to the next sweep.
        Cgroups { directories: dead }.remove();
    }
    Ok(())
}

/// This process's own directory in every mounted hierarchy.
///
/// Where the machine has only cgroup 2, the root of the tree instead: a cgroup that holds processes, as the
/// test's own does, cannot have children with controllers.
fn own_directories() -> Result<Vec<PathBuf>> {
    let top = Path::new("/sys/fs/cgroup");
    if top.join("cgroup.controllers").exists() {
        return Ok(vec![top.to_owned()]);
    }
    let own = fs::read_to_string("/proc/self/cgroup").context("cannot read /proc/self/cgroup")?;
    let directories = own
        .lines()
        .filter_map(|line| {
            let mut fields = line.splitn(3, ':').skip(1);
            let controllers = fields.next()?;
            let path = fields.next()?.trim_start_matches('/');
            let hierarchy = match controllers {
                "" => "unified",
                named => named.trim_start_matches("name="),
            };
            Some(top.join(hierarchy).join(path))
        })
        .filter(|directory| directory.join("cgroup.procs").exists())
        .collect();
    Ok(directories)
}

fn thaw_tree(directory: &Path) {
    let state = directory.join("freezer.state");
    if state.exists() {
        // Fails if the cgroup goes away at this moment, which is what is wanted.
        drop(fs::write(state, "THAWED"));
        for child in children(directory) {
            thaw_tree(&child);
        }
    }
}

fn children(directory: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(directory) else {
        return Vec::new();
    };
    entries
        .flatten()
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .map(|entry| entry.path())
        .collect()
}

/// Children first; a cgroup is removed as an empty directory, its files are not files.
fn remove_tree(directory: &Path) {
    for child in children(directory) {
        remove_tree(&child);
    }
    // Fails while a process is left in it; the caller looks and tries again.
    drop(fs::remove_dir(directory));
}
