//! Names, and the ids that are made of them.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::Value;

use crate::{
    Limit, LimitReason, Snapshot, Text,
    engine::{EngineFacts, Swarm},
    snapshot::{Container, Host, Interface, Namespace, NatMapping, Network},
};

/// Networks that every engine has.
const COMMON_NETWORKS: [&str; 5] = ["bridge", "host", "none", "ingress", "docker_gwbridge"];
/// Drivers that come with the engine.
pub(super) const DRIVERS: [&str; 6] = ["bridge", "host", "null", "overlay", "macvlan", "ipvlan"];
/// What every interface of this kind is called, before its number.
const COMMON_INTERFACES: [&str; 7] = ["eth", "ens", "wlan", "vxlan", "br", "docker", "lo"];

/// One sort of names: each is numbered when it is first met.
#[derive(Default)]
struct Numbered(BTreeMap<String, usize>);

impl Numbered {
    fn number(&mut self, name: &str) -> usize {
        let next = self.0.len() + 1;
        *self.0.entry(name.to_owned()).or_insert(next)
    }
}

/// Every sort of names.
#[derive(Default)]
pub(super) struct Names {
    sorts: BTreeMap<&'static str, Numbered>,
}

impl Names {
    pub(super) fn name(&mut self, sort: &'static str, name: &str) -> String {
        if name.is_empty() {
            return String::new();
        }
        format!("{sort}-{}", self.sorts.entry(sort).or_default().number(name))
    }

    /// The number of `name` among those of its sort.
    pub(super) fn number(&mut self, sort: &'static str, name: &str) -> usize {
        self.sorts.entry(sort).or_default().number(name)
    }

    fn text(&mut self, sort: &'static str, name: &Text) -> Text {
        Text::new(&self.name(sort, name.raw()))
    }

    /// An id in hexadecimal, as long as Docker's.
    fn hex(&mut self, id: &str) -> String {
        if id.is_empty() {
            return String::new();
        }
        format!("{:064x}", self.sorts.entry("id").or_default().number(id))
    }

    pub(super) fn network(&mut self, name: &Text) -> Text {
        if COMMON_NETWORKS.contains(&name.as_str()) { name.clone() } else { self.text("network", name) }
    }

    pub(super) fn interface(&mut self, name: &str) -> String {
        let stem = name.trim_end_matches(|character: char| character.is_ascii_digit());
        if COMMON_INTERFACES.contains(&stem) || name == "docker_gwbridge" {
            return name.to_owned();
        }
        let sort = if name.starts_with("veth") {
            "veth"
        } else if name.starts_with("br-") {
            "br"
        } else {
            "if"
        };
        self.name(sort, name)
    }
}

/// `snapshot` with every name replaced, and without what is only text. Ids that are paths are left to [`replace_ids`].
pub(super) fn renamed(snapshot: &Snapshot) -> Snapshot {
    let mut names = Names::default();
    let mut snapshot = snapshot.clone();
    for host in &mut snapshot.hosts {
        rename_host(host, &mut names);
    }
    snapshot
}

fn rename_host(host: &mut Host, names: &mut Names) {
    host.name = names.text("host", &host.name);
    host.facts.hostname = host.name.to_string();
    host.facts.boot_id = None;
    host.facts.machine_id = None;
    host.facts.operating_system = None;
    host.engine = host.engine.as_deref().map(|engine| Arc::new(engine_facts(engine, host.name.as_str())));
    host.engine_lost = None;
    host.processes = [].into();
    host.limits = limits(&host.limits);
    host.swarm = host.swarm.as_deref().map(|swarm| Arc::new(rename_swarm(swarm.clone(), names)));
    host.containers.iter_mut().for_each(|container| rename_container(container, names));
    host.networks.iter_mut().for_each(|network| rename_network(network, names));
    let own_name = host.name.clone();
    for namespace in &mut host.namespaces {
        rename_namespace(namespace, &host.containers, &own_name, names);
    }
    host.nat.iter_mut().for_each(|mapping| rename_mapping(mapping, names));
}

/// What was not seen stays said; what the system answered may hold names.
fn limits(limits: &[Limit]) -> Vec<Limit> {
    let reason = |reason: &LimitReason| {
        let detail = String::new();
        Some(match reason {
            LimitReason::Stale { .. } => return None,
            LimitReason::Unreachable { .. } => LimitReason::Unreachable { detail },
            LimitReason::Undecoded { .. } => LimitReason::Undecoded { detail },
            LimitReason::Truncated { .. } => LimitReason::Truncated { detail },
            LimitReason::Resynchronised { .. } => LimitReason::Resynchronised { detail },
            LimitReason::NotRead { because, .. } => LimitReason::NotRead { what: detail, because: *because },
            other => other.clone(),
        })
    };
    limits.iter().filter_map(|limit| Some(Limit { reason: reason(&limit.reason)?, ..limit.clone() })).collect()
}

fn engine_facts(engine: &EngineFacts, host_name: &str) -> EngineFacts {
    EngineFacts {
        engine_id: String::new(),
        host_name: host_name.to_owned(),
        operating_system: String::new(),
        swarm_node_id: None,
        plugins: engine.plugins.iter().filter(|plugin| plugin.is_built_in).cloned().collect(),
        address: String::new(),
        ..engine.clone()
    }
}

