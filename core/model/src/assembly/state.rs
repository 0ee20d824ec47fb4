//! What was last seen of one host.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    sync::{Arc, OnceLock},
};

use super::{nat::Translation, rulesets::shown_ruleset};
use crate::{
    Fact, HostFacts, HostIdentity, Limit, LimitReason, NamespaceInode, NamespaceSighting, Observation, SectionKind,
    SourceKind, Via,
    engine::{EngineContainer, EngineFacts, EngineNetwork, Swarm},
    firewall::Ruleset,
    identity::first_device,
    kernel::{
        Address, BridgeVlan, DockerProxy, FdbEntry, Ipvs, Link, NameFiles, Neighbour, Process, Route, RoutingRule,
        Socket, SocketState, Sysctl,
    },
    limit::tamed,
    text::reveal,
};

/// What was last seen of one host: the fold of its observations.
///
/// A section of a namespace replaces the one before it whole; the lists of containers, networks and namespaces remove
/// what is not in them. An engine that was lost leaves what it last said.
#[derive(Clone, Debug, Default)]
pub struct State {
    pub(super) at_ms: u64,
    pub(super) host: Option<HostFacts>,
    pub(super) engine: Option<Arc<EngineFacts>>,
    pub(super) engine_lost: Option<String>,
    pub(super) engine_lost_ms: Option<u64>,
    pub(super) agent_lost_ms: Option<u64>,
    pub(super) containers: BTreeMap<String, Arc<EngineContainer>>,
    pub(super) networks: BTreeMap<String, Arc<EngineNetwork>>,
    pub(super) swarm: Option<Arc<Swarm>>,
    pub(super) namespaces: BTreeMap<NamespaceInode, NamespaceState>,
    pub(super) processes: Arc<[Process]>,
    pub(super) name_files: Vec<NameFiles>,
    /// Whether processes, and the files of names, were told, empty or not.
    pub(super) has_processes: bool,
    pub(super) has_name_files: bool,
    pub(super) limits: BTreeMap<SourceKind, Vec<Limit>>,
}

/// What was last seen of one namespace.
#[derive(Clone, Debug, Default)]
pub(super) struct NamespaceState {
    /// None while its sections came before the list that names it: it is not shown yet.
    pub(super) sighting: Option<NamespaceSighting>,
    /// What was read, empty or not.
    pub(super) read: BTreeSet<SectionKind>,
    pub(super) links: Option<(Via, Vec<Link>)>,
    pub(super) addresses: Vec<Address>,
    pub(super) routes: Arc<[Route]>,
    pub(super) routing_rules: Arc<[RoutingRule]>,
    pub(super) neighbours: Arc<[Neighbour]>,
    pub(super) fdb: Vec<FdbEntry>,
    pub(super) vlans: Vec<BridgeVlan>,
    pub(super) sysctls: Arc<[Sysctl]>,
    pub(super) firewall: Firewall,
    pub(super) sockets: Vec<Socket>,
    pub(super) ipvs: Option<Ipvs>,
}

/// Rules, and what of them translates addresses, found when first asked for.
#[derive(Clone, Debug, Default)]
pub(super) struct Firewall {
    pub(super) rulesets: Arc<[Ruleset]>,
    pub(super) translations: OnceLock<Vec<Translation>>,
}

