//! Observations that may be shown to anybody, one after another as they come: what was replaced once is replaced by the
//! same later. A subnet stays a subnet, and an address keeps its place in it.

mod addresses;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use self::addresses::Addresses;
use super::names::{DRIVERS, Names};
use crate::{
    Fact, HostFacts, Limit, LimitReason, NamespaceName, NamespaceSighting, Observation, Remedy, Section, SourceKind,
    engine::{Endpoint, EngineContainer, EngineFacts, EngineNetwork, NetworkEndpoint, NetworkPeer, Swarm},
    kernel::{Link, Process, RoutingRule, Sysctl},
};

/// What is only text, or cannot be replaced piece by piece, is left out, and said to be.
const LEFT_OUT: [SourceKind; 3] = [SourceKind::NfTables, SourceKind::LegacyTables, SourceKind::NameFiles];
/// Programs that every host with Docker has.
const COMMON_COMMANDS: [&str; 5] = ["dockerd", "docker-proxy", "containerd", "containerd-shim", "systemd"];
/// How many leading characters distinguish an id from others: Docker's shortest mention of one has nine.
const LEAD_CHARS: usize = 9;
/// Characters of a short id.
const SHORT_CHARS: usize = 12;

/// Replaces names, ids, addresses and MAC addresses in observations, in their order.
#[derive(Default)]
pub struct Anonymiser {
    names: Names,
    addresses: Addresses,
    /// Hosts of which something was shown.
    begun: BTreeSet<usize>,
}

impl Anonymiser {
    /// One to whom nothing has been shown yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// What `observation` of one of several hosts becomes; nothing, where it is of a kind that is left out. Each host's
    /// first comes with what is left out. What is one thing on two hosts stays one: a network's id, an address.
    ///
    /// # Errors
    /// If an observation cannot be written as JSON and read back, which would be a mistake in this program.
    pub fn observation(
        &mut self,
        host: usize,
        observation: &Observation,
    ) -> Result<Vec<Observation>, serde_json::Error> {
        let mut out = Vec::new();
        let at_ms = observation.at_ms;
        if self.begun.insert(host) {
            let limits = LEFT_OUT.map(left_out).to_vec();
            out.push(Observation { at_ms, fact: Fact::Limits { of: LEFT_OUT.to_vec(), limits } });
        }
        if let Some(fact) = self.fact(&observation.fact) {
            let mut document = serde_json::to_value(&Observation { at_ms, fact })?;
            self.addresses.replace(&mut document);
            out.push(serde_json::from_value(document)?);
        }
        Ok(out)
    }

    fn fact(&mut self, fact: &Fact) -> Option<Fact> {
        Some(match fact {
            Fact::Host(facts) => Fact::Host(self.host(facts)),
            Fact::Engine(facts) => Fact::Engine(Box::new(self.engine(facts))),
            Fact::EngineLost { .. } => Fact::EngineLost { detail: String::new() },
            Fact::Containers(list) => Fact::Containers(list.iter().map(|one| self.container(one)).collect()),
            Fact::Container(one) => Fact::Container(self.container(one)),
            Fact::ContainerGone { container_id } => Fact::ContainerGone { container_id: self.id(container_id) },
            Fact::Networks(list) => Fact::Networks(list.iter().map(|one| self.network(one)).collect()),
            Fact::Network(one) => Fact::Network(self.network(one)),
            Fact::NetworkGone { network_id } => Fact::NetworkGone { network_id: self.id(network_id) },
            Fact::Swarm(swarm) => Fact::Swarm(Box::new(self.swarm(swarm))),
            Fact::Namespaces(list) => Fact::Namespaces(list.iter().map(|one| self.sighting(one)).collect()),
            Fact::Links(section) => Fact::Links(map(section, |link| self.link(link))),
            Fact::RoutingRules(section) => Fact::RoutingRules(map(section, |rule| self.routing_rule(rule))),
            Fact::Sysctls(section) => Fact::Sysctls(map(section, |sysctl| self.sysctl(sysctl))),
            Fact::Processes(list) => Fact::Processes(list.iter().map(|process| self.process(process)).collect()),
            Fact::Limits { of, limits } => Fact::Limits { of: of.clone(), limits: limited(of, limits) },
            // Nothing but numbers, vocabularies and addresses.
            Fact::Addresses(_)
            | Fact::Routes(_)
            | Fact::Neighbours(_)
            | Fact::Fdb(_)
            | Fact::BridgeVlans(_)
            | Fact::Sockets(_)
            | Fact::Ipvs(_)
            | Fact::Complete => fact.clone(),
            Fact::EngineEvent(_) | Fact::Firewall(_) | Fact::NameFiles(_) => return None,
        })
    }

