//! Sysctls that decide about forwarding (`/proc/sys/net`).

use serde::{Deserialize, Serialize};

/// One setting as the file has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sysctl {
    /// The path below `/proc/sys`, such as `net/ipv4/conf/all/rp_filter`.
    pub path: String,
    /// The file's text, trimmed.
    pub value: String,
}
