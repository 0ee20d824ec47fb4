//! A packet's header, as far as rules and routes look at it.

use std::net::IpAddr;

use bridgewalk_model::MacAddress;
use serde::{Deserialize, Serialize};

/// A packet as it stands at one place.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Packet {
    /// The sender's address.
    pub source: IpAddr,
    /// The receiver's address.
    pub destination: IpAddr,
    /// What is inside.
    pub layer4: Layer4,
    /// IPv4's time to live, IPv6's hop limit.
    pub ttl: u8,
    /// `skb->mark`: set by rules, seen by rules and routing rules, never on the wire.
    pub mark: u32,
    /// The frame's sender, where it is known.
    pub source_mac: Option<MacAddress>,
    /// The frame's receiver, where it is known.
    pub destination_mac: Option<MacAddress>,
}

/// What a packet carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "protocol", rename_all = "snake_case")]
pub enum Layer4 {
    /// TCP.
    Tcp {
        /// The sender's port.
        source_port: u16,
        /// The receiver's port.
        destination_port: u16,
        /// The flags' byte: FIN 1, SYN 2, RST 4, PSH 8, ACK 16, URG 32.
        flags: u8,
    },
    /// UDP.
    Udp {
        /// The sender's port.
        source_port: u16,
        /// The receiver's port.
        destination_port: u16,
    },
    /// ICMP or ICMPv6, by the addresses' family.
    Icmp {
        /// The type: an echo request is 8, and 128 in ICMPv6.
        kind: u8,
        /// The code.
        code: u8,
        /// An echo's identifier: what conntrack has in the ports' stead.
        identifier: u16,
    },
    /// Anything else, by IP's number.
    Other {
        /// IP's number of it.
        number: u8,
    },
}

impl Packet {
    /// Whether it is IPv6.
    pub const fn is_ipv6(&self) -> bool {
        self.destination.is_ipv6()
    }

    /// The same flow's answer, as its receiver would send it: addresses and ports changed over, the mark gone.
    pub fn reply(&self) -> Self {
        Self {
            source: self.destination,
            destination: self.source,
            layer4: self.layer4.reply(),
            ttl: 64,
            mark: 0,
            source_mac: self.destination_mac,
            destination_mac: self.source_mac,
        }
    }
}

impl Layer4 {
    /// IP's number of the protocol.
    pub const fn number(self, is_ipv6: bool) -> u8 {
        match self {
            Self::Tcp { .. } => 6,
            Self::Udp { .. } => 17,
            Self::Icmp { .. } if is_ipv6 => 58,
            Self::Icmp { .. } => 1,
            Self::Other { number } => number,
        }
    }

    /// The sender's and the receiver's port, for what has ports.
    pub const fn ports(self) -> Option<(u16, u16)> {
        match self {
            Self::Tcp { source_port, destination_port, .. } | Self::Udp { source_port, destination_port } => {
                Some((source_port, destination_port))
            }
            Self::Icmp { .. } | Self::Other { .. } => None,
        }
    }

    /// The answer to it: SYN is answered with SYN and ACK, ICMP's questions with what conntrack awaits (`invmap`).
    pub const fn reply(self) -> Self {
        match self {
            Self::Tcp { source_port, destination_port, flags } => Self::Tcp {
                source_port: destination_port,
                destination_port: source_port,
                flags: if flags & 2 == 2 { 0x12 } else { 0x10 },
            },
            Self::Udp { source_port, destination_port } => {
                Self::Udp { source_port: destination_port, destination_port: source_port }
            }
            Self::Icmp { kind, code, identifier } => Self::Icmp {
                kind: match kind {
                    8 => 0,
                    // Timestamp, information and address mask; IPv6's query of a node.
                    13 | 15 | 17 | 128 | 139 => kind + 1,
                    other => other,
                },
                code,
                identifier,
            },
            other @ Self::Other { .. } => other,
        }
    }
}
