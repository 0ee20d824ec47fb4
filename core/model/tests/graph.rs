//! The graph: how one host is wired, what several hosts share, and what that takes.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

mod fixture;

use std::time::{Duration, Instant};

use bridgewalk_model::{
    EntityId, MacAddress, Snapshot,
    assembly::assemble,
    graph::{EdgeKind, Graph, NodeKind},
    kernel::LinkKind,
};
use fixture::{Host as Bench, link, neighbour};

const ALPHAS: MacAddress = MacAddress([2, 0, 0, 0, 0, 1]);
const BETAS: MacAddress = MacAddress([2, 0, 0, 0, 0, 2]);
const INGRESS: &str = "inginginging0001aaaaaaaaa";

fn together(hosts: &[&Bench]) -> Snapshot {
    let states: Vec<_> = hosts.iter().map(|host| host.state()).collect();
    assemble(&states.iter().collect::<Vec<_>>())
}

fn beta() -> Bench {
    Bench::new(2).called("beta", "192.0.2.11", BETAS)
}

fn eth0(host: &str) -> EntityId {
    EntityId::host(host).namespace("host").interface("eth0")
}

/// What people call it.
fn name(snapshot: &Snapshot, id: &EntityId) -> String {
    let host = &snapshot.hosts[0];
    if let Some((_, container)) = snapshot.container(id) {
        return container.name.to_string();
    }
    if let Some((_, network)) = snapshot.network(id) {
        return network.name.to_string();
    }
    if let Some(mapping) = host.nat.iter().find(|mapping| mapping.id == *id) {
        let address = mapping.host_ip.map_or_else(|| "*".to_owned(), |address| address.to_string());
        return format!("{address}:{}", mapping.host_port.unwrap_or_default());
    }
    id.as_str().rsplit(':').next().unwrap_or_default().to_owned()
}

#[test]
fn the_graph_wires_outside_to_container() {
    let snapshot = Bench::new(2).snapshot();
    let graph = snapshot.graph();
    let mut edges: Vec<String> = graph
        .edges()
        .filter(|edge| edge.kind != EdgeKind::Contains)
        .map(|edge| {
            let end = |node: &bridgewalk_model::graph::Node| match node.kind {
                NodeKind::Outside => "Outside".to_owned(),
                kind => format!("{kind:?} {}", name(&snapshot, &node.id)),
            };
            format!("{:?}: {} -> {}", edge.kind, end(edge.from), end(edge.to))
        })
        .filter(|line| !line.contains("Nat ") || line.contains(":8081") || line.contains("8080"))
        .collect();
    edges.sort();
    edges.dedup();
    insta::assert_snapshot!(edges.join("\n"));
    assert_eq!(graph.node(&EntityId::outside()).unwrap().kind, NodeKind::Outside);
}

#[test]
fn relations_are_asked_of_the_graph() {
    let snapshot = Bench::new(2).snapshot();
    let (graph, host) = (snapshot.graph(), &snapshot.hosts[0]);
    let own = host.own_namespace().unwrap();
    let named = |name: &str| own.interfaces.iter().find(|one| one.link.name == name).unwrap().id.clone();
    let (near, bridge) = (named("veth0000001"), named(&fixture::app_bridge()));
    let far = host.containers[1].attachments[0].interface.clone().unwrap();
    assert_eq!((graph.peer(&near), graph.peer(&far)), (Some(&far), Some(&near)));
    assert_eq!(graph.master(&near), Some(&bridge));
    assert_eq!(graph.ports(&bridge), [&named("veth0000000"), &near]);
    assert_eq!(graph.uplinks(&host.id), [&eth0("alpha")]);
    assert_eq!(graph.default_uplink(&host.id), Some(&eth0("alpha")));
    assert!(graph.leads_out(&eth0("alpha")) && !graph.leads_out(&bridge) && !graph.leads_out(&near));
    assert!(graph.segment(&far) == graph.segment(&bridge) && graph.segment(&far) != graph.segment(&eth0("alpha")));
    let wired: Vec<_> = graph.wired_to(&near).iter().map(|edge| edge.kind).collect();
    assert_eq!(wired, [EdgeKind::VethPair, EdgeKind::Port]);
}

