//! What is put together of a host made by hand.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

mod fixture;

use std::time::{Duration, Instant};

use bridgewalk_model::{
    EntityId, Fact, Limit, LimitReason, NamespaceInode, NotReadBecause, Observation, Remedy, SourceKind, Via,
    assembly::{State, assemble},
    change::{ChangeKind, differences},
    engine::{ContainerState, EngineContainer, EngineNetwork},
    facts::{FACT_KEYS, facts},
    firewall::{Expression, Verdict},
    kernel::{Link, LinkKind},
    snapshot::{Host, NamespaceKind},
};
use fixture::{APP_ID, DAEMON_PID, HOST_INODE, Host as Bench, address, app_bridge, container_id, ip, link, space};
use proptest::prelude::*;

fn only(bench: &Bench) -> Host {
    bench.snapshot().hosts.remove(0)
}

/// The veth table as people ask for it.
fn veths(host: &Host) -> Vec<String> {
    host.veths
        .iter()
        .map(|pair| {
            let name = |id: &EntityId| host.interface(id).unwrap().name.to_string();
            let bridge = pair.bridge.as_ref().map(name).unwrap_or_default();
            let network = pair.network.as_ref().map(|id| host.network(id).unwrap().name.to_string());
            let containers: Vec<_> =
                pair.containers.iter().map(|id| host.container(id).unwrap().name.to_string()).collect();
            format!(
                "{} {bridge} {} {} {}",
                name(&pair.near.interface),
                network.unwrap_or_default(),
                containers.join("+"),
                name(&pair.far.interface)
            )
        })
        .collect()
}

/// A helper that the engine starts sees its containers' namespaces, and no stranger's.
#[test]
fn what_is_closed_asks_for_a_helper_only_where_one_would_see_it() {
    let bench = Bench::new(1);
    let snapshot = bench.snapshot();
    let home = snapshot.hosts[0].namespaces.iter().find(|one| !one.containers.is_empty()).unwrap().inode;
    let stranger = NamespaceInode(77);
    let mut state = State::default();
    for observation in bench.observations() {
        let Observation { at_ms, fact } = observation;
        let fact = match fact {
            Fact::Namespaces(mut list) => {
                list.push(space(77, Some(1), None).sighting);
                Fact::Namespaces(list)
            }
            fact => fact,
        };
        state.apply(&Observation { at_ms, fact });
    }
    let limit = |inode: NamespaceInode| Limit {
        source: SourceKind::Links,
        namespace: Some(inode),
        reason: LimitReason::NotRead { what: format!("net:[{}]", inode.0), because: NotReadBecause::Closed },
        remedy: Remedy::None,
    };
    let fact = Fact::Limits { of: vec![SourceKind::Links], limits: vec![limit(home), limit(stranger)] };
    state.apply(&Observation { at_ms: u64::MAX, fact });
    let host = assemble(&[&state]).hosts.remove(0);
    let remedy =
        |inode| host.limits.iter().find(|it| it.namespace == Some(inode) && it.reason.is_closed()).unwrap().remedy;
    assert_eq!(remedy(home), Remedy::StartAgent);
    assert_eq!(remedy(stranger), Remedy::None);
}

#[test]
fn ties_a_container_to_its_namespace_cable_bridge_and_network() {
    let host = only(&Bench::new(2));
    assert_eq!(host.id.as_str(), "host:alpha");
    let ids: Vec<_> = host.namespaces.iter().map(|namespace| namespace.id.as_str()).collect();
    let first = container_id(0);
    assert_eq!(ids[..2], ["host:alpha/ns:host", &format!("host:alpha/ns:container-{first}")]);
    assert_eq!(
        veths(&host),
        [format!("veth0000000 {} app web0 eth0", app_bridge()), format!("veth0000001 {} app web1 eth0", app_bridge())]
    );
    let container = &host.containers[0];
    let end = container.attachments[0].interface.as_ref().unwrap();
    assert_eq!(end.as_str(), format!("host:alpha/ns:container-{first}/if:eth0"));
    assert_eq!(host.interface(end).unwrap().network, Some(host.networks[0].id.clone()));
    let resolver = &host.namespaces[1].resolvers[0];
    assert!(resolver.is_embedded_dns);
    assert_eq!(resolver.search[0].as_str(), "example.net");
    assert_eq!(resolver.container, Some(container.id.clone()));
    let proxies: Vec<_> = host.nat.iter().filter(|mapping| mapping.proxy_pid.is_some()).collect();
    assert_eq!(proxies.len(), 2);
    assert_eq!(proxies[0].container, Some(container.id.clone()));
    assert_eq!((proxies[0].host_ip, proxies[1].host_ip), (None, Some(ip("127.0.0.1"))));
    assert!(proxies[0].id.as_str().ends_with("/nat:proxy-tcp-any:8080-172.18.0.2:80"), "{}", proxies[0].id);
}

