//! What is asked of a walk.

use bridgewalk_model::{EntityId, Text};
use serde::Serialize;

use std::net::IpAddr;

/// Which packet is to be followed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Question {
    /// Who sends it.
    pub from: End,
    /// To whom.
    pub to: End,
    /// The receiver's port; none: 80 for TCP, 53 for UDP.
    pub port: Option<u16>,
    /// The protocol.
    pub protocol: Protocol,
    /// The sender's port; none: 40000, out of those that systems choose from.
    pub source_port: Option<u16>,
}

/// The protocols that are followed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Protocol {
    /// A connection's first packet.
    #[default]
    Tcp,
    /// A datagram.
    Udp,
    /// An echo request.
    Icmp,
}

/// One end of a walk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "end", rename_all = "snake_case")]
pub enum End {
    /// A host itself.
    Host {
        /// Which.
        id: EntityId,
    },
    /// The outside world, beyond the hosts' routers.
    Outside,
    /// A namespace: a container's, or one without a container.
    Namespace {
        /// Which.
        id: EntityId,
        /// What it was asked for by.
        name: Text,
    },
    /// A container that is not running.
    Absent {
        /// Which.
        id: EntityId,
        /// Its name.
        name: Text,
    },
    /// An address.
    Address {
        /// Which.
        address: IpAddr,
        /// Whose, where several hosts have it; none: the only one's.
        #[serde(skip_serializing_if = "Option::is_none")]
        host: Option<EntityId>,
    },
    /// A name that the sender looks up.
    Name {
        /// Which.
        name: Text,
    },
}
