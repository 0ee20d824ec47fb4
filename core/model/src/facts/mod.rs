//! Every fact of a thing, with where it was read and the command that shows the same in a terminal.
//!
//! Keys are listed in [`FACT_KEYS`]; the window finds their names in the Fluent files as `fact-KEY`.

mod container;
mod host;
mod interface;
mod link;
mod namespace;
mod nat;
mod network;
mod shell;

pub use shell::quote;

use shell::command;

use crate::{
    EntityId, Snapshot, Source, Sourced,
    snapshot::{Host, Namespace},
};

/// Every [`Sourced::key`] there is.
pub const FACT_KEYS: &[&str] = &[
    "address",
    "aliases",
    "architecture",
    "attachment",
    "bridge",
    "chain",
    "command",
    "compose-project",
    "compose-service",
    "containers",
    "counters",
    "created",
    "dns-names",
    "dns-server",
    "driver",
    "endpoint-mode",
    "engine-address",
    "engine-id",
    "engine-version",
    "exit-code",
    "exposed",
    "fdb",
    "firewall-backend",
    "forwarding",
    "gateway",
    "has-carrier",
    "has-ipv6",
    "host-address",
    "host-port",
    "hostname",
    "hosts-line",
    "id",
    "if-index",
    "image",
    "in-interface",
    "inode",
    "ip-range",
    "is-attachable",
    "is-ingress",
    "is-internal",
    "is-up",
    "kernel",
    "kind",
    "last-seen",
    "link",
    "link-alias",
    "link-from",
    "link-rule",
    "link-target",
    "linked-from",
    "listener",
    "mac-address",
    "machine-id",
    "master",
    "member",
    "mtu",
    "name",
    "namespace",
    "neighbour",
    "network",
    "network-mode",
    "nsid",
    "oper-state",
    "operating-system",
    "option",
    "out-interface",
    "parent",
    "path",
    "peer",
    "peer-host",
    "pid",
    "port",
    "protocol",
    "proxy-pid",
    "published",
    "replicas",
    "requested",
    "route",
    "routing-rule",
    "rule",
    "rules",
    "scope",
    "search-domain",
    "shares-with",
    "socket",
    "source-network",
    "started",
    "state",
    "subnet",
    "swarm",
    "sysctl",
    "table",
    "task",
    "to-address",
    "to-port",
    "virtual-address",
    "virtual-server",
    "vlan",
];

/// What is known of a thing: a host, namespace, interface (bridge, veth), container, network, translation or service.
/// None for anything else, and for the outside.
pub fn facts(snapshot: &Snapshot, id: &EntityId) -> Vec<Sourced> {
    let Some(host) = snapshot.hosts.iter().find(|host| host.id == *id || id.is_within(&host.id)) else {
        return Vec::new();
    };
    if host.id == *id {
        return host::facts(host);
    }
    if let Some(container) = host.container(id) {
        return container::facts(host, container);
    }
    if let Some(link) = host.link(id) {
        return link::facts(host, &link);
    }
    if let Some(network) = host.network(id) {
        return network::facts(host, network);
    }
    if let Some(mapping) = host.nat.iter().find(|mapping| mapping.id == *id) {
        return nat::facts(host, mapping);
    }
    let services = host.swarm.iter().flat_map(|swarm| &swarm.services);
    if let Some(service) = services.into_iter().find(|service| host.id.service(&service.service_id) == *id) {
        return network::service_facts(host, service);
    }
    for namespace in &host.namespaces {
        if namespace.id == *id {
            return namespace::facts(host, namespace);
        }
        if let Some(interface) = namespace.interfaces.iter().find(|interface| interface.id == *id) {
            return interface::facts(host, namespace, interface);
        }
    }
    Vec::new()
}

/// Facts as they are gathered. Values that are missing or empty are left out.
#[derive(Default)]
struct Facts {
    list: Vec<Sourced>,
}

impl Facts {
    fn add(&mut self, key: &str, value: impl std::fmt::Display, source: &Source, command: Option<&String>) {
        let value = value.to_string();
        if !value.is_empty() {
            self.list.push(Sourced { key: key.to_owned(), value, source: source.clone(), command: command.cloned() });
        }
    }

    fn add_some(
        &mut self,
        key: &str,
        value: Option<impl std::fmt::Display>,
        source: &Source,
        command: Option<&String>,
    ) {
        if let Some(value) = value {
            self.add(key, value, source, command);
        }
    }
}

fn netlink(message: &str, attribute: &str) -> Source {
    Source::Netlink { message: message.to_owned(), attribute: attribute.to_owned() }
}

fn docker(request: &str, field: &str) -> Source {
    Source::Docker { request: request.to_owned(), field: field.to_owned() }
}

fn file(path: impl Into<String>) -> Source {
    Source::File { path: path.into() }
}

fn derived(from: &str) -> Source {
    Source::Derived { from: from.to_owned() }
}

/// A command that runs in a namespace: as it is on the host, through a process or a path elsewhere. None: nothing by
/// which a terminal could enter it.
fn inside(namespace: &Namespace, words: &[&str]) -> Option<String> {
    if namespace.is_host {
        return Some(command(words));
    }
    let path = match (namespace.pid, namespace.names.first()) {
        (Some(pid), _) => format!("/proc/{pid}/ns/net"),
        (None, Some(name)) => name.path.clone(),
        (None, None) => return None,
    };
    Some(format!("sudo nsenter {} {}", quote(&format!("--net={path}")), command(words)))
}

/// Like [`inside`], for what only root may read on the host too.
fn inside_as_root(namespace: &Namespace, words: &[&str]) -> Option<String> {
    let line = inside(namespace, words)?;
    Some(if namespace.is_host { format!("sudo {line}") } else { line })
}

fn joined<T: std::fmt::Display>(values: impl IntoIterator<Item = T>) -> String {
    values.into_iter().map(|value| value.to_string()).collect::<Vec<_>>().join(", ")
}

/// Names of containers, by their ids.
fn container_names(host: &Host, ids: &[EntityId]) -> String {
    joined(ids.iter().filter_map(|id| host.container(id)).map(|container| &container.name))
}
