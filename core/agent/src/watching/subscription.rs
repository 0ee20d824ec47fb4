//! Listening to one namespace: what the kernel tells of it, and which parts are to be read again for that.
//!
//! rtnetlink names the groups; the sockets are ours. `rtnetlink::new_multicast_connection` would keep 72 KiB of buffers
//! and a task for each of a thousand namespaces, decode whole messages of which only the type is asked for (and know
//! nothing of `RTM_NEWNETCONF` and `RTM_NEWVLAN`), and put them into a channel without bounds.

use std::io;

use linux_raw_sys::netlink;
use netlink_sys::{
    Socket,
    protocols::{NETLINK_NETFILTER, NETLINK_ROUTE},
};
use rtnetlink::MulticastGroup;

use crate::{
    netlink::{Messages, attributes::u8_at},
    reading::{Part, Parts},
};

/// Links, neighbours (and forwarding databases), addresses, routes, rules, sysctls of devices, namespace numbers, VLANs.
const ROUTE_GROUPS: [MulticastGroup; 12] = [
    MulticastGroup::Link,
    MulticastGroup::Neigh,
    MulticastGroup::Ipv4Ifaddr,
    MulticastGroup::Ipv4Route,
    MulticastGroup::Ipv4Rule,
    MulticastGroup::Ipv6Ifaddr,
    MulticastGroup::Ipv6Route,
    MulticastGroup::Ipv6Rule,
    MulticastGroup::Ipv4Netconf,
    MulticastGroup::Ipv6Netconf,
    MulticastGroup::Nsid,
    MulticastGroup::Brvlan,
];
/// `RTM_NEWVLAN` and `RTM_GETVLAN`, the first and the last of their kind.
const RTM_NEWVLAN: u16 = netlink::RTM_NEWVLAN as u16;
const RTM_GETVLAN: u16 = netlink::RTM_GETVLAN as u16;
/// Room for a burst while the reader is busy elsewhere.
const RECEIVE_BUFFER_BYTES: usize = 1 << 20;
/// So many datagrams are taken at a time, before others get their turn.
const MAX_DATAGRAMS: usize = 512;

/// The sockets on which a namespace's events come. They belong to the namespace, and keep it alive while they are open.
#[derive(Debug)]
pub(crate) struct Subscription {
    /// rtnetlink.
    pub(crate) route: Socket,
    /// nf_tables, where allowed.
    pub(crate) firewall: io::Result<Socket>,
}

/// What came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Heard {
    /// Parts that changed.
    pub(crate) parts: Parts,
    /// A namespace got or lost its number here: there may be a new one.
    pub(crate) look_for_namespaces: bool,
    /// The kernel could not keep all for us (`ENOBUFS`).
    pub(crate) lost: bool,
}

impl Subscription {
    /// Listens in the calling thread's namespace.
    pub(crate) fn open() -> io::Result<Self> {
        Ok(Self {
            route: listen(NETLINK_ROUTE, &ROUTE_GROUPS.map(|group| group as u32))?,
            firewall: listen(NETLINK_NETFILTER, &[libc::NFNLGRP_NFTABLES.cast_unsigned()]),
        })
    }
}

fn listen(protocol: isize, groups: &[u32]) -> io::Result<Socket> {
    let mut socket = Socket::new(protocol)?;
    socket.set_rx_buf_sz(i32::try_from(RECEIVE_BUFFER_BYTES).unwrap_or(i32::MAX))?;
    socket.bind_auto()?;
    for group in groups {
        match socket.add_membership(*group) {
            Ok(()) => {}
            // An older kernel has fewer groups.
            Err(error) if error.raw_os_error() == Some(libc::EINVAL) => {}
            Err(error) => return Err(error),
        }
    }
    socket.set_non_blocking(true)?;
    Ok(socket)
}

/// Takes what waits on an rtnetlink socket.
pub(crate) fn hear_route(socket: &Socket, buffer: &mut [u8]) -> Heard {
    let mut heard = Heard::default();
    drain(socket, buffer, &mut heard, |datagram, heard| {
        for message in Messages(datagram) {
            heard.parts = heard.parts.and(parts(message.kind, u8_at(message.body, 0).unwrap_or(0)));
            heard.look_for_namespaces |= matches!(message.kind, libc::RTM_NEWNSID | libc::RTM_DELNSID);
        }
    });
    heard
}

/// Takes what waits on an nf_tables socket: whatever it is, the rules are read again.
pub(crate) fn hear_firewall(socket: &Socket, buffer: &mut [u8]) -> Heard {
    let mut heard = Heard::default();
    drain(socket, buffer, &mut heard, |_, heard| heard.parts = Parts::of(&[Part::Firewall]));
    heard
}

fn drain(socket: &Socket, buffer: &mut [u8], heard: &mut Heard, mut each: impl FnMut(&[u8], &mut Heard)) {
    for _ in 0..MAX_DATAGRAMS {
        let mut free = &mut buffer[..];
        match socket.recv(&mut free, 0) {
            Ok(len) => each(&buffer[..len.min(buffer.len())], heard),
            Err(error) if error.raw_os_error() == Some(libc::ENOBUFS) => heard.lost = true,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return,
        }
    }
}

/// The kernel takes routes away silently with an address or a link, so these are read with them.
fn parts(kind: u16, family: u8) -> Parts {
    match kind {
        libc::RTM_NEWLINK..=libc::RTM_SETLINK => {
            Parts::of(&[Part::Links, Part::Sysctls, Part::Addresses, Part::Routes, Part::BridgeVlans, Part::Fdb])
        }
        libc::RTM_NEWADDR..=libc::RTM_GETADDR => Parts::of(&[Part::Addresses, Part::Routes]),
        libc::RTM_NEWROUTE..=libc::RTM_GETROUTE => Parts::of(&[Part::Routes]),
        libc::RTM_NEWNEIGH..=libc::RTM_GETNEIGH if i32::from(family) == libc::AF_BRIDGE => Parts::of(&[Part::Fdb]),
        libc::RTM_NEWNEIGH..=libc::RTM_GETNEIGH => Parts::of(&[Part::Neighbours]),
        libc::RTM_NEWRULE..=libc::RTM_GETRULE => Parts::of(&[Part::RoutingRules]),
        libc::RTM_NEWNETCONF..=libc::RTM_GETNETCONF => Parts::of(&[Part::Sysctls]),
        RTM_NEWVLAN..=RTM_GETVLAN => Parts::of(&[Part::BridgeVlans]),
        _ => Parts::NONE,
    }
}