#[test]
fn finds_a_containers_namespace_by_sandbox_or_group_where_its_pid_is_not_seen() {
    let mut bench = Bench::new(2);
    bench.processes.retain(|process| process.pid != 1_000);
    bench.namespaces[1].sighting.pid = None;
    bench.containers[1].pid = None;
    bench.containers[1].sandbox_key.clear();
    let host = only(&bench);
    assert!(host.containers.iter().all(|container| container.namespace.is_some()));
}

#[test]
fn containers_share_a_namespace_by_mode_and_the_owner_names_it() {
    let mut bench = Bench::new(1);
    let mut guest = EngineContainer {
        container_id: container_id(77),
        name: "a-guest".to_owned(),
        network_mode: format!("container:{}", container_id(0)),
        state: ContainerState::Running,
        ..EngineContainer::default()
    };
    bench.containers.push(guest.clone());
    guest.container_id = container_id(78);
    guest.name = "on-host".to_owned();
    guest.network_mode = "host".to_owned();
    bench.containers.push(guest);
    let host = only(&bench);
    let shared = &host.namespaces[1];
    assert_eq!(shared.id.as_str(), format!("host:alpha/ns:container-{}", container_id(0)));
    assert_eq!(shared.containers.len(), 2);
    assert_eq!(shared.containers[0], host.id.container(&container_id(0)));
    assert_eq!(veths(&host), [format!("veth0000000 {} app a-guest+web0 eth0", app_bridge())]);
    assert_eq!(host.containers[0].shares_with, Some(host.id.container(&container_id(0))));
    assert_eq!(host.own_namespace().unwrap().containers, [host.id.container(&container_id(78))]);
}

#[test]
fn a_pid_of_another_container_is_not_believed() {
    let mut bench = Bench::new(2);
    // A stale PID: by now it is the other container's process.
    bench.containers[0].pid = Some(1_001);
    let host = only(&bench);
    assert!(host.containers[0].namespace.as_ref().unwrap().as_str().ends_with(&container_id(0)));
}

#[test]
fn pairs_cables_whatever_the_kernel_tells_of_them() {
    let expected =
        [format!("veth0000000 {} app web0 eth0", app_bridge()), format!("veth0000001 {} app web1 eth0", app_bridge())];
    // The host's side knows nsids alone, the containers' side nothing.
    let mut by_nsid = Bench::new(2);
    for space in &mut by_nsid.namespaces {
        for link in space.links.as_mut().unwrap() {
            link.peer_namespace = None;
        }
    }
    assert_eq!(veths(&only(&by_nsid)), expected);
    // No nsid was resolved: only the numbers are left, and they are unique.
    let mut by_numbers = by_nsid.clone();
    for space in &mut by_numbers.namespaces {
        space.sighting.nsid = None;
    }
    assert_eq!(veths(&only(&by_numbers)), expected);
    // Two namespaces would fit: nothing is said rather than something wrong.
    let mut ambiguous = by_numbers.clone();
    let mut twin = ambiguous.namespaces[1].clone();
    twin.sighting.inode = NamespaceInode(99);
    twin.sighting.pid = Some(4_000);
    twin.sighting.names.clear();
    ambiguous.namespaces.push(twin);
    assert_eq!(veths(&only(&ambiguous)), expected[1..]);
}