    /// An id as long as the other; two of one beginning have one beginning, as far as Docker ever cuts them.
    fn id(&mut self, id: &str) -> String {
        let Some(lead) = id.get(..LEAD_CHARS) else { return self.names.name("id", id) };
        let lead = format!("{:08x}0000", self.names.number("id-lead", lead));
        if id.len() <= SHORT_CHARS {
            return lead.get(..id.len()).unwrap_or(&lead).to_owned();
        }
        format!("{lead}{:0width$x}", self.names.number("id", id), width = id.len() - SHORT_CHARS)
    }

    /// A container's name, a host's within a network, or a beginning of an id that stands for one.
    fn name(&mut self, name: &str) -> String {
        let is_short_id = name.len() == SHORT_CHARS && name.bytes().all(|byte| byte.is_ascii_hexdigit());
        if is_short_id { self.id(name) } else { self.names.name("container", name) }
    }

    fn list(&mut self, names: &[String]) -> Vec<String> {
        names.iter().map(|name| self.name(name)).collect()
    }

    fn network_name(&mut self, name: &str) -> String {
        self.names.network(&name.into()).raw().to_owned()
    }

    /// `br-` and others of Docker's with the beginning of a network's id.
    fn interface(&mut self, name: &str) -> String {
        match name.split_once('-') {
            Some((kind @ ("br" | "dm" | "di"), short)) if short.len() == SHORT_CHARS => {
                format!("{kind}-{}", self.id(short))
            }
            _ => self.names.interface(name),
        }
    }

    fn host(&mut self, facts: &HostFacts) -> HostFacts {
        HostFacts {
            hostname: self.names.name("host", &facts.hostname),
            kernel_release: facts.kernel_release.clone(),
            architecture: facts.architecture.clone(),
            ..HostFacts::default()
        }
    }

    fn engine(&mut self, facts: &EngineFacts) -> EngineFacts {
        EngineFacts {
            engine_id: String::new(),
            host_name: self.names.name("host", &facts.host_name),
            operating_system: String::new(),
            swarm_node_id: facts.swarm_node_id.as_deref().map(|id| self.id(id)),
            plugins: facts.plugins.iter().filter(|plugin| plugin.is_built_in).cloned().collect(),
            address: String::new(),
            ..facts.clone()
        }
    }

    fn container(&mut self, one: &EngineContainer) -> Arc<EngineContainer> {
        let label = |name: &str| one.labels.get(name).map(String::as_str);
        let mut labels = BTreeMap::new();
        for (name, sort) in [("com.docker.compose.project", "project"), ("com.docker.compose.service", "service")] {
            if let Some(value) = label(name) {
                labels.insert(name.to_owned(), self.names.name(sort, value));
            }
        }
        if let Some(number) = label("com.docker.compose.container-number").filter(|it| it.parse::<u32>().is_ok()) {
            labels.insert("com.docker.compose.container-number".to_owned(), number.to_owned());
        }
        if let Some(id) = label("com.docker.swarm.service.id") {
            labels.insert("com.docker.swarm.service.id".to_owned(), self.id(id));
        }
        let network_mode = match one.network_mode.split_once(':') {
            Some(("container", other)) if other.len() > SHORT_CHARS => format!("container:{}", self.id(other)),
            Some((kind, other)) => format!("{kind}:{}", self.name(other)),
            None if matches!(one.network_mode.as_str(), "" | "default") => one.network_mode.clone(),
            None => self.network_name(&one.network_mode),
        };
        Arc::new(EngineContainer {
            container_id: self.id(&one.container_id),
            name: self.name(&one.name),
            image: self.names.name("image", &one.image),
            state: one.state,
            exit_code: one.exit_code,
            pid: one.pid,
            hostname: self.name(&one.hostname),
            labels,
            network_mode,
            sandbox_id: self.id(&one.sandbox_id),
            sandbox_key: self.path(&one.sandbox_key),
            endpoints: one.endpoints.iter().map(|end| self.endpoint(end)).collect(),
            exposed_ports: one.exposed_ports.clone(),
            requested_bindings: one.requested_bindings.clone(),
            published: one.published.clone(),
            publish_all_ports: one.publish_all_ports,
            dns_servers: one.dns_servers.iter().filter(|it| it.parse::<std::net::IpAddr>().is_ok()).cloned().collect(),
            links: one.links.iter().map(|link| self.docker_link(link)).collect(),
            is_privileged: one.is_privileged,
            capabilities: one.capabilities.clone(),
            ..EngineContainer::default()
        })
    }

