//! Walks between hosts: over what they share on evidence, and over nothing else.

#![allow(clippy::unwrap_used, reason = "a test ends so")]

use std::net::IpAddr;

use bridgewalk_analysis::walk::{End, Protocol, Question, Walk, Walker};
use bridgewalk_model::{
    EntityId, Snapshot,
    assembly::assemble,
    graph::EdgeKind,
    kernel::{LinkKind, NeighbourState},
    recording::Recording,
    snapshot::Host,
};

const HARBOUR: &[u8] = include_bytes!("../../../assets/recordings/demo.bwrec");
const ISLAND: &[u8] = include_bytes!("../../../assets/recordings/demo-overlay.bwrec");

/// Two hosts of one Swarm, recorded at one time.
fn swarm() -> Snapshot {
    let states = [HARBOUR, ISLAND].into_iter().flat_map(|bytes| Recording::read(bytes).unwrap().last_states());
    assemble(&states.collect::<Vec<_>>().iter().collect::<Vec<_>>())
}

/// The same two as strangers: addresses, subnets and VNIs as they were, but nothing in the one's tables names the other.
fn strangers() -> Snapshot {
    let mut snapshot = swarm();
    for host in &mut snapshot.hosts {
        let name = host.name.to_string();
        for network in &mut host.networks {
            network.peers.clear();
            if network.driver.as_str() == "overlay" {
                network.network_id = format!("{name}{}", network.network_id);
            }
        }
        for namespace in &mut host.namespaces {
            let mut neighbours = namespace.neighbours.to_vec();
            if namespace.is_host {
                neighbours.iter_mut().for_each(|one| one.state = NeighbourState::Failed);
            }
            namespace.neighbours = neighbours.into();
            for interface in &mut namespace.interfaces {
                interface.fdb.retain(|entry| entry.is_permanent && entry.remote.is_none());
            }
        }
    }
    snapshot
}

fn uplink_address(host: &Host) -> IpAddr {
    let own = host.own_namespace().unwrap();
    let outward = own.interfaces.iter().filter(|one| {
        !matches!(one.link.kind, LinkKind::Loopback | LinkKind::Bridge { .. }) && one.link.master_if_index.is_none()
    });
    outward.flat_map(|one| &one.addresses).map(|one| one.address).find(IpAddr::is_ipv4).unwrap()
}

/// The walks from `from` and its containers to the other host and its containers' addresses.
fn walks(snapshot: &Snapshot, from: usize, to: usize) -> Vec<Walk> {
    let (from, to) = (&snapshot.hosts[from], &snapshot.hosts[to]);
    let walker = Walker::new(snapshot);
    let mut senders = vec![End::Host { id: from.id.clone() }];
    let running = from.containers.iter().filter(|one| one.state.is_alive());
    senders.extend(running.filter_map(|one| walker.sender(one.name.as_str()).ok()));
    let mut addresses = vec![uplink_address(to)];
    let ends = to.containers.iter().flat_map(|one| &one.attachments);
    let overlays = ends.filter(|end| to.network(&end.network).is_some_and(|it| it.driver.as_str() == "overlay"));
    addresses.extend(overlays.filter_map(|end| Some(end.ipv4?.addr())));
    let question = |from: &End, address: IpAddr| Question {
        from: from.clone(),
        to: End::Address { address, host: None },
        port: Some(80),
        protocol: Protocol::Tcp,
        source_port: None,
    };
    senders
        .iter()
        .flat_map(|from| addresses.iter().map(move |to| (from, *to)))
        .map(|(from, to)| walker.walk(&question(from, to)))
        .collect()
}

fn is_on(walk: &Walk, host: &EntityId) -> bool {
    walk.all_hops().any(|hop| hop.namespace.is_within(host))
}

#[test]
fn two_hosts_of_a_swarm_are_walked_between_on_evidence() {
    let snapshot = swarm();
    assert_eq!(snapshot.graph().shared_links().len(), 1, "their tables name each other");
    assert!(snapshot.graph().edges().any(|edge| edge.kind == EdgeKind::Tunnel));
    for (from, to) in [(0, 1), (1, 0)] {
        let other = &snapshot.hosts[to].id;
        let crossing = walks(&snapshot, from, to).iter().filter(|walk| is_on(walk, other)).count();
        assert!(crossing > 1, "{crossing} walks to {other}");
    }
}

#[test]
fn no_walk_crosses_between_strangers_with_the_same_subnets_and_vnis() {
    let snapshot = strangers();
    assert_eq!(snapshot.graph().shared_links(), []);
    assert!(snapshot.graph().edges().all(|edge| edge.kind != EdgeKind::Tunnel));
    for (from, to) in [(0, 1), (1, 0)] {
        let other = &snapshot.hosts[to].id;
        for walk in walks(&snapshot, from, to) {
            assert!(!is_on(&walk, other), "{:?}", walk.way.hops.last());
        }
    }
}
