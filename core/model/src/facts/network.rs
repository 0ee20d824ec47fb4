//! Facts of Docker's networks and of a Swarm's services.

use super::{Facts, command, derived, docker};
use crate::{
    Sourced, Text,
    engine::SwarmService,
    snapshot::{Host, Network},
};

pub(super) fn facts(host: &Host, network: &Network) -> Vec<Sourced> {
    let mut facts = Facts::default();
    if let Some(since) = host.network_stale_since(network) {
        facts.add("last-seen", crate::moment(since, 0), &derived("the engine, which does not answer"), None);
    }
    let inspect = |field: &str| {
        let format = format!("{{{{json .{field}}}}}");
        command(&["docker", "network", "inspect", "--format", &format, &network.network_id])
    };
    let mut add = |key: &str, value: String, field: &str| {
        facts.add(key, value, &docker("GET /networks/{id}", field), Some(&inspect(field)));
    };
    add("name", network.name.to_string(), "Name");
    add("id", network.network_id.clone(), "Id");
    add("driver", network.driver.to_string(), "Driver");
    add("scope", network.scope.to_string(), "Scope");
    add("is-internal", network.is_internal.to_string(), "Internal");
    add("is-attachable", network.is_attachable.to_string(), "Attachable");
    add("is-ingress", network.is_ingress.to_string(), "Ingress");
    add("has-ipv6", network.has_ipv6.to_string(), "EnableIPv6");
    for pool in &network.pools {
        add("subnet", pool.subnet.to_string(), "IPAM.Config");
        if let Some(gateway) = pool.gateway {
            add("gateway", gateway.to_string(), "IPAM.Config");
        }
        add("ip-range", pool.ip_range.map_or_else(String::new, |range| range.to_string()), "IPAM.Config");
    }
    for (name, value) in &network.options {
        add("option", format!("{name} = {value}"), "Options");
    }
    for member in &network.members {
        let addresses = super::joined(member.ipv4.iter().chain(&member.ipv6));
        add("member", format!("{} {addresses}", member.name), "Containers");
    }
    for peer in &network.peers {
        let address = peer.address.map_or_else(String::new, |address| format!(" {address}"));
        add("peer-host", format!("{}{address}", Text::new(&peer.name)), "Peers");
    }
    if let Some(project) = &network.project {
        add("compose-project", project.to_string(), "Labels");
    }
    add("created", network.created.clone(), "Created");
    let device = |id: &Option<crate::EntityId>| id.as_ref().and_then(|id| host.interface(id));
    for (key, interface) in [("bridge", device(&network.bridge)), ("parent", device(&network.parent))] {
        if let Some(interface) = interface {
            let namespace = host.namespace(&interface.namespace);
            let words = ["ip", "-d", "link", "show", "dev", interface.link.name.as_str()];
            let show = namespace.and_then(|namespace| super::inside(namespace, &words));
            facts.add(key, &interface.name, &super::netlink("RTM_NEWLINK", "IFLA_IFNAME"), show.as_ref());
        }
    }
    for pool in network.pools.iter().filter(|pool| pool.gateway.is_none()) {
        facts.add(
            "gateway",
            super::joined(host.gateways(network, pool)),
            &derived("the bridge's address, the containers' gateway"),
            None,
        );
    }
    let namespace = network.namespace.as_ref().and_then(|id| host.namespace(id));
    let list = "sudo ls /run/docker/netns".to_owned();
    let from = derived("the namespace's path");
    facts.add_some("namespace", namespace.map(|namespace| &namespace.name), &from, Some(&list));
    facts.list
}

pub(super) fn service_facts(host: &Host, service: &SwarmService) -> Vec<Sourced> {
    let mut facts = Facts::default();
    let inspect = command(&["docker", "service", "inspect", &service.service_id]);
    let mut add = |key: &str, value: String, field: &str| {
        facts.add(key, value, &docker("GET /services", field), Some(&inspect));
    };
    add("name", Text::new(&service.name).to_string(), "Spec.Name");
    add("id", service.service_id.clone(), "ID");
    add("replicas", service.replicas.map_or_else(String::new, |count| count.to_string()), "Spec.Mode.Replicated");
    add("endpoint-mode", Text::new(&service.endpoint_mode).to_string(), "Spec.EndpointSpec.Mode");
    for port in &service.ports {
        let value =
            format!("{} → {}/{} ({})", port.published_port, port.target_port, port.transport, Text::new(&port.mode));
        add("published", value, "Endpoint.Ports");
    }
    for virtual_ip in &service.virtual_ips {
        let network = host.networks.iter().find(|network| network.network_id == virtual_ip.network_id);
        let name = network.map_or_else(String::new, |network| format!(" ({})", network.name));
        let address = virtual_ip.address.map_or_else(String::new, |address| address.to_string());
        add("virtual-address", format!("{address}{name}"), "Endpoint.VirtualIPs");
    }
    let tasks = command(&["docker", "service", "ps", &service.service_id]);
    for task in host.swarm.iter().flat_map(|swarm| &swarm.tasks).filter(|it| it.service_id == service.service_id) {
        let addresses = super::joined(task.addresses.iter().filter_map(|address| address.address));
        let slot = task.slot.map_or_else(String::new, |slot| format!(".{slot}"));
        let value = format!("{}{slot} {} {addresses}", Text::new(&service.name), Text::new(&task.state));
        facts.add("task", value, &docker("GET /tasks", "Status.State"), Some(&tasks));
    }
    facts.list
}
