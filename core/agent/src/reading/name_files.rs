//! What a container's resolver reads: `resolv.conf`, `hosts` and `hostname` below the root of a process.

use std::io;

use bridgewalk_model::{LimitReason, kernel::NameFiles};

use crate::{
    privilege,
    root::{Root, Unread},
};

/// The files as `pid` sees them, and what could not be read of them; nothing if the process is gone.
pub(crate) fn read(pid: u32) -> (Option<NameFiles>, Vec<LimitReason>) {
    let root = match Root::of(pid) {
        Ok(root) => root,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound) => return (None, Vec::new()),
        Err(error) if error.raw_os_error() == Some(libc::ESRCH) => return (None, Vec::new()),
        Err(error) => return (None, vec![reason(format!("/proc/{pid}/root"), error.into())]),
    };
    let mut missing = Vec::new();
    let mut file = |path: &str, max_bytes| match root.read(path, max_bytes) {
        Ok(content) => {
            let content = content?;
            if content.is_cut {
                let detail = format!("{}: {max_bytes} bytes", root.name(path));
                missing.push(LimitReason::Truncated { detail });
            }
            Some(String::from_utf8_lossy(&content.bytes).into_owned())
        }
        Err(error) => {
            missing.push(reason(root.name(path), error));
            None
        }
    };
    let files = NameFiles {
        pid,
        resolv_conf: file("/etc/resolv.conf", 16 << 10),
        hosts: file("/etc/hosts", 64 << 10),
        hostname: file("/etc/hostname", 1 << 10),
    };
    (Some(files), missing)
}

fn reason(what: String, error: Unread) -> LimitReason {
    match error {
        Unread::LeftAlone(because) => LimitReason::NotRead { what, because },
        Unread::Io(error) => match error.raw_os_error() {
            Some(libc::EPERM | libc::EACCES) => privilege::refused("CAP_SYS_PTRACE", || what),
            _ => LimitReason::Unreachable { detail: format!("{what}: {error}") },
        },
    }
}