#[test]
fn sees_a_cable_from_the_hosts_side_alone() {
    let mut bench = Bench::new(1);
    bench.namespaces[1].links = None;
    let host = only(&bench);
    assert_eq!(veths(&host), [format!("veth0000000 {} app web0 if2", app_bridge())]);
    let end = host.interface(&host.veths[0].far.interface).unwrap();
    assert_eq!(end.via, Via::HostSide);
    assert_eq!(end.network, Some(host.id.network(APP_ID)));
}

/// As a member of the docker group sees it: the container's namespace through its process, without inode and MAC address,
/// and by its name, without anything inside.
fn seen_by_a_member(bench: &mut Bench, number: usize) {
    let place = number + 1;
    let stand_in = NamespaceInode::stand_in(7_000 + number as u64);
    let mut named = space(bench.namespaces[place].sighting.inode.0, None, None);
    named.sighting.names = std::mem::take(&mut bench.namespaces[place].sighting.names);
    named.links = None;
    let real = named.sighting.inode;
    bench.namespaces.push(named);
    let through = &mut bench.namespaces[place];
    through.sighting.inode = stand_in;
    through.via = Via::Proc;
    for link in through.links.as_mut().unwrap() {
        link.mac_address = None;
    }
    for space in &mut bench.namespaces {
        for link in space.links.iter_mut().flatten().filter(|link| link.peer_namespace == Some(real)) {
            link.peer_namespace = Some(stand_in);
        }
    }
    for process in bench.processes.iter_mut().filter(|process| process.namespace == Some(real)) {
        process.namespace = Some(stand_in);
    }
    bench.containers[number].sandbox_key =
        bench.namespaces.last().unwrap().sighting.names[0].path.replace("/run", "/var/run");
}

#[test]
fn a_namespace_that_is_seen_in_two_ways_stands_once_by_dockers_word() {
    let whole = only(&Bench::new(2));
    let mut bench = Bench::new(2);
    seen_by_a_member(&mut bench, 0);
    seen_by_a_member(&mut bench, 1);
    let host = only(&bench);
    let ids = |host: &Host| host.namespaces.iter().map(|it| (it.id.clone(), it.inode, it.pid)).collect::<Vec<_>>();
    assert_eq!(ids(&host), ids(&whole));
    assert_eq!(veths(&host), veths(&whole));
    let end = host.interface(&host.veths[0].far.interface).unwrap();
    let read = whole.interface(&whole.veths[0].far.interface).unwrap();
    assert_eq!((end.link.mac_address, end.mac_address()), (None, read.link.mac_address));
    let mac = facts(&bench.snapshot(), &end.id).into_iter().find(|fact| fact.key == "mac-address").unwrap();
    assert!(format!("{:?}", mac.source).contains("Docker"), "{mac:?}");

    // Docker's word on two that contradict each other is taken for neither.
    let mut contradicting = bench.clone();
    contradicting.containers[1].sandbox_key = contradicting.containers[0].sandbox_key.clone();
    assert_eq!(only(&contradicting).namespaces.len(), 5);
    // Of a name that the daemon does not see nothing is believed.
    let mut strangers = bench.clone();
    for space in &mut strangers.namespaces {
        space.sighting.names.iter_mut().for_each(|name| name.pid = 4_711);
    }
    assert_eq!(only(&strangers).namespaces.len(), 5);
}

#[test]
fn the_agents_namespace_is_the_host_only_where_something_says_so() {
    let mut bench = Bench::new(1);
    bench.engine.daemon_pid = None;
    assert!(only(&bench).own_namespace().is_some(), "the engine's bridges are there");
    bench.own().links.as_mut().unwrap().retain(|link| !matches!(link.kind, LinkKind::Bridge { .. }));
    let host = only(&bench);
    assert!(host.own_namespace().is_none());
    assert!(host.limits.iter().any(|limit| limit.reason == LimitReason::HostUnknown), "{:?}", host.limits);
    bench.engine.is_local = false;
    assert!(only(&bench).own_namespace().is_some(), "an engine elsewhere has no say");
}

