//! Processes (`/proc/PID`), as far as networks go.

use std::{
    collections::HashMap,
    fs, io,
    mem::MaybeUninit,
    os::{fd::OwnedFd, unix::fs::MetadataExt},
    path::{Path, PathBuf},
};

use bridgewalk_model::{LimitReason, NamespaceInode, kernel::Process};
use rustix::{
    fs::{AtFlags, Mode, OFlags},
    io::Errno,
    path::Arg,
};

use super::ownership;
use crate::{privilege, protocol::Hints, pulse};

/// A process, with what is needed to find namespaces by it.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    /// What is told of it.
    pub(crate) process: Process,
    /// Its mount namespace and its root there, where it may be known: names are looked for in each such view once.
    pub(crate) mount_view: Option<(u64, String)>,
    /// Whether its mount namespace may not be known.
    pub(crate) mounts_are_hidden: bool,
}

/// What was seen of the processes.
#[derive(Debug, Default)]
pub(crate) struct Listed {
    /// By PID.
    pub(crate) seen: Vec<Seen>,
    /// Why there may be others.
    pub(crate) unread: Vec<LimitReason>,
}

/// All processes but the kernel's own, by PID. One that vanishes meanwhile is left out.
pub(crate) fn list(hints: &Hints) -> Listed {
    let mut listed = list_in(Path::new("/proc"));
    resolve_stand_ins(&mut listed.seen);
    ownership::attribute(&mut listed.seen, hints);
    listed
}

/// The same below `proc`, each as it is.
fn list_in(proc: &Path) -> Listed {
    let mut listed = Listed::default();
    let mut pids: Vec<u32> = match pids(proc) {
        Ok(pids) => pids.collect(),
        Err(error) => {
            let detail = format!("{}: {error}", proc.display());
            listed.unread.push(LimitReason::Unreachable { detail });
            return listed;
        }
    };
    pids.sort_unstable();
    for pid in pids {
        match look(proc, pid) {
            Ok(seen) => listed.seen.extend(seen),
            // With `hidepid` not even its name is told. One of them tells of all.
            Err(path) if listed.unread.is_empty() => {
                listed.unread.push(privilege::refused("CAP_SYS_PTRACE", || path.display().to_string()));
            }
            Err(_) => {}
        }
    }
    listed
}

fn pids(proc: &Path) -> io::Result<impl Iterator<Item = u32>> {
    let entries = fs::read_dir(proc)?;
    Ok(entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()))
}

/// A folder of `/proc`, held open: its files are found without the way there.
pub(super) struct Folder(OwnedFd);

impl Folder {
    pub(super) fn of(pid: u32) -> Option<Self> {
        Self::open(&Path::new("/proc").join(pid.to_string())).ok()
    }

    fn open(path: &Path) -> rustix::io::Result<Self> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        rustix::fs::open(path, flags, Mode::empty()).map(Self)
    }

    /// A file, as far as 16 KiB.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.read(name).ok()
    }

    fn read(&self, name: &str) -> rustix::io::Result<String> {
        let file = rustix::fs::openat(&self.0, name, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?;
        let mut content = vec![0; 16 << 10];
        let mut len = 0;
        while let Some(free @ [_, ..]) = content.get_mut(len..) {
            match rustix::io::read(&file, free) {
                Ok(0) => break,
                Ok(count) => len += count,
                Err(Errno::INTR) => {}
                Err(error) => return Err(error),
            }
        }
        content.truncate(len);
        Ok(String::from_utf8_lossy(&content).into_owned())
    }

    fn inode(&self, name: &str) -> rustix::io::Result<u64> {
        rustix::fs::statat(&self.0, name, AtFlags::empty()).map(|stat| stat.st_ino)
    }

    fn link(&self, name: impl Arg) -> Option<String> {
        let mut target = [MaybeUninit::uninit(); 4 << 10];
        let (target, _) = rustix::fs::readlinkat_raw(&self.0, name, &mut target).ok()?;
        Some(String::from_utf8_lossy(target).into_owned())
    }
}

/// Whether a process can be asked for its namespace, or for what stands in for that.
pub(crate) fn has_namespace(pid: u32) -> bool {
    match fs::metadata(format!("/proc/{pid}/ns/net")) {
        Ok(_) => true,
        Err(error) => error.kind() == io::ErrorKind::PermissionDenied && stand_in_of(pid).is_some(),
    }
}

/// Without the right to look at `/proc/PID/ns/net`, a namespace is told from others by the inode of its own
/// `/proc/PID/net/dev`, which each has for itself.
fn stand_in_of(pid: u32) -> Option<NamespaceInode> {
    let metadata = fs::metadata(format!("/proc/{pid}/net/dev")).ok()?;
    Some(NamespaceInode::stand_in(metadata.ino()))
}

/// None: it has ended, or is the kernel's own.
///
/// # Errors
/// What may not be read.
fn look(proc: &Path, pid: u32) -> Result<Option<Seen>, PathBuf> {
    pulse::beat();
    let path = proc.join(pid.to_string());
    let read = Folder::open(&path).and_then(|folder| Ok((folder.read("stat")?, folder)));
    match read {
        Ok((stat, folder)) => Ok(parse_stat(&stat).and_then(|(command, parent)| seen(&folder, pid, command, parent))),
        Err(Errno::ACCESS | Errno::PERM) => Err(path.join("stat")),
        Err(_) => Ok(None),
    }
}

