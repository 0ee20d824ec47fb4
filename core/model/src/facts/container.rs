//! A container's facts.

use super::{Facts, command, derived, docker, file};
use crate::{
    Source, Sourced,
    engine::PortBinding,
    snapshot::{Container, Host},
};

const REQUEST: &str = "GET /containers/{id}/json";

pub(super) fn facts(host: &Host, container: &Container) -> Vec<Sourced> {
    let mut facts = Facts::default();
    if let Some(since) = host.stale_since(container) {
        facts.add("last-seen", crate::moment(since, 0), &derived("the engine, which does not answer"), None);
    }
    let inspect = |format: &str| command(&["docker", "inspect", "--format", format, &container.container_id]);
    let mut add = |key: &str, value: String, field: &str| {
        let show = inspect(&format!("{{{{json .{field}}}}}"));
        facts.add(key, value, &docker(REQUEST, field), Some(&show));
    };
    add("name", container.name.to_string(), "Name");
    add("id", container.container_id.clone(), "Id");
    add("image", container.image.to_string(), "Config.Image");
    add("state", container.state.as_str().to_owned(), "State.Status");
    add("exit-code", container.exit_code.map_or_else(String::new, |code| code.to_string()), "State.ExitCode");
    add("pid", container.pid.map_or_else(String::new, |pid| pid.to_string()), "State.Pid");
    add("hostname", container.hostname.to_string(), "Config.Hostname");
    add("network-mode", container.network_mode.to_string(), "HostConfig.NetworkMode");
    add("exposed", super::joined(&container.exposed_ports), "Config.ExposedPorts");
    for binding in &container.requested_bindings {
        add("requested", port_binding(binding), "HostConfig.PortBindings");
    }
    for binding in &container.published {
        add("published", port_binding(binding), "NetworkSettings.Ports");
    }
    for link in host.links(container) {
        let target = link.target.map_or(link.target_name, |target| &target.name);
        add("link", format!("{} → {target}", super::joined(&link.aliases)), "HostConfig.Links");
    }
    add("dns-server", super::joined(&container.dns_servers), "HostConfig.Dns");
    add("created", container.created.clone(), "Created");
    add("started", container.started_at.clone().unwrap_or_default(), "State.StartedAt");
    for attachment in &container.attachments {
        let networks = "NetworkSettings.Networks";
        let on = |value: String| format!("{value} ({})", attachment.network_name);
        let addresses = attachment.ipv4.iter().chain(&attachment.ipv6);
        let interface = attachment.interface.as_ref().and_then(|id| host.interface(id));
        let device = interface.map_or_else(String::new, |interface| format!(" → {}", interface.name));
        add("attachment", format!("{}{device}", attachment.network_name), networks);
        addresses.for_each(|address| add("address", on(address.to_string()), networks));
        let gateways = attachment.gateway.iter().chain(&attachment.ipv6_gateway);
        gateways.for_each(|gateway| add("gateway", on(gateway.to_string()), networks));
        attachment.mac_address.iter().for_each(|mac| add("mac-address", on(mac.to_string()), networks));
        if !attachment.aliases.is_empty() {
            add("aliases", on(super::joined(&attachment.aliases)), networks);
        }
        if !attachment.dns_names.is_empty() {
            add("dns-names", on(super::joined(&attachment.dns_names)), networks);
        }
    }
    for link in host.links(container) {
        super::link::lines_and_rules(&mut facts, host, &link);
    }
    for link in host.all_links().filter(|link| link.target.is_some_and(|target| target.id == container.id)) {
        let value = format!("{} ({})", link.from.name, super::joined(&link.aliases));
        facts.add("linked-from", value, &docker(REQUEST, "HostConfig.Links"), None);
    }
    let mut add = |key: &str, value: String, field: &str| {
        let show = inspect(&format!("{{{{json .{field}}}}}"));
        facts.add(key, value, &docker(REQUEST, field), Some(&show));
    };
    if let Some(compose) = &container.compose {
        add("compose-project", compose.project.to_string(), "Config.Labels");
        add("compose-service", compose.service.to_string(), "Config.Labels");
    }
    if let Some(pid) = container.pid {
        let path = format!("/proc/{pid}/comm");
        let read = command(&["cat", &path]);
        facts.add_some("command", container.command.as_ref(), &file(path), Some(&read));
    }
    let other = container.shares_with.as_ref().and_then(|id| host.container(id));
    let mode: Source = docker(REQUEST, "HostConfig.NetworkMode");
    facts.add_some("shares-with", other.map(|other| &other.name), &mode, Some(&inspect("{{.HostConfig.NetworkMode}}")));
    if let Some(namespace) = container.namespace.as_ref().and_then(|id| host.namespace(id)) {
        let path = container.pid.map(|pid| format!("/proc/{pid}/ns/net"));
        let read = path.as_ref().map(|path| command(&["sudo", "readlink", path]));
        let source = path.map_or_else(|| derived("the sandbox's path"), file);
        let value = if namespace.inode.is_stand_in() {
            namespace.name.to_string()
        } else {
            format!("{} ({})", namespace.name, namespace.inode.0)
        };
        facts.add("namespace", value, &source, read.as_ref());
    }
    facts.list
}

/// `127.0.0.1:8080 → 80/tcp`.
pub(super) fn port_binding(binding: &PortBinding) -> String {
    let port = binding.host_port.map_or_else(|| "*".to_owned(), |port| port.to_string());
    let address = match binding.host_ip {
        Some(address) if address.is_ipv6() => format!("[{address}]:"),
        Some(address) => format!("{address}:"),
        None => String::new(),
    };
    format!("{address}{port} → {}", binding.container_port)
}
