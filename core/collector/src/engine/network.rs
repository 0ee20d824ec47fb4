//! A network's inspection as the model has it.

use bridgewalk_docker::bollard::models::{IpamConfig, NetworkInspect};
use bridgewalk_model::engine::{AddressPool, EngineNetwork, NetworkEndpoint, NetworkPeer};

use super::reported::{parsed, some};

/// Reads one network's inspection.
pub(super) fn network(reported: NetworkInspect) -> EngineNetwork {
    let mut endpoints: Vec<_> = reported
        .containers
        .unwrap_or_default()
        .into_iter()
        .map(|(owner, reported)| NetworkEndpoint {
            owner,
            name: reported.name.unwrap_or_default(),
            endpoint_id: reported.endpoint_id.unwrap_or_default(),
            mac_address: parsed(reported.mac_address.as_deref()),
            ipv4: parsed(reported.ipv4_address.as_deref()),
            ipv6: parsed(reported.ipv6_address.as_deref()),
        })
        .collect();
    endpoints.sort_by(|a, b| a.endpoint_id.cmp(&b.endpoint_id));
    let ipam = reported.ipam.unwrap_or_default();
    EngineNetwork {
        network_id: reported.id.unwrap_or_default(),
        name: reported.name.unwrap_or_default(),
        driver: reported.driver.unwrap_or_default(),
        scope: reported.scope.unwrap_or_default(),
        created: reported.created.unwrap_or_default(),
        is_internal: reported.internal.unwrap_or_default(),
        is_attachable: reported.attachable.unwrap_or_default(),
        is_ingress: reported.ingress.unwrap_or_default(),
        is_config_only: reported.config_only.unwrap_or_default(),
        config_from: some(reported.config_from.and_then(|from| from.network)),
        has_ipv4: reported.enable_ipv4.unwrap_or(true),
        has_ipv6: reported.enable_ipv6.unwrap_or_default(),
        ipam_driver: ipam.driver.unwrap_or_default(),
        pools: ipam.config.unwrap_or_default().into_iter().filter_map(pool).collect(),
        options: reported.options.unwrap_or_default().into_iter().collect(),
        labels: reported.labels.unwrap_or_default().into_iter().collect(),
        endpoints,
        peers: reported
            .peers
            .unwrap_or_default()
            .into_iter()
            .map(|peer| NetworkPeer { name: peer.name.unwrap_or_default(), address: parsed(peer.ip.as_deref()) })
            .collect(),
    }
}

fn pool(reported: IpamConfig) -> Option<AddressPool> {
    Some(AddressPool {
        subnet: parsed(reported.subnet.as_deref())?,
        // Older engines tell an IPv6 gateway with its prefix length.
        gateway: parsed(reported.gateway.as_deref().and_then(|gateway| gateway.split('/').next())),
        ip_range: parsed(reported.ip_range.as_deref()),
        reserved: reported
            .auxiliary_addresses
            .unwrap_or_default()
            .into_iter()
            .filter_map(|(name, address)| Some((name, address.parse().ok()?)))
            .collect(),
    })
}
