//! What is said of a host made by hand: nothing bad of a healthy one, and each fault by its name.

#[path = "../../model/tests/fixture/mod.rs"]
mod fixture;

use std::collections::BTreeMap;

use bridgewalk_analysis::{
    Agreement, Disagreement, Doubt, FINDING_KEYS, NameKind, Reach, Severity, findings, names, pools, ports,
    walk::{access, reach},
};
use bridgewalk_model::{
    Limit, LimitReason, NamespaceInode, Remedy, SourceKind,
    assembly::{State, assemble},
    engine::{AddressPool, ContainerState, EngineNetwork},
    kernel::LinkKind,
};
use fixture::{Host, app_address, app_bridge, binding, bridge, dnat, docker_proxy, ip, link, space};
use proptest::prelude::*;

/// Keys of findings, without those that are only worth knowing.
fn faults(bench: &Host) -> Vec<&'static str> {
    let found = findings(&bench.snapshot());
    found.iter().filter(|one| one.severity != Severity::Info).map(|one| one.kind.key()).collect()
}

fn infos(bench: &Host) -> Vec<&'static str> {
    let found = findings(&bench.snapshot());
    found.iter().filter(|one| one.severity == Severity::Info).map(|one| one.kind.key()).collect()
}

/// An engine up to 26 publishes on `::` too: by docker-proxy alone, for there are no IPv6 rules.
fn with_ipv6_doors(mut bench: Host) -> Host {
    bench.containers[0].published.push(binding(80, "::", 8080));
    bench.processes.push(docker_proxy(20_000, "::", 8080, &app_address(0), 80));
    bench
}

#[test]
fn a_healthy_host_has_no_faults() {
    for count in [0, 1, 3, 20] {
        assert!(faults(&Host::new(count)).is_empty(), "{count}: {:?}", findings(&Host::new(count).snapshot()));
    }
    let bench = with_ipv6_doors(Host::new(3));
    assert!(faults(&bench).is_empty());
    assert_eq!(infos(&bench), ["published-on-every-address"]);
}

#[test]
fn three_kinds_of_ports_are_told_apart() {
    let host = with_ipv6_doors(Host::new(3)).snapshot().hosts.remove(0);
    let ports = ports(&host);
    let seen: Vec<_> = ports
        .iter()
        .map(|port| (port.container_name.as_str(), port.reach, port.rules.len(), port.proxy_pids.len()))
        .collect();
    assert_eq!(
        seen,
        [("web0", Reach::EveryAddress, 1, 2), ("web1", Reach::Loopback, 1, 1), ("web2", Reach::ExposedOnly, 0, 0)]
    );
    assert!(ports.iter().all(|port| port.agrees == Agreement::Agrees && port.exposed));
    assert!(ports[0].rules[0].text.contains("--to-destination 172.18.0.2:80"));
    let json = serde_json::to_value(&ports).unwrap();
    assert_eq!(json[0]["agrees"], true);
}

#[test]
fn a_published_port_without_its_rule_is_found() {
    let mut bench = Host::new(3);
    bench.own().rules[0].tables[0].chains[3].rules.remove(0);
    assert_eq!(faults(&bench), ["published-port-without-rule"]);
    let host = bench.snapshot().hosts.remove(0);
    assert!(matches!(ports(&host)[0].agrees, Agreement::Disagrees(Disagreement::WithoutRule(_))));
    // Without iptables docker-proxy does it, as its owner wished.
    bench.own().rules.clear();
    assert!(faults(&bench).is_empty());
}

#[test]
fn a_rule_for_a_container_that_is_gone_is_found() {
    let mut bench = Host::new(3);
    bench.own().rules[0].tables[0].chains[3].rules.push(dnat(3, &app_bridge(), None, 9_999, "172.18.0.99", 80));
    assert_eq!(faults(&bench), ["rule-for-nobody"]);
}

#[test]
fn dockers_rule_without_a_binding_is_found() {
    let mut bench = Host::new(3);
    let rule = dnat(3, &app_bridge(), None, 9_999, &app_address(2), 81);
    bench.own().rules[0].tables[0].chains[3].rules.push(rule.clone());
    assert_eq!(faults(&bench), ["rule-without-binding"]);
    // The same by a user's hand is the user's affair.
    let mut bench = Host::new(3);
    bench.own().rules[0].tables[0].chains[0].rules.push(rule);
    assert!(faults(&bench).is_empty());
}

