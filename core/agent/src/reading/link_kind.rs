//! What an interface is: `IFLA_INFO_KIND`, and what `IFLA_INFO_DATA` adds to it.

use bridgewalk_model::kernel::LinkKind;

use crate::netlink::attributes::{Attributes, be16_at, ip, text, u8_at, u16_at, u32_at};

const IFLA_INFO_KIND: u16 = 1;
const IFLA_INFO_DATA: u16 = 2;
const ARPHRD_LOOPBACK: u16 = 772;

/// From `ifi_type` and `IFLA_LINKINFO`.
pub(crate) fn decode(hardware_type: u16, info: Attributes<'_>) -> LinkKind {
    if hardware_type == ARPHRD_LOOPBACK {
        return LinkKind::Loopback;
    }
    let Some(name) = info.find(IFLA_INFO_KIND).map(text) else { return LinkKind::Physical };
    let data = info.nested(IFLA_INFO_DATA);
    match name.as_str() {
        "veth" => LinkKind::Veth,
        "bridge" => bridge(data),
        "vxlan" => vxlan(data),
        "macvlan" => LinkKind::Macvlan { mode: macvlan_mode(data) },
        "ipvlan" => LinkKind::Ipvlan { mode: ipvlan_mode(data) },
        "vlan" => LinkKind::Vlan { vlan_id: data.find(1).and_then(|value| u16_at(value, 0)).unwrap_or(0) },
        "dummy" => LinkKind::Dummy,
        "tun" => LinkKind::Tun,
        _ => LinkKind::Other { name },
    }
}

fn is_set(data: Attributes<'_>, kind: u16) -> bool {
    data.find(kind).and_then(|value| u8_at(value, 0)).is_some_and(|value| value != 0)
}

/// `IFLA_BR_*`.
fn bridge(data: Attributes<'_>) -> LinkKind {
    LinkKind::Bridge {
        stp: data.find(5).and_then(|value| u32_at(value, 0)).is_some_and(|value| value != 0),
        vlan_filtering: is_set(data, 7),
        ageing_time_cs: data.find(4).and_then(|value| u32_at(value, 0)).unwrap_or(0),
        nf_call_iptables: is_set(data, 36),
        nf_call_ip6tables: is_set(data, 37),
    }
}

/// `IFLA_VXLAN_*`.
fn vxlan(data: Attributes<'_>) -> LinkKind {
    let number = |kind| data.find(kind).and_then(|value| u32_at(value, 0));
    let address = |four, six| data.find(four).or(data.find(six)).and_then(ip).filter(|ip| !ip.is_unspecified());
    LinkKind::Vxlan {
        vni: number(1).unwrap_or(0),
        port: data.find(15).and_then(|value| be16_at(value, 0)).unwrap_or(0),
        local: address(4, 17),
        remote: address(2, 16),
        learning: is_set(data, 7),
        proxy: is_set(data, 11),
        underlay_if_index: number(3).filter(|index| *index != 0),
    }
}

/// `IFLA_MACVLAN_MODE`.
fn macvlan_mode(data: Attributes<'_>) -> String {
    match data.find(1).and_then(|value| u32_at(value, 0)) {
        Some(1) => "private".to_owned(),
        Some(2) => "vepa".to_owned(),
        Some(4) => "bridge".to_owned(),
        Some(8) => "passthru".to_owned(),
        Some(16) => "source".to_owned(),
        other => other.unwrap_or(0).to_string(),
    }
}

/// `IFLA_IPVLAN_MODE`.
fn ipvlan_mode(data: Attributes<'_>) -> String {
    match data.find(1).and_then(|value| u16_at(value, 0)) {
        Some(0) => "l2".to_owned(),
        Some(1) => "l3".to_owned(),
        Some(2) => "l3s".to_owned(),
        other => other.unwrap_or(u16::MAX).to_string(),
    }
}
