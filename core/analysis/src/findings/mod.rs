//! Findings: where Docker's intent and the kernel's state disagree, and what a reader should know.
//!
//! A finding is made only of what was read: one that something is absent needs everything read where it could be. Where a
//! source was not read, lost, or is of another machine, there is no finding, and [`Answer::Findings`] tells what was
//! missing: without that, no finding means that intent and state agree.
//!
//! [`Answer::Findings`]: bridgewalk_model::Answer::Findings

mod addresses;
mod devices;
mod host;
mod publishing;

use std::net::IpAddr;

use bridgewalk_model::{
    EntityId, SourceKind, Text,
    engine::PortKey,
    firewall::RuleRef,
    kernel::Sysctl,
    snapshot::{Host, Snapshot},
};
use ipnet::IpNet;
use serde::Serialize;

use crate::ports::Published;

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What.
    #[serde(flatten)]
    pub kind: FindingKind,
    /// How bad.
    pub severity: Severity,
    /// What it is about.
    pub subject: EntityId,
    /// What it was concluded from.
    pub evidence: Vec<Evidence>,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Something does not work as it was meant.
    Error,
    /// Something may not work, or is left over.
    Warning,
    /// Worth knowing.
    Info,
}

/// What a finding was concluded from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Evidence {
    /// A thing of the snapshot.
    Entity(EntityId),
    /// A rule.
    Rule(Box<RuleRef>),
    /// A kernel setting.
    Sysctl(Sysctl),
    /// A source that says it cannot.
    Source(SourceKind),
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "finding", rename_all = "snake_case")]
pub enum FindingKind {
    /// Docker publishes a port, and nothing on the host does it.
    PublishedPortWithoutRule {
        /// The container's port.
        port: PortKey,
        /// Where it is published.
        published: Published,
    },
    /// Docker's rule leads to a container's port that is not published there.
    RuleWithoutBinding {
        /// The container's port.
        port: PortKey,
    },
    /// Docker's rule leads to an address that nobody has.
    RuleForNobody {
        /// The address.
        address: IpAddr,
        /// The port.
        port: Option<u16>,
    },
    /// A port is published on every address of the host.
    PublishedOnEveryAddress {
        /// The container's port.
        port: PortKey,
        /// The host's port.
        host_port: Option<u16>,
    },
    /// A paused container publishes a port: it accepts, and nobody answers.
    PausedContainerPublishes {
        /// The container's port.
        port: PortKey,
    },
    /// Docker's address for a container is in none of its network's subnets.
    AddressOutsideSubnet {
        /// The address.
        address: IpNet,
        /// The network.
        network: EntityId,
    },
    /// The interface does not have the address that Docker gave it.
    AddressDiffers {
        /// Docker's.
        docker: IpNet,
        /// What the interface has.
        kernel: Vec<IpNet>,
    },
    /// Docker attached a running container to a network, and its interface is not there.
    AttachmentWithoutInterface {
        /// The network.
        network: EntityId,
    },
    /// Two interfaces of one network have the same address.
    DuplicateAddress {
        /// The address.
        address: IpAddr,
        /// The network.
        network: EntityId,
    },
    /// Two networks' subnets overlap.
    OverlappingSubnets {
        /// The subject's.
        subnet: IpNet,
        /// The other network.
        other: EntityId,
        /// The other's.
        other_subnet: IpNet,
    },
    /// A bridge of Docker's naming that no network claims.
    BridgeWithoutNetwork,
    /// A network whose bridge is not there.
    NetworkWithoutBridge {
        /// The bridge's name.
        bridge: Text,
    },
    /// A network's bridge is set down.
    BridgeDown,
    /// A network's bridge has no carrier, though running containers are cabled to it.
    BridgeWithoutCarrier,
    /// A veth on a network's bridge whose other end is nowhere.
    VethWithoutPeer,
    /// The host does not forward packets.
    ForwardingOff {
        /// Whether it is IPv6's.
        is_ipv6: bool,
    },
    /// A network forbids its containers to talk to each other, and bridged frames do not pass the rules that say so.
    BridgeNetfilterOff,
    /// The Swarm publishes ports through an ingress that balances nothing: no IPVS.
    MeshNotProgrammed,
    /// A name has hidden characters, or was cut: two such names can look alike.
    NameAltered {
        /// As it is shown.
        name: Text,
    },
}

