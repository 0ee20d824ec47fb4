//! The namespaces of a bed, held open: what is run in them can land nowhere else.
//!
//! A process id may be another process's by the time that `nsenter -t` looks, and where a test itself runs in a chroot,
//! entering a mount namespace leaves the chroot for that namespace's own root. So the namespaces are opened once, are
//! looked at (none of them is this process's, and the root is the bed's), and are entered by what was opened.

use std::{
    fs::{self, File},
    os::{fd::AsRawFd, unix::fs::MetadataExt},
    path::PathBuf,
    process::Command,
};

use anyhow::{Context, Result, ensure};
use rustix::fs::{Mode, OFlags};

use crate::process::{self, SOON};

/// A kind of namespace: its file in `/proc/PID/ns`, and `nsenter`'s option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Space {
    /// Mounts.
    Mount,
    /// The host name.
    Uts,
    /// System V IPC.
    Ipc,
    /// Interfaces, routes, rules.
    Network,
    /// Processes.
    Pid,
    /// The root of the cgroups.
    Cgroup,
}

impl Space {
    /// Those of a host.
    pub const ALL: [Self; 6] = [Self::Mount, Self::Uts, Self::Ipc, Self::Network, Self::Pid, Self::Cgroup];

    const fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Mount => ("mnt", "mount"),
            Self::Uts => ("uts", "uts"),
            Self::Ipc => ("ipc", "ipc"),
            Self::Network => ("net", "net"),
            Self::Pid => ("pid", "pid"),
            Self::Cgroup => ("cgroup", "cgroup"),
        }
    }
}

/// Namespaces that are a bed's and not this process's.
#[derive(Debug)]
pub struct Spaces {
    held: Vec<(Space, File)>,
    root: File,
}

impl Spaces {
    /// Opens those of a process.
    ///
    /// # Errors
    /// One of them is this process's own, or who enters its mount namespace does not come to its root.
    pub fn open(pid: u32, of: &[Space]) -> Result<Self> {
        let mut held = Vec::new();
        for space in of {
            let (name, _) = space.names();
            let file = File::open(format!("/proc/{pid}/ns/{name}"))?;
            let own = fs::metadata(format!("/proc/self/ns/{name}"))?;
            ensure!(identity(&file.metadata()?) != identity(&own), "the bed's {name} namespace is this machine's own");
            held.push((*space, file));
        }
        let path = format!("/proc/{pid}/root");
        let root =
            File::from(rustix::fs::open(&path, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?);
        let spaces = Self { held, root };
        if of.contains(&Space::Mount) {
            let root = identity(&spaces.root.metadata()?);
            ensure!(root != identity(&fs::metadata("/")?), "the bed's root is this machine's own");
            let mut command = spaces.enter(&[Space::Mount]);
            command.args(["--", "stat", "-c", "%d:%i", "/"]);
            let found = process::ok(command, SOON)?;
            ensure!(found.trim() == format!("{}:{}", root.0, root.1), "who enters the bed does not come to its root");
        }
        Ok(spaces)
    }

    /// `nsenter` into some of them; `--` and a command have yet to be added. Good as long as this is.
    pub fn enter(&self, into: &[Space]) -> Command {
        let mut command = Command::new("nsenter");
        for (space, file) in self.held.iter().filter(|(space, _)| into.contains(space)) {
            command.arg(format!("--{}={}", space.names().1, held_path(file)));
        }
        command
    }

    /// A file that is the network namespace, for any process of this machine's.
    pub fn network(&self) -> Result<String> {
        let held = self.held.iter().find(|(space, _)| *space == Space::Network);
        held.map(|(_, file)| held_path(file)).context("no network namespace is held")
    }

    /// The root folder, for any process of this machine's.
    pub fn root(&self) -> PathBuf {
        held_path(&self.root).into()
    }
}

fn held_path(file: &File) -> String {
    format!("/proc/{}/fd/{}", std::process::id(), file.as_raw_fd())
}

fn identity(file: &fs::Metadata) -> (u64, u64) {
    (file.dev(), file.ino())
}
