//! A small host, made by hand: two networks, three containers, a published port.

use std::{
    net::IpAddr,
    sync::{Arc, Mutex},
};

use bridgewalk_analysis::walk::{
    Evidence, Question, Walker,
    proof::{Comparison, Place},
};
use bridgewalk_app::{
    source::{Demo, Update},
    window::{Feed, Opener, Origin, Proven, Wake},
};
use bridgewalk_collector::{AgentChoice, AgentError, CollectorStatus, Command};
use bridgewalk_model::{
    Fact, HostFacts, Limit, LimitReason, MacAddress, NamespaceInode, NamespaceSighting, NotReadBecause, Observation,
    Remedy, Section, Snapshot, SourceKind, Via,
    assembly::{State, assemble},
    engine::{
        AddressPool, ContainerState, Endpoint, EngineContainer, EngineFacts, EngineNetwork, PortBinding, PortKey,
    },
    kernel::{Address, AddressScope, Link, LinkCounters, LinkKind, NextHop, OperState, Route, RouteKind, Transport},
    proof::Answer,
    recording::Recording,
};

const HOST: NamespaceInode = NamespaceInode(4_026_531_840);

fn inode(index: u64) -> NamespaceInode {
    NamespaceInode(4_026_532_000 + index)
}

fn mac(index: u8) -> MacAddress {
    serde_json::from_value(format!("02:42:ac:12:00:{index:02x}").into()).unwrap()
}

fn link(if_index: u32, name: &str, kind: LinkKind, mac_address: Option<MacAddress>) -> Link {
    Link {
        if_index,
        name: name.into(),
        alternative_names: Vec::new(),
        kind,
        is_up: true,
        has_carrier: true,
        is_promiscuous: false,
        oper_state: OperState::Up,
        mtu: 1500,
        mac_address,
        master_if_index: None,
        bridge_port: None,
        peer_if_index: None,
        peer_nsid: None,
        peer_namespace: None,
        counters: LinkCounters::default(),
    }
}

fn bridge() -> LinkKind {
    LinkKind::Bridge {
        stp: false,
        vlan_filtering: false,
        ageing_time_cs: 30_000,
        nf_call_iptables: false,
        nf_call_ip6tables: false,
    }
}

fn address(if_index: u32, text: &str) -> Address {
    let net: ipnet::IpNet = text.parse().unwrap();
    Address {
        if_index,
        address: net.addr(),
        prefix_len: net.prefix_len(),
        peer: None,
        broadcast: None,
        scope: AddressScope::Global,
        is_secondary: false,
        is_tentative: false,
    }
}

fn route(destination: &str, gateway: Option<&str>, if_index: u32) -> Route {
    Route {
        table: 254,
        destination: destination.parse().unwrap(),
        kind: RouteKind::Unicast,
        next_hops: vec![NextHop {
            gateway: gateway.map(|gateway| gateway.parse().unwrap()),
            if_index,
            weight: 1,
            is_dead: false,
            is_on_link: false,
        }],
        preferred_source: None,
        metric: 0,
        scope: 0,
        protocol: "boot".into(),
        tos: 0,
    }
}

fn network(index: u8, name: &str, bridge_name: &str) -> EngineNetwork {
    EngineNetwork {
        network_id: format!("{index:064x}"),
        name: name.into(),
        driver: "bridge".into(),
        scope: "local".into(),
        has_ipv4: true,
        ipam_driver: "default".into(),
        pools: vec![AddressPool {
            subnet: format!("172.{index}.0.0/16").parse().unwrap(),
            gateway: Some(format!("172.{index}.0.1").parse().unwrap()),
            ip_range: None,
            reserved: [].into(),
        }],
        options: [("com.docker.network.bridge.name".to_owned(), bridge_name.to_owned())].into(),
        ..EngineNetwork::default()
    }
}

