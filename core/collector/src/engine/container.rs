//! `GET /containers/{id}/json` as the model has it.

use std::net::IpAddr;

use bridgewalk_model::{
    engine::{ContainerState, Endpoint, EngineContainer, PortBinding, PortKey},
    kernel::Transport,
};
use ipnet::IpNet;

use super::field::Field;

/// Reads one container's inspection.
pub(super) fn container(answer: Field<'_>) -> EngineContainer {
    let state = state(&answer.get("State.Status").text());
    let config = answer.get("Config");
    let host = answer.get("HostConfig");
    let network = answer.get("NetworkSettings");
    let mut exposed_ports: Vec<_> =
        config.get("ExposedPorts").members().filter_map(|(name, _)| port_key(name)).collect();
    exposed_ports.sort();
    let mut endpoints: Vec<_> = network.get("Networks").members().map(|(name, field)| endpoint(name, field)).collect();
    endpoints.sort_by(|a, b| a.network_name.cmp(&b.network_name));
    let dropped = host.get("CapDrop").texts().into_iter().map(|name| format!("-{name}"));
    EngineContainer {
        container_id: answer.get("Id").require().text(),
        name: answer.get("Name").text().trim_start_matches('/').to_owned(),
        image: config.get("Image").text(),
        state,
        exit_code: matches!(state, ContainerState::Exited | ContainerState::Dead)
            .then(|| answer.get("State.ExitCode").number())
            .flatten(),
        pid: answer.get("State.Pid").number().filter(|pid| *pid != 0),
        created: answer.get("Created").text(),
        // Never started is told as the first of January of the year 1.
        started_at: answer.get("State.StartedAt").some_text().filter(|at| !at.starts_with("0001-")),
        hostname: config.get("Hostname").text(),
        domain_name: config.get("Domainname").text(),
        labels: config.get("Labels").text_map(),
        network_mode: host.get("NetworkMode").text(),
        sandbox_id: network.get("SandboxID").text(),
        sandbox_key: network.get("SandboxKey").text(),
        endpoints,
        exposed_ports,
        requested_bindings: bindings(host.get("PortBindings")),
        published: bindings(network.get("Ports")),
        publish_all_ports: host.get("PublishAllPorts").flag(),
        dns_servers: host.get("Dns").texts(),
        dns_search: host.get("DnsSearch").texts(),
        extra_hosts: host.get("ExtraHosts").texts(),
        links: host.get("Links").texts().iter().map(|link| plain_link(link)).collect(),
        is_privileged: host.get("Privileged").flag(),
        capabilities: host.get("CapAdd").texts().into_iter().chain(dropped).collect(),
    }
}

fn state(status: &str) -> ContainerState {
    match status {
        "running" => ContainerState::Running,
        "paused" => ContainerState::Paused,
        "restarting" => ContainerState::Restarting,
        "removing" => ContainerState::Removing,
        "exited" => ContainerState::Exited,
        "dead" => ContainerState::Dead,
        _ => ContainerState::Created,
    }
}

fn endpoint(name: &str, field: Field<'_>) -> Endpoint {
    let net = |address: &'static str, prefix: &'static str| {
        let address = field.get(address).parsed::<IpAddr>()?;
        IpNet::new(address, field.get(prefix).number()?).ok()
    };
    Endpoint {
        network_name: name.to_owned(),
        network_id: field.get("NetworkID").text(),
        endpoint_id: field.get("EndpointID").text(),
        ipv4: net("IPAddress", "IPPrefixLen"),
        ipv6: net("GlobalIPv6Address", "GlobalIPv6PrefixLen"),
        gateway: field.get("Gateway").parsed(),
        ipv6_gateway: field.get("IPv6Gateway").parsed(),
        mac_address: field.get("MacAddress").parsed(),
        aliases: field.get("Aliases").texts(),
        dns_names: field.get("DNSNames").texts(),
        links: field.get("Links").texts().iter().map(|link| plain_link(link)).collect(),
        requested_addresses: ["IPAMConfig.IPv4Address", "IPAMConfig.IPv6Address"]
            .into_iter()
            .filter_map(|path| field.get(path).parsed())
            .collect(),
    }
}

/// `80/tcp`; SCTP and others the model knows as well.
fn port_key(text: &str) -> Option<PortKey> {
    let (port, transport) = text.split_once('/').unwrap_or((text, "tcp"));
    Some(PortKey { port: port.parse().ok()?, transport: transport.parse::<Transport>().ok()? })
}

/// A map from `80/tcp` to a list of `HostIp` and `HostPort`, or to null where nothing is published.
fn bindings(ports: Field<'_>) -> Vec<PortBinding> {
    let mut bindings: Vec<_> = ports
        .members()
        .filter_map(|(name, doors)| port_key(name).map(|key| (key, doors)))
        .flat_map(|(container_port, doors)| {
            doors.items().map(move |door| PortBinding {
                container_port,
                host_ip: door.get("HostIp").parsed().map(|address: IpAddr| address.to_canonical()),
                host_port: door.get("HostPort").parsed().filter(|port| *port != 0),
            })
        })
        .collect();
    bindings.sort_by_key(|binding| (binding.container_port, binding.host_port, binding.host_ip));
    bindings
}

/// `/target:/container/alias` and `/target:alias` as `target:alias`.
fn plain_link(link: &str) -> String {
    let (target, alias) = link.split_once(':').unwrap_or((link, link));
    let last = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
    format!("{}:{}", last(target), last(alias))
}
