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
    /// The effective user (owner of `/proc/PID`), as the agent's user namespace numbers it; none in old recordings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uid: Option<u32>,
    /// What is known of `/proc/PID/cmdline` of a docker-proxy that the daemon started
    /// ([`DockerProxy::command_line`](super::DockerProxy::command_line)); empty for any other: arguments may hold secrets,
    /// and a name may be anybody's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub arguments: Vec<String>,
    /// Its network namespace; none where `/proc/PID/ns/net` may not be read and nothing else tells.
    pub namespace: Option<NamespaceInode>,
    /// Docker's container id: of the shim that it descends from, or by the engine's word. A shim is believed if it runs as
    /// root, or as the daemon's user; a name alone never is.
    pub container_id: Option<String>,
    /// The PID inside its own PID namespace, the last of `NSpid` in `/proc/PID/status`.
    pub inner_pid: Option<u32>,
}
