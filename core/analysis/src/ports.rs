//! Ports: what is documented, what is published and where, and what does it.
//!
//! A published port is done by a DNAT rule, by docker-proxy, or by both. Docker writes no rule where it has none to
//! write: IPv6 without ip6tables (off up to 26), an IPv6 address of the host for a container without one, IPv6's
//! loopback, routed networks, `--iptables=false`. There docker-proxy alone does it, and that is no disagreement.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

use bridgewalk_model::{
    EntityId, LimitReason, SourceKind, Text,
    engine::{PortBinding, PortKey},
    firewall::{Backend, RuleRef},
    kernel::AddressScope,
    snapshot::{Container, Host, NatKind, NatMapping},
};
use serde::{Serialize, Serializer};

/// One port of one container.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Port {
    /// The container.
    pub container: EntityId,
    /// Its name.
    pub container_name: Text,
    /// The port inside and its protocol.
    pub port: PortKey,
    /// EXPOSE: documentation only.
    pub exposed: bool,
    /// Where it is published now; empty: nowhere.
    pub published: Vec<Published>,
    /// From where it can be reached by what is published.
    pub reach: Reach,
    /// The DNAT rules that lead to it.
    pub rules: Vec<RuleRef>,
    /// The docker-proxy processes that lead to it.
    pub proxy_pids: Vec<u32>,
    /// Whether what Docker publishes is what the host does. As JSON `true`, `false`, or `null` if it is unknown.
    pub agrees: Agreement,
}

/// A door on the host.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Published {
    /// The host's address; unspecified or none: every one.
    pub host_ip: Option<IpAddr>,
    /// The host's port.
    pub host_port: Option<u16>,
}

/// Exposed, published, and published on loopback are three different things.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// Documented only: no door on the host.
    ExposedOnly,
    /// From this host alone: every door is on a loopback address.
    Loopback,
    /// On some addresses of the host.
    SomeAddresses,
    /// On every address of the host.
    EveryAddress,
}

/// Whether Docker's intent and the host's state agree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Agreement {
    /// Each door has what does it, and nothing else leads there.
    Agrees,
    /// They differ.
    Disagrees(Disagreement),
    /// Unknown.
    Unknown(Doubt),
}

/// How they differ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Disagreement {
    /// A door without its rule, and nothing else that would do it.
    WithoutRule(Published),
    /// Docker's rule leads to a port that Docker does not publish there.
    WithoutBinding(Box<RuleRef>),
}

/// Why it is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Doubt {
    /// The host's rules were not read.
    RulesNotRead,
    /// Not all processes were read, so a docker-proxy may be there that is not seen.
    ProcessesNotRead,
    /// The engine was not asked for everything.
    EngineNotRead,
    /// The engine is lost: what it publishes is as last seen.
    EngineLost,
}

impl Serialize for Agreement {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Agrees => serializer.serialize_bool(true),
            Self::Disagrees(_) => serializer.serialize_bool(false),
            Self::Unknown(_) => serializer.serialize_none(),
        }
    }
}

impl Published {
    /// Whether it is a door on every address.
    pub fn is_everywhere(&self) -> bool {
        self.host_ip.is_none_or(|address| address.is_unspecified())
    }
}

/// All ports that are exposed or published or led to by Docker's rules, by the container's name and port.
pub fn ports(host: &Host) -> Vec<Port> {
    let lookup = Lookup::new(host);
    let mut ports = Vec::new();
    for container in &host.containers {
        let mappings = lookup.by_container.get(&container.id).map_or(&[][..], Vec::as_slice);
        let mut doors: BTreeMap<PortKey, BTreeSet<Published>> = BTreeMap::new();
        for port in &container.exposed_ports {
            doors.entry(*port).or_default();
        }
        for binding in &container.published {
            doors.entry(binding.container_port).or_default().insert(published(binding));
        }
        for mapping in mappings.iter().filter(|mapping| is_docker_rule(mapping)) {
            if let Some(port) = port_of(mapping) {
                doors.entry(port).or_default();
            }
        }
        for (port, doors) in doors {
            ports.push(one(&lookup, container, port, doors.into_iter().collect(), mappings));
        }
    }
    ports
}