macro_rules! keys {
    ($($kind:ident => $key:literal,)*) => {
        /// Every [`FindingKind::key`].
        pub const FINDING_KEYS: &[&str] = &[$($key,)*];

        impl FindingKind {
            /// Its name, for words and filters: one of [`FINDING_KEYS`].
            pub const fn key(&self) -> &'static str {
                match self {
                    $(Self::$kind { .. } => $key,)*
                }
            }
        }
    };
}

keys! {
    AddressDiffers => "address-differs",
    AddressOutsideSubnet => "address-outside-subnet",
    AttachmentWithoutInterface => "attachment-without-interface",
    BridgeDown => "bridge-down",
    BridgeNetfilterOff => "bridge-netfilter-off",
    BridgeWithoutCarrier => "bridge-without-carrier",
    BridgeWithoutNetwork => "bridge-without-network",
    DuplicateAddress => "duplicate-address",
    ForwardingOff => "forwarding-off",
    MeshNotProgrammed => "mesh-not-programmed",
    NameAltered => "name-altered",
    NetworkWithoutBridge => "network-without-bridge",
    OverlappingSubnets => "overlapping-subnets",
    PausedContainerPublishes => "paused-container-publishes",
    PublishedOnEveryAddress => "published-on-every-address",
    PublishedPortWithoutRule => "published-port-without-rule",
    RuleForNobody => "rule-for-nobody",
    RuleWithoutBinding => "rule-without-binding",
    VethWithoutPeer => "veth-without-peer",
}

impl FindingKind {
    const fn severity(&self) -> Severity {
        match self {
            Self::PublishedPortWithoutRule { .. }
            | Self::AddressDiffers { .. }
            | Self::AttachmentWithoutInterface { .. }
            | Self::DuplicateAddress { .. }
            | Self::NetworkWithoutBridge { .. }
            | Self::BridgeDown
            | Self::BridgeWithoutCarrier
            | Self::ForwardingOff { .. }
            | Self::MeshNotProgrammed => Severity::Error,
            Self::RuleWithoutBinding { .. }
            | Self::RuleForNobody { .. }
            | Self::AddressOutsideSubnet { .. }
            | Self::OverlappingSubnets { .. }
            | Self::BridgeWithoutNetwork
            | Self::VethWithoutPeer
            | Self::BridgeNetfilterOff => Severity::Warning,
            Self::PublishedOnEveryAddress { .. } | Self::PausedContainerPublishes { .. } | Self::NameAltered { .. } => {
                Severity::Info
            }
        }
    }
}

/// All findings: by host, the worst first, then by what they are about.
pub fn findings(snapshot: &Snapshot) -> Vec<Finding> {
    let mut all = Vec::new();
    for host in &snapshot.hosts {
        let mut found = Found::default();
        publishing::look(host, &mut found);
        addresses::look(host, &mut found);
        devices::look(snapshot.graph(), host, &mut found);
        host::look(host, &mut found);
        found.list.sort_by(|a, b| {
            let place = |one: &Finding| (one.severity, one.kind.key());
            place(a).cmp(&place(b)).then_with(|| a.subject.cmp(&b.subject))
        });
        all.extend(found.list);
    }
    all
}

#[derive(Default)]
struct Found {
    list: Vec<Finding>,
}

impl Found {
    fn add(&mut self, subject: &EntityId, kind: FindingKind, evidence: Vec<Evidence>) {
        self.list.push(Finding { severity: kind.severity(), subject: subject.clone(), kind, evidence });
    }
}

/// Whether what the engine says is of now, and of the kernel that was read.
fn has_live_engine(host: &Host) -> bool {
    host.engine.as_ref().is_some_and(|engine| engine.is_local) && host.engine_lost.is_none()
}

/// The same, and it said everything: what is absent from its lists is absent.
fn has_whole_engine(host: &Host) -> bool {
    has_live_engine(host) && host.was_read(SourceKind::Engine, None)
}