#[test]
fn a_proxy_counts_if_it_holds_its_socket() {
    let count = |bench: &Bench| only(bench).nat.iter().filter(|mapping| mapping.proxy_pid.is_some()).count();
    let mut bench = Bench::new(1);
    let pid = bench.processes.iter().find(|process| process.command == "docker-proxy").unwrap().pid;
    let with = |holder: Option<u32>, port: u16, uid: u32| {
        let mut bench = bench.clone();
        let socket = fixture::socket("0.0.0.0", port, holder);
        bench.own().sockets.push(bridgewalk_model::kernel::Socket { uid, ..socket });
        count(&bench)
    };
    assert_eq!(count(&bench), 1, "sockets were not read");
    assert_eq!(with(Some(pid), 8080, 0), 1);
    assert_eq!(with(Some(4_711), 8080, 0), 0, "somebody else's");
    assert_eq!(with(Some(pid), 8081, 0), 0, "another port");
    assert_eq!(with(None, 8080, 0), 1);
    assert_eq!(with(None, 8080, 1_001), 0, "another user's");
    bench.processes.iter_mut().for_each(|process| process.arguments.clear());
    assert_eq!(count(&bench), 0, "a name alone");
}

#[test]
fn paths_mean_what_dockers_mean_only_where_the_daemon_sees_them() {
    let mut bench = Bench::new(0);
    let mut fake = space(52, Some(77), Some("/tmp/x/docker/netns/ingress_sbox"));
    fake.sighting.names[0].pid = DAEMON_PID + 1;
    bench.namespaces.push(fake);
    assert_eq!(only(&bench).namespaces[1].kind, NamespaceKind::Process);
}

#[test]
fn names_namespaces_by_what_keeps_them() {
    let mut bench = Bench::new(0);
    bench.networks.push(EngineNetwork {
        network_id: "58v9o3i8nixxxxxxxxxxxxxxx".to_owned(),
        name: "over".to_owned(),
        driver: "overlay".to_owned(),
        ..EngineNetwork::default()
    });
    let mut overlay = space(50, None, Some("/run/docker/netns/1-58v9o3i8ni"));
    overlay.links.as_mut().unwrap().push(link(2, "br0", fixture::bridge()));
    bench.namespaces.push(overlay);
    bench.namespaces.push(space(51, None, Some("/run/docker/netns/lb_58v9o3i8n")));
    bench.namespaces.push(space(52, None, Some("/run/docker/netns/ingress_sbox")));
    bench.namespaces.push(space(53, None, Some("/run/netns/blue")));
    bench.namespaces.push(space(54, None, Some("/var/run/netns/blue")));
    bench.namespaces.push(space(55, Some(77), None));
    bench.namespaces.push(space(56, None, None));
    let host = only(&bench);
    let seen: Vec<_> = host
        .namespaces
        .iter()
        .skip(1)
        .map(|it| (it.kind, it.id.as_str().trim_start_matches("host:alpha/ns:")))
        .collect();
    assert_eq!(
        seen,
        [
            (NamespaceKind::Overlay, "overlay-1-58v9o3i8ni"),
            (NamespaceKind::Ingress, "named-ingress_sbox"),
            (NamespaceKind::LoadBalancer, "named-lb_58v9o3i8n"),
            (NamespaceKind::Named, "named-blue"),
            (NamespaceKind::Named, "named-blue#2"),
            (NamespaceKind::Process, "pid-77"),
            (NamespaceKind::Unknown, "inode-56"),
        ]
    );
    let network = host.networks.iter().find(|network| network.name.as_str() == "over").unwrap();
    assert_eq!(network.namespace, Some(host.namespaces[1].id.clone()));
    assert_eq!(network.bridge.as_ref().unwrap().as_str(), "host:alpha/ns:overlay-1-58v9o3i8ni/if:br0");
    assert_eq!(host.namespaces[3].network, Some(network.id.clone()));
}