fn container(index: u8, name: &str, state: ContainerState) -> EngineContainer {
    let is_running = state.is_alive();
    EngineContainer {
        container_id: format!("c{index:063x}"),
        name: name.into(),
        image: "nginx:1.27".into(),
        state,
        pid: is_running.then(|| 1_000 + u32::from(index)),
        created: "2026-01-01T00:00:00Z".into(),
        hostname: name.into(),
        labels: [
            ("com.docker.compose.project".to_owned(), "shop".to_owned()),
            ("com.docker.compose.service".to_owned(), name.to_owned()),
        ]
        .into(),
        network_mode: "shop_default".into(),
        sandbox_key: format!("/run/docker/netns/sandbox{index}"),
        endpoints: vec![Endpoint {
            network_name: "shop_default".into(),
            network_id: format!("{:064x}", 18),
            endpoint_id: if is_running { format!("e{index:063x}") } else { String::new() },
            ipv4: is_running.then(|| format!("172.18.0.{index}/16").parse().unwrap()),
            gateway: is_running.then(|| "172.18.0.1".parse().unwrap()),
            mac_address: is_running.then(|| mac(index)),
            ..Endpoint::default()
        }],
        ..EngineContainer::default()
    }
}

/// What was observed of it.
pub(crate) fn observations() -> Vec<Observation> {
    let section = |namespace, links: Vec<Link>| Fact::Links(Section { namespace, via: Via::Netlink, is: links });
    let mut facts = vec![
        Fact::Host(HostFacts {
            hostname: "alpha".into(),
            kernel_release: "6.1.0".into(),
            architecture: "x86_64".into(),
            ..HostFacts::default()
        }),
        Fact::Engine(Box::new(EngineFacts {
            engine_id: "engine".into(),
            host_name: "alpha".into(),
            version: "26.1.5".into(),
            api_version: "1.45".into(),
            address: "unix:///var/run/docker.sock".into(),
            is_local: true,
            ..EngineFacts::default()
        })),
    ];
    let published = PortBinding {
        container_port: PortKey { port: 80, transport: Transport::Tcp },
        host_ip: Some(IpAddr::from([0, 0, 0, 0])),
        host_port: Some(8080),
    };
    let web = EngineContainer {
        exposed_ports: vec![published.container_port],
        requested_bindings: vec![published.clone()],
        published: vec![published],
        ..container(2, "shop-web-1", ContainerState::Running)
    };
    let containers =
        [web, container(3, "shop-db-1", ContainerState::Running), container(4, "old-job", ContainerState::Exited)];
    facts.push(Fact::Networks(vec![
        Arc::new(network(17, "bridge", "docker0")),
        Arc::new(network(18, "shop_default", "br-shop")),
    ]));
    facts.push(Fact::Containers(containers.into_iter().map(Arc::new).collect()));
    let sighting =
        |inode, is_host, pid, nsid| NamespaceSighting { inode, is_host, names: Vec::new(), pid: Some(pid), nsid };
    facts.push(Fact::Namespaces(vec![
        sighting(HOST, true, 1, None),
        sighting(inode(2), false, 1_002, Some(0)),
        sighting(inode(3), false, 1_003, Some(1)),
    ]));
    let mut host_links = vec![
        link(1, "lo", LinkKind::Loopback, None),
        link(2, "eth0", LinkKind::Physical, Some(mac(0xe0))),
        link(3, "docker0", bridge(), Some(mac(0xd0))),
        link(4, "br-shop", bridge(), Some(mac(0xd1))),
    ];
    for index in [2_u8, 3] {
        let namespace = inode(index.into());
        host_links.push(Link {
            master_if_index: Some(4),
            peer_if_index: Some(2),
            peer_nsid: Some(i32::from(index) - 2),
            peer_namespace: Some(namespace),
            ..link(10 + u32::from(index), &format!("veth{index}abc"), LinkKind::Veth, Some(mac(0xa0 + index)))
        });
        facts.push(section(
            namespace,
            vec![
                link(1, "lo", LinkKind::Loopback, None),
                Link {
                    peer_if_index: Some(10 + u32::from(index)),
                    peer_nsid: Some(0),
                    peer_namespace: Some(HOST),
                    ..link(2, "eth0", LinkKind::Veth, Some(mac(index)))
                },
            ],
        ));
        let is = vec![address(1, "127.0.0.1/8"), address(2, &format!("172.18.0.{index}/16"))];
        facts.push(Fact::Addresses(Section { namespace, via: Via::Netlink, is }));
        let is = vec![route("0.0.0.0/0", Some("172.18.0.1"), 2), route("172.18.0.0/16", None, 2)];
        facts.push(Fact::Routes(Section { namespace, via: Via::Netlink, is }));
    }
    facts.push(section(HOST, host_links));
    let is = vec![
        address(1, "127.0.0.1/8"),
        address(2, "192.168.1.10/24"),
        address(3, "172.17.0.1/16"),
        address(4, "172.18.0.1/16"),
    ];
    facts.push(Fact::Addresses(Section { namespace: HOST, via: Via::Netlink, is }));
    // Everything else was looked at, and there was nothing.
    facts.push(Fact::Routes(nothing(HOST)));
    for namespace in [HOST, inode(2), inode(3)] {
        facts.extend([
            Fact::RoutingRules(nothing(namespace)),
            Fact::Neighbours(nothing(namespace)),
            Fact::Fdb(nothing(namespace)),
            Fact::BridgeVlans(nothing(namespace)),
            Fact::Sysctls(nothing(namespace)),
            Fact::Firewall(nothing(namespace)),
            Fact::Sockets(nothing(namespace)),
            Fact::Ipvs(nothing(namespace)),
        ]);
    }
    facts.extend([Fact::Processes(Vec::new()), Fact::NameFiles(Vec::new())]);
    facts.into_iter().map(|fact| Observation { at_ms: 1_767_225_600_000, fact }).collect()
}