#[test]
fn unread_rules_give_no_answer() {
    let bench = {
        let mut bench = Host::new(3);
        bench.own().rules.clear();
        bench
    };
    let mut state: State = bench.state();
    state.apply(&bridgewalk_model::Observation {
        at_ms: 99,
        fact: bridgewalk_model::Fact::Limits {
            of: vec![SourceKind::NfTables],
            limits: vec![Limit {
                source: SourceKind::NfTables,
                namespace: None,
                reason: LimitReason::Privilege { missing: "CAP_NET_ADMIN".to_owned() },
                remedy: Remedy::StartAgent,
            }],
        },
    });
    let snapshot = assemble(&[&state]);
    let ports = ports(&snapshot.hosts[0]);
    assert_eq!(ports[0].agrees, Agreement::Unknown(Doubt::RulesNotRead));
    assert_eq!(serde_json::to_value(&ports).unwrap()[0]["agrees"], serde_json::Value::Null);
    assert!(findings(&snapshot).iter().all(|one| one.severity == Severity::Info));
}

#[test]
fn each_fault_has_its_finding() {
    let case = |change: &dyn Fn(&mut Host)| {
        let mut bench = Host::new(3);
        change(&mut bench);
        faults(&bench)
    };
    assert_eq!(
        case(&|bench| bench.containers[0].endpoints[0].ipv4 = "10.9.9.9/16".parse().ok()),
        ["address-differs", "address-outside-subnet"]
    );
    assert_eq!(case(&|bench| bench.namespaces[3].addresses[1].address = ip("172.18.9.9")), ["address-differs"]);
    assert_eq!(
        case(&|bench| {
            bench.namespaces[3].links.as_mut().unwrap().pop();
            bench.namespaces[3].addresses.pop();
            bench.own().links.as_mut().unwrap().pop();
        }),
        ["attachment-without-interface"]
    );
    assert_eq!(
        case(&|bench| bench.own().links.as_mut().unwrap().push(link(9, "br-0123456789ab", bridge()))),
        ["bridge-without-network"]
    );
    assert_eq!(case(&|bench| bench.link_named(0, "docker0").name = "other0".to_owned()), ["network-without-bridge"]);
    assert_eq!(case(&|bench| bench.link_named(0, "docker0").is_up = false), ["bridge-down"]);
    assert_eq!(case(&|bench| bench.link_named(0, &app_bridge()).has_carrier = false), ["bridge-without-carrier"]);
    assert_eq!(
        case(&|bench| {
            let lost = link(77, "veth77", LinkKind::Veth);
            let lost = bridgewalk_model::kernel::Link {
                master_if_index: Some(4),
                peer_if_index: Some(2),
                peer_nsid: Some(55),
                ..lost
            };
            bench.own().links.as_mut().unwrap().push(lost);
        }),
        ["veth-without-peer"]
    );
    assert_eq!(case(&|bench| bench.own().sysctls[0].value = "0".to_owned()), ["forwarding-off"]);
    assert!(case(&|bench| bench.own().sysctls[1].value = "0".to_owned()).is_empty());
    assert_eq!(
        case(&|bench| {
            bench.own().sysctls[1].value = "0".to_owned();
            let icc = ("com.docker.network.bridge.enable_icc".to_owned(), "false".to_owned());
            bench.networks[0].options.extend([icc]);
        }),
        ["bridge-netfilter-off"]
    );
    assert_eq!(
        case(&|bench| {
            bench.namespaces[2].addresses[1].address = ip(&app_address(2));
            bench.containers[1].endpoints[0].ipv4 = bench.containers[2].endpoints[0].ipv4;
        })[0],
        "duplicate-address"
    );
    assert_eq!(
        case(&|bench| {
            bench.networks[1].pools.push(AddressPool {
                subnet: "172.18.4.0/24".parse().unwrap(),
                gateway: None,
                ip_range: None,
                reserved: BTreeMap::new(),
            });
        }),
        ["overlapping-subnets"]
    );
}

#[test]
fn a_mesh_without_ipvs_is_found() {
    let mut bench = Host::new(1);
    bench.networks.push(EngineNetwork {
        network_id: "kqwsp4gbvwi1".to_owned(),
        name: "ingress".to_owned(),
        driver: "overlay".to_owned(),
        is_ingress: true,
        ..EngineNetwork::default()
    });
    bench.namespaces.push(space(88, None, Some("/run/docker/netns/ingress_sbox")));
    let ingress = bridgewalk_model::engine::Endpoint {
        network_name: "ingress".to_owned(),
        network_id: "kqwsp4gbvwi1".to_owned(),
        ..Default::default()
    };
    bench.containers[0].endpoints.push(ingress);
    let with = |reason| {
        let mut state = bench.state();
        let limit =
            Limit { source: SourceKind::Ipvs, namespace: Some(NamespaceInode(88)), reason, remedy: Remedy::None };
        state.apply(&bridgewalk_model::Observation {
            at_ms: 99,
            fact: bridgewalk_model::Fact::Limits { of: vec![SourceKind::Ipvs], limits: vec![limit] },
        });
        let found = findings(&assemble(&[&state]));
        found.iter().any(|one| one.kind.key() == "mesh-not-programmed")
    };
    assert!(with(LimitReason::NotInKernel));
    assert!(!with(LimitReason::Privilege { missing: "CAP_NET_ADMIN".to_owned() }));
}

