//! Interfaces (`RTM_GETLINK`), with the devices' sysctls that the same message carries.

use std::io;

use bridgewalk_model::{
    MacAddress,
    kernel::{BridgePort, Link, LinkCounters, LinkKind, OperState},
};
use netlink_packet_route::link::{
    InfoBridgePort, InfoPortData, InfoPortKind, LinkAttribute, LinkFlags, LinkInfo, LinkMessage, Prop, State, Stats64,
};

use super::{device_conf::DeviceConf, link_kind};
use crate::netlink::route::Route;

/// An interface, and its own part of `/proc/sys/net`.
#[derive(Clone, Debug)]
pub(crate) struct Device {
    /// The interface.
    pub(crate) link: Link,
    /// Its sysctls.
    pub(crate) conf: DeviceConf,
}

/// The interfaces of the namespace that `route` is in.
pub(crate) fn read(route: &mut Route) -> io::Result<Vec<Device>> {
    route.dump(|handle| handle.link().get().execute(), decode)
}

/// The interfaces of the namespace with this number, as the namespace numbers it that `route` is in; needs
/// `CAP_NET_ADMIN` over it.
pub(crate) fn read_target(route: &mut Route, nsid: i32) -> io::Result<Vec<Device>> {
    let request = |handle: &rtnetlink::Handle| {
        let mut request = handle.link().get();
        // `IFLA_IF_NETNSID` is what `IFLA_TARGET_NETNSID` was called first.
        request.message_mut().attributes.push(LinkAttribute::IfNetnsId(nsid));
        request.execute()
    };
    route.dump(request, decode)
}

pub(super) fn decode(message: LinkMessage) -> Option<Device> {
    let header = message.header;
    let mut link = Link {
        if_index: header.index,
        name: String::new(),
        alternative_names: Vec::new(),
        kind: LinkKind::Physical,
        is_up: header.flags.contains(LinkFlags::Up),
        has_carrier: header.flags.contains(LinkFlags::LowerUp),
        is_promiscuous: header.flags.contains(LinkFlags::Promisc),
        oper_state: OperState::Unknown,
        mtu: 0,
        mac_address: None,
        master_if_index: None,
        bridge_port: None,
        peer_if_index: None,
        peer_nsid: None,
        peer_namespace: None,
        counters: LinkCounters::default(),
    };
    let mut conf = DeviceConf::default();
    let mut alias = None;
    let mut info = Vec::new();
    for attribute in message.attributes {
        match attribute {
            LinkAttribute::IfName(name) => link.name = name,
            LinkAttribute::PropList(props) => link.alternative_names.extend(props.into_iter().filter_map(name)),
            LinkAttribute::IfAlias(text) => alias = Some(text).filter(|text| !text.is_empty()),
            LinkAttribute::Promiscuity(count) => link.is_promiscuous |= count > 0,
            LinkAttribute::OperState(state) => link.oper_state = oper_state(state),
            LinkAttribute::Mtu(bytes) => link.mtu = bytes,
            LinkAttribute::Address(bytes) => link.mac_address = bytes.try_into().ok().map(MacAddress),
            LinkAttribute::Controller(if_index) => link.master_if_index = Some(if_index),
            LinkAttribute::Link(if_index) => link.peer_if_index = Some(if_index),
            LinkAttribute::LinkNetNsId(nsid) => link.peer_nsid = Some(nsid),
            LinkAttribute::LinkInfo(parts) => info = parts,
            LinkAttribute::Stats64(stats) => link.counters = counters(&stats),
            LinkAttribute::AfSpecUnspec(spec) => conf = DeviceConf::decode(&spec),
            _ => {}
        }
    }
    if link.name.is_empty() {
        return None;
    }
    link.alternative_names.extend(alias);
    link.kind = link_kind::decode(header.link_layer_type, &info);
    link.bridge_port = bridge_port(&info);
    link.peer_if_index =
        link.peer_if_index.filter(|peer| *peer != 0 && (*peer != link.if_index || link.peer_nsid.is_some()));
    link.peer_nsid = link.peer_nsid.filter(|_| link.peer_if_index.is_some());
    Some(Device { link, conf })
}

fn name(prop: Prop) -> Option<String> {
    match prop {
        Prop::AltIfName(name) => Some(name),
        _ => None,
    }
}

const fn oper_state(state: State) -> OperState {
    match state {
        State::NotPresent => OperState::NotPresent,
        State::Down => OperState::Down,
        State::LowerLayerDown => OperState::LowerLayerDown,
        State::Testing => OperState::Testing,
        State::Dormant => OperState::Dormant,
        State::Up => OperState::Up,
        _ => OperState::Unknown,
    }
}

fn bridge_port(info: &[LinkInfo]) -> Option<BridgePort> {
    if !info.contains(&LinkInfo::PortKind(InfoPortKind::Bridge)) {
        return None;
    }
    let mut port = BridgePort::default();
    for part in info {
        let LinkInfo::PortData(InfoPortData::BridgePort(parts)) = part else { continue };
        for part in parts {
            match part {
                InfoBridgePort::State(state) => port.stp_state = (*state).into(),
                InfoBridgePort::HairpinMode(is_on) => port.hairpin = *is_on,
                InfoBridgePort::Isolated(is_on) => port.isolated = *is_on,
                InfoBridgePort::Learning(is_on) => port.learning = *is_on,
                InfoBridgePort::UnicastFlood(is_on) => port.flood = *is_on,
                _ => {}
            }
        }
    }
    Some(port)
}

const fn counters(stats: &Stats64) -> LinkCounters {
    LinkCounters {
        rx_packets: stats.rx_packets,
        tx_packets: stats.tx_packets,
        rx_bytes: stats.rx_bytes,
        tx_bytes: stats.tx_bytes,
        rx_errors: stats.rx_errors,
        tx_errors: stats.tx_errors,
        rx_dropped: stats.rx_dropped,
        tx_dropped: stats.tx_dropped,
    }
}

/// The interface with its counters at zero, to be compared.
pub(crate) fn without_counters(link: &Link) -> Link {
    Link { counters: LinkCounters::default(), ..link.clone() }
}