fn nothing<T: Default>(namespace: NamespaceInode) -> Section<T> {
    Section { namespace, via: Via::Netlink, is: T::default() }
}

/// The snapshot of it.
pub(crate) fn snapshot() -> Arc<Snapshot> {
    let mut state = State::default();
    for observation in observations() {
        state.apply(&observation);
    }
    Arc::new(assemble(&[&state]))
}

/// A real host, recorded.
fn bed() -> Arc<Snapshot> {
    let recorded = include_bytes!("../recordings/bed.bwrec");
    Arc::new(Recording::read(recorded.as_slice()).unwrap().last_snapshot())
}

/// What the window told its source.
pub(crate) type Told = Arc<Mutex<Vec<Command>>>;

/// A source that says it once.
pub(crate) struct SampleFeed {
    origin: Origin,
    updates: Vec<Update>,
    told: Told,
    is_busy: bool,
}

impl SampleFeed {
    /// A recording.
    pub(crate) fn recording() -> Self {
        let observed = Update::Observed { observations: vec![(0, observations().into())], snapshot: snapshot() };
        Self {
            origin: Origin::Recording("alpha.bwrec".into()),
            updates: vec![Update::Complete, observed],
            told: Told::default(),
            is_busy: false,
        }
    }

    /// A live host whose collector takes no commands.
    pub(crate) fn busy() -> Self {
        Self { origin: Origin::Live, is_busy: true, ..Self::recording() }
    }

    /// A live host whose engine does not answer any more, since 00:01:00Z.
    pub(crate) fn stopped() -> Self {
        let mut state = State::default();
        observations().iter().for_each(|observation| state.apply(observation));
        let at_ms = observations()[0].at_ms + 60_000;
        state.apply(&Observation { at_ms, fact: Fact::EngineLost { detail: "refused".into() } });
        let observed = Update::Observed { observations: [].into(), snapshot: Arc::new(assemble(&[&state])) };
        Self { updates: vec![Update::Complete, observed], origin: Origin::Live, ..Self::recording() }
    }

