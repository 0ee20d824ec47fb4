//! Sockets (`sock_diag(7)`).

use std::{
    collections::HashMap,
    io,
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

/// The sockets of the namespace that `netlink` (of `NETLINK_SOCK_DIAG`) is in; `owners` maps sockets' inodes to
/// processes.
pub(crate) fn read(netlink: &mut Netlink, owners: &HashMap<u64, u32>) -> io::Result<Sockets> {
    let mut list = Vec::new();
    let mut missing = Vec::new();
    for transport in [Transport::Tcp, Transport::Udp, Transport::Raw] {
        for family in [libc::AF_INET, libc::AF_INET6] {
            let mut header = [0; INET_DIAG_REQ_V2_LEN];
            header[0] = family as u8;
            header[1] = transport.number();
            header[4..8].copy_from_slice(&STATES.to_ne_bytes());
            match netlink.dump(SOCK_DIAG_BY_FAMILY, &Body::new(&header), |message| decode(message, transport)) {
                Ok(found) => list.extend(found),
                Err(error) if error.raw_os_error() == Some(libc::ENOENT) => missing.push(transport),
                Err(error) => return Err(error),
            }
        }
    }
    missing.dedup();
    Ok(bounded(list, owners, missing))
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