fn seen(folder: &Folder, pid: u32, command: String, parent_pid: u32) -> Option<Seen> {
    // Threads of the kernel are children of kthreadd, and hold nothing.
    if pid == 2 || parent_pid == 2 {
        return None;
    }
    let namespace = match folder.inode("ns/net") {
        Ok(inode) => NamespaceInode(inode),
        Err(Errno::ACCESS | Errno::PERM) => stand_in_of(pid)?,
        Err(_) => return None,
    };
    let mounts = folder.inode("ns/mnt");
    let mounts_are_hidden = matches!(mounts, Err(Errno::ACCESS | Errno::PERM));
    let mount_view = mounts.ok().and_then(|inode| Some((inode, folder.link("root")?)));
    let process = Process {
        pid,
        parent_pid,
        command,
        uid: rustix::fs::fstat(&folder.0).ok().map(|stat| stat.st_uid),
        arguments: Vec::new(),
        namespace: Some(namespace),
        container_id: None,
        inner_pid: None,
    };
    Some(Seen { process, mount_view, mounts_are_hidden })
}

/// `pid (comm) state ppid …`; a command may hold parentheses itself.
fn parse_stat(stat: &str) -> Option<(String, u32)> {
    let (head, tail) = stat.rsplit_once(')')?;
    let (_, command) = head.split_once('(')?;
    let parent_pid = tail.split_ascii_whitespace().nth(1)?.parse().ok()?;
    Some((command.to_owned(), parent_pid))
}

/// At most 64 arguments of at most 4 KiB in all.
pub(super) fn arguments(pid: u32) -> Vec<String> {
    let cmdline = read_at_most(Path::new(&format!("/proc/{pid}/cmdline")), 4 << 10).unwrap_or_default();
    cmdline
        .split(|byte| *byte == 0)
        .filter(|argument| !argument.is_empty())
        .take(64)
        .map(|argument| String::from_utf8_lossy(argument).into_owned())
        .collect()
}

/// The beginning of a file.
pub(crate) fn read_at_most(path: &Path, max_bytes: u64) -> io::Result<Vec<u8>> {
    use io::Read;
    let mut content = Vec::new();
    let _at = pulse::at(&path.display().to_string())?;
    fs::File::open(path)?.take(max_bytes).read_to_end(&mut content)?;
    Ok(content)
}

/// Puts the real inode where some process of the same namespace may be asked for it, such as this one.
fn resolve_stand_ins(seen: &mut [Seen]) {
    let is_stand_in = |namespace: Option<NamespaceInode>| namespace.is_some_and(NamespaceInode::is_stand_in);
    if !seen.iter().any(|seen| is_stand_in(seen.process.namespace)) {
        return;
    }
    let mut representatives: HashMap<NamespaceInode, u32> = HashMap::new();
    for seen in seen.iter().filter(|seen| !is_stand_in(seen.process.namespace)) {
        if let Some(namespace) = seen.process.namespace {
            representatives.entry(namespace).or_insert(seen.process.pid);
        }
    }
    let real: HashMap<NamespaceInode, NamespaceInode> =
        representatives.into_iter().filter_map(|(inode, pid)| Some((stand_in_of(pid)?, inode))).collect();
    for seen in seen {
        if let Some(inode) = seen.process.namespace.and_then(|namespace| real.get(&namespace)) {
            seen.process.namespace = Some(*inode);
        }
    }
}

/// The last of `NSpid`.
pub(crate) fn inner_pid(pid: u32) -> Option<u32> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    status.lines().find_map(|line| line.strip_prefix("NSpid:"))?.split_ascii_whitespace().last()?.parse().ok()
}

/// Which process holds which socket, by the socket's inode; the lowest PID of several. What may not be looked at is
/// left out; the second value tells why not all are known.
pub(crate) fn socket_owners() -> (HashMap<u64, u32>, Option<LimitReason>) {
    let mut owners = HashMap::new();
    let mut denied: Option<LimitReason> = None;
    let pids = match pids(Path::new("/proc")) {
        Ok(pids) => pids,
        Err(error) => return (owners, Some(LimitReason::Unreachable { detail: format!("/proc: {error}") })),
    };
    for pid in pids {
        pulse::beat();
        let folder = rustix::fs::open(format!("/proc/{pid}/fd"), OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty());
        let folder = match folder {
            Ok(folder) => Folder(folder),
            Err(Errno::ACCESS | Errno::PERM) => {
                denied.get_or_insert_with(|| privilege::refused("CAP_SYS_PTRACE", || format!("/proc/{pid}/fd")));
                continue;
            }
            // It has ended.
            Err(Errno::NOENT | Errno::SRCH) => continue,
            Err(error) => {
                let detail = format!("/proc/{pid}/fd: {error}");
                denied.get_or_insert(LimitReason::Unreachable { detail });
                continue;
            }
        };
        let Ok(names) = rustix::fs::Dir::read_from(&folder.0) else { continue };
        for name in names.flatten() {
            let inode = folder
                .link(name.file_name())
                .and_then(|target| target.strip_prefix("socket:[")?.strip_suffix(']')?.parse::<u64>().ok());
            if let Some(inode) = inode {
                owners.entry(inode).and_modify(|owner: &mut u32| *owner = pid.min(*owner)).or_insert(pid);
            }
        }
    }
    (owners, denied)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_stat_with_an_ugly_name() {
        assert_eq!(parse_stat("7 (a) b (c) S 3 7 7"), Some(("a) b (c".to_owned(), 3)));
        assert_eq!(parse_stat("7 a S 3"), None);
    }

    #[test]
    fn a_proc_that_cannot_be_read_is_no_empty_one() {
        let Listed { seen, unread } = list_in(Path::new("/nowhere/proc"));
        assert!(seen.is_empty());
        let [LimitReason::Unreachable { detail }] = &unread[..] else { panic!("{unread:?}") };
        assert!(detail.starts_with("/nowhere/proc: "), "{detail}");
        let own = list_in(Path::new("/proc"));
        assert!(own.seen.iter().any(|seen| seen.process.pid == std::process::id()));
    }
}