impl State {
    /// Takes in one observation.
    pub fn apply(&mut self, observation: &Observation) {
        self.at_ms = self.at_ms.max(observation.at_ms);
        if let Some((kind, namespace)) = observation.fact.section() {
            self.section(namespace).read.insert(kind);
        }
        match &observation.fact {
            Fact::Host(facts) => self.replace_host(facts),
            Fact::Engine(facts) => {
                self.engine = Some(Arc::new(shown_engine(facts)));
                self.engine_lost = None;
                self.engine_lost_ms = None;
            }
            Fact::EngineLost { detail } => {
                self.engine_lost = Some(tamed(detail));
                // It may be lost again and again without having answered in between.
                self.engine_lost_ms.get_or_insert(observation.at_ms);
            }
            Fact::Containers(list) => {
                self.containers =
                    list.iter().map(|container| (container.container_id.clone(), container.clone())).collect();
            }
            Fact::Container(container) => {
                self.containers.insert(container.container_id.clone(), container.clone());
            }
            Fact::ContainerGone { container_id } => {
                self.containers.remove(container_id);
            }
            Fact::Networks(list) => {
                self.networks = list.iter().map(|network| (network.network_id.clone(), network.clone())).collect();
            }
            Fact::Network(network) => {
                self.networks.insert(network.network_id.clone(), network.clone());
            }
            Fact::NetworkGone { network_id } => {
                self.networks.remove(network_id);
            }
            Fact::Swarm(swarm) => self.swarm = Some(Arc::new((**swarm).clone())),
            Fact::EngineEvent(_) | Fact::Complete => {}
            Fact::Namespaces(list) => self.replace_namespaces(list),
            Fact::Processes(list) => {
                let mut list = list.clone();
                for process in &mut list {
                    reveal_in(&mut process.command);
                    // An agent keeps no more; a recording may be anybody's.
                    let proxy = DockerProxy::parse(&process.arguments);
                    process.arguments = proxy.map(|proxy| proxy.command_line()).unwrap_or_default();
                }
                list.sort_by_key(|process| process.pid);
                self.processes = list.into();
                self.has_processes = true;
            }
            Fact::NameFiles(list) => {
                self.name_files.clone_from(list);
                self.has_name_files = true;
            }
            Fact::Limits { of, limits } => {
                for source in of {
                    self.limits.remove(source);
                }
                if of.contains(&SourceKind::Agent) {
                    let is_lost = limits.iter().any(|limit| {
                        limit.source == SourceKind::Agent && matches!(limit.reason, LimitReason::Unreachable { .. })
                    });
                    // Where none has read anything, nothing is as last seen.
                    self.agent_lost_ms = (is_lost && !self.namespaces.is_empty())
                        .then(|| self.agent_lost_ms.unwrap_or(observation.at_ms));
                }
                // There may be thousands of one kind: nothing is looked for in a list.
                let mut known: HashSet<Limit> = self.limits.values().flatten().cloned().collect();
                for limit in limits {
                    let limit = Limit { reason: limit.reason.clone().tamed(), ..limit.clone() };
                    if known.insert(limit.clone()) {
                        self.limits.entry(limit.source).or_default().push(limit);
                    }
                }
            }
            Fact::Links(section) => {
                self.section(section.namespace).links = Some((section.via, section.is.clone()));
            }
            Fact::Addresses(section) => self.section(section.namespace).addresses.clone_from(&section.is),
            Fact::Routes(section) => {
                let mut routes = section.is.clone();
                routes.sort_by_key(|route| {
                    let is_ipv6 = route.destination.addr().is_ipv6();
                    (route.table, is_ipv6, route.destination)
                });
                self.section(section.namespace).routes = routes.into();
            }
            Fact::RoutingRules(section) => {
                let mut rules = section.is.clone();
                rules.sort_by_key(|rule| (rule.is_ipv6, rule.priority));
                self.section(section.namespace).routing_rules = rules.into();
            }
            Fact::Neighbours(section) => {
                let mut neighbours = section.is.clone();
                neighbours.sort_by_key(|neighbour| (neighbour.if_index, neighbour.address));
                self.section(section.namespace).neighbours = neighbours.into();
            }
            Fact::Fdb(section) => self.section(section.namespace).fdb.clone_from(&section.is),
            Fact::BridgeVlans(section) => self.section(section.namespace).vlans.clone_from(&section.is),
            Fact::Sysctls(section) => {
                let mut sysctls = section.is.clone();
                sysctls.sort_by(|a, b| a.path.cmp(&b.path));
                self.section(section.namespace).sysctls = sysctls.into();
            }
            Fact::Firewall(section) => {
                let rulesets = section.is.iter().map(shown_ruleset).collect();
                self.section(section.namespace).firewall = Firewall { rulesets, translations: OnceLock::new() };
            }
            Fact::Sockets(section) => {
                let mut sockets = section.is.clone();
                sockets.sort_by_key(|socket| {
                    (socket.state != SocketState::Listen, socket.transport, socket.local, socket.remote, socket.inode)
                });
                self.section(section.namespace).sockets = sockets;
            }
            Fact::Ipvs(section) => self.section(section.namespace).ipvs = Some(section.is.clone()),
        }
    }

