//! Hosts made by hand, and plain English.
#![allow(dead_code, clippy::unwrap_used, reason = "each test uses a part, and fails where it is wrong")]

use std::collections::BTreeMap;

use bridgewalk_diagram::{Word, Words};
use bridgewalk_model::{
    EntityId, HostFacts, LimitReason, MacAddress, NamespaceInode, Snapshot, SourceKind, Text, Via,
    engine::{AddressPool, ContainerState, EngineFacts, NetworkPeer, PortBinding, PortKey},
    kernel::{Address, AddressScope, Link, LinkCounters, LinkKind, NextHop, OperState, Route, RouteKind, Transport},
    snapshot::{
        Attachment, Compose, Container, Host, Interface, Namespace, NamespaceKind, NatKind, NatMapping, Network,
        VethEnd, VethPair,
    },
};

/// The key with its dashes as spaces.
pub(crate) struct English;

impl Words for English {
    fn word(&self, word: Word) -> String {
        match word {
            Word::OutsideNote => "beyond this host".into(),
            Word::Outside => "outside world".into(),
            Word::Nat => "NAT".into(),
            Word::Engine => "Docker".into(),
            Word::Bridges => "bridges, the switches".into(),
            Word::EveryAddress => "on every address".into(),
            Word::HostOnly => "this host only".into(),
            Word::ExposedOnly => "exposed, not published".into(),
            Word::Internal => "no way out".into(),
            Word::Proxy => "docker-proxy".into(),
            Word::HostStack => "the host's own stack".into(),
            Word::EmbeddedDns => "Docker's own DNS".into(),
            Word::Dns => "DNS".into(),
            Word::LegendIn => "comes in, to a published port".into(),
            Word::LegendOut => "goes out, behind the host's address".into(),
            Word::LegendCable => "cable: a veth pair".into(),
            other => other.key().trim_start_matches("diagram-").replace('-', " "),
        }
    }

    fn unseen(&self, source: SourceKind, _: &LimitReason, namespaces: usize) -> String {
        format!("{} in {namespaces}", source.name())
    }
}

/// Builds a host bit by bit.
pub(crate) struct Builder {
    pub(crate) host: Host,
    next_index: u32,
    subnets: BTreeMap<String, (u8, u16)>,
}