    /// A live host of which root sees all but a namespace that nobody here is let into.
    pub(crate) fn with_a_stranger() -> Self {
        let mut snapshot = Snapshot::clone(&snapshot());
        let what = "net:[4026531840] (PID 1)".to_owned();
        let limit = |source| Limit {
            source,
            namespace: None,
            reason: LimitReason::NotRead { what: what.clone(), because: NotReadBecause::Closed },
            remedy: Remedy::None,
        };
        snapshot.hosts[0].limits = [SourceKind::Links, SourceKind::Sysctls].map(limit).to_vec();
        let observed = Update::Observed { observations: Vec::new(), snapshot: Arc::new(snapshot) };
        Self { updates: vec![Update::Complete, observed], origin: Origin::Live, ..Self::recording() }
    }

    /// A real host with one of every wiring, recorded.
    pub(crate) fn bed() -> Self {
        let observed = Update::Observed { observations: Vec::new(), snapshot: bed() };
        Self { updates: vec![Update::Complete, observed], ..Self::recording() }
    }

    /// The same as if it were live.
    pub(crate) fn live_bed() -> Self {
        Self { origin: Origin::Live, ..Self::bed() }
    }

    /// A live host whose kernel may not be read.
    pub(crate) fn unprivileged(told: Told) -> Self {
        let status = CollectorStatus {
            engine: Some(Ok("unix:///var/run/docker.sock".into())),
            agent: Some(Err(AgentError::Ended { detail: "permission denied".into() })),
        };
        let mut feed = Self { origin: Origin::Live, told, ..Self::recording() };
        feed.updates.push(Update::Status(vec![status]));
        feed
    }
}

impl Feed for SampleFeed {
    fn origin(&self) -> Origin {
        self.origin.clone()
    }

    fn wake_with(&mut self, wake: Wake) {
        wake();
    }

    fn take(&mut self) -> Option<Update> {
        self.updates.pop()
    }

    fn command(&self, _host: usize, command: Command) -> bool {
        self.told.lock().unwrap().push(command);
        !self.is_busy
    }

    fn observations(&self) -> Vec<Vec<Observation>> {
        vec![observations()]
    }
}

/// Opens nothing.
pub(crate) struct NoOpener;

impl Opener for NoOpener {
    fn open(&self, path: &std::path::Path) -> Result<Box<dyn Feed>, String> {
        Err(path.display().to_string())
    }

    fn bundled(&self, _demo: Demo) -> Result<Box<dyn Feed>, String> {
        Ok(Box::new(SampleFeed::bed()))
    }

    fn live(&self) -> Result<Box<dyn Feed>, String> {
        Err("no engine".into())
    }

    fn prove(&self, _agent: AgentChoice, question: &Question) -> Result<Proven, String> {
        let snapshot = bed();
        let walk = Walker::new(&snapshot).walk(question);
        let predicted = walk.all_hops().flat_map(|hop| &hop.evidence).filter_map(|evidence| match evidence {
            Evidence::Rule { rule, .. } => Some(rule.clone()),
            _ => None,
        });
        let predicted: Vec<_> = predicted.take(3).collect();
        let place = Place {
            namespace: walk.way.hops.last().ok_or("nothing")?.namespace.clone(),
            is_reply: false,
            observed: predicted.clone(),
            predicted,
            unknown_rules: 0,
            was_seen: Some(true),
        };
        let comparison = Comparison { agrees: Some(true), differs: None, places: vec![place], notes: Vec::new() };
        Ok(Proven { snapshot, comparison, answer: Answer::Silence })
    }

    fn save(&self, _path: &std::path::Path, _hosts: &[Vec<Observation>]) -> Result<(), String> {
        Ok(())
    }
}
