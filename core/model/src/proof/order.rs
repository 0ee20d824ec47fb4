//! What is to be sent.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::NamespaceInode;

/// The most namespaces that one proof looks into.
pub const MAX_TRACED_NAMESPACES: usize = 32;

/// The longest wait for an answer, in milliseconds: below the second after which TCP would send its SYN again.
pub const MAX_WAIT_MS: u32 = 900;

/// One packet, or one connection attempt, and the namespaces in which it is watched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProofOrder {
    /// The namespace that sends.
    pub from: NamespaceInode,
    /// What is sent.
    pub protocol: ProbeProtocol,
    /// The receiver.
    pub destination: IpAddr,
    /// The receiver's port; 0 for ICMP.
    pub port: u16,
    /// The sender's port (ICMP: the echo's identifier); none: the kernel chooses one that is free.
    pub source_port: Option<u16>,
    /// How long an answer is waited for, at most [`MAX_WAIT_MS`].
    pub wait_ms: u32,
    /// Where to look, the sender's namespace among them or not: it is always looked into. At most
    /// [`MAX_TRACED_NAMESPACES`].
    pub namespaces: Vec<NamespaceInode>,
    /// Connections that somebody on the way opens for it: docker-proxy's to the container.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub second_flows: Vec<SecondFlow>,
}

/// A flow that is watched as well, known by its receiver alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecondFlow {
    /// Its protocol.
    pub protocol: ProbeProtocol,
    /// Its receiver.
    pub destination: IpAddr,
    /// The receiver's port.
    pub port: u16,
}

/// What can be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProbeProtocol {
    /// One connection attempt; what is connected is reset at once.
    Tcp,
    /// One datagram.
    Udp,
    /// One echo request.
    Icmp,
}

impl ProbeProtocol {
    /// As people write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
            Self::Icmp => "icmp",
        }
    }

    /// IP's number of it.
    pub const fn number(self, is_ipv6: bool) -> u8 {
        match self {
            Self::Tcp => 6,
            Self::Udp => 17,
            Self::Icmp if is_ipv6 => 58,
            Self::Icmp => 1,
        }
    }
}
