use std::collections::BTreeSet;

use super::*;
use crate::{
    assembly::{State, assemble},
    recording::Recording,
    snapshot::Host,
};

const RECORDINGS: [&[u8]; 3] = [
    include_bytes!("../../../../../assets/recordings/demo.bwrec"),
    include_bytes!("../../../../../assets/recordings/demo-overlay.bwrec"),
    include_bytes!("../../../../../app/tests/recordings/bed.bwrec"),
];

fn anonymous(made: &[Observation]) -> Vec<Observation> {
    let mut anonymiser = Anonymiser::new();
    made.iter().flat_map(|observation| anonymiser.observation(0, observation).unwrap()).collect()
}

fn host(observations: &[Observation]) -> Host {
    let mut state = State::default();
    observations.iter().for_each(|observation| state.apply(observation));
    assemble(&[&state]).hosts.remove(0)
}

/// How things are wired, without what they are called.
fn shape(host: &Host) -> Vec<String> {
    let mut lines = vec![format!(
        "{} containers, {} networks, {} veths, {} namespaces",
        host.containers.len(),
        host.networks.len(),
        host.veths.len(),
        host.namespaces.len()
    )];
    for container in &host.containers {
        let ends = container.attachments.iter();
        let tied = ends.filter(|end| end.interface.is_some() && host.network(&end.network).is_some()).count();
        let home = container.namespace.is_some();
        lines.push(format!("container {:?} {} {tied} {home}", container.state, container.attachments.len()));
    }
    for network in &host.networks {
        let (bridge, parent, plumbing) =
            (network.bridge.is_some(), network.parent.is_some(), network.namespace.is_some());
        lines.push(format!("network {} {} {bridge} {parent} {plumbing}", network.driver, network.members.len()));
    }
    for pair in &host.veths {
        lines.push(format!("veth {} {} {}", pair.bridge.is_some(), pair.network.is_some(), pair.containers.len()));
    }
    for namespace in &host.namespaces {
        lines.push(format!("namespace {:?} {}", namespace.kind, namespace.interfaces.len()));
        for interface in &namespace.interfaces {
            for address in &interface.addresses {
                // A gateway still is in its subnet, and a subnet is as long as it was.
                lines.push(format!("address /{} {:?}", address.prefix_len, address.scope));
            }
        }
    }
    lines.sort();
    lines
}

/// What its owner would not tell: names, ids, addresses and MAC addresses.
fn secrets(host: &Host) -> BTreeSet<String> {
    let mut secrets = BTreeSet::from([host.name.to_string()]);
    for container in &host.containers {
        secrets.extend([container.name.to_string(), container.image.to_string(), container.container_id[..12].into()]);
        secrets.extend(container.attachments.iter().flat_map(|end| end.mac_address).map(|mac| mac.to_string()));
        secrets.extend(container.labels.iter().map(|(_, value)| value.to_string()));
    }
    for network in &host.networks {
        secrets.insert(network.network_id[..10].to_owned());
    }
    for interface in host.namespaces.iter().flat_map(|namespace| &namespace.interfaces) {
        secrets.extend(interface.link.mac_address.map(|mac| mac.to_string()));
        let addresses = interface.addresses.iter().map(|address| address.address);
        let own = addresses.filter(|address| !address.is_loopback() && !address.is_unspecified());
        secrets.extend(own.filter(std::net::IpAddr::is_ipv6).map(|address| address.to_string()));
    }
    // A short word may be one of ours, too; nothing is no secret.
    secrets.retain(|secret| secret.len() > 5 && !secret.starts_with("00:00:00") && !secret.starts_with("fe80::1"));
    // Others become addresses of this range: one of them may be the same as another was.
    secrets.retain(|secret| !secret.starts_with("2001:db8:"));
    // A field is called so: `exposed_ports`.
    secrets.remove("exposed");
    secrets
}

#[test]
fn nothing_of_the_original_is_left_and_all_is_wired_as_it_was() {
    for bytes in RECORDINGS {
        let made = Recording::read(bytes).unwrap().hosts.concat();
        let after = anonymous(&made);
        let text = serde_json::to_string(&after).unwrap();
        let (before, shown) = (host(&made), host(&after));
        for secret in secrets(&before) {
            assert!(!text.contains(&secret), "`{secret}` is left");
        }
        assert_eq!(shape(&before), shape(&shown));
        for source in LEFT_OUT {
            assert!(shown.limits.iter().any(|limit| limit.source == source), "{source:?}: {:?}", shown.limits);
        }
        for network in &shown.networks {
            for pool in &network.pools {
                assert!(pool.gateway.is_none_or(|gateway| pool.subnet.contains(&gateway)), "{pool:?}");
            }
        }
    }
}

#[test]
fn what_was_replaced_once_is_replaced_by_the_same() {
    let made = Recording::read(RECORDINGS[0]).unwrap().hosts.concat();
    let mut anonymiser = Anonymiser::new();
    let mut pass = || made.iter().flat_map(|one| anonymiser.observation(0, one).unwrap()).collect::<Vec<_>>();
    let first = pass();
    assert_eq!(first[1..], pass()[..]);
}

#[test]
fn which_machine_it_was_is_left_out() {
    let facts = HostFacts {
        hostname: "alpha".to_owned(),
        machine_id: Some("6f7fe232f17246b3aa4f9af80af6e319".to_owned()),
        boot_id: Some("b007".to_owned()),
        ..HostFacts::default()
    };
    let shown = anonymous(&[Observation { at_ms: 1, fact: Fact::Host(facts) }]);
    let text = serde_json::to_string(&shown).unwrap();
    assert!(text.contains("host-1") && !["6f7f", "b007", "alpha"].iter().any(|own| text.contains(own)), "{text}");
}

#[test]
fn no_two_ids_become_one_and_a_short_one_is_a_beginning() {
    let mut anonymiser = Anonymiser::new();
    let (one, two) = ("a".repeat(64), format!("b{}", "a".repeat(63)));
    let (one_is, two_is) = (anonymiser.id(&one), anonymiser.id(&two));
    assert_ne!(one_is, two_is);
    assert_eq!((one_is.len(), anonymiser.id(&one[..12])), (64, one_is[..12].to_owned()));
    assert_eq!(anonymiser.interface(&format!("br-{}", &two[..12])), format!("br-{}", &two_is[..12]));
    assert_eq!(
        anonymiser.path(&format!("/run/docker/netns/1-{}", &one[..10])),
        format!("/run/docker/netns/1-{}", &one_is[..10])
    );
}
