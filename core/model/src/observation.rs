//! What one source said about one thing at one time.
//!
//! A namespace's state is observed in sections (links, addresses, routes …): each observation of a section replaces
//! the one before it whole, so that a lost event can never leave half a truth behind. Namespaces are named by their
//! inode here, which is right while they live; stable ids are given at assembly.

use std::{net::IpAddr, sync::Arc};

use serde::{Deserialize, Serialize};

use crate::{
    engine::{EngineContainer, EngineEvent, EngineFacts, EngineNetwork, Swarm},
    firewall::Ruleset,
    kernel::{
        Address, BridgeVlan, FdbEntry, Ipvs, Link, NameFiles, Neighbour, Process, Route, RoutingRule, Socket, Sysctl,
    },
    limit::{Limit, SourceKind},
};

/// The inode of a network namespace (`stat(2)` of `/proc/PID/ns/net`): unique while the namespace lives, reused later.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NamespaceInode(pub u64);

impl NamespaceInode {
    /// Real inodes have 32 bits.
    const STAND_IN: u64 = 1 << 40;

    /// Stands in for the inode of a namespace whose `/proc/PID/ns/net` may not be looked at: `inode` is that of its own
    /// `/proc/PID/net/dev`, which each namespace has for itself. It tells namespaces apart, and is no inode of any.
    pub const fn stand_in(inode: u64) -> Self {
        Self(Self::STAND_IN | inode)
    }

    /// Whether it only stands in for an inode that may not be read.
    pub const fn is_stand_in(self) -> bool {
        self.0 & Self::STAND_IN != 0
    }
}

/// How a section was read: with less privilege there are other ways that tell less.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Via {
    /// Inside the namespace, over netlink.
    #[default]
    Netlink,
    /// From another namespace, through `/proc/PID/net`.
    Proc,
    /// From the host's side alone: `IFLA_LINK`, `IFLA_LINK_NETNSID` of the other end.
    HostSide,
}

/// A path that names a namespace.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct NamespaceName {
    /// The path as its owner sees it: `/run/docker/netns/1a2b3c`, `/run/netns/blue`.
    pub path: String,
    /// A process in whose mount namespace the path is (`/proc/PID/mountinfo`).
    pub pid: u32,
}

/// A network namespace that was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamespaceSighting {
    /// Its inode.
    pub inode: NamespaceInode,
    /// Whether it is the host's own: that of the Docker daemon, else the agent's.
    pub is_host: bool,
    /// nsfs mounts that keep it (`/proc/PID/mountinfo`, type `nsfs`), sorted.
    pub names: Vec<NamespaceName>,
    /// The lowest PID in it (`/proc/PID/ns/net`).
    pub pid: Option<u32>,
    /// Its id as seen from the host's namespace (`RTM_GETNSID`), if it has one.
    pub nsid: Option<i32>,
}

/// What is known of the machine itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostFacts {
    /// `uname(2)` nodename.
    pub hostname: String,
    /// `uname(2)` release.
    pub kernel_release: String,
    /// `uname(2)` machine.
    pub architecture: String,
    /// `/proc/sys/kernel/random/boot_id`: namespaces' inodes are comparable within one boot only.
    pub boot_id: Option<String>,
    /// `/etc/machine-id` (`machine-id(5)`), hashed under [`Self::MACHINE_ID_APPLICATION`]: 32 hexadecimal digits. The id
    /// itself is confidential and never kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub machine_id: Option<String>,
    /// `PRETTY_NAME` of `/etc/os-release`, or the engine's `OperatingSystem`.
    pub operating_system: Option<String>,
}

impl HostFacts {
    /// The id under which a machine's is hashed, as `systemd-id128 machine-id --app-specific=` does.
    pub const MACHINE_ID_APPLICATION: &str = "6f1b0f6e-2f0c-4a5d-9c7e-0d1a5be3c9d4";
}

/// What was said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "fact", content = "of", rename_all = "snake_case")]
pub enum Fact {
    /// The machine.
    Host(HostFacts),
    /// Docker's engine answered.
    Engine(Box<EngineFacts>),
    /// The engine cannot be reached any more; what it said last stands as last seen.
    EngineLost {
        /// What the connection answered.
        detail: String,
    },
    /// The whole list of containers: those not in it are gone.
    Containers(Vec<Arc<EngineContainer>>),
    /// One container as it is now.
    Container(Arc<EngineContainer>),
    /// A container was removed.
    ContainerGone {
        /// Docker's full container id.
        container_id: String,
    },
    /// The whole list of networks.
    Networks(Vec<Arc<EngineNetwork>>),
    /// One network as it is now.
    Network(Arc<EngineNetwork>),
    /// A network was removed.
    NetworkGone {
        /// Docker's full network id.
        network_id: String,
    },
    /// Services, tasks and nodes, on a Swarm's manager.
    Swarm(Box<Swarm>),
    /// An event of the engine, kept for the order of things; its effect is observed apart.
    EngineEvent(Box<EngineEvent>),
    /// The whole list of network namespaces: those not in it are gone.
    Namespaces(Vec<NamespaceSighting>),
    /// Interfaces of a namespace.
    Links(Section<Vec<Link>>),
    /// Addresses of a namespace.
    Addresses(Section<Vec<Address>>),
    /// Routes of all tables.
    Routes(Section<Vec<Route>>),
    /// Routing policy rules.
    RoutingRules(Section<Vec<RoutingRule>>),
    /// Neighbours (ARP and NDP).
    Neighbours(Section<Vec<Neighbour>>),
    /// Forwarding database of the bridges and VXLANs in a namespace.
    Fdb(Section<Vec<FdbEntry>>),
    /// VLANs of the bridge ports in a namespace.
    BridgeVlans(Section<Vec<BridgeVlan>>),
    /// Sysctls that matter to forwarding.
    Sysctls(Section<Vec<Sysctl>>),
    /// nftables and legacy rules; one entry for each backend that has any table.
    Firewall(Section<Vec<Ruleset>>),
    /// Listening and connected sockets.
    Sockets(Section<Vec<Socket>>),
    /// Virtual servers.
    Ipvs(Section<Ipvs>),
    /// Every source has answered once, or cannot: what came before is the first full observation. What comes after it
    /// is news.
    Complete,
    /// Processes that matter: one for each namespace at least, all in containers, docker-proxy, socket holders.
    Processes(Vec<Process>),
    /// `resolv.conf`, `hosts` as seen by processes with a root of their own (one entry for each container).
    NameFiles(Vec<NameFiles>),
    /// What the given sources do not see: replaces what was said of the same sources before.
    Limits {
        /// The sources this list is complete for.
        of: Vec<SourceKind>,
        /// What is limited.
        limits: Vec<Limit>,
    },
}