#[test]
fn a_bridge_leads_out_by_its_port_and_a_dummy_nowhere() {
    let mut bench = Bench::new(1);
    bench.link_named(0, "eth0").master_if_index = Some(20);
    bench.own().links.as_mut().unwrap().extend([
        link(20, "br-lan", fixture::bridge()),
        link(21, "dummy0", LinkKind::Dummy),
        link(22, "wg0", LinkKind::Other { name: "wireguard".to_owned() }),
    ]);
    bench.own().routes = vec![fixture::default_route("192.0.2.1", 20)];
    let snapshot = bench.snapshot();
    let (graph, own) = (snapshot.graph(), EntityId::host("alpha").namespace("host"));
    let leads_out = ["eth0", "br-lan", "dummy0", "wg0", "docker0"].map(|name| graph.leads_out(&own.interface(name)));
    assert_eq!(leads_out, [true, true, false, true, false]);
    assert_eq!(graph.default_uplink(&EntityId::host("alpha")), Some(&own.interface("br-lan")));
    // The bridge's default route leaves by the port, which is an uplink already.
    assert_eq!(graph.uplinks(&EntityId::host("alpha")), [&own.interface("eth0"), &own.interface("wg0")]);
}

#[test]
fn two_hosts_with_the_same_subnets_share_nothing() {
    let (mut alpha, mut beta) = (Bench::new(2), beta());
    alpha.add_ingress(INGRESS, "192.0.2.99");
    beta.add_ingress("inginginging0002bbbbbbbbb", "192.0.2.98");
    // Each has its own router behind the same address, and containers of the same MAC addresses.
    let router = MacAddress([0x52, 0x55, 10, 0, 2, 2]);
    alpha.own().neighbours.push(neighbour(2, "192.0.2.1", router));
    beta.own().neighbours.push(neighbour(2, "192.0.2.1", router));
    let mac = alpha.link_named(1, "eth0").mac_address.unwrap();
    alpha.own().neighbours.push(neighbour(4, "172.18.0.2", mac));
    let snapshot = together(&[&alpha, &beta]);
    let graph = snapshot.graph();
    assert_eq!(graph.shared_links(), []);
    assert!(graph.edges().all(|edge| edge.kind != EdgeKind::Tunnel));
    assert_ne!(graph.segment(&eth0("alpha")), graph.segment(&eth0("beta")));
    let web = |host: usize| snapshot.hosts[host].containers[0].id.clone();
    assert_eq!(graph.wires(&web(0), &web(1)), None);
}

#[test]
fn a_neighbours_mac_address_is_evidence_of_a_shared_link() {
    let mut alpha = Bench::new(2);
    alpha.own().neighbours.push(neighbour(2, "192.0.2.11", BETAS));
    let snapshot = together(&[&alpha, &beta()]);
    let graph = snapshot.graph();
    let [(link, ends)] = &graph.shared_links()[..] else { panic!("{:?}", graph.shared_links()) };
    assert_eq!(ends, &[&eth0("alpha"), &eth0("beta")]);
    assert_eq!(graph.node(link).unwrap().kind, NodeKind::Link);
    assert_eq!(graph.segment(&eth0("alpha")), graph.segment(&eth0("beta")));
    let web = |host: usize| snapshot.hosts[host].containers[0].id.clone();
    let way = graph.wires(&web(0), &web(1)).unwrap();
    assert!(way.iter().any(|stretch| stretch.to.kind == NodeKind::Link), "{way:?}");
    // The same seen from the other side is the same.
    let mut beta = beta();
    beta.own().neighbours.push(neighbour(2, "192.0.2.10", ALPHAS));
    let other = together(&[&Bench::new(2), &beta]);
    assert_eq!(other.graph().shared_links().len(), 1);
    // An address that two observed hosts have names neither, and one that did not answer nobody.
    let twin = beta.clone().called("gamma", "192.0.2.12", BETAS);
    assert_eq!(together(&[&alpha, &beta, &twin]).graph().shared_links().len(), 1, "by beta's own entry");
    let mut silent = Bench::new(2);
    silent.own().neighbours.push(neighbour(2, "192.0.2.11", BETAS));
    silent.own().neighbours[0].state = bridgewalk_model::kernel::NeighbourState::Failed;
    assert_eq!(together(&[&silent, &self::beta()]).graph().shared_links(), []);
}

