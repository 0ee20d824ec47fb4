//! The one packet, or the one connection attempt, and what comes back to its socket.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd},
    time::Duration,
};

use bridgewalk_model::{
    AddressPort,
    proof::{Answer, ProbeProtocol, ProofFailure, ProofOrder, Tuple},
};
use rustix::{
    event::PollFlags,
    io::Errno,
    net::{
        AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, bind, connect, getsockname, ipproto, recv, send,
        socket_with, sockopt,
    },
};

/// What a datagram and an echo carry, so that who finds one knows where it came from.
pub(crate) const PAYLOAD: &[u8] = b"bridgewalk proof";

/// The sender's socket. Dropping it resets what is connected.
pub(super) struct Probe {
    socket: OwnedFd,
    protocol: ProbeProtocol,
    local: SocketAddr,
    port: u16,
    is_raw: bool,
}

fn failed(error: Errno) -> ProofFailure {
    ProofFailure::Send { detail: std::io::Error::from(error).to_string() }
}

impl Probe {
    /// Opens the socket in the calling thread's namespace, and takes its port.
    pub(super) fn open(order: &ProofOrder) -> Result<Self, ProofFailure> {
        let is_ipv6 = order.destination.is_ipv6();
        let family = if is_ipv6 { AddressFamily::INET6 } else { AddressFamily::INET };
        let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
        let icmp = if is_ipv6 { ipproto::ICMPV6 } else { ipproto::ICMP };
        let mut is_raw = false;
        let socket = match order.protocol {
            ProbeProtocol::Tcp => socket_with(family, SocketType::STREAM, flags, None),
            ProbeProtocol::Udp => socket_with(family, SocketType::DGRAM, flags, None),
            // Whom `ping_group_range` does not let needs CAP_NET_RAW.
            ProbeProtocol::Icmp => socket_with(family, SocketType::DGRAM, flags, Some(icmp)).or_else(|_| {
                is_raw = true;
                socket_with(family, SocketType::RAW, flags, Some(icmp))
            }),
        }
        .map_err(|error| match error {
            Errno::PERM | Errno::ACCESS => ProofFailure::Send { detail: "an echo needs CAP_NET_RAW".to_owned() },
            other => failed(other),
        })?;
        hear_errors(&socket, is_ipv6);
        let any: IpAddr = if is_ipv6 { Ipv6Addr::UNSPECIFIED.into() } else { Ipv4Addr::UNSPECIFIED.into() };
        let wanted = order.source_port.unwrap_or(0);
        let port = if is_raw {
            // Nothing keeps identifiers apart: take one that others hardly have.
            if wanted == 0 { 0x8000 | (super::table::number() as u16) } else { wanted }
        } else {
            bind(&socket, &SocketAddr::new(any, wanted)).map_err(|error| match error {
                Errno::ADDRINUSE => ProofFailure::Send { detail: format!("the source port {wanted} is in use there") },
                other => failed(other),
            })?;
            local(&socket)?.port()
        };
        Ok(Self { socket, protocol: order.protocol, local: SocketAddr::new(any, port), port, is_raw })
    }

    /// The sender's port, or the echo's identifier.
    pub(super) const fn port(&self) -> u16 {
        self.port
    }

    /// What to wait for: TCP tells that it is connected by being writable.
    pub(super) fn to_poll(&self) -> (BorrowedFd<'_>, PollFlags) {
        let flags = if self.protocol == ProbeProtocol::Tcp { PollFlags::OUT } else { PollFlags::IN };
        (self.socket.as_fd(), flags)
    }

    /// Sends; an answer if there is one at once.
    pub(super) fn send(&mut self, order: &ProofOrder) -> Result<Option<Answer>, ProofFailure> {
        let port = if self.protocol == ProbeProtocol::Icmp { 0 } else { order.port };
        let to = SocketAddr::new(order.destination, port);
        let connected = connect(&self.socket, &to);
        if let Ok(local) = local(&self.socket) {
            self.local = local;
        }
        match connected {
            Ok(()) if self.protocol == ProbeProtocol::Tcp => return Ok(Some(Answer::Answered)),
            Ok(()) => {}
            Err(Errno::INPROGRESS) => return Ok(None),
            Err(error) => return said(error).map(Some).ok_or_else(|| failed(error)),
        }
        let sent = match self.protocol {
            ProbeProtocol::Tcp => return Ok(None),
            ProbeProtocol::Udp => send(&self.socket, PAYLOAD, SendFlags::empty()),
            ProbeProtocol::Icmp => {
                send(&self.socket, &echo(self.port, order.destination.is_ipv6()), SendFlags::empty())
            }
        };
        match sent {
            Ok(_) => Ok(None),
            Err(error) => said(error).map(Some).ok_or_else(|| failed(error)),
        }
    }

