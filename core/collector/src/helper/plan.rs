//! What the helper container may do, said before it is asked for.

use bridgewalk_agent::MAY_PROVE;
use serde::{Deserialize, Serialize};

use super::LABEL;

/// How much the agent in the container may see.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    /// The host's rules and interfaces, and what the host's side tells of the containers'.
    Base,
    /// Everything root sees: inside every namespace, and which process holds which socket.
    #[default]
    Full,
    /// The same, with leave to prove: to send one packet when asked to, and have the kernel trace it.
    Proof,
}

/// Exactly what the helper container is made with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HelperPlan {
    /// For which tier.
    pub tier: Tier,
    /// What the agent is started with.
    pub arguments: &'static [&'static str],
    /// Capabilities it keeps of root's; it has no others.
    pub capabilities: &'static [&'static str],
    /// Capabilities that it is started with and gives up before it reads anything: with them it becomes another user.
    pub given_up: &'static [&'static str],
    /// It uses the host's network.
    pub host_network: bool,
    /// It sees the host's processes.
    pub host_processes: bool,
    /// Its own files cannot be written, and none of the host's are mounted.
    pub read_only: bool,
    /// It cannot gain what it does not have.
    pub no_new_privileges: bool,
    /// AppArmor's and SELinux's confinement of containers is off for it, where the engine uses them: they keep a
    /// container from looking into others.
    pub unconfined: bool,
    /// Only the system calls that it needs are allowed, by a profile of its own, where the engine uses seccomp.
    pub own_seccomp_profile: bool,
    /// The most memory it may use, with swap.
    pub memory_bytes: i64,
    /// The most processes and threads it may have.
    pub pids_limit: i64,
    /// The label of its image and of itself.
    pub label: &'static str,
}

/// What the helper container of a tier may do.
pub const fn helper_container_plan(tier: Tier) -> HelperPlan {
    HelperPlan {
        tier,
        arguments: match tier {
            Tier::Base | Tier::Full => &[],
            Tier::Proof => &[MAY_PROVE],
        },
        capabilities: match tier {
            Tier::Base => &["NET_ADMIN"],
            // DAC_READ_SEARCH: `/proc/PID/fd` of a process of another user may be read by that user alone, else.
            Tier::Full => &["NET_ADMIN", "SYS_ADMIN", "SYS_PTRACE", "DAC_READ_SEARCH"],
            // NET_RAW: an echo request. All else that a proof needs is there: NET_ADMIN makes its tables, SYS_ADMIN with
            // SYS_PTRACE goes into the namespaces.
            Tier::Proof => &["NET_ADMIN", "SYS_ADMIN", "SYS_PTRACE", "DAC_READ_SEARCH", "NET_RAW"],
        },
        given_up: match tier {
            // Without DAC_READ_SEARCH only root reads all that there is to be read with NET_ADMIN.
            Tier::Base => &[],
            Tier::Full | Tier::Proof => &["SETGID", "SETPCAP", "SETUID"],
        },
        host_network: true,
        host_processes: true,
        read_only: true,
        no_new_privileges: true,
        unconfined: matches!(tier, Tier::Full | Tier::Proof),
        own_seccomp_profile: true,
        memory_bytes: 256 << 20,
        pids_limit: 64,
        label: LABEL,
    }
}
