//! What a container's resolver reads: `resolv.conf`, `hosts` and `hostname` below the root of a process.

use std::path::Path;

use bridgewalk_model::kernel::NameFiles;

use crate::discovery::processes::read_at_most;

/// The files as `pid` sees them; none if its root may not be looked into.
pub(crate) fn read(pid: u32) -> Option<NameFiles> {
    let root = format!("/proc/{pid}/root/etc");
    let file = |name: &str, max_bytes| {
        let content = read_at_most(Path::new(&format!("{root}/{name}")), max_bytes).ok()?;
        Some(String::from_utf8_lossy(&content).into_owned())
    };
    std::fs::metadata(&root).ok()?;
    Some(NameFiles {
        pid,
        resolv_conf: file("resolv.conf", 16 << 10),
        hosts: file("hosts", 64 << 10),
        hostname: file("hostname", 1 << 10),
    })
}
