//! What is said of a real, healthy host: Docker 26.1.5 with one of every wiring, recorded from engine and kernel.

use bridgewalk_analysis::{Agreement, Severity, findings, names, pools, ports};
use bridgewalk_model::{facts, recording::Recording};

#[test]
fn a_real_healthy_host_raises_no_alarm() {
    let recorded = include_bytes!("../../../app/tests/recordings/bed.bwrec");
    let recording = Recording::read(recorded.as_slice()).unwrap();
    let snapshot = recording.last_snapshot();
    let host = &snapshot.hosts[0];
    let alarms: Vec<_> = findings(&snapshot).into_iter().filter(|one| one.severity != Severity::Info).collect();
    assert!(alarms.is_empty(), "{alarms:#?}");

    let mut lines: Vec<String> = host
        .veths
        .iter()
        .map(|pair| {
            let container = pair.containers.iter().filter_map(|id| host.container(id)).map(|it| it.name.as_str());
            let names: Vec<_> = container.collect();
            let network = pair.network.as_ref().and_then(|id| host.network(id)).map(|it| it.name.as_str());
            format!("veth on {}: {}", network.unwrap_or_default(), names.join(", "))
        })
        .collect();
    for port in ports(host) {
        assert_eq!(port.agrees, Agreement::Agrees, "{port:?}");
        let (reach, rules, proxies) = (port.reach, port.rules.len(), port.proxy_pids.len());
        lines.push(format!("{} {} {reach:?}: {rules} rules, {proxies} proxies", port.container_name, port.port));
    }
    for pool in pools(host) {
        let network = host.network(&pool.network).map(|it| it.name.as_str()).unwrap_or_default();
        lines.push(format!("{network} {}: {} used, {} free", pool.subnet, pool.used.len(), pool.free));
    }
    for name in names(host) {
        let container = host.container(&name.container).map(|it| it.name.as_str()).unwrap_or_default();
        if name.name.as_str().len() != 12 {
            lines.push(format!("{:?} {} is {container}", name.kind, name.name));
        }
    }
    insta::assert_snapshot!(lines.join("\n"));

    for node in snapshot.graph().nodes() {
        for fact in facts::facts(&snapshot, &node.id) {
            assert!(facts::FACT_KEYS.contains(&fact.key.as_str()), "{}", fact.key);
        }
    }
}