    fn endpoint(&mut self, end: &Endpoint) -> Endpoint {
        Endpoint {
            network_name: self.network_name(&end.network_name),
            network_id: self.id(&end.network_id),
            endpoint_id: self.id(&end.endpoint_id),
            aliases: self.list(&end.aliases),
            dns_names: self.list(&end.dns_names),
            links: end.links.iter().map(|link| self.docker_link(link)).collect(),
            ..end.clone()
        }
    }

    /// `/target:/other/alias`, with or without the slashes.
    fn docker_link(&mut self, link: &str) -> String {
        let parts: Vec<String> = link
            .split(':')
            .map(|part| part.split('/').map(|name| self.name(name)).collect::<Vec<_>>().join("/"))
            .collect();
        parts.join(":")
    }

    fn network(&mut self, one: &EngineNetwork) -> Arc<EngineNetwork> {
        let mut options = BTreeMap::new();
        for (name, value) in &one.options {
            let is_plain = value.parse::<f64>().is_ok() || matches!(value.as_str(), "true" | "false");
            let is_mode = ["_mode", "_mode_ipv4", "_mode_ipv6"].iter().any(|end| name.ends_with(end));
            if name == "parent" || name == "com.docker.network.bridge.name" {
                options.insert(name.clone(), self.interface(value));
            } else if name.starts_with("com.docker.network.") && (is_plain || is_mode || is_address(value))
                || matches!(name.as_str(), "macvlan_mode" | "ipvlan_mode")
            {
                options.insert(name.clone(), value.clone());
            }
        }
        let project = one.labels.get("com.docker.compose.project");
        let project = project.map(|it| ("com.docker.compose.project".to_owned(), self.names.name("project", it)));
        let is_known = DRIVERS.contains(&one.driver.as_str());
        let mut pools = one.pools.clone();
        for pool in &mut pools {
            let reserved = std::mem::take(&mut pool.reserved);
            let named = reserved.into_iter().map(|(name, address)| (self.names.name("reserved", &name), address));
            pool.reserved = named.collect();
        }
        Arc::new(EngineNetwork {
            network_id: self.id(&one.network_id),
            name: self.network_name(&one.name),
            driver: if is_known { one.driver.clone() } else { self.names.name("driver", &one.driver) },
            scope: one.scope.clone(),
            is_internal: one.is_internal,
            is_attachable: one.is_attachable,
            is_ingress: one.is_ingress,
            is_config_only: one.is_config_only,
            config_from: one.config_from.as_deref().map(|name| self.network_name(name)),
            has_ipv4: one.has_ipv4,
            has_ipv6: one.has_ipv6,
            pools,
            options,
            labels: project.into_iter().collect(),
            endpoints: one.endpoints.iter().map(|end| self.network_endpoint(end)).collect(),
            peers: one
                .peers
                .iter()
                .map(|peer| NetworkPeer { name: self.names.name("node", &peer.name), ..peer.clone() })
                .collect(),
            ..EngineNetwork::default()
        })
    }

    fn network_endpoint(&mut self, end: &NetworkEndpoint) -> NetworkEndpoint {
        let is_id = end.owner.len() == 64;
        NetworkEndpoint {
            owner: if is_id { self.id(&end.owner) } else { self.name(&end.owner) },
            name: self.name(&end.name),
            endpoint_id: self.id(&end.endpoint_id),
            ..end.clone()
        }
    }

    fn swarm(&mut self, swarm: &Swarm) -> Swarm {
        let mut swarm = swarm.clone();
        for service in &mut swarm.services {
            service.service_id = self.id(&service.service_id);
            service.name = self.names.name("service", &service.name);
            service.labels.clear();
            for address in &mut service.virtual_ips {
                address.network_id = self.id(&address.network_id);
            }
        }
        for task in &mut swarm.tasks {
            task.task_id = self.id(&task.task_id);
            task.service_id = self.id(&task.service_id);
            task.node_id = self.id(&task.node_id);
            task.container_id = task.container_id.as_deref().map(|id| self.id(id));
            for address in &mut task.addresses {
                address.network_id = self.id(&address.network_id);
            }
        }
        for node in &mut swarm.nodes {
            node.node_id = self.id(&node.node_id);
            node.host_name = self.names.name("host", &node.host_name);
        }
        swarm
    }

    fn sighting(&mut self, one: &NamespaceSighting) -> NamespaceSighting {
        let names = one.names.iter();
        let names = names.map(|name| NamespaceName { path: self.path(&name.path), pid: name.pid }).collect();
        NamespaceSighting { names, ..one.clone() }
    }