fn rename_container(container: &mut Container, names: &mut Names) {
    container.name = names.text("container", &container.name);
    container.image = names.text("image", &container.image);
    container.container_id = names.hex(&container.container_id);
    container.command = None;
    container.hostname = container.name.clone();
    if let Some((kind, _)) = container.network_mode.as_str().split_once(':') {
        container.network_mode = Text::new(kind);
    } else if !matches!(container.network_mode.as_str(), "default" | "bridge" | "host" | "none") {
        container.network_mode = names.network(&container.network_mode);
    }
    for attachment in &mut container.attachments {
        attachment.network_name = names.network(&attachment.network_name);
        attachment.endpoint_id = names.hex(&attachment.endpoint_id);
        for name in attachment.aliases.iter_mut().chain(&mut attachment.dns_names) {
            *name = names.text("alias", name);
        }
    }
    for (target, alias) in &mut container.links {
        *target = names.text("container", target);
        *alias = names.text("alias", alias);
    }
    container.labels.clear();
    if let Some(compose) = &mut container.compose {
        compose.project = names.text("project", &compose.project);
        compose.service = names.text("service", &compose.service);
    }
    container.swarm_service_id = container.swarm_service_id.as_deref().map(|id| names.hex(id));
    container.created.clear();
    container.started_at = None;
}

fn rename_network(network: &mut Network, names: &mut Names) {
    network.name = names.network(&network.name);
    network.network_id = names.hex(&network.network_id);
    if !DRIVERS.contains(&network.driver.as_str()) {
        network.driver = names.text("driver", &network.driver);
    }
    network.options.clear();
    network.bridge_name = network.bridge_name.as_ref().map(|name| Text::new(&names.interface(name.raw())));
    for member in &mut network.members {
        member.name = names.text("container", &member.name);
    }
    for peer in &mut network.peers {
        peer.name = names.name("node", &peer.name);
    }
    for pool in &mut network.pools {
        let reserved = std::mem::take(&mut pool.reserved);
        pool.reserved = reserved.into_iter().map(|(name, address)| (names.name("reserved", &name), address)).collect();
    }
    network.project = network.project.as_ref().map(|project| names.text("project", project));
    network.created.clear();
}

fn rename_namespace(namespace: &mut Namespace, containers: &[Container], host: &Text, names: &mut Names) {
    let resident = namespace.containers.first().and_then(|id| containers.iter().find(|container| container.id == *id));
    namespace.name = match resident {
        _ if namespace.is_host => host.clone(),
        Some(container) => container.name.clone(),
        None => names.text("namespace", &namespace.name),
    };
    namespace.names.clear();
    namespace.sysctls = [].into();
    namespace.firewall = [].into();
    namespace.limits = limits(&namespace.limits);
    for interface in &mut namespace.interfaces {
        rename_interface(interface, names);
    }
    for socket in &mut namespace.sockets {
        socket.command = socket.command.as_ref().map(|command| names.text("process", command));
    }
    for resolver in &mut namespace.resolvers {
        resolver.nameservers.retain(|server| server.raw().parse::<std::net::IpAddr>().is_ok());
        for name in &mut resolver.search {
            *name = names.text("domain", name);
        }
        resolver.options.clear();
        resolver.hosts.clear();
    }
}

fn rename_interface(interface: &mut Interface, names: &mut Names) {
    let name = names.interface(interface.name.raw());
    interface.name = Text::new(&name);
    interface.link.name = name;
    interface.link.alternative_names.clear();
}

fn rename_mapping(mapping: &mut NatMapping, names: &mut Names) {
    for interface in [&mut mapping.in_interface, &mut mapping.out_interface].into_iter().flatten() {
        interface.value = names.interface(&interface.value);
    }
    if let Some(rule) = &mut mapping.rule {
        rule.text.clear();
        // Docker's own chains tell nothing of the host; others may bear a name.
        if !rule.chain.starts_with("DOCKER") && !rule.chain.starts_with("nat-") && rule.chain != "POSTROUTING" {
            rule.chain = names.name("chain", &rule.chain);
        }
        if !matches!(rule.table.as_str(), "nat" | "filter" | "docker-bridges") {
            rule.table = names.name("table", &rule.table);
        }
    }
}

fn rename_swarm(mut swarm: Swarm, names: &mut Names) -> Swarm {
    for service in &mut swarm.services {
        service.service_id = names.hex(&service.service_id);
        service.name = names.name("service", &service.name);
        service.labels.clear();
        for address in &mut service.virtual_ips {
            address.network_id = names.hex(&address.network_id);
        }
    }
    for task in &mut swarm.tasks {
        task.task_id = names.hex(&task.task_id);
        task.service_id = names.hex(&task.service_id);
        task.node_id = names.hex(&task.node_id);
        task.container_id = task.container_id.as_deref().map(|id| names.hex(id));
        for address in &mut task.addresses {
            address.network_id = names.hex(&address.network_id);
        }
    }
    for node in &mut swarm.nodes {
        node.node_id = names.hex(&node.node_id);
        node.host_name = names.name("node", &node.host_name);
    }
    swarm
}

/// Replaces the keys in every [`EntityId`](crate::EntityId) of `document`.
pub(super) fn replace_ids(document: &mut Value) {
    let mut keys = Numbered::default();
    walk(document, &mut keys);
}

fn walk(value: &mut Value, keys: &mut Numbered) {
    match value {
        Value::String(text) if text.starts_with("host:") => *text = replaced(text, keys),
        Value::Array(list) => list.iter_mut().for_each(|value| walk(value, keys)),
        Value::Object(map) => map.values_mut().for_each(|value| walk(value, keys)),
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn replaced(id: &str, keys: &mut Numbered) -> String {
    let part = |part: &str| match part.split_once(':') {
        Some((_, "host")) | None => part.to_owned(),
        Some((kind, _)) => format!("{kind}:{}", keys.number(part)),
    };
    id.split('/').map(part).collect::<Vec<_>>().join("/")
}
