//! What is concluded from a snapshot, and which sources it rests on.
//!
//! "There is none", "they agree" and "nothing is open" are true only if everything they rest on was read. Which sources an
//! answer rests on is said here, once, for the command line, the window and the pictures; that of the engine, the agent
//! and the list of namespaces goes without saying.

use serde::Serialize;

use crate::{
    Limit, SourceKind,
    snapshot::{Host, Snapshot},
};

/// Something that is concluded from a snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// Which of the host's interfaces is which container's.
    Veths,
    /// What is exposed and published, and what does it.
    Ports,
    /// Docker's networks and their devices.
    Networks,
    /// The network namespaces.
    Namespaces,
    /// Where intent and state disagree.
    Findings,
    /// How a packet goes.
    Walk,
    /// Who reaches whom.
    Reach,
    /// The diagram.
    Picture,
    /// The snapshot itself.
    Everything,
    /// What changes.
    Changes,
}

impl Answer {
    /// Every one.
    pub const ALL: [Self; 10] = [
        Self::Veths,
        Self::Ports,
        Self::Networks,
        Self::Namespaces,
        Self::Findings,
        Self::Walk,
        Self::Reach,
        Self::Picture,
        Self::Everything,
        Self::Changes,
    ];

    /// Whether it rests on this source.
    pub const fn rests_on(self, source: SourceKind) -> bool {
        use Answer::{Changes, Everything, Findings, Namespaces, Networks, Picture, Ports, Reach, Veths, Walk};
        match source {
            SourceKind::Engine | SourceKind::Agent | SourceKind::Namespaces => true,
            SourceKind::Links => !matches!(self, Ports),
            SourceKind::Fdb => matches!(self, Walk | Reach | Picture | Everything | Changes),
            SourceKind::NfTables | SourceKind::LegacyTables => !matches!(self, Veths | Networks | Namespaces),
            SourceKind::Sockets => matches!(self, Walk | Reach | Picture | Everything | Changes),
            SourceKind::Processes => !matches!(self, Veths | Networks | Namespaces),
            SourceKind::NameFiles => matches!(self, Walk | Picture | Everything | Changes),
            SourceKind::Sysctls => matches!(self, Findings | Walk | Reach | Everything | Changes),
            SourceKind::Ipvs => matches!(self, Findings | Walk | Reach | Picture | Everything | Changes),
            SourceKind::KernelEvents | SourceKind::EngineEvents => matches!(self, Everything | Changes),
        }
    }

    /// What is said of the sources that it rests on.
    pub fn limits(self, host: &Host) -> impl Iterator<Item = &Limit> {
        host.limits.iter().filter(move |limit| self.rests_on(limit.source))
    }

    /// What it rests on and was not read.
    pub fn lacks(self, host: &Host) -> impl Iterator<Item = &Limit> {
        self.limits(host).filter(|limit| limit.reason.is_lack())
    }

    /// Whether everything that it rests on was read, on every host.
    pub fn is_whole(self, snapshot: &Snapshot) -> bool {
        !snapshot.hosts.is_empty() && snapshot.hosts.iter().all(|host| self.lacks(host).next().is_none())
    }
}

impl Host {
    /// Whether everything of `source` was read: in the namespace `at`, or in all of them. What the engine says must be of
    /// now.
    pub fn was_read(&self, source: SourceKind, at: Option<crate::NamespaceInode>) -> bool {
        !self.limits.iter().any(|limit| limit.hides(source, at))
            && (source != SourceKind::Engine || (self.engine.is_some() && self.engine_lost.is_none()))
    }
}