fn published(binding: &PortBinding) -> Published {
    Published { host_ip: binding.host_ip, host_port: binding.host_port }
}

fn port_of(mapping: &NatMapping) -> Option<PortKey> {
    Some(PortKey { port: mapping.to_port?, transport: mapping.transport? })
}

/// A DNAT in a chain of Docker's own making: users' rules promise nothing.
pub(crate) fn is_docker_rule(mapping: &NatMapping) -> bool {
    mapping.kind == NatKind::DestinationNat
        && mapping.rule.as_ref().is_some_and(|rule| rule.chain == "DOCKER" || rule.table == "docker-bridges")
}

fn one(
    lookup: &Lookup<'_>,
    container: &Container,
    port: PortKey,
    published: Vec<Published>,
    mappings: &[&NatMapping],
) -> Port {
    let here: Vec<&NatMapping> = mappings.iter().copied().filter(|mapping| port_of(mapping) == Some(port)).collect();
    let mut proxy_pids: Vec<u32> = here.iter().filter_map(|mapping| mapping.proxy_pid).collect();
    proxy_pids.sort_unstable();
    let agrees = lookup.agreement(container, &published, &here);
    Port {
        container: container.id.clone(),
        container_name: container.name.clone(),
        port,
        exposed: container.exposed_ports.contains(&port),
        reach: reach(&published),
        published,
        rules: here.iter().filter(|it| it.kind == NatKind::DestinationNat).filter_map(|it| it.rule.clone()).collect(),
        proxy_pids,
        agrees,
    }
}

fn reach(published: &[Published]) -> Reach {
    if published.is_empty() {
        Reach::ExposedOnly
    } else if published.iter().any(Published::is_everywhere) {
        Reach::EveryAddress
    } else if published.iter().all(|door| door.host_ip.is_some_and(|address| address.is_loopback())) {
        Reach::Loopback
    } else {
        Reach::SomeAddresses
    }
}

/// What the answers need, looked up once.
struct Lookup<'a> {
    host: &'a Host,
    by_container: BTreeMap<&'a EntityId, Vec<&'a NatMapping>>,
    /// Why rules cannot be judged.
    doubt: Option<Doubt>,
    /// Whether every docker-proxy is seen.
    sees_proxies: bool,
    /// Whether Docker keeps rules for IPv4 and IPv6: its nat chain or table is there.
    has_rules: [bool; 2],
    has_proxies: bool,
}

impl<'a> Lookup<'a> {
    fn new(host: &'a Host) -> Self {
        let mut by_container: BTreeMap<&EntityId, Vec<&NatMapping>> = BTreeMap::new();
        for mapping in &host.nat {
            if let Some(container) = &mapping.container {
                by_container.entry(container).or_default().push(mapping);
            }
        }
        let tables = || host.own_namespace().into_iter().flat_map(|it| it.firewall.iter()).flat_map(|it| &it.tables);
        let has_rules = ["ip", "ip6"].map(|family| {
            tables()
                .filter(|table| table.family.as_str() == family)
                .any(|table| table.name == "docker-bridges" || (table.name == "nat" && table.chain("DOCKER").is_some()))
        });
        Self {
            host,
            by_container,
            doubt: doubt(host),
            sees_proxies: host.was_read(SourceKind::Processes, None),
            has_rules,
            has_proxies: host.nat.iter().any(|mapping| mapping.kind == NatKind::Proxy),
        }
    }

    fn agreement(&self, container: &Container, published: &[Published], here: &[&NatMapping]) -> Agreement {
        let unmet = published.iter().find(|door| !self.is_met(container, door, here));
        let stray = here
            .iter()
            .filter(|mapping| is_docker_rule(mapping))
            .find(|mapping| !published.iter().any(|door| is_same_door(mapping, door)));
        let disagreement = match (unmet, stray.and_then(|mapping| mapping.rule.as_ref())) {
            (Some(_), _) if self.doubt.is_none() && !self.sees_proxies => {
                return Agreement::Unknown(Doubt::ProcessesNotRead);
            }
            (Some(door), _) => Some(Disagreement::WithoutRule(door.clone())),
            (None, Some(rule)) => Some(Disagreement::WithoutBinding(Box::new(rule.clone()))),
            (None, None) => None,
        };
        match (self.doubt, disagreement) {
            (Some(doubt), _) => Agreement::Unknown(doubt),
            (None, Some(disagreement)) => Agreement::Disagrees(disagreement),
            (None, None) => Agreement::Agrees,
        }
    }

