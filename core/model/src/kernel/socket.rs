//! Sockets (`sock_diag(7)`, or `/proc/PID/net/{tcp,udp,tcp6,udp6}`).

use serde::{Deserialize, Serialize};

use crate::AddressPort;

/// One socket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Socket {
    /// The protocol.
    pub transport: Transport,
    /// `idiag_src` and `idiag_sport`.
    pub local: AddressPort,
    /// `idiag_dst` and `idiag_dport`; none while listening.
    pub remote: Option<AddressPort>,
    /// `idiag_state`.
    pub state: SocketState,
    /// `INET_DIAG_SKV6ONLY`: an IPv6 socket that does not take IPv4.
    pub is_ipv6_only: bool,
    /// `idiag_if`: bound to this interface; 0: to none.
    #[serde(default)]
    pub bound_if_index: u32,
    /// `idiag_inode`: found again in `/proc/PID/fd`.
    pub inode: u64,
    /// `idiag_uid`.
    pub uid: u32,
    /// The process that holds it, the lowest PID if several; none where `/proc/PID/fd` may not be read.
    pub pid: Option<u32>,
}

/// A transport protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Transport {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
    /// SCTP.
    Sctp,
    /// Raw IP.
    Raw,
}

impl Transport {
    /// As Docker and people write it: `tcp`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
            Self::Sctp => "sctp",
            Self::Raw => "raw",
        }
    }

    /// IANA's protocol number.
    pub const fn number(self) -> u8 {
        match self {
            Self::Tcp => 6,
            Self::Udp => 17,
            Self::Sctp => 132,
            Self::Raw => 255,
        }
    }
}

impl std::str::FromStr for Transport {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "tcp" => Ok(Self::Tcp),
            "udp" => Ok(Self::Udp),
            "sctp" => Ok(Self::Sctp),
            "raw" => Ok(Self::Raw),
            _ => Err(()),
        }
    }
}

impl std::fmt::Display for Transport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

/// A socket's state (`net/tcp_states.h`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SocketState {
    /// Waits for connections; for UDP: takes packets from anyone.
    Listen,
    /// Connected.
    Established,
    /// Any other state.
    Other,
}
