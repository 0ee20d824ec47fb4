//! What cannot be seen, and why.

use serde::{Deserialize, Serialize};

use crate::{NamespaceInode, text::reveal};

/// The longest detail of a reason, in characters; what is cut off is marked by `…`.
const MAX_DETAIL_CHARS: usize = 300;

/// A kind of source that can be watched or fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SourceKind {
    /// Docker's API.
    Engine,
    /// The list of network namespaces.
    Namespaces,
    /// Interfaces, addresses, routes and neighbours over rtnetlink.
    Links,
    /// Bridge forwarding tables and VLANs.
    Fdb,
    /// nftables rules.
    NfTables,
    /// Legacy iptables rules.
    LegacyTables,
    /// Sockets (`sock_diag`).
    Sockets,
    /// Processes (`/proc`), and which of them holds a socket.
    Processes,
    /// `resolv.conf` and `hosts` as a container sees them.
    NameFiles,
    /// Sysctls of a namespace.
    Sysctls,
    /// IPVS.
    Ipvs,
    /// Events of the kernel.
    KernelEvents,
    /// Events of the engine.
    EngineEvents,
    /// The agent as a whole.
    Agent,
}

impl SourceKind {
    /// Every source, in the order in which they are listed.
    pub const ALL: [Self; 14] = [
        Self::Engine,
        Self::EngineEvents,
        Self::Agent,
        Self::Namespaces,
        Self::Links,
        Self::Fdb,
        Self::NfTables,
        Self::LegacyTables,
        Self::Sockets,
        Self::Processes,
        Self::NameFiles,
        Self::Sysctls,
        Self::Ipvs,
        Self::KernelEvents,
    ];

    /// As in JSON: `kernel_events`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Engine => "engine",
            Self::Namespaces => "namespaces",
            Self::Links => "links",
            Self::Fdb => "fdb",
            Self::NfTables => "nf_tables",
            Self::LegacyTables => "legacy_tables",
            Self::Sockets => "sockets",
            Self::Processes => "processes",
            Self::NameFiles => "name_files",
            Self::Sysctls => "sysctls",
            Self::Ipvs => "ipvs",
            Self::KernelEvents => "kernel_events",
            Self::EngineEvents => "engine_events",
            Self::Agent => "agent",
        }
    }
}

/// Why a source says nothing, or not everything.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum LimitReason {
    /// The kernel refused; `missing` names the capability or group that would help, such as `CAP_SYS_ADMIN`.
    Privilege {
        /// What is missing.
        missing: String,
    },
    /// The kernel has no such facility.
    NotInKernel,
    /// It cannot be reached: no such socket, connection refused, a wrong context.
    Unreachable {
        /// What was tried and what the system answered.
        detail: String,
    },
    /// It vanished while it was read.
    Vanished,
    /// Something was read that we cannot decode.
    Undecoded {
        /// What it was.
        detail: String,
    },
    /// More than we read was there.
    Truncated {
        /// What was cut, with the bound.
        detail: String,
    },
    /// A name that is no namespace any more (`/run/docker/netns` keeps some after `docker swarm leave`).
    Stale {
        /// The path.
        path: String,
    },
    /// Which network namespace is the host's: the Docker daemon's process may not be looked at, or cannot be found.
    HostUnknown,
    /// Events were lost and the state was read again.
    Resynchronised {
        /// What was lost.
        detail: String,
    },
    /// It is there, and was not read.
    NotRead {
        /// What: a path, such as `/proc/4242/root/etc/hosts`, or a namespace as the kernel names it, `net:[4026532412]`.
        what: String,
        /// Why not.
        because: NotReadBecause,
    },
    /// Nobody asked for it: `--agent none`.
    NotAsked,
    /// No source said anything of it: reading ended before. Never observed, but found at assembly.
    NeverRead,
}

impl LimitReason {
    /// Whether it is because something belongs to others.
    pub const fn is_closed(&self) -> bool {
        matches!(self, Self::NotRead { because: NotReadBecause::Closed, .. })
    }

    /// Whether something may be there that is not seen. What the kernel lacks and what is gone hides nothing, nor does a
    /// name that is no namespace any more; and after lost events everything was read again.
    pub const fn is_lack(&self) -> bool {
        match self {
            Self::NotInKernel | Self::Vanished | Self::Stale { .. } | Self::Resynchronised { .. } => false,
            Self::Privilege { .. }
            | Self::Unreachable { .. }
            | Self::Undecoded { .. }
            | Self::Truncated { .. }
            | Self::NotAsked
            | Self::NotRead { .. }
            | Self::HostUnknown
            | Self::NeverRead => true,
        }
    }
}

