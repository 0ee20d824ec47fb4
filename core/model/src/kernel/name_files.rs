//! What a container's resolver reads.

use serde::{Deserialize, Serialize};

/// `resolv.conf`, `hosts` and `hostname` below `/proc/PID/root/etc`. Raw text: sanitised at assembly.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NameFiles {
    /// The process whose root was looked at.
    pub pid: u32,
    /// `/etc/resolv.conf`, at most 16 KiB.
    pub resolv_conf: Option<String>,
    /// `/etc/hosts`, at most 64 KiB.
    pub hosts: Option<String>,
    /// `/etc/hostname`, at most 1 KiB.
    pub hostname: Option<String>,
}
