//! Files below the root of another process.
//!
//! What lies there is a stranger's: a link may point anywhere, a FIFO may wait for a writer for ever, a device may act when
//! it is opened. Every path below `/proc/PID/root` is therefore resolved within that root, as `chroot(2)` would, and only
//! a regular file is opened for reading, never for anything else.

use std::{
    ffi::{OsStr, OsString},
    fs, io,
    os::{
        fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd},
        unix::ffi::OsStrExt,
    },
};

use bridgewalk_model::NotReadBecause;
use rustix::{
    fs::{CWD, FileType, Mode, OFlags, ResolveFlags, Stat},
    io::Errno,
};

use crate::pulse;

/// More links than any path has (`MAXSYMLINKS` of the kernel).
const MAX_LINKS: usize = 40;
/// A path that changes while the kernel resolves it is resolved again (`EAGAIN`).
const MAX_TRIES: usize = 16;
/// `f_type` of file systems whose files are the kernel speaking, in the name of whoever reads: proc, sysfs, debugfs,
/// tracefs, securityfs, configfs, pstore, efivarfs.
const KERNEL_FILESYSTEMS: [i64; 8] =
    [PROC, 0x6265_6572, 0x6462_6720, 0x7472_6163, 0x7363_6673, 0x6265_6570, 0x6165_676c, 0xde5e_81e4];
const PROC: i64 = 0x9fa0;
/// `f_type` of namespaces.
const NSFS: i64 = 0x6e73_6673;

/// Whether links in a path are followed, within the root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Links {
    Follow,
    Refuse,
}

/// A regular file's content.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Content {
    /// Its beginning.
    pub(crate) bytes: Vec<u8>,
    /// There is more.
    pub(crate) is_cut: bool,
}

/// Why a file was not read.
#[derive(Debug)]
pub(crate) enum Unread {
    /// It is there, and left alone.
    LeftAlone(NotReadBecause),
    /// The system refused.
    Io(io::Error),
}

impl From<Errno> for Unread {
    fn from(error: Errno) -> Self {
        Self::Io(error.into())
    }
}

impl From<io::Error> for Unread {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::TimedOut {
            Self::LeftAlone(NotReadBecause::TimedOut)
        } else {
            Self::Io(error)
        }
    }
}

/// The root of a process.
#[derive(Debug)]
pub(crate) struct Root {
    pid: u32,
    folder: OwnedFd,
    /// The effective user of the process; none: root, who may read everything.
    reader: Option<u32>,
}

