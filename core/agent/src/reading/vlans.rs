//! VLANs of bridges' ports (`RTM_GETLINK` of the family `AF_BRIDGE`).

use std::io;

use bridgewalk_model::kernel::BridgeVlan;

use crate::netlink::{
    Message, Netlink,
    attributes::{Attributes, Body, u16_at, u32_at},
};

const RTM_GETLINK: u16 = 18;
const IFINFOMSG_LEN: usize = 16;
const IFLA_AF_SPEC: u16 = 26;
const IFLA_EXT_MASK: u16 = 29;
const RTEXT_FILTER_BRVLAN: u32 = 2;
const IFLA_BRIDGE_VLAN_INFO: u16 = 2;
const BRIDGE_VLAN_INFO_PVID: u16 = 2;
const BRIDGE_VLAN_INFO_UNTAGGED: u16 = 4;

/// The VLANs of the namespace that `netlink` is in.
pub(crate) fn read(netlink: &mut Netlink) -> io::Result<Vec<BridgeVlan>> {
    let mut header = [0; IFINFOMSG_LEN];
    header[0] = libc::AF_BRIDGE as u8;
    let body = Body::new(&header).with(IFLA_EXT_MASK, &RTEXT_FILTER_BRVLAN.to_ne_bytes());
    match netlink.dump(RTM_GETLINK, &body, decode) {
        Ok(ports) => Ok(ports.into_iter().flatten().collect()),
        // A kernel without bridges.
        Err(error) if error.raw_os_error() == Some(libc::EOPNOTSUPP) => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

pub(super) fn decode(message: Message<'_>) -> Option<Vec<BridgeVlan>> {
    let if_index = u32_at(message.body, 4)?;
    let vlans = Attributes::after(message.body, IFINFOMSG_LEN)
        .nested(IFLA_AF_SPEC)
        .into_iter()
        .filter(|(kind, _)| *kind == IFLA_BRIDGE_VLAN_INFO)
        .filter_map(|(_, info)| {
            let flags = u16_at(info, 0)?;
            Some(BridgeVlan {
                if_index,
                vlan_id: u16_at(info, 2)?,
                is_pvid: flags & BRIDGE_VLAN_INFO_PVID != 0,
                is_untagged: flags & BRIDGE_VLAN_INFO_UNTAGGED != 0,
            })
        })
        .collect();
    Some(vlans)
}
