//! Bridges and cables: missing, left over, down.

use bridgewalk_model::{
    EntityId, SourceKind,
    graph::Graph,
    kernel::LinkKind,
    snapshot::{Host, Interface, Network},
};

use super::{Evidence, FindingKind, Found, has_live_engine, has_whole_engine};

pub(super) fn look(graph: &Graph, host: &Host, found: &mut Found) {
    let Some(own) = host.own_namespace().filter(|own| !own.interfaces.is_empty()) else { return };
    if has_live_engine(host) {
        for network in host.networks.iter().filter(|network| !network.is_config_only) {
            network_bridge(host, network, host.was_read(SourceKind::Links, Some(own.inode)), found);
        }
    }
    if has_whole_engine(host) {
        for interface in own.interfaces.iter().filter(|interface| is_dockers_bridge(interface)) {
            let is_claimed = host.networks.iter().any(|network| network.bridge.as_ref() == Some(&interface.id));
            if !is_claimed {
                found.add(&interface.id, FindingKind::BridgeWithoutNetwork, Vec::new());
            }
        }
    }
    // An end that is not seen is missing only where all namespaces are.
    if !host.was_read(SourceKind::Namespaces, None) || !host.was_read(SourceKind::Links, None) {
        return;
    }
    for interface in own.interfaces.iter().filter(|it| it.link.kind == LinkKind::Veth && graph.peer(&it.id).is_none()) {
        let bridge = graph.master(&interface.id).and_then(|id| host.interface(id));
        if let Some(bridge) = bridge.filter(|bridge| bridge.network.is_some()) {
            found.add(&interface.id, FindingKind::VethWithoutPeer, vec![Evidence::Entity(bridge.id.clone())]);
        }
    }
}

fn network_bridge(host: &Host, network: &Network, was_read: bool, found: &mut Found) {
    let Some(name) = &network.bridge_name else { return };
    let Some(bridge) = network.bridge.as_ref().and_then(|id| host.interface(id)) else {
        if !was_read {
            return;
        }
        found.add(&network.id, FindingKind::NetworkWithoutBridge { bridge: name.clone() }, Vec::new());
        return;
    };
    let evidence = || vec![Evidence::Entity(bridge.id.clone())];
    if !bridge.link.is_up {
        found.add(&network.id, FindingKind::BridgeDown, evidence());
    } else if !bridge.link.has_carrier && has_cabled_container(host, &bridge.id) {
        found.add(&network.id, FindingKind::BridgeWithoutCarrier, evidence());
    }
}

/// Whether a running container's cable ends in the bridge. A bridge without any has no carrier, and that is well.
fn has_cabled_container(host: &Host, bridge: &EntityId) -> bool {
    host.veths.iter().any(|pair| pair.bridge.as_ref() == Some(bridge) && !pair.containers.is_empty())
}

/// `br-` and twelve hexadecimal digits: so Docker names a bridge unless told otherwise.
fn is_dockers_bridge(interface: &Interface) -> bool {
    let digits = interface.link.name.strip_prefix("br-").unwrap_or_default();
    matches!(interface.link.kind, LinkKind::Bridge { .. })
        && digits.len() == 12
        && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
}
