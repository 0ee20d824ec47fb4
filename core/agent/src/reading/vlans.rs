//! VLANs of bridges' ports (`RTM_GETLINK` of the family `AF_BRIDGE`).

use std::io;

use bridgewalk_model::kernel::BridgeVlan;
use netlink_packet_route::{
    AddressFamily,
    link::{AfSpecBridge, BridgeVlanInfoFlags, LinkAttribute, LinkExtentMask, LinkMessage},
};

use crate::netlink::route::Route;

/// The VLANs of the namespace that `route` is in.
pub(crate) fn read(route: &mut Route) -> io::Result<Vec<BridgeVlan>> {
    let request = |handle: &rtnetlink::Handle| {
        handle.link().get().set_filter_mask(AddressFamily::Bridge, vec![LinkExtentMask::Brvlan]).execute()
    };
    match route.dump(request, |message| Some(decode(message))) {
        Ok(ports) => Ok(ports.into_iter().flatten().collect()),
        // A kernel without bridges.
        Err(error) if error.raw_os_error() == Some(libc::EOPNOTSUPP) => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

pub(super) fn decode(message: LinkMessage) -> Vec<BridgeVlan> {
    let if_index = message.header.index;
    let mut vlans = Vec::new();
    for attribute in message.attributes {
        let LinkAttribute::AfSpecBridge(parts) = attribute else { continue };
        for part in parts {
            let AfSpecBridge::VlanInfo(info) = part else { continue };
            vlans.push(BridgeVlan {
                if_index,
                vlan_id: info.vid,
                is_pvid: info.flags.contains(BridgeVlanInfoFlags::Pvid),
                is_untagged: info.flags.contains(BridgeVlanInfoFlags::Untagged),
            });
        }
    }
    vlans
}