    /// Whether a door has what does it.
    fn is_met(&self, container: &Container, door: &Published, here: &[&NatMapping]) -> bool {
        let by = |kind: NatKind| here.iter().any(|mapping| mapping.kind == kind && is_same_door(mapping, door));
        // A routed network publishes without a port of the host's.
        if door.host_port.is_none() || by(NatKind::DestinationNat) {
            return true;
        }
        let is_ipv6 = door.host_ip.is_some_and(|address| address.is_ipv6());
        if self.is_routed(container, is_ipv6) {
            return true;
        }
        let expects_rule = self.has_rules[usize::from(is_ipv6)]
            && self.has_address(container, is_ipv6)
            && !(is_ipv6 && door.host_ip.is_some_and(|address| address.is_loopback()));
        if expects_rule {
            return false;
        }
        // No rule is due here. Where docker-proxy is switched off, nothing does it, as its owner wished; where it runs,
        // it has to.
        by(NatKind::Proxy) || (is_ipv6 && !self.has_proxies)
    }

    /// Whether one of the container's networks is of the gateway mode `routed` for this family.
    fn is_routed(&self, container: &Container, is_ipv6: bool) -> bool {
        let family = if is_ipv6 { "ipv6" } else { "ipv4" };
        let option = Text::new(&format!("com.docker.network.bridge.gateway_mode_{family}"));
        container.attachments.iter().filter_map(|end| self.host.network(&end.network)).any(|network| {
            network.options.get(&option).is_some_and(|mode| matches!(mode.as_str(), "routed" | "isolated"))
        })
    }

    /// Whether the container has an address of this family, by Docker's word or the kernel's.
    fn has_address(&self, container: &Container, is_ipv6: bool) -> bool {
        let by_docker =
            container.attachments.iter().any(|end| if is_ipv6 { end.ipv6.is_some() } else { end.ipv4.is_some() });
        let home = container.namespace.as_ref().and_then(|id| self.host.namespace(id)).filter(|it| !it.is_host);
        by_docker
            || home
                .iter()
                .flat_map(|home| &home.interfaces)
                .flat_map(|interface| &interface.addresses)
                .any(|address| address.scope == AddressScope::Global && address.address.is_ipv6() == is_ipv6)
    }
}

/// Whether a translation listens where a door is.
fn is_same_door(mapping: &NatMapping, door: &Published) -> bool {
    if mapping.host_port != door.host_port {
        return false;
    }
    match door.host_ip {
        Some(address) if !address.is_unspecified() => mapping.host_ip == Some(address),
        Some(address) => mapping.host_ip.is_none() && mapping.is_ipv6 == address.is_ipv6(),
        None => mapping.host_ip.is_none(),
    }
}

/// Why the host's rules cannot be judged beside what the engine says, if they cannot.
fn doubt(host: &Host) -> Option<Doubt> {
    if host.engine_lost.is_some() {
        return Some(Doubt::EngineLost);
    }
    if !host.was_read(SourceKind::Engine, None) {
        return Some(Doubt::EngineNotRead);
    }
    let Some(own) = host.own_namespace() else { return Some(Doubt::RulesNotRead) };
    let has_rules = |backend| own.firewall.iter().any(|ruleset| ruleset.backend == backend);
    let is_hidden = |source, backend| {
        host.limits.iter().filter(|limit| limit.hides(source, Some(own.inode))).any(|limit| {
            // Of rules that were read only sets are cut short, and Docker's rules for ports ask for none.
            !(matches!(limit.reason, LimitReason::Truncated { .. }) && limit.source == source && has_rules(backend))
        })
    };
    let is_limited =
        is_hidden(SourceKind::NfTables, Backend::NfTables) || is_hidden(SourceKind::LegacyTables, Backend::Legacy);
    is_limited.then_some(Doubt::RulesNotRead)
}
