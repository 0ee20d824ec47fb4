//! Neighbours and the forwarding databases of bridges and VXLANs (`RTM_GETNEIGH`).

use std::{io, net::IpAddr};

use bridgewalk_model::{
    MacAddress,
    kernel::{self, FdbEntry, Neighbour},
};
use netlink_packet_route::{
    AddressFamily,
    neighbour::{NeighbourAddress, NeighbourAttribute, NeighbourFlags, NeighbourMessage, NeighbourState},
};

use crate::netlink::{attributes::ip, route::Route};

/// The neighbours of the namespace that `route` is in, those it answers for last.
pub(crate) fn read(route: &mut Route) -> io::Result<Vec<Neighbour>> {
    let mut neighbours = route.dump(|handle| handle.neighbours().get().execute(), decode)?;
    neighbours.extend(route.dump(|handle| handle.neighbours().get().proxies().execute(), decode)?);
    Ok(neighbours)
}

/// The forwarding databases of the namespace that `route` is in.
pub(crate) fn read_fdb(route: &mut Route) -> io::Result<Vec<FdbEntry>> {
    let request =
        |handle: &rtnetlink::Handle| handle.neighbours().get().set_address_family(AddressFamily::Bridge).execute();
    route.dump(request, decode_fdb)
}

pub(super) fn decode(message: NeighbourMessage) -> Option<Neighbour> {
    let header = message.header;
    if !matches!(header.family, AddressFamily::Inet | AddressFamily::Inet6) {
        return None;
    }
    let (mut address, mut mac_address) = (None, None);
    for attribute in message.attributes {
        match attribute {
            NeighbourAttribute::Destination(destination) => address = ip_of(destination),
            NeighbourAttribute::LinkLayerAddress(bytes) => mac_address = mac(bytes),
            _ => {}
        }
    }
    // Before anybody answered the kernel shows an address of zeros.
    let is_resolved =
        !matches!(header.state, NeighbourState::None | NeighbourState::Incomplete | NeighbourState::Failed);
    Some(Neighbour {
        if_index: header.ifindex,
        address: address?,
        mac_address: mac_address.filter(|_| is_resolved),
        state: state(header.state),
        is_proxy: header.flags.contains(NeighbourFlags::Proxy),
        is_router: header.flags.contains(NeighbourFlags::Router),
    })
}

pub(super) fn decode_fdb(message: NeighbourMessage) -> Option<FdbEntry> {
    let header = message.header;
    if header.family != AddressFamily::Bridge {
        return None;
    }
    let (mut bridge_if_index, mut mac_address, mut vlan_id, mut remote) = (None, None, None, None);
    for attribute in message.attributes {
        match attribute {
            NeighbourAttribute::Controller(if_index) => bridge_if_index = Some(if_index),
            NeighbourAttribute::LinkLayerAddress(bytes) => mac_address = mac(bytes),
            NeighbourAttribute::Vlan(id) => vlan_id = Some(id),
            NeighbourAttribute::Destination(destination) => remote = ip_of(destination),
            _ => {}
        }
    }
    // `ndm_state` is a set here.
    let states = u16::from(header.state);
    Some(FdbEntry {
        if_index: header.ifindex,
        bridge_if_index,
        mac_address: mac_address?,
        vlan_id,
        remote,
        is_permanent: states & u16::from(NeighbourState::Permanent) != 0,
        is_static: states & u16::from(NeighbourState::Noarp) != 0,
        is_externally_learned: header.flags.contains(NeighbourFlags::ExtLearned),
        is_self: header.flags.contains(NeighbourFlags::Own),
    })
}

fn mac(bytes: Vec<u8>) -> Option<MacAddress> {
    bytes.try_into().ok().map(MacAddress)
}

fn ip_of(address: NeighbourAddress) -> Option<IpAddr> {
    match address {
        NeighbourAddress::Inet(address) => Some(address.into()),
        NeighbourAddress::Inet6(address) => Some(address.into()),
        // Of a forwarding database, whose family says nothing of the address.
        NeighbourAddress::Other(bytes) => ip(&bytes),
        _ => None,
    }
}

/// `NUD_*`.
const fn state(state: NeighbourState) -> kernel::NeighbourState {
    match state {
        NeighbourState::Incomplete => kernel::NeighbourState::Incomplete,
        NeighbourState::Reachable => kernel::NeighbourState::Reachable,
        NeighbourState::Stale => kernel::NeighbourState::Stale,
        NeighbourState::Delay => kernel::NeighbourState::Delay,
        NeighbourState::Probe => kernel::NeighbourState::Probe,
        NeighbourState::Failed => kernel::NeighbourState::Failed,
        NeighbourState::Noarp => kernel::NeighbourState::NoArp,
        NeighbourState::Permanent => kernel::NeighbourState::Permanent,
        _ => kernel::NeighbourState::None,
    }
}
