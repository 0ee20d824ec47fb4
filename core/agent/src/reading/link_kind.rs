//! What an interface is: `IFLA_INFO_KIND`, and what `IFLA_INFO_DATA` adds to it.

use bridgewalk_model::kernel::LinkKind;
use netlink_packet_route::link::{
    BridgeStpState, InfoBridge, InfoData, InfoIpVlan, InfoKind, InfoMacVlan, InfoVlan, InfoVxlan, IpVlanMode, LinkInfo,
    LinkLayerType, MacVlanMode,
};

/// From `ifi_type` and `IFLA_LINKINFO`.
pub(super) fn decode(layer: LinkLayerType, info: &[LinkInfo]) -> LinkKind {
    if layer == LinkLayerType::Loopback {
        return LinkKind::Loopback;
    }
    let mut kind = None;
    let mut data = None;
    for part in info {
        match part {
            LinkInfo::Kind(it) => kind = Some(it),
            LinkInfo::Data(it) => data = Some(it),
            _ => {}
        }
    }
    match (kind, data) {
        (None, _) => LinkKind::Physical,
        (Some(InfoKind::Veth), _) => LinkKind::Veth,
        (Some(InfoKind::Dummy), _) => LinkKind::Dummy,
        (Some(InfoKind::Tun), _) => LinkKind::Tun,
        (Some(InfoKind::Bridge), Some(InfoData::Bridge(data))) => bridge(data),
        (Some(InfoKind::Bridge), _) => bridge(&[]),
        (Some(InfoKind::Vxlan), Some(InfoData::Vxlan(data))) => vxlan(data),
        (Some(InfoKind::Vxlan), _) => vxlan(&[]),
        (Some(InfoKind::MacVlan), Some(InfoData::MacVlan(data))) => macvlan(data),
        (Some(InfoKind::MacVlan), _) => macvlan(&[]),
        (Some(InfoKind::IpVlan), Some(InfoData::IpVlan(data))) => ipvlan(data),
        (Some(InfoKind::IpVlan), _) => ipvlan(&[]),
        (Some(InfoKind::Vlan), Some(InfoData::Vlan(data))) => vlan(data),
        (Some(InfoKind::Vlan), _) => vlan(&[]),
        (Some(other), _) => LinkKind::Other { name: other.to_string() },
    }
}

/// `IFLA_BR_*`.
fn bridge(data: &[InfoBridge]) -> LinkKind {
    let (mut stp, mut vlan_filtering, mut ageing_time_cs) = (false, false, 0);
    let (mut nf_call_iptables, mut nf_call_ip6tables) = (false, false);
    for part in data {
        match part {
            InfoBridge::StpState(state) => stp = *state != BridgeStpState::Disabled,
            InfoBridge::VlanFiltering(is_on) => vlan_filtering = *is_on,
            InfoBridge::AgeingTime(time) => ageing_time_cs = *time,
            InfoBridge::NfCallIpTables(is_on) => nf_call_iptables = *is_on,
            InfoBridge::NfCallIp6Tables(is_on) => nf_call_ip6tables = *is_on,
            _ => {}
        }
    }
    LinkKind::Bridge { stp, vlan_filtering, ageing_time_cs, nf_call_iptables, nf_call_ip6tables }
}

/// `IFLA_VXLAN_*`.
fn vxlan(data: &[InfoVxlan]) -> LinkKind {
    let (mut vni, mut port, mut learning, mut proxy) = (0, 0, false, false);
    let (mut local, mut remote, mut underlay_if_index) = (None, None, None);
    for part in data {
        match part {
            InfoVxlan::Id(id) => vni = *id,
            InfoVxlan::Port(number) => port = *number,
            InfoVxlan::Local(address) if !address.is_unspecified() => local = Some((*address).into()),
            InfoVxlan::Local6(address) if !address.is_unspecified() => local = Some((*address).into()),
            InfoVxlan::Group(address) if !address.is_unspecified() => remote = Some((*address).into()),
            InfoVxlan::Group6(address) if !address.is_unspecified() => remote = Some((*address).into()),
            InfoVxlan::Learning(is_on) => learning = *is_on,
            InfoVxlan::Proxy(is_on) => proxy = *is_on,
            InfoVxlan::Link(if_index) if *if_index != 0 => underlay_if_index = Some(*if_index),
            _ => {}
        }
    }
    LinkKind::Vxlan { vni, port, local, remote, learning, proxy, underlay_if_index }
}

/// `IFLA_VLAN_*`.
fn vlan(data: &[InfoVlan]) -> LinkKind {
    let vlan_id = data.iter().find_map(|part| if let InfoVlan::Id(id) = part { Some(*id) } else { None });
    LinkKind::Vlan { vlan_id: vlan_id.unwrap_or(0) }
}

/// `IFLA_MACVLAN_MODE`.
fn macvlan(data: &[InfoMacVlan]) -> LinkKind {
    let mode = data.iter().find_map(|part| if let InfoMacVlan::Mode(mode) = part { Some(*mode) } else { None });
    let mode = match mode {
        Some(MacVlanMode::Private) => "private".to_owned(),
        Some(MacVlanMode::Vepa) => "vepa".to_owned(),
        Some(MacVlanMode::Bridge) => "bridge".to_owned(),
        Some(MacVlanMode::Passthrough) => "passthru".to_owned(),
        Some(MacVlanMode::Source) => "source".to_owned(),
        other => other.map_or(0, u32::from).to_string(),
    };
    LinkKind::Macvlan { mode }
}

/// `IFLA_IPVLAN_MODE`.
fn ipvlan(data: &[InfoIpVlan]) -> LinkKind {
    let mode = data.iter().find_map(|part| if let InfoIpVlan::Mode(mode) = part { Some(*mode) } else { None });
    let mode = match mode {
        Some(IpVlanMode::L2) => "l2".to_owned(),
        Some(IpVlanMode::L3) => "l3".to_owned(),
        Some(IpVlanMode::L3S) => "l3s".to_owned(),
        other => other.map_or(u16::MAX, u16::from).to_string(),
    };
    LinkKind::Ipvlan { mode }
}
