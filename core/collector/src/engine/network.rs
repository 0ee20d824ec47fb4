//! `GET /networks/{id}` as the model has it.

use bridgewalk_model::engine::{AddressPool, EngineNetwork, NetworkEndpoint, NetworkPeer};

use super::field::Field;

/// Reads one network's inspection.
pub(super) fn network(answer: Field<'_>) -> EngineNetwork {
    let mut endpoints: Vec<_> = answer
        .get("Containers")
        .members()
        .map(|(owner, field)| NetworkEndpoint {
            owner: owner.to_owned(),
            name: field.get("Name").text(),
            endpoint_id: field.get("EndpointID").text(),
            mac_address: field.get("MacAddress").parsed(),
            ipv4: field.get("IPv4Address").parsed(),
            ipv6: field.get("IPv6Address").parsed(),
        })
        .collect();
    endpoints.sort_by(|a, b| a.endpoint_id.cmp(&b.endpoint_id));
    EngineNetwork {
        network_id: answer.get("Id").require().text(),
        name: answer.get("Name").text(),
        driver: answer.get("Driver").text(),
        scope: answer.get("Scope").text(),
        created: answer.get("Created").text(),
        is_internal: answer.get("Internal").flag(),
        is_attachable: answer.get("Attachable").flag(),
        is_ingress: answer.get("Ingress").flag(),
        is_config_only: answer.get("ConfigOnly").flag(),
        config_from: answer.get("ConfigFrom.Network").some_text(),
        has_ipv4: answer.get("EnableIPv4").some_flag().unwrap_or(true),
        has_ipv6: answer.get("EnableIPv6").flag(),
        ipam_driver: answer.get("IPAM.Driver").text(),
        pools: answer.get("IPAM.Config").items().filter_map(pool).collect(),
        options: answer.get("Options").text_map(),
        labels: answer.get("Labels").text_map(),
        endpoints,
        peers: answer
            .get("Peers")
            .items()
            .map(|peer| NetworkPeer { name: peer.get("Name").text(), address: peer.get("IP").parsed() })
            .collect(),
    }
}

fn pool(field: Field<'_>) -> Option<AddressPool> {
    // Older engines tell an IPv6 gateway with its prefix length.
    let gateway = field.get("Gateway").text();
    Some(AddressPool {
        subnet: field.get("Subnet").parsed()?,
        gateway: gateway.split('/').next().and_then(|address| address.parse().ok()),
        ip_range: field.get("IPRange").parsed(),
        reserved: field
            .get("AuxiliaryAddresses")
            .members()
            .filter_map(|(name, address)| Some((name.to_owned(), address.parsed()?)))
            .collect(),
    })
}
