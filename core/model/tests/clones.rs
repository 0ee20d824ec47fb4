//! Which host a host is: what is its own, not its name nor its order.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

mod fixture;

use bridgewalk_model::{
    Fact, HostFacts, MacAddress, Observation,
    assembly::{State, assemble},
};
use fixture::Host as Bench;

/// Two machines called alike, copied one from the other: each is what it is, in whatever order they are opened.
#[test]
fn clones_never_swap_places() {
    let clone = |machine_id: Option<&str>, engine_id: &str, mac: u8| {
        let mut bench = Bench::new(1);
        bench.facts.machine_id = machine_id.map(str::to_owned);
        bench.engine.engine_id = engine_id.to_owned();
        bench.link_named(0, "eth0").mac_address = Some(MacAddress([2, 0, 0, 0, 0, mac]));
        bench.state()
    };
    let pairs = [
        ([clone(Some("a1"), "E", 1), clone(Some("b2"), "E", 1)], ["host:alpha#a1", "host:alpha#b2"]),
        ([clone(Some("a1"), "E", 1), clone(Some("a1"), "F", 1)], ["host:alpha#E", "host:alpha#F"]),
        ([clone(None, "E", 1), clone(None, "F", 1)], ["host:alpha#E", "host:alpha#F"]),
        (
            [clone(Some("a1"), "E", 1), clone(Some("a1"), "E", 2)],
            ["host:alpha#020000000001", "host:alpha#020000000002"],
        ),
    ];
    for ([one, other], expected) in pairs {
        let ids = |states: &[&State]| -> Vec<String> {
            let snapshot = assemble(states);
            for host in &snapshot.hosts {
                assert!(host.namespaces.iter().all(|namespace| namespace.id.is_within(&host.id)));
                assert!(host.identity().likeness(&host.identity()).is_some());
            }
            snapshot.hosts.iter().map(|host| host.id.to_string()).collect()
        };
        assert_eq!(ids(&[&one, &other]), expected);
        let mut turned = ids(&[&other, &one]);
        turned.reverse();
        assert_eq!(turned, expected, "in the other order");
        assert_eq!(ids(&[&one]), ["host:alpha"], "alone");
    }
}

#[test]
fn an_agent_that_sees_less_does_not_unlearn_which_machine_it_is() {
    let told = |boot_id: &str, machine_id: Option<&str>| Observation {
        at_ms: 1,
        fact: Fact::Host(HostFacts {
            boot_id: Some(boot_id.to_owned()),
            machine_id: machine_id.map(str::to_owned),
            ..HostFacts::default()
        }),
    };
    let mut state = State::default();
    let mut machine = |observation: &Observation| {
        state.apply(observation);
        assemble(&[&state]).hosts.remove(0).identity().machine_id
    };
    assert_eq!(machine(&told("boot", Some("m"))).as_deref(), Some("m"));
    assert_eq!(machine(&told("boot", None)).as_deref(), Some("m"));
    assert_eq!(machine(&told("another", None)), None);
}