    /// `/run/docker/netns/1-jmuffgsais`: the folder stays where every host has it.
    fn path(&mut self, path: &str) -> String {
        let Some((folder, last)) = path.rsplit_once('/') else { return self.names.name("path", path) };
        let folder = match folder {
            "/run/docker/netns" | "/var/run/docker/netns" | "/run/netns" | "/var/run/netns" => folder.to_owned(),
            _ => format!("/{}/netns", self.names.name("folder", folder)),
        };
        let is_hex = |text: &str| text.len() == SHORT_CHARS && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let last = match last.split_once(['-', '_']) {
            _ if matches!(last, "default" | "ingress_sbox") => last.to_owned(),
            Some(("lb", id)) => format!("lb_{}", self.id(id)),
            Some((epoch, id)) if epoch.bytes().all(|byte| byte.is_ascii_digit()) => format!("{epoch}-{}", self.id(id)),
            _ if is_hex(last) => self.id(last),
            _ => self.names.name("namespace", last),
        };
        format!("{folder}/{last}")
    }

    fn link(&mut self, link: &Link) -> Link {
        Link { name: self.interface(&link.name), alternative_names: Vec::new(), ..link.clone() }
    }

    fn routing_rule(&mut self, rule: &RoutingRule) -> RoutingRule {
        RoutingRule {
            in_interface: rule.in_interface.as_deref().map(|name| self.interface(name)),
            out_interface: rule.out_interface.as_deref().map(|name| self.interface(name)),
            ..rule.clone()
        }
    }

    /// `net/ipv4/conf/eth0/forwarding`.
    fn sysctl(&mut self, sysctl: &Sysctl) -> Sysctl {
        let parts: Vec<&str> = sysctl.path.split('/').collect();
        let path = match parts.as_slice() {
            ["net", family, "conf", device, last] if !matches!(*device, "all" | "default") => {
                format!("net/{family}/conf/{}/{last}", self.interface(device))
            }
            _ => sysctl.path.clone(),
        };
        Sysctl { path, value: sysctl.value.clone() }
    }

    fn process(&mut self, process: &Process) -> Process {
        let is_common = COMMON_COMMANDS.iter().any(|common| process.command.starts_with(common));
        let command = if is_common { process.command.clone() } else { self.names.name("process", &process.command) };
        let is_proxy = process.command == "docker-proxy";
        // The path of the program, then options and their values.
        let arguments = process.arguments.iter().filter(|_| is_proxy).enumerate().map(|(place, argument)| {
            let is_kept = argument.starts_with('-')
                || argument.parse::<u16>().is_ok()
                || is_address(argument)
                || matches!(argument.as_str(), "tcp" | "udp" | "sctp");
            if place == 0 || !is_kept { "docker-proxy".to_owned() } else { argument.clone() }
        });
        let arguments = arguments.collect();
        Process {
            command,
            arguments,
            container_id: process.container_id.as_deref().map(|id| self.id(id)),
            ..process.clone()
        }
    }
}

fn map<T>(section: &Section<Vec<T>>, change: impl FnMut(&T) -> T) -> Section<Vec<T>> {
    Section { namespace: section.namespace, via: section.via, is: section.is.iter().map(change).collect() }
}

fn is_address(text: &str) -> bool {
    text.parse::<std::net::IpAddr>().is_ok()
}

fn left_out(source: SourceKind) -> Limit {
    Limit { source, namespace: None, reason: LimitReason::NotAsked, remedy: Remedy::None }
}

/// Which sources do not see everything, without the words in which they said so.
fn limited(of: &[SourceKind], limits: &[Limit]) -> Vec<Limit> {
    let mut out: Vec<Limit> = of.iter().copied().filter(|source| LEFT_OUT.contains(source)).map(left_out).collect();
    for limit in limits {
        let reason = match &limit.reason {
            LimitReason::Unreachable { .. } => LimitReason::Unreachable { detail: String::new() },
            LimitReason::Undecoded { .. } => LimitReason::Undecoded { detail: String::new() },
            LimitReason::Truncated { .. } => LimitReason::Truncated { detail: String::new() },
            LimitReason::Stale { .. } => LimitReason::Stale { path: String::new() },
            LimitReason::NotRead { because, .. } => LimitReason::NotRead { what: String::new(), because: *because },
            LimitReason::Resynchronised { .. } => LimitReason::Resynchronised { detail: String::new() },
            other => other.clone(),
        };
        let limit = Limit { reason, ..limit.clone() };
        if !out.contains(&limit) {
            out.push(limit);
        }
    }
    out
}

#[cfg(test)]
mod tests;