    /// An agent that may see less does not unlearn which machine this is.
    fn replace_host(&mut self, facts: &HostFacts) {
        let mut facts = shown_host(facts);
        let before = self.host.take().filter(|before| before.boot_id.is_some() && before.boot_id == facts.boot_id);
        facts.machine_id = facts.machine_id.or_else(|| before?.machine_id);
        self.host = Some(facts);
    }

    /// What is the host's own.
    pub(super) fn identity(&self) -> HostIdentity {
        let own = self.namespaces.values().find(|it| it.sighting.as_ref().is_some_and(|sighting| sighting.is_host));
        let links = own.and_then(|own| own.links.as_ref()).into_iter().flat_map(|(_, links)| links);
        HostIdentity::new(
            self.host.as_ref().and_then(|host| host.machine_id.as_deref()),
            self.engine.as_ref().map(|engine| engine.engine_id.as_str()),
            first_device(links),
        )
    }

    fn section(&mut self, inode: NamespaceInode) -> &mut NamespaceState {
        self.namespaces.entry(inode).or_default()
    }

    fn replace_namespaces(&mut self, list: &[NamespaceSighting]) {
        let listed: HashMap<NamespaceInode, &NamespaceSighting> =
            list.iter().map(|sighting| (sighting.inode, sighting)).collect();
        self.namespaces.retain(|inode, _| listed.contains_key(inode));
        for (inode, sighting) in listed {
            let namespace = self.namespaces.entry(inode).or_default();
            if namespace.sighting.as_ref().is_some_and(|before| is_another(before, sighting)) {
                *namespace = NamespaceState::default();
            }
            namespace.sighting = Some(sighting.clone());
        }
    }

    /// A process, if it matters.
    pub(super) fn process(&self, pid: u32) -> Option<&Process> {
        // They are kept by PID.
        let at = self.processes.binary_search_by_key(&pid, |process| process.pid).ok()?;
        self.processes.get(at)
    }

    /// The machine's name: its own, else as the engine has it.
    pub(crate) fn host_name(&self) -> &str {
        let own = self.host.as_ref().map(|host| host.hostname.as_str()).filter(|name| !name.is_empty());
        let engine = self.engine.as_ref().map(|engine| engine.host_name.as_str()).filter(|name| !name.is_empty());
        own.or(engine).unwrap_or("localhost")
    }
}

/// Whether the inode names another namespace by now: the paths that kept it and its process are all others. Where one of
/// the two is missing it may well be the same: a container's namespace has a first process before it has a path, and
/// that process need not be the lowest for long.
fn is_another(before: &NamespaceSighting, after: &NamespaceSighting) -> bool {
    let has_both = |one: &NamespaceSighting| !one.names.is_empty() && one.pid.is_some();
    has_both(before)
        && has_both(after)
        && before.pid != after.pid
        && !before.names.iter().any(|name| after.names.iter().any(|other| other.path == name.path))
}

pub(super) fn reveal_in(text: &mut String) {
    if let Some(shown) = reveal(text) {
        *text = shown;
    }
}

fn shown_host(facts: &HostFacts) -> HostFacts {
    let mut facts = facts.clone();
    for text in [&mut facts.hostname, &mut facts.kernel_release, &mut facts.architecture] {
        reveal_in(text);
    }
    for text in [&mut facts.operating_system, &mut facts.machine_id].into_iter().flatten() {
        reveal_in(text);
    }
    facts
}

fn shown_engine(facts: &EngineFacts) -> EngineFacts {
    let mut facts = facts.clone();
    for text in [
        &mut facts.engine_id,
        &mut facts.host_name,
        &mut facts.version,
        &mut facts.operating_system,
        &mut facts.kernel_release,
        &mut facts.address,
    ] {
        reveal_in(text);
    }
    for plugin in &mut facts.plugins {
        reveal_in(&mut plugin.name);
    }
    facts
}