fn link(if_index: u32, name: &str, kind: LinkKind) -> Link {
    let bytes = if_index.to_be_bytes();
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
        mac_address: Some(MacAddress([2, 66, bytes[0], bytes[1], bytes[2], bytes[3]])),
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

fn namespace(id: EntityId, kind: NamespaceKind, name: &str) -> Namespace {
    Namespace {
        id,
        inode: NamespaceInode(4_026_531_840),
        kind,
        name: name.into(),
        is_host: kind == NamespaceKind::Host,
        containers: Vec::new(),
        network: None,
        names: Vec::new(),
        pid: None,
        nsid: None,
        interfaces: Vec::new(),
        routes: [].into(),
        routing_rules: [].into(),
        neighbours: [].into(),
        sysctls: [].into(),
        firewall: [].into(),
        sockets: Vec::new(),
        resolvers: Vec::new(),
        ipvs: None,
        limits: Vec::new(),
    }
}

fn interface(owner: &EntityId, link: Link, address: Option<&str>) -> Interface {
    let addresses = address
        .map(|text| {
            let net: ipnet::IpNet = text.parse().unwrap();
            let scope = if net.addr().is_loopback() { AddressScope::Host } else { AddressScope::Global };
            vec![Address {
                if_index: link.if_index,
                address: net.addr(),
                prefix_len: net.prefix_len(),
                peer: None,
                broadcast: None,
                scope,
                is_secondary: false,
                is_tentative: false,
            }]
        })
        .unwrap_or_default();
    let mut interface = Interface::new(owner, link, Via::Netlink);
    interface.addresses = addresses;
    interface
}

impl Builder {
    pub(crate) fn new(name: &str) -> Self {
        let id = EntityId::host(name);
        let own = id.namespace("host");
        let mut stack = namespace(own.clone(), NamespaceKind::Host, name);
        stack.interfaces.push(interface(&own, link(1, "lo", LinkKind::Loopback), Some("127.0.0.1/8")));
        stack.interfaces.push(interface(&own, link(2, "eth0", LinkKind::Physical), Some("10.0.2.15/24")));
        stack.routes = [Route {
            table: 254,
            destination: "0.0.0.0/0".parse().unwrap(),
            kind: RouteKind::Unicast,
            next_hops: vec![NextHop {
                gateway: Some("10.0.2.2".parse().unwrap()),
                if_index: 2,
                weight: 1,
                is_dead: false,
                is_on_link: false,
            }],
            preferred_source: None,
            metric: 100,
            scope: 0,
            protocol: "static".into(),
            tos: 0,
        }]
        .into();
        let host = Host {
            id,
            name: name.into(),
            facts: HostFacts { hostname: name.into(), kernel_release: "6.1.0-21-amd64".into(), ..HostFacts::default() },
            engine: Some(EngineFacts { version: "26.1.5".into(), ..EngineFacts::default() }.into()),
            engine_lost: None,
            engine_lost_ms: None,
            agent_lost_ms: None,
            namespaces: vec![stack],
            containers: Vec::new(),
            networks: Vec::new(),
            swarm: None,
            veths: Vec::new(),
            nat: Vec::new(),
            processes: [].into(),
            limits: Vec::new(),
        };
        Self { host, next_index: 3, subnets: BTreeMap::new() }
    }

    fn own(&self) -> EntityId {
        self.host.namespaces[0].id.clone()
    }

    pub(crate) fn network_id(&self, name: &str) -> EntityId {
        self.host.id.network(name)
    }

    /// A network of the given driver with the /16 `172.second.0.0`.
    pub(crate) fn network(&mut self, name: &str, driver: &str, second: u8) -> &mut Network {
        let id = self.network_id(name);
        self.subnets.insert(name.into(), (second, 2));
        let device = if name == "bridge" {
            "docker0".to_owned()
        } else {
            format!("br-{:012x}", 0x5f_3c_91_u64 * u64::from(second) * 7919)
        };
        let subnet = format!("172.{second}.0.0/16");
        let mut network = Network {
            id: id.clone(),
            network_id: name.into(),
            name: name.into(),
            driver: driver.into(),
            scope: "local".into(),
            is_internal: false,
            is_attachable: false,
            is_ingress: false,
            is_config_only: false,
            has_ipv4: true,
            has_ipv6: false,
            pools: vec![AddressPool {
                subnet: subnet.parse().unwrap(),
                gateway: None,
                ip_range: None,
                reserved: BTreeMap::new(),
            }],
            options: BTreeMap::new(),
            bridge_name: None,
            bridge: None,
            parent: None,
            namespace: None,
            members: Vec::new(),
            peers: Vec::new(),
            project: None,
            created: String::new(),
        };
        match driver {
            "bridge" => {
                let index = self.index();
                let own = self.own();
                let mut bridge = interface(&own, link(index, &device, bridge()), Some(&format!("172.{second}.0.1/16")));
                bridge.network = Some(id.clone());
                network.bridge = Some(bridge.id.clone());
                network.bridge_name = Some(Text::new(&device));
                self.host.namespaces[0].interfaces.push(bridge);
                self.host.nat.push(NatMapping {
                    id: self.host.id.child("nat", &format!("masquerade-{name}")),
                    kind: NatKind::Masquerade,
                    is_ipv6: false,
                    transport: None,
                    host_ip: None,
                    host_port: None,
                    to_address: None,
                    to_port: None,
                    source: Some(subnet.parse().unwrap()),
                    in_interface: None,
                    out_interface: None,
                    container: None,
                    network: Some(id),
                    rule: None,
                    proxy_pid: None,
                });
            }
            "macvlan" => network.parent = Some(self.own().interface("eth0")),
            "overlay" => {
                let owner = self.host.id.namespace("overlay-1-x9k2");
                let mut inner = namespace(owner.clone(), NamespaceKind::Overlay, "1-x9k2");
                inner.network = Some(id.clone());
                let mut br0 = interface(&owner, link(2, "br0", bridge()), Some(&format!("172.{second}.0.1/16")));
                br0.network = Some(id.clone());
                network.bridge = Some(br0.id.clone());
                inner.interfaces.push(br0);
                let vxlan = LinkKind::Vxlan {
                    vni: 4097,
                    port: 4789,
                    local: None,
                    remote: None,
                    learning: false,
                    proxy: true,
                    underlay_if_index: None,
                };
                inner.interfaces.push(interface(&owner, link(9, "vxlan0", vxlan), None));
                network.namespace = Some(owner);
                network.peers = vec![NetworkPeer { name: "beta".into(), address: Some("10.0.2.16".parse().unwrap()) }];
                self.host.namespaces.push(inner);
            }
            _ => {}
        }
        self.host.networks.push(network);
        self.host.networks.last_mut().unwrap()
    }

    pub(crate) fn internal(&mut self, name: &str, second: u8) {
        self.network(name, "bridge", second).is_internal = true;
        let id = self.network_id(name);
        self.host.nat.retain(|mapping| mapping.network.as_ref() != Some(&id));
    }

    fn index(&mut self) -> u32 {
        self.next_index += 1;
        self.next_index
    }

    /// A running container in its own namespace, wired to `networks`.
    pub(crate) fn container(&mut self, name: &str, image: &str, networks: &[&str]) -> &mut Container {
        let id = self.host.id.container(name);
        let owner = self.host.id.namespace(&format!("container-{name}"));
        let mut inner = namespace(owner.clone(), NamespaceKind::Container, name);
        inner.containers.push(id.clone());
        inner.interfaces.push(interface(&owner, link(1, "lo", LinkKind::Loopback), Some("127.0.0.1/8")));
        let mut attachments = Vec::new();
        for (number, network_name) in networks.iter().enumerate() {
            let network =
                self.host.networks.iter().find(|network| network.name.as_str() == *network_name).unwrap().clone();
            let (second, last) = self.subnets.get_mut(*network_name).unwrap();
            let address = format!("172.{second}.{}.{}/16", *last >> 8, *last & 255);
            *last += 1;
            let index = self.index();
            let near_index = self.index();
            let kind = if network.driver.as_str() == "macvlan" {
                LinkKind::Macvlan { mode: "bridge".into() }
            } else {
                LinkKind::Veth
            };
            let mut eth = interface(&owner, link(index, &format!("eth{number}"), kind), Some(&address));
            eth.network = Some(network.id.clone());
            if let Some(bridge) = &network.bridge {
                let near_owner = network.namespace.clone().unwrap_or_else(|| self.own());
                let near_name = format!("veth{:07x}", near_index.wrapping_mul(0x9e_37_79_b1) >> 4);
                let mut near = interface(&near_owner, link(near_index, &near_name, LinkKind::Veth), None);
                let others = self.host.namespaces.iter().flat_map(|other| &other.interfaces);
                let device = others.clone().find(|other| other.id == *bridge).unwrap();
                near.link.master_if_index = Some(device.link.if_index);
                self.host.veths.push(VethPair {
                    near: VethEnd { namespace: near_owner.clone(), interface: near.id.clone() },
                    far: VethEnd { namespace: owner.clone(), interface: eth.id.clone() },
                    bridge: Some(bridge.clone()),
                    network: Some(network.id.clone()),
                    containers: vec![id.clone()],
                });
                let place = self.host.namespaces.iter().position(|other| other.id == near_owner).unwrap();
                self.host.namespaces[place].interfaces.push(near);
            }
            attachments.push(Attachment {
                network: network.id.clone(),
                network_name: network.name.clone(),
                endpoint_id: String::new(),
                ipv4: address.parse().ok(),
                ipv6: None,
                gateway: None,
                ipv6_gateway: None,
                mac_address: None,
                aliases: Vec::new(),
                dns_names: Vec::new(),
                interface: Some(eth.id.clone()),
            });
            inner.interfaces.push(eth);
        }
        self.host.namespaces.push(inner);
        self.host.containers.push(Container {
            id,
            container_id: name.into(),
            name: name.into(),
            image: image.into(),
            state: ContainerState::Running,
            exit_code: None,
            pid: Some(1000 + self.next_index),
            command: None,
            hostname: name.into(),
            network_mode: networks.first().copied().unwrap_or("none").into(),
            namespace: Some(owner),
            shares_with: None,
            attachments,
            exposed_ports: Vec::new(),
            requested_bindings: Vec::new(),
            published: Vec::new(),
            links: Vec::new(),
            dns_servers: Vec::new(),
            compose: None,
            swarm_service_id: None,
            labels: Vec::new(),
            created: String::new(),
            started_at: None,
        });
        self.host.containers.last_mut().unwrap()
    }

    pub(crate) fn last(&mut self) -> &mut Container {
        self.host.containers.last_mut().unwrap()
    }

    pub(crate) fn expose(&mut self, port: u16) -> &mut Self {
        self.last().exposed_ports.push(PortKey { port, transport: Transport::Tcp });
        self
    }

    /// Publishes `to` of the last container, with its rule and its proxy.
    pub(crate) fn publish(&mut self, host_ip: &str, host_port: u16, to: u16) -> &mut Self {
        let container = self.last().clone();
        let port = PortKey { port: to, transport: Transport::Tcp };
        let host_ip = host_ip.parse().ok();
        self.last().published.push(PortBinding { container_port: port, host_ip, host_port: Some(host_port) });
        for (kind, key) in [(NatKind::DestinationNat, "dnat"), (NatKind::Proxy, "proxy")] {
            self.host.nat.push(NatMapping {
                id: self.host.id.child("nat", &format!("{key}-{host_port}")),
                kind,
                is_ipv6: false,
                transport: Some(Transport::Tcp),
                host_ip: host_ip.filter(|ip: &std::net::IpAddr| !ip.is_unspecified()),
                host_port: Some(host_port),
                to_address: container.attachments.first().and_then(|end| end.ipv4).map(|net| net.addr()),
                to_port: Some(to),
                source: None,
                in_interface: None,
                out_interface: None,
                container: Some(container.id.clone()),
                network: container.attachments.first().map(|end| end.network.clone()),
                rule: None,
                proxy_pid: (kind == NatKind::Proxy).then_some(4_242),
            });
        }
        self
    }

    pub(crate) fn project(&mut self, project: &str) -> &mut Self {
        let service = self.last().name.clone();
        self.last().compose = Some(Compose { project: project.into(), service, number: Some(1) });
        self
    }

    /// Takes the last container's namespace away: it does not run.
    pub(crate) fn stop(&mut self, state: ContainerState) -> &mut Self {
        let container = self.last();
        container.state = state;
        let namespace = container.namespace.take().unwrap();
        self.host.veths.retain(|pair| pair.far.namespace != namespace);
        self.host.namespaces.retain(|other| other.id != namespace);
        self
    }

    /// The last container lives in the namespace of `other`.
    pub(crate) fn share(&mut self, other: &str) -> &mut Self {
        let gone = self.last().namespace.take().unwrap();
        self.host.namespaces.retain(|namespace| namespace.id != gone);
        let target = if other == "host" { self.own() } else { self.host.id.namespace(&format!("container-{other}")) };
        let id = self.last().id.clone();
        self.last().namespace = Some(target.clone());
        self.last().network_mode =
            if other == "host" { "host".into() } else { format!("container:{other}").as_str().into() };
        self.host.namespaces.iter_mut().find(|namespace| namespace.id == target).unwrap().containers.push(id);
        self
    }

    pub(crate) fn snapshot(self) -> Snapshot {
        Snapshot::new(0, vec![self.host])
    }
}

/// Three containers, two networks.
pub(crate) fn small() -> Snapshot {
    let mut host = Builder::new("alpha");
    host.network("bridge", "bridge", 17);
    host.network("backend", "bridge", 18);
    host.container("web", "nginx:1.25", &["bridge"]);
    host.publish("0.0.0.0", 8080, 80).expose(443);
    host.container("api", "python:3.12", &["bridge", "backend"]);
    host.publish("127.0.0.1", 5000, 5000);
    host.container("db", "postgres:16", &["backend"]);
    host.expose(5432);
    host.snapshot()
}

/// Everything a course shows.
pub(crate) fn classroom() -> Snapshot {
    let mut host = Builder::new("classroom");
    host.network("bridge", "bridge", 17);
    host.network("shop_default", "bridge", 18).project = Some("shop".into());
    host.network("proxy", "bridge", 19);
    host.internal("vault", 20);
    host.network("lan", "macvlan", 21);
    host.network("mesh", "overlay", 22);
    host.container("hello", "nginx:1.25", &["bridge"]);
    host.publish("0.0.0.0", 8080, 80);
    host.container("probe", "alpine:3.20", &["bridge"]);
    host.container("sidecar", "envoy:1.30", &[]);
    host.share("probe");
    host.container("shop-web-1", "shop/web:2.1", &["shop_default", "proxy"]);
    host.project("shop").expose(3000);
    host.container("shop-db-1", "postgres:16", &["shop_default", "vault"]);
    host.project("shop").publish("127.0.0.1", 5432, 5432);
    host.container("shop-cache-1", "redis:7", &["shop_default"]);
    host.project("shop").expose(6379);
    host.last().state = ContainerState::Paused;
    host.container("traefik", "traefik:3.0", &["proxy"]);
    host.publish("0.0.0.0", 80, 80).publish("0.0.0.0", 443, 443);
    host.container("secrets", "vault:1.16", &["vault"]);
    host.container("camera", "ffmpeg:6", &["lan"]);
    host.container("worker", "celery:5", &["mesh", "bridge"]);
    host.container("metrics", "node-exporter", &[]);
    host.share("host").expose(9100);
    host.container("batch", "busybox", &[]);
    host.container("old-db", "postgres:14", &["shop_default"]);
    host.stop(ContainerState::Exited);
    host.container("draft", "alpine:3.20", &["bridge"]);
    host.stop(ContainerState::Created);
    host.snapshot()
}

/// `count` containers in five networks; every fourth is also on the first.
pub(crate) fn many(count: usize) -> Snapshot {
    let mut host = Builder::new("busy");
    let names: Vec<String> = (0..(count / 20).max(3)).map(|number| format!("net{number}")).collect();
    for (number, name) in names.iter().enumerate() {
        host.network(name, "bridge", 17 + u8::try_from(number % 200).unwrap());
    }
    for number in 0..count {
        let own = &names[(number * 7 + number / 3) % names.len()];
        let mut networks = vec![own.as_str()];
        if number % 4 == 0 && *own != names[0] {
            networks.push(&names[0]);
        }
        host.container(&format!("service-{number}"), "registry.example/app:1", &networks);
        if number % 3 == 0 {
            host.publish("0.0.0.0", u16::try_from(8000 + number).unwrap(), 80);
        }
    }
    host.snapshot()
}