#[test]
fn a_reused_inode_is_another_namespace() {
    let mut bench = Bench::new(1);
    let mut state = bench.state();
    // It vanished, and came back with its number: nothing of the old one is left.
    let sightings: Vec<_> = bench.namespaces.iter().map(|space| space.sighting.clone()).collect();
    let list = |list: &[_]| Observation { at_ms: 99, fact: Fact::Namespaces(list.to_vec()) };
    state.apply(&list(&sightings[..1]));
    state.apply(&list(&sightings));
    assert!(assemble(&[&state]).hosts[0].namespaces[1].routes.is_empty());
    // It was never seen to vanish, but path and process are others.
    let mut state = bench.state();
    bench.namespaces[1].sighting.pid = Some(4_242);
    bench.namespaces[1].sighting.names[0].path = "/run/docker/netns/ffffffffffff".to_owned();
    let sightings: Vec<_> = bench.namespaces.iter().map(|space| space.sighting.clone()).collect();
    state.apply(&list(&sightings));
    assert!(assemble(&[&state]).hosts[0].namespaces.iter().skip(1).all(|namespace| namespace.routes.is_empty()));
}

#[test]
fn a_lost_engine_stays_as_last_seen() {
    let mut state = Bench::new(2).state();
    state.apply(&Observation { at_ms: 99, fact: Fact::EngineLost { detail: "refused".to_owned() } });
    let host = assemble(&[&state]).hosts.remove(0);
    assert_eq!(host.engine_lost.as_deref(), Some("refused"));
    assert_eq!(host.containers.len(), 2);
    assert!(host.engine.is_some());
}

#[test]
fn limits_are_replaced_per_source() {
    let limit = |source| Limit { source, namespace: None, reason: LimitReason::NotInKernel, remedy: Remedy::None };
    let say = |of: Vec<SourceKind>, limits| Observation { at_ms: 1, fact: Fact::Limits { of, limits } };
    let mut state = State::default();
    state.apply(&say(
        vec![SourceKind::Ipvs, SourceKind::NfTables],
        vec![limit(SourceKind::Ipvs), limit(SourceKind::NfTables)],
    ));
    state.apply(&say(vec![SourceKind::NfTables], vec![]));
    let limits = assemble(&[&state]).hosts.remove(0).limits;
    let said: Vec<_> = limits.into_iter().filter(|limit| limit.reason != LimitReason::NeverRead).collect();
    assert_eq!(said, [limit(SourceKind::Ipvs)]);
}

/// Read and empty is no limit; what nobody spoke of is one, unless a source said why.
#[test]
fn what_was_not_read_is_a_limit() {
    let whole = Bench::new(2).observations();
    let limits = |skip: &dyn Fn(&Fact) -> bool, more: Vec<Limit>| {
        let mut state = State::default();
        whole.iter().filter(|observation| !skip(&observation.fact)).for_each(|observation| state.apply(observation));
        let of = more.iter().map(|limit| limit.source).collect();
        state.apply(&Observation { at_ms: 99, fact: Fact::Limits { of, limits: more } });
        let host = assemble(&[&state]).hosts.remove(0);
        let own = host.own_namespace().map(|own| own.limits.clone()).unwrap_or_default();
        (host.limits, own)
    };
    let not_read =
        |source, namespace| Limit { source, namespace, reason: LimitReason::NeverRead, remedy: Remedy::None };
    assert_eq!(limits(&|_| false, vec![]).0, []);

    let is_own_rules = |fact: &Fact| matches!(fact, Fact::Firewall(section) if section.namespace == HOST_INODE);
    let missing = not_read(SourceKind::NfTables, Some(HOST_INODE));
    assert_eq!(limits(&is_own_rules, vec![]), (vec![missing.clone()], vec![missing]));
    let is_routing = |fact: &Fact| matches!(fact, Fact::Routes(_) | Fact::Addresses(_));
    assert_eq!(limits(&is_routing, vec![]).0.len(), 3);
    let why = Limit {
        reason: LimitReason::Privilege { missing: "CAP_NET_ADMIN".to_owned() },
        ..not_read(SourceKind::LegacyTables, Some(HOST_INODE))
    };
    assert_eq!(limits(&is_own_rules, vec![why.clone()]).0, [why]);

    let is_engines = |fact: &Fact| matches!(fact, Fact::Engine(_) | Fact::Networks(_) | Fact::Containers(_));
    assert_eq!(limits(&is_engines, vec![]).0, [not_read(SourceKind::Engine, None)]);
    let is_kernels = |fact: &Fact| !is_engines(fact) && !matches!(fact, Fact::Host(_));
    assert_eq!(limits(&is_kernels, vec![]).0, [not_read(SourceKind::Agent, None)]);
    let asked = Limit { reason: LimitReason::NotAsked, ..not_read(SourceKind::Agent, None) };
    assert_eq!(limits(&is_kernels, vec![asked.clone()]).0, [asked]);
}

