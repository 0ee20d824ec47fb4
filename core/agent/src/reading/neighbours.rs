//! Neighbours and the forwarding databases of bridges and VXLANs (`RTM_GETNEIGH`).

use std::io;

use bridgewalk_model::kernel::{FdbEntry, Neighbour, NeighbourState};

use crate::netlink::{
    Message, Netlink,
    attributes::{Attributes, Body, ip, mac, u8_at, u16_at, u32_at},
};

const RTM_GETNEIGH: u16 = 30;
const NDMSG_LEN: usize = 12;
const NDA_DST: u16 = 1;
const NDA_LLADDR: u16 = 2;
const NDA_VLAN: u16 = 5;
const NDA_MASTER: u16 = 9;
const NTF_SELF: u8 = 0x02;
const NTF_PROXY: u8 = 0x08;
const NTF_EXT_LEARNED: u8 = 0x10;
const NTF_ROUTER: u8 = 0x80;
const NUD_NOARP: u16 = 0x40;
const NUD_PERMANENT: u16 = 0x80;

/// The neighbours of the namespace that `netlink` is in, those it answers for last.
pub(crate) fn read(netlink: &mut Netlink) -> io::Result<Vec<Neighbour>> {
    let mut neighbours = netlink.dump(RTM_GETNEIGH, &Body::new(&[0; NDMSG_LEN]), decode)?;
    let mut header = [0; NDMSG_LEN];
    header[10] = NTF_PROXY;
    neighbours.extend(netlink.dump(RTM_GETNEIGH, &Body::new(&header), decode)?);
    Ok(neighbours)
}

/// The forwarding databases of the namespace that `netlink` is in.
pub(crate) fn read_fdb(netlink: &mut Netlink) -> io::Result<Vec<FdbEntry>> {
    let mut header = [0; NDMSG_LEN];
    header[0] = libc::AF_BRIDGE as u8;
    netlink.dump(RTM_GETNEIGH, &Body::new(&header), decode_fdb)
}

pub(super) fn decode(message: Message<'_>) -> Option<Neighbour> {
    let body = message.body;
    let family = i32::from(u8_at(body, 0)?);
    if family != libc::AF_INET && family != libc::AF_INET6 {
        return None;
    }
    let attributes = Attributes::after(body, NDMSG_LEN);
    let flags = u8_at(body, 10)?;
    let state = u16_at(body, 8)?;
    // Before anybody answered the kernel shows an address of zeros.
    let is_resolved = !matches!(state, 0 | 0x01 | 0x20);
    Some(Neighbour {
        if_index: u32_at(body, 4)?,
        address: attributes.find(NDA_DST).and_then(ip)?,
        mac_address: attributes.find(NDA_LLADDR).and_then(mac).filter(|_| is_resolved),
        state: neighbour_state(state),
        is_proxy: flags & NTF_PROXY != 0,
        is_router: flags & NTF_ROUTER != 0,
    })
}

pub(super) fn decode_fdb(message: Message<'_>) -> Option<FdbEntry> {
    let body = message.body;
    if i32::from(u8_at(body, 0)?) != libc::AF_BRIDGE {
        return None;
    }
    let attributes = Attributes::after(body, NDMSG_LEN);
    let state = u16_at(body, 8)?;
    let flags = u8_at(body, 10)?;
    Some(FdbEntry {
        if_index: u32_at(body, 4)?,
        bridge_if_index: attributes.find(NDA_MASTER).and_then(|value| u32_at(value, 0)),
        mac_address: attributes.find(NDA_LLADDR).and_then(mac)?,
        vlan_id: attributes.find(NDA_VLAN).and_then(|value| u16_at(value, 0)),
        remote: attributes.find(NDA_DST).and_then(ip),
        is_permanent: state & NUD_PERMANENT != 0,
        is_static: state & NUD_NOARP != 0,
        is_externally_learned: flags & NTF_EXT_LEARNED != 0,
        is_self: flags & NTF_SELF != 0,
    })
}

/// `NUD_*`.
const fn neighbour_state(number: u16) -> NeighbourState {
    match number {
        0x01 => NeighbourState::Incomplete,
        0x02 => NeighbourState::Reachable,
        0x04 => NeighbourState::Stale,
        0x08 => NeighbourState::Delay,
        0x10 => NeighbourState::Probe,
        0x20 => NeighbourState::Failed,
        NUD_NOARP => NeighbourState::NoArp,
        NUD_PERMANENT => NeighbourState::Permanent,
        _ => NeighbourState::None,
    }
}
