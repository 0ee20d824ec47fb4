//! Interfaces (`RTM_GETLINK`), with the devices' sysctls that the same message carries.

use std::io;

use bridgewalk_model::kernel::{BridgePort, Link, LinkCounters, OperState};

use super::{device_conf::DeviceConf, link_kind};
use crate::netlink::{
    Message, Netlink,
    attributes::{Attributes, Body, i32_at, mac, text, u8_at, u16_at, u32_at, u64_at},
};

const RTM_GETLINK: u16 = 18;
const IFINFOMSG_LEN: usize = 16;
const IFLA_ADDRESS: u16 = 1;
const IFLA_IFNAME: u16 = 3;
const IFLA_MTU: u16 = 4;
const IFLA_LINK: u16 = 5;
const IFLA_MASTER: u16 = 10;
const IFLA_OPERSTATE: u16 = 16;
const IFLA_LINKINFO: u16 = 18;
const IFLA_IFALIAS: u16 = 20;
const IFLA_STATS64: u16 = 23;
const IFLA_AF_SPEC: u16 = 26;
const IFLA_PROMISCUITY: u16 = 30;
const IFLA_LINK_NETNSID: u16 = 37;
const IFLA_TARGET_NETNSID: u16 = 46;
const IFLA_PROP_LIST: u16 = 52;
const IFLA_ALT_IFNAME: u16 = 53;
const IFLA_INFO_SLAVE_KIND: u16 = 4;
const IFLA_INFO_SLAVE_DATA: u16 = 5;
const IFLA_BRPORT_STATE: u16 = 1;
const IFLA_BRPORT_MODE: u16 = 4;
const IFLA_BRPORT_LEARNING: u16 = 8;
const IFLA_BRPORT_UNICAST_FLOOD: u16 = 9;
const IFLA_BRPORT_ISOLATED: u16 = 33;

/// An interface, and its own part of `/proc/sys/net`.
#[derive(Clone, Debug)]
pub(crate) struct Device {
    /// The interface.
    pub(crate) link: Link,
    /// Its sysctls.
    pub(crate) conf: DeviceConf,
}

/// The interfaces of the namespace that `netlink` is in.
pub(crate) fn read(netlink: &mut Netlink) -> io::Result<Vec<Device>> {
    netlink.dump(RTM_GETLINK, &Body::new(&[0; IFINFOMSG_LEN]), decode)
}

/// The interfaces of the namespace with this number, as the namespace numbers it that `netlink` is in; needs
/// `CAP_NET_ADMIN` over it.
pub(crate) fn read_target(netlink: &mut Netlink, nsid: i32) -> io::Result<Vec<Device>> {
    let body = Body::new(&[0; IFINFOMSG_LEN]).with(IFLA_TARGET_NETNSID, &nsid.to_ne_bytes());
    netlink.dump(RTM_GETLINK, &body, decode)
}

pub(super) fn decode(message: Message<'_>) -> Option<Device> {
    let body = message.body;
    let if_index = u32_at(body, 4)?;
    let flags = u32_at(body, 8)?;
    let attributes = Attributes::after(body, IFINFOMSG_LEN);
    let number = |kind| attributes.find(kind).and_then(|value| u32_at(value, 0));
    let info = attributes.nested(IFLA_LINKINFO);
    let peer_nsid = attributes.find(IFLA_LINK_NETNSID).and_then(|value| i32_at(value, 0));
    let peer_if_index = number(IFLA_LINK).filter(|peer| *peer != 0 && (*peer != if_index || peer_nsid.is_some()));
    let mut alternative_names: Vec<String> = attributes
        .nested(IFLA_PROP_LIST)
        .into_iter()
        .filter(|(kind, _)| *kind == IFLA_ALT_IFNAME)
        .map(|(_, name)| text(name))
        .collect();
    alternative_names.extend(attributes.find(IFLA_IFALIAS).map(text).filter(|alias| !alias.is_empty()));
    let link = Link {
        if_index,
        name: text(attributes.find(IFLA_IFNAME)?),
        alternative_names,
        kind: link_kind::decode(u16_at(body, 2)?, info),
        is_up: flags & libc::IFF_UP.cast_unsigned() != 0,
        has_carrier: flags & libc::IFF_LOWER_UP.cast_unsigned() != 0,
        is_promiscuous: flags & libc::IFF_PROMISC.cast_unsigned() != 0
            || number(IFLA_PROMISCUITY).is_some_and(|count| count > 0),
        oper_state: oper_state(attributes.find(IFLA_OPERSTATE).and_then(|value| u8_at(value, 0)).unwrap_or(0)),
        mtu: number(IFLA_MTU).unwrap_or(0),
        mac_address: attributes.find(IFLA_ADDRESS).and_then(mac),
        master_if_index: number(IFLA_MASTER),
        bridge_port: bridge_port(info),
        peer_if_index,
        peer_nsid: peer_nsid.filter(|_| peer_if_index.is_some()),
        peer_namespace: None,
        counters: attributes.find(IFLA_STATS64).and_then(counters).unwrap_or_default(),
    };
    Some(Device { link, conf: DeviceConf::decode(attributes.nested(IFLA_AF_SPEC)) })
}

const fn oper_state(number: u8) -> OperState {
    match number {
        1 => OperState::NotPresent,
        2 => OperState::Down,
        3 => OperState::LowerLayerDown,
        4 => OperState::Testing,
        5 => OperState::Dormant,
        6 => OperState::Up,
        _ => OperState::Unknown,
    }
}

fn bridge_port(info: Attributes<'_>) -> Option<BridgePort> {
    if info.find(IFLA_INFO_SLAVE_KIND).map(text)? != "bridge" {
        return None;
    }
    let data = info.nested(IFLA_INFO_SLAVE_DATA);
    let byte = |kind| data.find(kind).and_then(|value| u8_at(value, 0)).unwrap_or(0);
    Some(BridgePort {
        stp_state: byte(IFLA_BRPORT_STATE),
        hairpin: byte(IFLA_BRPORT_MODE) != 0,
        isolated: byte(IFLA_BRPORT_ISOLATED) != 0,
        learning: byte(IFLA_BRPORT_LEARNING) != 0,
        flood: byte(IFLA_BRPORT_UNICAST_FLOOD) != 0,
    })
}

/// `struct rtnl_link_stats64`: packets, bytes, errors, dropped; each received, then sent.
fn counters(value: &[u8]) -> Option<LinkCounters> {
    let number = |index: usize| u64_at(value, 8 * index);
    Some(LinkCounters {
        rx_packets: number(0)?,
        tx_packets: number(1)?,
        rx_bytes: number(2)?,
        tx_bytes: number(3)?,
        rx_errors: number(4)?,
        tx_errors: number(5)?,
        rx_dropped: number(6)?,
        tx_dropped: number(7)?,
    })
}

/// The interface with its counters at zero, to be compared.
pub(crate) fn without_counters(link: &Link) -> Link {
    Link { counters: LinkCounters::default(), ..link.clone() }
}