#[test]
fn a_tunnel_needs_the_vni_and_the_others_address() {
    let (mut alpha, mut beta) = (Bench::new(2), beta());
    alpha.add_ingress(INGRESS, "192.0.2.11");
    beta.add_ingress(INGRESS, "192.0.2.10");
    let snapshot = together(&[&alpha, &beta]);
    let graph = snapshot.graph();
    let vxlan =
        |host: &str| EntityId::host(host).namespace(&format!("overlay-1-{}", &INGRESS[..10])).interface("vxlan0");
    assert_eq!(graph.tunnels(&vxlan("alpha")), [&vxlan("beta")]);
    assert_eq!(graph.tunnels(&vxlan("beta")), [&vxlan("alpha")]);
    assert_eq!(graph.segment(&vxlan("alpha")), graph.segment(&vxlan("beta")));
    // Another Swarm whose hosts happen to have the same addresses.
    let mut stranger = self::beta();
    stranger.add_ingress("inginginging0002bbbbbbbbb", "192.0.2.10");
    assert!(together(&[&alpha, &stranger]).graph().edges().all(|edge| edge.kind != EdgeKind::Tunnel));
}

#[test]
fn the_wires_between_two_things_are_listed_in_order() {
    let snapshot = Bench::new(2).snapshot();
    let (graph, host) = (snapshot.graph(), &snapshot.hosts[0]);
    let told = |from: &EntityId, to: &EntityId| {
        let way = graph.wires(from, to).unwrap();
        way.iter().map(|one| format!("{:?} {}", one.by, name(&snapshot, &one.to.id))).collect::<Vec<_>>()
    };
    let (one, two) = (&host.containers[0].id, &host.containers[1].id);
    let bridge = format!("Port {}", fixture::app_bridge());
    let home = |number| format!("Contains container-{}", fixture::container_id(number));
    let (first, last) = (home(0), home(1));
    let expected = [
        &*first,
        "Contains eth0",
        "VethPair veth0000000",
        &bridge,
        "Port veth0000001",
        "VethPair eth0",
        &last,
        "Contains web1",
    ];
    assert_eq!(told(one, two), expected);
    let out = told(one, &EntityId::outside());
    let tail = ["VethPair veth0000000", &bridge, "Contains host", "Contains eth0", "Uplink outside"];
    assert_eq!(out[2..], tail);
    assert_eq!(told(&host.id, &eth0("alpha")), ["Contains eth0"]);
    assert_eq!(graph.wires(one, one), Some(Vec::new()));
}

#[test]
fn what_a_thing_is_wired_to_ends_at_the_next_thing() {
    let snapshot = Bench::new(2).snapshot();
    let (graph, host) = (snapshot.graph(), &snapshot.hosts[0]);
    let near = |id: &EntityId| {
        let mut near: Vec<_> = graph.near(id).into_iter().map(|id| name(&snapshot, id)).collect();
        near.sort();
        near
    };
    let bridge = fixture::app_bridge();
    let home = |number| format!("container-{}", fixture::container_id(number));
    let container = near(&host.containers[0].id);
    for expected in ["eth0", "veth0000000", &bridge] {
        assert!(container.contains(&expected.to_owned()), "{expected} in {container:?}");
    }
    assert!(!container.contains(&"veth0000001".to_owned()) && !container.contains(&"web1".to_owned()), "{container:?}");
    let ports = near(&host.own_namespace().unwrap().id.interface(&bridge));
    for expected in ["veth0000000", "veth0000001", "web0", "web1"] {
        assert!(ports.contains(&expected.to_owned()), "{expected} in {ports:?}");
    }
    assert!(!ports.contains(&home(0)), "{ports:?}");
    // What is on a parent has nothing of what else is.
    assert!(!near(&eth0("alpha")).contains(&bridge));
}

/// Generous, for busy machines and unoptimised code; the number itself is printed.
#[test]
fn the_graph_of_a_thousand_containers_is_made_quickly() {
    let snapshot = Bench::new(1_000).snapshot();
    let mut best = Duration::MAX;
    for _ in 0..10 {
        #[allow(clippy::disallowed_methods, reason = "a measurement")]
        let start = Instant::now();
        let graph = Graph::of(&snapshot);
        best = best.min(start.elapsed());
        assert_eq!(graph.edges().filter(|edge| edge.kind == EdgeKind::VethPair).count(), 1_000);
    }
    println!("made the graph of 1,000 containers in {best:?}");
    assert!(best < Duration::from_millis(250), "{best:?}");
}