/// Why something that is there was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NotReadBecause {
    /// It did not answer in time.
    TimedOut,
    /// Only regular files are opened: a FIFO, a device, or a file that the kernel makes up.
    NoRegularFile,
    /// The process whose file it is could not read it either.
    Private,
    /// It belongs to others, such as the machine around a container: who may do everything here may not look at it. What is
    /// a container's of the engine, a helper container that the engine starts may.
    Closed,
}

impl LimitReason {
    /// As in JSON: `not_in_kernel`.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Privilege { .. } => "privilege",
            Self::NotInKernel => "not_in_kernel",
            Self::Unreachable { .. } => "unreachable",
            Self::Vanished => "vanished",
            Self::Undecoded { .. } => "undecoded",
            Self::Truncated { .. } => "truncated",
            Self::Stale { .. } => "stale",
            Self::HostUnknown => "host_unknown",
            Self::Resynchronised { .. } => "resynchronised",
            Self::NotRead { .. } => "not_read",
            Self::NotAsked => "not_asked",
            Self::NeverRead => "never_read",
        }
    }

    /// The same with a detail that may be shown: of bounded length, with all that is hidden as visible escapes. A path,
    /// an engine's or a child's own words come from outside.
    #[must_use]
    pub fn tamed(mut self) -> Self {
        match &mut self {
            Self::Privilege { missing: detail }
            | Self::Unreachable { detail }
            | Self::Undecoded { detail }
            | Self::Truncated { detail }
            | Self::Stale { path: detail }
            | Self::NotRead { what: detail, .. }
            | Self::Resynchronised { detail } => *detail = tamed(detail),
            Self::NotInKernel | Self::Vanished | Self::HostUnknown | Self::NotAsked | Self::NeverRead => {}
        }
        self
    }
}

/// `detail`, short and with nothing hidden.
pub(crate) fn tamed(detail: &str) -> String {
    let cut = match detail.char_indices().nth(MAX_DETAIL_CHARS) {
        Some((end, _)) => format!("{}…", &detail[..end]),
        None => detail.to_owned(),
    };
    reveal(&cut).unwrap_or(cut)
}

/// What would lift a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Remedy {
    /// Start with an agent that has the privilege: the window's question, or `--agent sudo|pkexec|container`.
    StartAgent,
    /// Join the `docker` group.
    JoinDockerGroup,
    /// Start the engine or give the right `--host` or `--context`.
    ReachEngine,
    /// Grant the agent the named capability.
    GrantCapability,
    /// Nothing can be done here.
    None,
}

/// One thing that is not seen.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Limit {
    /// The source that is limited.
    pub source: SourceKind,
    /// Where: a namespace, or the whole host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<NamespaceInode>,
    /// Why.
    pub reason: LimitReason,
    /// What would help.
    pub remedy: Remedy,
}

impl Limit {
    /// Whether something of `source` may be hidden by it, in the namespace `at` or, without one, anywhere. Without an
    /// agent nothing of the kernel is seen.
    pub fn hides(&self, source: SourceKind, at: Option<NamespaceInode>) -> bool {
        let is_of_source = match source {
            SourceKind::Engine | SourceKind::EngineEvents => self.source == source,
            _ => self.source == source || self.source == SourceKind::Agent,
        };
        let is_here = self.namespace.is_none() || at.is_none() || self.namespace == at;
        is_of_source && is_here && self.reason.is_lack()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_detail_is_short_and_hides_nothing() {
        let path = format!("/run/netns/\u{1b}]0;x\u{7}\n\u{202e}{}", "x".repeat(5_000));
        let LimitReason::Stale { path } = (LimitReason::Stale { path }).tamed() else { panic!("another reason") };
        assert!(path.starts_with("/run/netns/\\u{1b}]0;x\\u{7}\\u{a}\\u{202e}xxx"), "{path}");
        assert!(path.ends_with('…') && path.chars().count() < MAX_DETAIL_CHARS + 40, "{path}");
        let plain = LimitReason::Stale { path: "/run/netns/blue".to_owned() };
        assert_eq!(plain.clone().tamed(), plain);
    }
}