/// A section of a namespace's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SectionKind {
    /// [`Fact::Links`].
    Links,
    /// [`Fact::Addresses`].
    Addresses,
    /// [`Fact::Routes`].
    Routes,
    /// [`Fact::RoutingRules`].
    RoutingRules,
    /// [`Fact::Neighbours`].
    Neighbours,
    /// [`Fact::Fdb`].
    Fdb,
    /// [`Fact::BridgeVlans`].
    BridgeVlans,
    /// [`Fact::Sysctls`].
    Sysctls,
    /// [`Fact::Firewall`].
    Firewall,
    /// [`Fact::Sockets`].
    Sockets,
    /// [`Fact::Ipvs`].
    Ipvs,
}

impl SectionKind {
    /// All, in the order in which they are read.
    pub const ALL: [Self; 11] = [
        Self::Links,
        Self::Addresses,
        Self::Routes,
        Self::RoutingRules,
        Self::Neighbours,
        Self::Fdb,
        Self::BridgeVlans,
        Self::Sysctls,
        Self::Firewall,
        Self::Sockets,
        Self::Ipvs,
    ];

    /// Under which source it is told that it was not read.
    pub const fn source(self) -> SourceKind {
        match self {
            Self::Links | Self::Addresses | Self::Routes | Self::RoutingRules | Self::Neighbours => SourceKind::Links,
            Self::Fdb | Self::BridgeVlans => SourceKind::Fdb,
            Self::Sysctls => SourceKind::Sysctls,
            Self::Firewall => SourceKind::NfTables,
            Self::Sockets => SourceKind::Sockets,
            Self::Ipvs => SourceKind::Ipvs,
        }
    }
}

impl Fact {
    /// The namespace that a section is of; none: it is no section.
    pub fn namespace(&self) -> Option<NamespaceInode> {
        self.section().map(|(_, namespace)| namespace)
    }

    /// Which section it is, and of which namespace; none: it is no section.
    pub const fn section(&self) -> Option<(SectionKind, NamespaceInode)> {
        Some(match self {
            Self::Links(section) => (SectionKind::Links, section.namespace),
            Self::Addresses(section) => (SectionKind::Addresses, section.namespace),
            Self::Routes(section) => (SectionKind::Routes, section.namespace),
            Self::RoutingRules(section) => (SectionKind::RoutingRules, section.namespace),
            Self::Neighbours(section) => (SectionKind::Neighbours, section.namespace),
            Self::Fdb(section) => (SectionKind::Fdb, section.namespace),
            Self::BridgeVlans(section) => (SectionKind::BridgeVlans, section.namespace),
            Self::Sysctls(section) => (SectionKind::Sysctls, section.namespace),
            Self::Firewall(section) => (SectionKind::Firewall, section.namespace),
            Self::Sockets(section) => (SectionKind::Sockets, section.namespace),
            Self::Ipvs(section) => (SectionKind::Ipvs, section.namespace),
            Self::Host(_)
            | Self::Engine(_)
            | Self::EngineLost { .. }
            | Self::Containers(_)
            | Self::Container(_)
            | Self::ContainerGone { .. }
            | Self::Networks(_)
            | Self::Network(_)
            | Self::NetworkGone { .. }
            | Self::Swarm(_)
            | Self::EngineEvent(_)
            | Self::Namespaces(_)
            | Self::Processes(_)
            | Self::NameFiles(_)
            | Self::Complete
            | Self::Limits { .. } => return None,
        })
    }
}

/// A section of a namespace's state, whole.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Section<T> {
    /// The namespace.
    pub namespace: NamespaceInode,
    /// How it was read.
    pub via: Via,
    /// All there is.
    pub is: T,
}

/// A fact and when it was seen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Observation {
    /// Milliseconds since 1970-01-01 UTC, by the observed host's clock.
    pub at_ms: u64,
    /// What was said.
    #[serde(flatten)]
    pub fact: Fact,
}

/// An address with its port, as sockets and rules have them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct AddressPort {
    /// The address; unspecified means any.
    pub address: IpAddr,
    /// The port; 0 means none.
    pub port: u16,
}
