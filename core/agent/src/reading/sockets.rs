//! Sockets (`sock_diag(7)`).

use std::{
    collections::HashMap,
    fs, io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use bridgewalk_model::{
    AddressPort,
    kernel::{Socket, SocketState, Transport},
};

use crate::netlink::{
    Message, Netlink,
    attributes::{Attributes, Body, be16_at, ip, u8_at, u32_at},
};

const SOCK_DIAG_BY_FAMILY: u16 = 20;
const INET_DIAG_REQ_V2_LEN: usize = 56;
const INET_DIAG_MSG_LEN: usize = 72;
const INET_DIAG_SKV6ONLY: u16 = 11;
const TCP_ESTABLISHED: u8 = 1;
const TCP_TIME_WAIT: u8 = 6;
const TCP_CLOSE: u8 = 7;
const TCP_LISTEN: u8 = 10;
const TCP_NEW_SYN_RECV: u8 = 12;
/// All states but those of sockets that belong to no process (any more, or yet).
const STATES: u32 = 0xfff & !(1 << TCP_TIME_WAIT) & !(1 << TCP_NEW_SYN_RECV);

/// The most sockets kept of one namespace: a busy proxy holds hundreds of thousands.
pub(crate) const MAX_SOCKETS: usize = 4_096;

/// What was read, and of which protocols the kernel cannot tell.
pub(crate) struct Sockets {
    /// Listening ones first, then by protocol and local address.
    pub(crate) list: Vec<Socket>,
    /// How many there were.
    pub(crate) found: usize,
    /// Protocols whose diagnosis the kernel lacks: to be read in `/proc/net`.
    pub(crate) missing: Vec<Transport>,
}

/// The sockets of the namespace that `netlink` (of `NETLINK_SOCK_DIAG`) and the calling thread are in; `owners` maps
/// sockets' inodes to processes.
///
/// For a list of connections the kernel goes through the whole machine's table, hundreds of thousands of places, and for
/// each namespace again. So it is asked only for what the namespace's own counts say there is.
pub(crate) fn read(netlink: &mut Netlink, owners: &HashMap<u64, u32>) -> io::Result<Sockets> {
    let counts = Counts::read();
    let mut list = Vec::new();
    let mut missing = Vec::new();
    for transport in [Transport::Tcp, Transport::Udp, Transport::Raw] {
        for family in [libc::AF_INET, libc::AF_INET6] {
            let count = counts.of(transport, family);
            if count == Some(0) {
                continue;
            }
            // Listening ones have a table of their own.
            let first = if transport == Transport::Tcp { 1 << TCP_LISTEN } else { STATES };
            let mut ask = |states: u32| dump(netlink, transport, family, states);
            let found = ask(first).and_then(|mut found| {
                if first != STATES && count.is_none_or(|count| found.len() < count) {
                    found.extend(ask(STATES & !first)?);
                }
                Ok(found)
            });
            match found {
                Ok(found) => list.extend(found),
                Err(error) if error.raw_os_error() == Some(libc::ENOENT) => missing.push(transport),
                Err(error) => return Err(error),
            }
        }
    }
    missing.dedup();
    Ok(bounded(list, owners, missing))
}

fn dump(netlink: &mut Netlink, transport: Transport, family: libc::c_int, states: u32) -> io::Result<Vec<Socket>> {
    let mut header = [0; INET_DIAG_REQ_V2_LEN];
    header[0] = family as u8;
    header[1] = transport.number();
    header[4..8].copy_from_slice(&states.to_ne_bytes());
    netlink.dump(SOCK_DIAG_BY_FAMILY, &Body::new(&header), |message| decode(message, transport))
}

/// How many sockets of each kind the namespace has (`inuse` in `/proc/net/sockstat` and `sockstat6`): all that are in
/// the kernel's tables, but for those that belong to no process any more.
struct Counts {
    ipv4: String,
    ipv6: String,
}

impl Counts {
    /// Of the calling thread's namespace.
    fn read() -> Self {
        let file = |name: &str| fs::read_to_string(format!("/proc/thread-self/net/{name}")).unwrap_or_default();
        Self { ipv4: file("sockstat"), ipv6: file("sockstat6") }
    }

    /// None where the kernel does not say.
    fn of(&self, transport: Transport, family: libc::c_int) -> Option<usize> {
        let (text, suffix) = if family == libc::AF_INET6 { (&self.ipv6, "6") } else { (&self.ipv4, "") };
        let name = match transport {
            Transport::Tcp => "TCP",
            Transport::Udp => "UDP",
            Transport::Raw => "RAW",
            Transport::Sctp => return None,
        };
        let rest =
            text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(suffix)?.strip_prefix(": inuse "));
        rest?.split(' ').next()?.parse().ok()
    }
}

