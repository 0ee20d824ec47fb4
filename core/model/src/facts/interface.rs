//! An interface's facts: of a bridge, a port, a veth's end, or any other.

use super::{Facts, derived, inside, netlink};
use crate::{
    EntityId, Sourced, Via,
    kernel::LinkKind,
    snapshot::{Host, Interface, Namespace},
};

pub(super) fn facts(host: &Host, namespace: &Namespace, interface: &Interface) -> Vec<Sourced> {
    let mut facts = Facts::default();
    let link = &interface.link;
    let name = link.name.as_str();
    let show = inside(namespace, &["ip", "-d", "link", "show", "dev", name]);
    let newlink = |attribute: &str| match interface.via {
        Via::Netlink => netlink("RTM_NEWLINK", attribute),
        Via::Proc => super::file("/proc/PID/net"),
        Via::HostSide => netlink("RTM_NEWLINK", "IFLA_LINK, IFLA_LINK_NETNSID"),
    };
    let mut add = |key: &str, value: String, attribute: &str| {
        facts.add(key, value, &newlink(attribute), show.as_ref());
    };
    add("name", interface.name.to_string(), "IFLA_IFNAME");
    add("kind", kind(&link.kind), "IFLA_LINKINFO");
    add("if-index", link.if_index.to_string(), "ifi_index");
    // Of an end that only the other side tells of, nothing else was read.
    if interface.via != Via::HostSide {
        add("is-up", link.is_up.to_string(), "ifi_flags");
        add("has-carrier", link.has_carrier.to_string(), "ifi_flags");
        add("oper-state", format!("{:?}", link.oper_state).to_lowercase(), "IFLA_OPERSTATE");
        add("mtu", link.mtu.to_string(), "IFLA_MTU");
        add("mac-address", link.mac_address.map_or_else(String::new, |mac| mac.to_string()), "IFLA_ADDRESS");
    }
    if let Some(mac) = interface.docker_mac_address {
        let source = super::docker("/containers/{id}/json", "NetworkSettings.Networks.*.MacAddress");
        facts.add("mac-address", mac, &source, None);
    }
    let mut add = |key: &str, value: String, attribute: &str| {
        facts.add(key, value, &newlink(attribute), show.as_ref());
    };
    add("master", other(host, interface.master.as_ref(), &namespace.id), "IFLA_MASTER");
    add("peer", other(host, interface.peer.as_ref(), &namespace.id), "IFLA_LINK, IFLA_LINK_NETNSID");
    add("parent", other(host, interface.parent.as_ref(), &namespace.id), "IFLA_LINK");
    let counters = inside(namespace, &["ip", "-s", "link", "show", "dev", name]);
    let stats = &link.counters;
    if interface.via != Via::HostSide {
        let value =
            format!("rx {} B / {}, tx {} B / {}", stats.rx_bytes, stats.rx_packets, stats.tx_bytes, stats.tx_packets);
        facts.add("counters", value, &newlink("IFLA_STATS64"), counters.as_ref());
    }
    let addresses = inside(namespace, &["ip", "address", "show", "dev", name]);
    for address in &interface.addresses {
        facts.add("address", address, &netlink("RTM_NEWADDR", "IFA_LOCAL"), addresses.as_ref());
    }
    let network = interface.network.as_ref().and_then(|id| host.network(id));
    let inspect = network.map(|network| super::command(&["docker", "network", "inspect", &network.network_id]));
    let from = derived("the bridge's name, or the container's MAC address and address");
    facts.add_some("network", network.map(|network| &network.name), &from, inspect.as_ref());
    let is_bridge = matches!(link.kind, LinkKind::Bridge { .. });
    let fdb = inside(namespace, &["bridge", "fdb", "show", if is_bridge { "br" } else { "dev" }, name]);
    for entry in &interface.fdb {
        let remote = entry.remote.map_or_else(String::new, |remote| format!(" → {remote}"));
        let vlan = entry.vlan_id.map_or_else(String::new, |vlan| format!(" VLAN {vlan}"));
        let value = format!("{}{vlan}{remote}", entry.mac_address);
        facts.add("fdb", value, &netlink("RTM_NEWNEIGH (AF_BRIDGE)", "NDA_LLADDR"), fdb.as_ref());
    }
    if is_bridge {
        let ports = namespace.interfaces.iter().filter(|port| port.master.as_ref() == Some(&interface.id));
        let list = inside(namespace, &["ip", "link", "show", "master", name]);
        for port in ports {
            facts.add("port", &port.name, &netlink("RTM_NEWLINK", "IFLA_MASTER"), list.as_ref());
        }
    }
    let vlans = inside(namespace, &["bridge", "vlan", "show", "dev", name]);
    for vlan in &interface.vlans {
        facts.add("vlan", vlan.vlan_id, &netlink("RTM_NEWLINK", "IFLA_BRIDGE_VLAN_INFO"), vlans.as_ref());
    }
    facts.list
}

/// Another interface's name; with its namespace's where that is another.
fn other(host: &Host, id: Option<&EntityId>, here: &EntityId) -> String {
    let Some(interface) = id.and_then(|id| host.interface(id)) else { return String::new() };
    let namespace = host.namespace(&interface.namespace).filter(|namespace| namespace.id != *here);
    namespace.map_or_else(|| interface.name.to_string(), |there| format!("{} ({})", interface.name, there.name))
}

/// The kind as `ip -d link` names it, with what makes it special.
fn kind(kind: &LinkKind) -> String {
    match kind {
        LinkKind::Loopback => "loopback".to_owned(),
        LinkKind::Physical => "physical".to_owned(),
        LinkKind::Veth => "veth".to_owned(),
        LinkKind::Bridge { stp, vlan_filtering, .. } => {
            let stp = if *stp { " stp" } else { "" };
            let vlan = if *vlan_filtering { " vlan_filtering" } else { "" };
            format!("bridge{stp}{vlan}")
        }
        LinkKind::Vxlan { vni, port, .. } => format!("vxlan id {vni} dstport {port}"),
        LinkKind::Macvlan { mode } => format!("macvlan mode {mode}"),
        LinkKind::Ipvlan { mode } => format!("ipvlan mode {mode}"),
        LinkKind::Vlan { vlan_id } => format!("vlan id {vlan_id}"),
        LinkKind::Dummy => "dummy".to_owned(),
        LinkKind::Tun => "tun".to_owned(),
        LinkKind::Other { name } => crate::Text::new(name).to_string(),
    }
}
