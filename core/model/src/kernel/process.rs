//! Processes (`/proc/PID`).

use serde::{Deserialize, Serialize};

use crate::NamespaceInode;

/// One process, as far as networks go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Process {
    /// As the agent sees it.
    pub pid: u32,
    /// `PPid` of `/proc/PID/status`.
    pub parent_pid: u32,
    /// `/proc/PID/comm`.
    pub command: String,
    /// `/proc/PID/cmdline`, kept for docker-proxy alone: others' arguments may hold secrets.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub arguments: Vec<String>,
    /// Its network namespace; none where `/proc/PID/ns/net` may not be read and nothing else tells.
    pub namespace: Option<NamespaceInode>,
    /// Docker's container id, from `/proc/PID/cgroup`, or from the name of the shim that is its parent.
    pub container_id: Option<String>,
    /// The PID inside its own PID namespace, the last of `NSpid` in `/proc/PID/status`.
    pub inner_pid: Option<u32>,
}
