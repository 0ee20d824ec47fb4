//! A container's inspection as the model has it.

use std::{collections::HashMap, net::IpAddr};

use bridgewalk_docker::bollard::models::{
    ContainerInspectResponse, ContainerStateStatusEnum, EndpointSettings, PortMap,
};
use bridgewalk_model::{
    engine::{ContainerState, Endpoint, EngineContainer, PortBinding, PortKey},
    kernel::Transport,
};
use ipnet::IpNet;

use super::reported::{number, parsed, some};

/// Reads one container's inspection. Its environment and its arguments are not among what is taken.
pub(super) fn container(reported: ContainerInspectResponse) -> EngineContainer {
    let runs = reported.state.unwrap_or_default();
    let config = reported.config.unwrap_or_default();
    let host = reported.host_config.unwrap_or_default();
    let network = reported.network_settings.unwrap_or_default();
    let state = state(runs.status);
    let mut exposed_ports: Vec<_> =
        config.exposed_ports.unwrap_or_default().iter().filter_map(|name| port_key(name)).collect();
    exposed_ports.sort();
    let networks = network.networks.unwrap_or_default().into_iter();
    let mut endpoints: Vec<_> = networks.map(|(name, reported)| endpoint(name, reported)).collect();
    endpoints.sort_by(|a, b| a.network_name.cmp(&b.network_name));
    let dropped = texts(host.cap_drop).into_iter().map(|name| format!("-{name}"));
    EngineContainer {
        container_id: reported.id.unwrap_or_default(),
        name: reported.name.unwrap_or_default().trim_start_matches('/').to_owned(),
        image: config.image.unwrap_or_default(),
        state,
        exit_code: number(runs.exit_code.filter(|_| matches!(state, ContainerState::Exited | ContainerState::Dead))),
        pid: number(runs.pid).filter(|pid| *pid != 0),
        created: reported.created.unwrap_or_default(),
        // Never started is reported as the first of January of the year 1.
        started_at: some(runs.started_at).filter(|at| !at.starts_with("0001-")),
        hostname: config.hostname.unwrap_or_default(),
        domain_name: config.domainname.unwrap_or_default(),
        labels: config.labels.unwrap_or_default().into_iter().collect(),
        network_mode: host.network_mode.unwrap_or_default(),
        sandbox_id: network.sandbox_id.unwrap_or_default(),
        sandbox_key: network.sandbox_key.unwrap_or_default(),
        endpoints,
        exposed_ports,
        requested_bindings: bindings(host.port_bindings),
        published: bindings(network.ports),
        publish_all_ports: host.publish_all_ports.unwrap_or_default(),
        dns_servers: texts(host.dns),
        dns_search: texts(host.dns_search),
        extra_hosts: texts(host.extra_hosts),
        links: plain_links(host.links),
        is_privileged: host.privileged.unwrap_or_default(),
        capabilities: texts(host.cap_add).into_iter().chain(dropped).collect(),
    }
}

fn state(status: Option<ContainerStateStatusEnum>) -> ContainerState {
    match status {
        // It still runs.
        Some(ContainerStateStatusEnum::RUNNING | ContainerStateStatusEnum::STOPPING) => ContainerState::Running,
        Some(ContainerStateStatusEnum::PAUSED) => ContainerState::Paused,
        Some(ContainerStateStatusEnum::RESTARTING) => ContainerState::Restarting,
        Some(ContainerStateStatusEnum::REMOVING) => ContainerState::Removing,
        Some(ContainerStateStatusEnum::EXITED) => ContainerState::Exited,
        Some(ContainerStateStatusEnum::DEAD) => ContainerState::Dead,
        Some(ContainerStateStatusEnum::CREATED | ContainerStateStatusEnum::EMPTY) | None => ContainerState::Created,
    }
}

fn endpoint(network_name: String, reported: EndpointSettings) -> Endpoint {
    let net = |address: Option<String>, prefix: Option<i64>| {
        let address = parsed::<IpAddr>(address.as_deref())?;
        IpNet::new(address, number(prefix)?).ok()
    };
    let asked = reported.ipam_config.unwrap_or_default();
    Endpoint {
        network_name,
        network_id: reported.network_id.unwrap_or_default(),
        endpoint_id: reported.endpoint_id.unwrap_or_default(),
        ipv4: net(reported.ip_address, reported.ip_prefix_len),
        ipv6: net(reported.global_ipv6_address, reported.global_ipv6_prefix_len),
        gateway: parsed(reported.gateway.as_deref()),
        ipv6_gateway: parsed(reported.ipv6_gateway.as_deref()),
        mac_address: parsed(reported.mac_address.as_deref()),
        aliases: texts(reported.aliases),
        dns_names: texts(reported.dns_names),
        links: plain_links(reported.links),
        requested_addresses: [asked.ipv4_address, asked.ipv6_address]
            .into_iter()
            .filter_map(|address| parsed(address.as_deref()))
            .collect(),
    }
}

/// `80/tcp`; SCTP and others the model knows as well.
fn port_key(text: &str) -> Option<PortKey> {
    let (port, transport) = text.split_once('/').unwrap_or((text, "tcp"));
    Some(PortKey { port: port.parse().ok()?, transport: transport.parse::<Transport>().ok()? })
}

/// A map from `80/tcp` to a list of addresses and ports, or to nothing where nothing is published.
fn bindings(ports: Option<PortMap>) -> Vec<PortBinding> {
    let ports: HashMap<_, _> = ports.unwrap_or_default();
    let mut bindings: Vec<_> = ports
        .into_iter()
        .filter_map(|(name, published)| port_key(&name).zip(published))
        .flat_map(|(container_port, published)| {
            published.into_iter().map(move |reported| PortBinding {
                container_port,
                host_ip: parsed(reported.host_ip.as_deref()).map(|address: IpAddr| address.to_canonical()),
                host_port: parsed(reported.host_port.as_deref()).filter(|port| *port != 0),
            })
        })
        .collect();
    bindings.sort_by_key(|binding| (binding.container_port, binding.host_port, binding.host_ip));
    bindings
}

fn texts(list: Option<Vec<String>>) -> Vec<String> {
    list.unwrap_or_default().into_iter().filter(|text| !text.is_empty()).collect()
}

fn plain_links(links: Option<Vec<String>>) -> Vec<String> {
    texts(links).iter().map(|link| plain_link(link)).collect()
}

/// `/target:/container/alias` and `/target:alias` as `target:alias`.
fn plain_link(link: &str) -> String {
    let (target, alias) = link.split_once(':').unwrap_or((link, link));
    let last = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
    format!("{}:{}", last(target), last(alias))
}