    /// What has come.
    pub(super) fn answer(&self) -> Option<Answer> {
        match sockopt::socket_error(&self.socket) {
            Ok(Err(error)) => return Some(said(error).unwrap_or(Answer::Silence)),
            Err(_) => return None,
            Ok(Ok(())) => {}
        }
        if self.protocol == ProbeProtocol::Tcp {
            // Writable without an error: connected. Else it only just began.
            return rustix::net::getpeername(&self.socket).ok().flatten().map(|_| Answer::Answered);
        }
        loop {
            let mut buffer = [0; 512];
            match recv(&self.socket, &mut buffer[..], RecvFlags::DONTWAIT) {
                Ok((len, _)) if self.is_its_answer(&buffer[..len.min(512)]) => return Some(Answer::Answered),
                Ok(_) | Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return None,
                Err(error) => return said(error),
            }
        }
    }

    /// A raw socket hears all echoes, its own requests to itself among them.
    fn is_its_answer(&self, bytes: &[u8]) -> bool {
        if !self.is_raw {
            return true;
        }
        let icmp = match bytes.first() {
            Some(first) if self.local.is_ipv4() => bytes.get(usize::from(first & 15) * 4..).unwrap_or_default(),
            _ => bytes,
        };
        matches!(icmp.first(), Some(0 | 129)) && icmp.get(4..6) == Some(&self.port.to_be_bytes())
    }

    /// What was sent.
    pub(super) fn tuple(&self, order: &ProofOrder) -> Tuple {
        let is_icmp = self.protocol == ProbeProtocol::Icmp;
        Tuple {
            protocol: self.protocol.number(order.destination.is_ipv6()),
            source: AddressPort { address: self.local.ip(), port: self.port },
            destination: AddressPort { address: order.destination, port: if is_icmp { self.port } else { order.port } },
        }
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        if self.protocol == ProbeProtocol::Tcp {
            // A reset leaves no TIME_WAIT behind.
            let _ = sockopt::set_socket_linger(&self.socket, Some(Duration::ZERO));
        }
    }
}

fn local(socket: &OwnedFd) -> Result<SocketAddr, ProofFailure> {
    getsockname(socket).and_then(|address| address.try_into().map_err(|_| Errno::AFNOSUPPORT)).map_err(failed)
}

/// What the network said by an error; none: it was not the network.
fn said(error: Errno) -> Option<Answer> {
    Some(match error {
        Errno::CONNREFUSED => Answer::Refused,
        Errno::PERM | Errno::ACCESS => Answer::Forbidden,
        Errno::NETUNREACH
        | Errno::HOSTUNREACH
        | Errno::NETDOWN
        | Errno::HOSTDOWN
        | Errno::PROTO
        | Errno::OPNOTSUPP
        | Errno::NOPROTOOPT
        | Errno::TIMEDOUT
        | Errno::INVAL
        | Errno::NONET
        | Errno::ADDRNOTAVAIL => Answer::Unreachable { error: std::io::Error::from(error).to_string() },
        _ => return None,
    })
}

/// An echo request with its checksum, which the kernel fills in for ICMPv6.
fn echo(identifier: u16, is_ipv6: bool) -> Vec<u8> {
    let mut echo = vec![if is_ipv6 { 128 } else { 8 }, 0, 0, 0];
    echo.extend_from_slice(&identifier.to_be_bytes());
    echo.extend_from_slice(&1_u16.to_be_bytes());
    echo.extend_from_slice(PAYLOAD);
    if !is_ipv6 {
        let sum: u32 =
            echo.chunks(2).map(|pair| u32::from(pair[0]) << 8 | pair.get(1).map_or(0, |low| u32::from(*low))).sum();
        let folded = (sum & 0xffff) + (sum >> 16);
        let checksum = !(((folded & 0xffff) + (folded >> 16)) as u16);
        echo[2..4].copy_from_slice(&checksum.to_be_bytes());
    }
    echo
}

/// Has ICMP's "unreachable" come to the socket (`IP_RECVERR`); without it only the hard ones do.
#[allow(unsafe_code, reason = "no safe wrapper knows this option")]
fn hear_errors(socket: &OwnedFd, is_ipv6: bool) {
    let (level, option) =
        if is_ipv6 { (libc::IPPROTO_IPV6, libc::IPV6_RECVERR) } else { (libc::IPPROTO_IP, libc::IP_RECVERR) };
    let on: libc::c_int = 1;
    // SAFETY: the option's value is an int that lives through the call.
    unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            level,
            option,
            std::ptr::from_ref(&on).cast(),
            libc::socklen_t::try_from(size_of_val(&on)).unwrap_or(0),
        );
    }
}