#[test]
fn macvlan_ends_are_found_on_their_parent() {
    let mut bench = Bench::new(1);
    bench.networks[0].driver = "macvlan".to_owned();
    bench.networks[0].options.insert("parent".to_owned(), "eth0".to_owned());
    let eth0 = bench.namespaces[1].links.as_mut().unwrap().last_mut().unwrap();
    *eth0 = Link { peer_if_index: Some(2), kind: LinkKind::Macvlan { mode: "bridge".to_owned() }, ..eth0.clone() };
    bench.own().links.as_mut().unwrap().retain(|link| link.kind != LinkKind::Veth);
    let snapshot = bench.snapshot();
    let host = &snapshot.hosts[0];
    let end = host.interface(host.containers[0].attachments[0].interface.as_ref().unwrap()).unwrap();
    assert_eq!(snapshot.graph().parent(&end.id).unwrap().as_str(), "host:alpha/ns:host/if:eth0");
    let network = host.network(&host.id.network(APP_ID)).unwrap();
    assert_eq!(network.parent.as_ref(), snapshot.graph().parent(&end.id));
    assert_eq!(network.bridge, None);
}

#[test]
fn hosts_of_one_name_are_told_apart() {
    let state = Bench::new(1).state();
    let snapshot = assemble(&[&state, &state]);
    let ids: Vec<_> = snapshot.hosts.iter().map(|host| host.id.as_str()).collect();
    assert_eq!(ids, ["host:alpha", "host:alpha#2"]);
}

#[test]
fn strangers_names_are_made_harmless() {
    let mut bench = Bench::new(1);
    bench.containers[0].name = "we\u{202e}b\u{1b}[31m".to_owned();
    let host = only(&bench);
    assert_eq!(host.containers[0].name.as_str(), "we\\u{202e}b\\u{1b}[31m");
}

#[test]
fn a_chains_harmless_name_is_the_same_wherever_it_stands() {
    let hostile = "DOCKER\u{1b}]0;owned\u{7}";
    let mut rules = fixture::nat_table(vec![fixture::jump(1, hostile, hostile)], Vec::new());
    rules.tables[0].chains[3].name = hostile.to_owned();
    let mut bench = Bench::new(1);
    bench.own().rules = vec![rules];
    let host = only(&bench);
    let table = &host.own_namespace().unwrap().firewall[0].tables[0];
    let shown = "DOCKER\\u{1b}]0;owned\\u{7}";
    let [Expression::Verdict { verdict: Verdict::Jump(to) }] = &table.chain(shown).unwrap().rules[0].expressions[..]
    else {
        panic!("no jump");
    };
    assert_eq!(to, shown);
    assert!(!format!("{table:?}").contains('\u{7}'), "{table:?}");
}

#[test]
fn changes_are_what_a_watcher_wants_to_hear() {
    let before = Bench::new(2);
    let mut after = before.clone();
    after.containers[1].state = ContainerState::Paused;
    after.link_named(0, "eth0").is_up = false;
    after.link_named(0, "eth0").counters.rx_bytes = 12_345;
    after.own().addresses.push(address(2, "198.51.100.7", 24));
    after.add_container(2);
    let changes: Vec<_> = differences(&before.snapshot(), &after.snapshot())
        .into_iter()
        .map(|change| {
            let field = change.field.map(|field| {
                format!(" {field} {} -> {}", change.before.unwrap_or_default(), change.after.unwrap_or_default())
            });
            format!("{:?} {} {}{}", change.kind, change.subject, change.name, field.unwrap_or_default())
        })
        .collect();
    insta::assert_snapshot!(changes.join("\n"));
    assert!(differences(&after.snapshot(), &after.snapshot()).is_empty());
    let gone = differences(&after.snapshot(), &before.snapshot());
    assert!(gone.iter().any(|change| change.kind == ChangeKind::Removed && change.subject == "container"));
}