impl Root {
    /// That of `pid`.
    ///
    /// # Errors
    /// `EACCES` without CAP_SYS_PTRACE, `ENOENT` if the process is gone.
    pub(crate) fn of(pid: u32) -> io::Result<Self> {
        let _at = pulse::at(&format!("/proc/{pid}/root"))?;
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        // Of one process, whatever becomes of its number meanwhile.
        let process = rustix::fs::open(format!("/proc/{pid}"), flags, Mode::empty())?;
        let folder = rustix::fs::openat(&process, "root", flags, Mode::empty())?;
        let status = rustix::fs::openat(&process, "status", OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?;
        let uid = effective_uid(&io::read_to_string(fs::File::from(status))?);
        let uid = uid.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "no Uid"))?;
        Ok(Self { pid, folder, reader: (uid != 0).then_some(uid) })
    }

    /// Where one file does not answer, none below the same root is asked again.
    fn enter(&self) -> io::Result<pulse::At> {
        pulse::at(&format!("/proc/{}/root", self.pid))
    }

    /// The path as it is reached from here, for limits.
    pub(crate) fn name(&self, path: &str) -> String {
        format!("/proc/{}/root/{}", self.pid, path.trim_start_matches('/'))
    }

    /// The first `max_bytes` of a regular file that the process itself may read; none if there is no such file.
    ///
    /// # Errors
    /// It is something else, or may not be read.
    pub(crate) fn read(&self, path: &str, max_bytes: usize) -> Result<Option<Content>, Unread> {
        let _at = self.enter()?;
        let file = match self.resolve(path, Links::Follow) {
            Ok(file) => file,
            Err(Errno::NOENT | Errno::NOTDIR) => return Ok(None),
            // Links in a circle, or through another process.
            Err(Errno::LOOP) => return Err(Unread::LeftAlone(NotReadBecause::NoRegularFile)),
            Err(error) => return Err(error.into()),
        };
        let stat = rustix::fs::fstat(&file)?;
        if !is_regular(&stat) || KERNEL_FILESYSTEMS.contains(&filesystem(&file)?) {
            return Err(Unread::LeftAlone(NotReadBecause::NoRegularFile));
        }
        if !self.may_read(&stat) {
            return Err(Unread::LeftAlone(NotReadBecause::Private));
        }
        let size = usize::try_from(stat.st_size).unwrap_or(0);
        if size == 0 {
            // Where the kernel says so and makes up a content when asked, it is none that a resolver reads.
            return Ok(Some(Content { bytes: Vec::new(), is_cut: false }));
        }
        let file = open_again(&file, OFlags::NONBLOCK | OFlags::NOCTTY)?;
        let mut bytes = vec![0; size.min(max_bytes)];
        let mut len = 0;
        while let Some(free @ [_, ..]) = bytes.get_mut(len..) {
            match rustix::io::read(&file, free) {
                Ok(0) => break,
                Ok(count) => len += count,
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        bytes.truncate(len);
        Ok(Some(Content { bytes, is_cut: size > max_bytes }))
    }

    /// The namespace that a path names, if it is the one with this inode.
    pub(crate) fn namespace(&self, path: &str, inode: u64) -> Option<OwnedFd> {
        let _at = self.enter().ok()?;
        let file = self.resolve(path, Links::Follow).ok()?;
        if filesystem(&file).ok()? != NSFS || rustix::fs::fstat(&file).ok()?.st_ino != inode {
            return None;
        }
        open_again(&file, OFlags::empty()).ok()
    }

    /// Device and inode of the folder at `path`, which no link may lead to: the same folder in whatever view.
    pub(crate) fn identity(&self, path: &str) -> io::Result<(u64, u64)> {
        let _at = self.enter()?;
        let stat = rustix::fs::fstat(self.resolve(path, Links::Refuse)?)?;
        Ok((stat.st_dev, stat.st_ino))
    }

    /// Regular files in a folder that are no namespaces, at most `max`. The path must go through no link, and the process
    /// itself must be able to list the folder.
    ///
    /// # Errors
    /// The folder cannot be listed.
    pub(crate) fn files_but_namespaces(&self, path: &str, max: usize) -> io::Result<Vec<String>> {
        let _at = self.enter()?;
        let folder = self.resolve(path, Links::Refuse)?;
        if !self.may_read(&rustix::fs::fstat(&folder)?) {
            return Err(Errno::ACCESS.into());
        }
        let folder = open_again(&folder, OFlags::DIRECTORY)?;
        let mut names = Vec::new();
        for entry in rustix::fs::Dir::read_from(&folder)? {
            let entry = entry?;
            let name = entry.file_name();
            let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            let Ok(file) = rustix::fs::openat(&folder, name, flags, Mode::empty()) else { continue };
            let is_file = rustix::fs::fstat(&file).is_ok_and(|stat| is_regular(&stat));
            // What cannot be asked is not said to be none.
            if is_file && filesystem(&file).is_ok_and(|kind| kind != NSFS) {
                names.push(name.to_string_lossy().into_owned());
                if names.len() >= max {
                    break;
                }
            }
        }
        names.sort();
        Ok(names)
    }

    /// A descriptor that can do nothing yet (`O_PATH`).
    fn resolve(&self, path: &str, links: Links) -> rustix::io::Result<OwnedFd> {
        for _ in 0..MAX_TRIES {
            match resolve_in_kernel(self.folder.as_fd(), path, links) {
                Err(Errno::AGAIN) => {}
                // An older kernel, or a filter that does not know the call, as the agent's own.
                Err(Errno::NOSYS | Errno::PERM) => return walk(self.folder.as_fd(), path, links),
                resolved => return resolved,
            }
        }
        Err(Errno::AGAIN)
    }

    /// Whether the process itself may: what its own user could not read is none of its names. A user may have put anything
    /// there by a mount of its own.
    fn may_read(&self, stat: &Stat) -> bool {
        self.reader.is_none_or(|uid| stat.st_mode & 0o004 != 0 || (stat.st_uid == uid && stat.st_mode & 0o400 != 0))
    }
}

fn is_regular(stat: &Stat) -> bool {
    FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile
}

/// `f_type` of `statfs(2)`.
fn filesystem(file: &OwnedFd) -> rustix::io::Result<i64> {
    #[allow(clippy::useless_conversion, clippy::unnecessary_cast, reason = "the type differs between machines")]
    rustix::fs::fstatfs(file).map(|filesystem| filesystem.f_type as i64)
}

/// `openat2(2)`: the kernel itself keeps within the root, and follows no link of `/proc` to another.
fn resolve_in_kernel(root: BorrowedFd<'_>, path: &str, links: Links) -> rustix::io::Result<OwnedFd> {
    let mut within = ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS;
    if links == Links::Refuse {
        within |= ResolveFlags::NO_SYMLINKS;
    }
    rustix::fs::openat2(root, path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty(), within)
}

/// The same step by step: each part is opened without following it, a link is read and put in its place, `..` leads back
/// to a folder that we came through, and never above the root.
fn walk(root: BorrowedFd<'_>, path: &str, links: Links) -> rustix::io::Result<OwnedFd> {
    let mut folders: Vec<OwnedFd> = Vec::new();
    let mut to_go = Vec::new();
    push(&mut to_go, path.as_bytes());
    let mut links_left = MAX_LINKS;
    while let Some(part) = to_go.pop() {
        if part == ".." {
            folders.pop();
            continue;
        }
        let here = folders.last().map_or(root, AsFd::as_fd);
        let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let next = rustix::fs::openat(here, &part, flags, Mode::empty())?;
        if FileType::from_raw_mode(rustix::fs::fstat(&next)?.st_mode) != FileType::Symlink {
            folders.push(next);
            continue;
        }
        if links == Links::Refuse || links_left == 0 || filesystem(&next)? == PROC {
            return Err(Errno::LOOP);
        }
        links_left -= 1;
        let target = rustix::fs::readlinkat(&next, c"", Vec::new())?;
        if target.as_bytes().starts_with(b"/") {
            folders.clear();
        }
        push(&mut to_go, target.as_bytes());
    }
    match folders.pop() {
        Some(found) => Ok(found),
        None => rustix::io::fcntl_dupfd_cloexec(root, 0),
    }
}

/// Puts the parts of a path before what is to be gone yet.
fn push(to_go: &mut Vec<OsString>, path: &[u8]) {
    let parts = path.split(|byte| *byte == b'/').rev().filter(|part| !matches!(*part, b"" | b"."));
    to_go.extend(parts.map(|part| OsStr::from_bytes(part).to_os_string()));
}

/// For reading, what was resolved already: `/proc/self/fd` leads to the very same file.
fn open_again(file: &OwnedFd, flags: OFlags) -> rustix::io::Result<OwnedFd> {
    let path = format!("/proc/self/fd/{}", file.as_raw_fd());
    rustix::fs::openat(CWD, path, OFlags::RDONLY | OFlags::CLOEXEC | flags, Mode::empty())
}

/// The second number of `Uid` in `/proc/PID/status`.
fn effective_uid(status: &str) -> Option<u32> {
    status.lines().find_map(|line| line.strip_prefix("Uid:"))?.split_ascii_whitespace().nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn root(path: &std::path::Path) -> Root {
        Root { pid: 1, folder: fs::File::open(path).unwrap().into(), reader: None }
    }

    /// A folder with a root in it, and a secret beside that.
    fn bed() -> (tempfile::TempDir, std::path::PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("root");
        fs::create_dir_all(inner.join("etc")).unwrap();
        fs::create_dir(inner.join("run")).unwrap();
        fs::write(folder.path().join("secret"), "outside").unwrap();
        fs::write(inner.join("run/names"), "inside").unwrap();
        (folder, inner)
    }

    #[test]
    fn both_ways_keep_within_the_root() {
        let (folder, inner) = bed();
        let outer = folder.path().to_str().unwrap();
        let links = [
            ("absolute", "/run/names", true),
            ("relative", "../run/names", true),
            ("above", "../../../../../run/names", true),
            ("twice", "absolute", true),
            ("out", "../../secret", false),
            ("out-absolute", &format!("{outer}/secret"), false),
            ("shadow", "/etc/shadow", false),
            ("loop", "loop", false),
            ("nowhere", "/run/nothing", false),
        ];
        for (name, target, _) in links {
            symlink(target, inner.join("etc").join(name)).unwrap();
        }
        let root = root(&inner);
        for resolve in [resolve_in_kernel, walk] {
            for (name, _, is_there) in links {
                let path = format!("/etc/{name}");
                let found = resolve(root.folder.as_fd(), &path, Links::Follow);
                let text = found.map(|file| {
                    let file = open_again(&file, OFlags::empty()).unwrap();
                    io::read_to_string(fs::File::from(file)).unwrap()
                });
                assert_eq!(text.ok().as_deref(), is_there.then_some("inside"), "{name}");
                assert!(resolve(root.folder.as_fd(), &path, Links::Refuse).is_err(), "{name}");
            }
            let above = resolve(root.folder.as_fd(), "/../../..", Links::Follow).unwrap();
            let inode = |file: &OwnedFd| rustix::fs::fstat(file).unwrap().st_ino;
            assert_eq!(inode(&above), inode(&root.folder));
        }
    }

    #[test]
    fn links_of_proc_lead_nowhere() {
        let own: OwnedFd = fs::File::open("/").unwrap().into();
        for resolve in [resolve_in_kernel, walk] {
            for path in ["/proc/1/root/etc/hostname", "/proc/self/fd/0", "/proc/self/exe", "/proc/1/cwd"] {
                assert!(resolve(own.as_fd(), path, Links::Follow).is_err(), "{path}");
            }
        }
        let own = Root { pid: 1, folder: own, reader: None };
        let pid = std::process::id();
        for path in [format!("/proc/{pid}/environ"), "/proc/kcore".to_owned(), "/sys/kernel/mm/ksm/run".to_owned()] {
            assert!(matches!(own.read(&path, 100), Err(Unread::LeftAlone(NotReadBecause::NoRegularFile)) | Ok(None)));
        }
    }

    #[test]
    fn only_regular_files_are_read_and_only_their_beginning() {
        let (_folder, inner) = bed();
        let status = std::process::Command::new("mkfifo").arg(inner.join("etc/hosts")).status().unwrap();
        assert!(status.success());
        let root = root(&inner);
        for path in ["/etc/hosts", "/etc", "/run"] {
            let read = root.read(path, 100);
            assert!(matches!(read, Err(Unread::LeftAlone(NotReadBecause::NoRegularFile))), "{path}: {read:?}");
        }
        let content = |text: &str, is_cut| Some(Content { bytes: text.as_bytes().to_vec(), is_cut });
        assert_eq!(root.read("/run/names", 100).unwrap(), content("inside", false));
        assert_eq!(root.read("/run/names", 6).unwrap(), content("inside", false));
        assert_eq!(root.read("/run/names", 2).unwrap(), content("in", true));
        assert_eq!(root.read("/etc/resolv.conf", 2).unwrap(), None);
        assert_eq!(root.read("/run/names/deeper", 2).unwrap(), None);
    }

    #[test]
    fn what_the_process_may_not_read_is_left_alone() {
        use std::os::unix::fs::PermissionsExt;
        let (_folder, inner) = bed();
        let mut root = root(&inner);
        root.reader = Some(4_000_000);
        let file = inner.join("run/names");
        assert!(root.read("/run/names", 100).is_ok());
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(root.read("/run/names", 100), Err(Unread::LeftAlone(NotReadBecause::Private))));
        assert!(root.files_but_namespaces("/run", 9).is_ok());
        fs::set_permissions(inner.join("run"), fs::Permissions::from_mode(0o700)).unwrap();
        assert!(root.files_but_namespaces("/run", 9).is_err(), "somebody else's folder");
        root.reader = None;
        assert_eq!(root.files_but_namespaces("/run", 9).unwrap(), ["names"]);
    }

    #[test]
    fn reads_the_effective_user() {
        assert_eq!(effective_uid("Name:\tx\nUid:\t0\t1000\t0\t0\n"), Some(1000));
        assert_eq!(effective_uid("Uid:\t0"), None);
    }
}