#[test]
fn what_is_worth_knowing_is_said_softly() {
    let mut bench = Host::new(2);
    bench.containers[1].state = ContainerState::Paused;
    bench.containers[1].name = "we\u{200b}b".to_owned();
    assert_eq!(infos(&bench), ["name-altered", "paused-container-publishes", "published-on-every-address"]);
    assert!(faults(&bench).is_empty());
}

#[test]
fn a_lost_engine_raises_no_alarm() {
    let mut bench = Host::new(3);
    bench.own().rules.clear();
    bench.link_named(0, "docker0").name = "other0".to_owned();
    let mut state = bench.state();
    state.apply(&bridgewalk_model::Observation {
        at_ms: 99,
        fact: bridgewalk_model::Fact::EngineLost { detail: "refused".to_owned() },
    });
    assert!(findings(&assemble(&[&state])).iter().all(|one| one.severity == Severity::Info));
}

#[test]
fn names_are_those_of_the_embedded_dns() {
    let host = Host::new(1).snapshot().hosts.remove(0);
    let names = names(&host);
    let seen: Vec<_> = names.iter().map(|name| (name.name.as_str(), name.kind)).collect();
    assert_eq!(seen, [("000000000000", NameKind::Alias), ("alias0", NameKind::Alias), ("web0", NameKind::Container)]);
    assert_eq!(names[0].addresses, [ip("172.18.0.2")]);
}

#[test]
fn pools_count_what_is_left() {
    let host = Host::new(3).snapshot().hosts.remove(0);
    let pools = pools(&host);
    assert_eq!(pools[0].used.len(), 4);
    assert_eq!(pools[0].free, 65_534 - 4);
    assert_eq!(pools[1].free, 65_534 - 1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn nothing_missing_makes_it_panic_and_keys_are_listed(lost in any::<prop::sample::Index>()) {
        let observations = Host::new(3).observations();
        let lost = lost.index(observations.len());
        let mut state = State::default();
        for (index, observation) in observations.iter().enumerate() {
            if index != lost {
                state.apply(observation);
            }
        }
        let snapshot = assemble(&[&state]);
        for finding in findings(&snapshot) {
            prop_assert!(FINDING_KEYS.contains(&finding.kind.key()));
        }
        for host in &snapshot.hosts {
            let _ = (ports(host), names(host), pools(host));
        }
    }
}

#[test]
fn a_published_port_says_all_that_does_it_and_who_reaches_it() {
    let snapshot = with_ipv6_doors(Host::new(3)).snapshot();
    let host = &snapshot.hosts[0];
    for mapping in host.nat.iter().filter(|mapping| mapping.is_way_in()) {
        let facts = bridgewalk_model::facts::facts(&snapshot, &mapping.id);
        let count = |key: &str| facts.iter().filter(|fact| fact.key == key).count();
        let same = host.same_port(mapping);
        assert!(same.iter().any(|one| one.id == mapping.id), "{mapping:?}");
        assert_eq!(count("rule"), same.iter().filter(|one| one.rule.is_some()).count(), "{mapping:?}");
        assert_eq!(count("proxy-pid"), same.iter().filter(|one| one.proxy_pid.is_some()).count(), "{mapping:?}");
    }
    let door = |port: u16| host.nat.iter().find(|one| one.is_way_in() && one.host_port == Some(port)).unwrap();
    let same = host.same_port(door(8080));
    assert!(same.iter().any(|one| one.proxy_pid.is_some()) && same.iter().any(|one| one.rule.is_some()), "{same:?}");
    assert!(same.iter().any(|one| one.is_ipv6), "{same:?}");
    let asked = |port: u16| access(&snapshot, &door(port).id);
    let ways = asked(8080);
    let froms: Vec<&str> = ways.iter().map(|way| way.from.name.as_str()).collect();
    assert!(froms.contains(&"") && froms.contains(&host.name.as_str()) && froms.contains(&"app"), "{froms:?}");
    let matrix = reach(&snapshot);
    for way in ways.iter().filter(|way| way.from.name.as_str().is_empty()) {
        let door = matrix.open.iter().find(|door| door.port == 8080 && door.address == way.address).unwrap();
        assert_eq!(way.verdict, door.verdict, "the matrix and the port's facts agree");
    }
    // A loopback address is a door for the host alone.
    assert!(!asked(8081).is_empty() && asked(8081).iter().all(|way| way.from.id == host.id), "{:?}", asked(8081));
    let out = host.nat.iter().find(|one| !one.is_way_in()).map(|one| access(&snapshot, &one.id));
    assert!(out.is_none_or(|ways| ways.is_empty()));
}