/// Orders, bounds, and names the processes.
pub(crate) fn bounded(mut list: Vec<Socket>, owners: &HashMap<u64, u32>, missing: Vec<Transport>) -> Sockets {
    for socket in &mut list {
        socket.pid = owners.get(&socket.inode).copied();
    }
    list.sort_by_key(|socket| {
        (socket.state != SocketState::Listen, socket.transport, socket.local, socket.remote, socket.inode)
    });
    let found = list.len();
    list.truncate(MAX_SOCKETS);
    Sockets { list, found, missing }
}

pub(super) fn decode(message: Message<'_>, transport: Transport) -> Option<Socket> {
    let body = message.body;
    let is_ipv6 = i32::from(u8_at(body, 0)?) == libc::AF_INET6;
    let address = |at: usize| {
        let bytes = body.get(at..at + if is_ipv6 { 16 } else { 4 })?;
        ip(bytes)
    };
    let local = AddressPort { address: address(8)?, port: be16_at(body, 4)? };
    let remote = AddressPort { address: address(24)?, port: be16_at(body, 6)? };
    let attributes = Attributes::after(body, INET_DIAG_MSG_LEN);
    Some(Socket {
        transport,
        local,
        remote: remote_of(remote),
        state: state(u8_at(body, 1)?, transport),
        is_ipv6_only: attributes.find(INET_DIAG_SKV6ONLY).and_then(|value| u8_at(value, 0)).is_some_and(|v| v != 0),
        bound_if_index: u32_at(body, 40)?,
        inode: u32_at(body, 68)?.into(),
        uid: u32_at(body, 64)?,
        pid: None,
    })
}

/// The other end, if there is one.
pub(crate) fn remote_of(remote: AddressPort) -> Option<AddressPort> {
    let none = match remote.address {
        IpAddr::V4(address) => address == Ipv4Addr::UNSPECIFIED,
        IpAddr::V6(address) => address == Ipv6Addr::UNSPECIFIED,
    };
    (!none || remote.port != 0).then_some(remote)
}

/// A number of `net/tcp_states.h`; datagram sockets that are not connected are "closed".
pub(crate) fn state(number: u8, transport: Transport) -> SocketState {
    match number {
        TCP_ESTABLISHED => SocketState::Established,
        TCP_LISTEN => SocketState::Listen,
        TCP_CLOSE if transport != Transport::Tcp => SocketState::Listen,
        _ => SocketState::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_read_by_transport_and_family() {
        let counts = Counts {
            ipv4: "sockets: used 7\nTCP: inuse 2 orphan 0 tw 1 alloc 3 mem 0\nUDP: inuse 0 mem 0\nUDPLITE: inuse 9\n"
                .to_owned(),
            ipv6: "TCP6: inuse 4\nUDP6: inuse 5\nRAW6: inuse 0\n".to_owned(),
        };
        assert_eq!(counts.of(Transport::Tcp, libc::AF_INET), Some(2));
        assert_eq!(counts.of(Transport::Udp, libc::AF_INET), Some(0));
        assert_eq!(counts.of(Transport::Raw, libc::AF_INET), None);
        assert_eq!(counts.of(Transport::Tcp, libc::AF_INET6), Some(4));
        assert_eq!(counts.of(Transport::Raw, libc::AF_INET6), Some(0));
    }
}