#[test]
fn every_fact_has_a_listed_key_and_its_command_is_quoted() {
    let mut bench = Bench::new(2);
    bench.link_named(0, "eth0").name = "e'th$(id)".to_owned();
    bench.own().sockets.push(fixture::socket("0.0.0.0", 22, Some(500)));
    let snapshot = bench.snapshot();
    for id in snapshot.graph().nodes().map(|node| &node.id).filter(|id| **id != EntityId::outside()) {
        let facts = facts(&snapshot, id);
        assert!(!facts.is_empty(), "{id}");
        for fact in &facts {
            assert!(FACT_KEYS.contains(&fact.key.as_str()), "{}", fact.key);
        }
    }
    let host = &snapshot.hosts[0];
    let odd = host.own_namespace().unwrap().interfaces.iter().find(|it| it.link.if_index == 2).unwrap();
    let mtu = facts(&snapshot, &odd.id).into_iter().find(|fact| fact.key == "mtu").unwrap();
    assert_eq!(mtu.command.unwrap(), r"ip -d link show dev 'e'\''th$(id)'");
    let end = host.containers[0].attachments[0].interface.as_ref().unwrap();
    let shown: Vec<_> = facts(&snapshot, end)
        .into_iter()
        .map(|fact| format!("{}: {} | {}", fact.key, fact.value, fact.command.unwrap_or_default()))
        .collect();
    insta::assert_snapshot!(shown.join("\n"));
    let mut sorted = FACT_KEYS.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!(sorted, FACT_KEYS);
}

/// Generous, for busy machines and unoptimised code; the number itself is printed.
#[test]
fn a_hundred_containers_are_assembled_quickly() {
    let state = Bench::new(100).state();
    let mut best = Duration::MAX;
    for _ in 0..10 {
        #[allow(clippy::disallowed_methods, reason = "a measurement")]
        let start = Instant::now();
        let snapshot = assemble(&[&state]);
        best = best.min(start.elapsed());
        assert_eq!(snapshot.hosts[0].veths.len(), 100);
    }
    println!("assembled 100 containers in {best:?}");
    assert!(best < Duration::from_millis(60), "{best:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_order_of_observations_gives_the_same_snapshot_in_the_end(
        order in Just((0..Bench::new(3).observations().len()).collect::<Vec<_>>()).prop_shuffle(),
        drop in any::<prop::sample::Index>(),
    ) {
        let observations = Bench::new(3).observations();
        let mut state = State::default();
        for index in &order {
            state.apply(&observations[*index]);
            let _ = assemble(&[&state]);
        }
        let mut snapshot = assemble(&[&state]);
        snapshot.at_ms = Bench::new(3).snapshot().at_ms;
        // Sections that came before their namespace's name count as well.
        prop_assert_eq!(&snapshot, &Bench::new(3).snapshot());
        // With any observation missing it still holds together.
        let mut state = State::default();
        let lost = drop.index(observations.len());
        for (index, observation) in observations.iter().enumerate() {
            if index != lost {
                state.apply(observation);
            }
        }
        let snapshot = assemble(&[&state]);
        for node in snapshot.graph().nodes() {
            let _ = facts(&snapshot, &node.id);
        }
    }
}

#[test]
fn a_snapshot_goes_through_json() {
    let snapshot = Bench::new(2).snapshot();
    let text = serde_json::to_string(&snapshot).unwrap();
    let back: bridgewalk_model::Snapshot = serde_json::from_str(&text).unwrap();
    assert_eq!(back, snapshot);
    assert!(snapshot.namespace(&snapshot.hosts[0].id.namespace("host")).unwrap().1.inode == HOST_INODE);
}

#[test]
fn a_socket_with_an_ipv4_mapped_address_is_one_of_ipv4() {
    let mut bench = Bench::new(1);
    bench.own().sockets.push(fixture::socket("::ffff:127.0.0.1", 5432, None));
    let host = only(&bench);
    let sockets = &host.own_namespace().unwrap().sockets;
    let local = sockets.iter().find(|one| one.socket.local.port == 5432).unwrap().socket.local.address;
    assert_eq!(local, ip("127.0.0.1"));
    assert!(local.is_loopback(), "it would be taken for one that is open to the outside");
}
