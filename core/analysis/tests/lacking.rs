//! What was not read is never taken for what is not there: a real host with each source left out in turn, with and without
//! a word of it, everywhere and in one namespace. Every answer is that of the whole host, or says that it is unknown.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends so")]

use std::{collections::BTreeMap, sync::LazyLock};

use bridgewalk_analysis::{
    Agreement, findings, ports,
    walk::{Protocol, Question, Verdict, Walker, reach},
};
use bridgewalk_model::{
    Answer, Fact, Limit, LimitReason, NamespaceInode, Observation, Remedy, Snapshot, SourceKind,
    assembly::{State, assemble},
    recording::Recording,
    snapshot::NamespaceKind,
};

fn observations() -> &'static [Observation] {
    static OBSERVATIONS: LazyLock<Vec<Observation>> = LazyLock::new(|| {
        let recorded = include_bytes!("../../../app/tests/recordings/bed.bwrec");
        Recording::read(recorded.as_slice()).unwrap().hosts.concat()
    });
    &OBSERVATIONS
}

/// The source that a fact is of, and where.
fn source_of(fact: &Fact) -> Option<(SourceKind, Option<NamespaceInode>)> {
    Some(match fact {
        Fact::Engine(_)
        | Fact::EngineLost { .. }
        | Fact::Containers(_)
        | Fact::Container(_)
        | Fact::ContainerGone { .. }
        | Fact::Networks(_)
        | Fact::Network(_)
        | Fact::NetworkGone { .. }
        | Fact::Swarm(_) => (SourceKind::Engine, None),
        Fact::Namespaces(_) => (SourceKind::Namespaces, None),
        Fact::Processes(_) => (SourceKind::Processes, None),
        Fact::NameFiles(_) => (SourceKind::NameFiles, None),
        section => section.section().map(|(kind, namespace)| (kind.source(), Some(namespace)))?,
    })
}

/// A part of what a source says that is left out.
type Part = (&'static str, fn(&Fact) -> bool);

/// All of each source, and parts of the largest.
const PARTS: [Part; 14] = [
    ("engine", |fact| is_of(fact, SourceKind::Engine)),
    ("namespaces", |fact| source_of(fact).is_some_and(|(source, _)| source != SourceKind::Engine)),
    ("links", |fact| is_of(fact, SourceKind::Links)),
    ("addresses", |fact| matches!(fact, Fact::Addresses(_))),
    ("routes", |fact| matches!(fact, Fact::Routes(_))),
    ("routing rules", |fact| matches!(fact, Fact::RoutingRules(_))),
    ("neighbours", |fact| matches!(fact, Fact::Neighbours(_))),
    ("fdb", |fact| is_of(fact, SourceKind::Fdb)),
    ("rules", |fact| is_of(fact, SourceKind::NfTables)),
    ("sockets", |fact| is_of(fact, SourceKind::Sockets)),
    ("processes", |fact| is_of(fact, SourceKind::Processes)),
    ("name files", |fact| is_of(fact, SourceKind::NameFiles)),
    ("sysctls", |fact| is_of(fact, SourceKind::Sysctls)),
    ("everything", |fact| source_of(fact).is_some()),
];

fn is_of(fact: &Fact, source: SourceKind) -> bool {
    source_of(fact).is_some_and(|(of, _)| of == source)
}

/// A host without what `skip` says; why, if a source says it.
fn without(skip: &dyn Fn(&Fact) -> bool, said: Option<Limit>) -> Snapshot {
    let mut state = State::default();
    for observation in observations().iter().filter(|observation| !skip(&observation.fact)) {
        state.apply(observation);
    }
    if let Some(limit) = said {
        let of = vec![limit.source];
        state.apply(&Observation { at_ms: u64::MAX, fact: Fact::Limits { of, limits: vec![limit] } });
    }
    assemble(&[&state])
}

/// Every host that lacks something, with what it lacks.
fn lacking() -> Vec<(String, Snapshot)> {
    let whole = without(&|_| false, None);
    let container = whole.hosts[0].namespaces.iter().find(|one| one.kind == NamespaceKind::Container).unwrap();
    let own = whole.hosts[0].own_namespace().unwrap();
    let mut hosts = Vec::new();
    for (name, skip) in PARTS {
        hosts.push((format!("{name}, unsaid"), without(&skip, None)));
        for (place, inode) in [("the host", own.inode), ("a container", container.inode)] {
            let is_there = |fact: &Fact| skip(fact) && source_of(fact).is_some_and(|(_, at)| at == Some(inode));
            if observations().iter().any(|observation| is_there(&observation.fact)) {
                hosts.push((format!("{name} of {place}, unsaid"), without(&is_there, None)));
            }
        }
    }
    for source in SourceKind::ALL {
        let privilege = LimitReason::Privilege { missing: "CAP_SYS_ADMIN".to_owned() };
        for reason in [LimitReason::NotAsked, privilege] {
            let limit = Limit { source, namespace: None, reason, remedy: Remedy::None };
            let skip = |fact: &Fact| match source {
                SourceKind::Agent => source_of(fact).is_some_and(|(of, _)| of != SourceKind::Engine),
                // What there is of a namespace that nobody lists is nowhere.
                SourceKind::Namespaces => false,
                _ => is_of(fact, source),
            };
            hosts.push((format!("{source:?}: {limit:?}"), without(&skip, Some(limit))));
        }
    }
    hosts
}

#[test]
fn findings_and_agreement_rest_on_what_was_read() {
    let whole = without(&|_| false, None);
    assert!(Answer::ALL.into_iter().all(|answer| answer.is_whole(&whole)), "{:#?}", whole.hosts[0].limits);
    let known = findings(&whole);
    let agreed: BTreeMap<_, _> =
        ports(&whole.hosts[0]).into_iter().map(|port| ((port.container_name, port.port), port.agrees)).collect();
    for (name, snapshot) in lacking() {
        let found = findings(&snapshot);
        for finding in &found {
            assert!(known.contains(finding), "{name}: {finding:#?}");
        }
        if known.iter().any(|finding| !found.contains(finding)) {
            assert!(!Answer::Findings.is_whole(&snapshot), "{name}: findings are gone without a word");
        }
        let mut seen = 0;
        for port in ports(&snapshot.hosts[0]) {
            seen += 1;
            let whole = &agreed[&(port.container_name.clone(), port.port)];
            assert!(
                port.agrees == *whole || matches!(port.agrees, Agreement::Unknown(_)),
                "{name}: {:?} {} {:?}",
                port.container_name,
                port.port,
                port.agrees
            );
        }
        assert!(seen == agreed.len() || !Answer::Ports.is_whole(&snapshot), "{name}: ports are gone without a word");
    }
}

#[test]
fn walks_rest_on_what_was_read() {
    let whole = without(&|_| false, None);
    let ends = ["host", "outside", "172.17.0.2", "172.17.0.1"];
    let receivers = ["172.17.0.2:80", "172.17.0.2:81", "172.17.0.200:80", "host:8080", "outside:443", "10.99.99.99:80"];
    let ask = |snapshot: &Snapshot, from: &str, to: &str| {
        let walker = Walker::new(snapshot);
        let from = walker.sender(from).ok()?;
        let (to, port) = walker.receiver(to).ok()?;
        let walk = walker.walk(&Question { from, to, port, protocol: Protocol::Tcp, source_port: None });
        Some((walk.way.verdict, walk.connects()))
    };
    for (name, snapshot) in lacking() {
        for (from, to) in ends.iter().flat_map(|from| receivers.iter().map(move |to| (*from, *to))) {
            let (expected, connects) = ask(&whole, from, to).unwrap();
            let Some((verdict, now_connects)) = ask(&snapshot, from, to) else {
                assert!(!Answer::Walk.is_whole(&snapshot), "{name}");
                continue;
            };
            assert!(
                verdict == expected || verdict == Verdict::Undecided,
                "{name}: {from} to {to} is {verdict:?}, not {expected:?}"
            );
            assert!(
                now_connects.is_none() || now_connects == connects,
                "{name}: {from} to {to} connects: {now_connects:?}, not {connects:?}"
            );
        }
    }
}

#[test]
fn reach_rests_on_what_was_read() {
    let whole = reach(&without(&|_| false, None));
    let cells = |matrix: &bridgewalk_analysis::walk::Matrix| -> BTreeMap<String, Verdict> {
        matrix
            .cells
            .iter()
            .map(|cell| {
                let (from, to) = (&matrix.senders[cell.sender], &matrix.receivers[cell.receiver]);
                let key = format!("{} {} {:?} {:?} {:?} {:?}", from.id, to.id, to.by, to.address, to.port, to.protocol);
                (key, cell.verdict)
            })
            .collect()
    };
    let known = cells(&whole);
    let doors: BTreeMap<_, _> =
        whole.open.iter().map(|door| ((door.address, door.port, door.protocol as u8), door.verdict)).collect();
    for (name, snapshot) in lacking() {
        let matrix = reach(&snapshot);
        for (cell, verdict) in cells(&matrix) {
            let is_so = known.get(&cell).is_none_or(|known| *known == verdict) || verdict == Verdict::Undecided;
            assert!(is_so, "{name}: {cell} is {verdict:?}, not {:?}", known.get(&cell));
        }
        let now: BTreeMap<_, _> =
            matrix.open.iter().map(|door| ((door.address, door.port, door.protocol as u8), door.verdict)).collect();
        for (door, verdict) in &now {
            let is_so = doors.get(door) == Some(verdict) || *verdict == Verdict::Undecided;
            assert!(is_so, "{name}: {door:?} is {verdict:?}, not {:?}", doors.get(door));
        }
        let is_all = doors.keys().all(|door| now.contains_key(door));
        assert!(is_all || !Answer::Reach.is_whole(&snapshot), "{name}: doors are gone without a word");
    }
}

/// A name in Docker's folder that is no namespace any more hides no rule for nobody.
#[test]
fn a_stale_name_hides_nothing() {
    let observations = observations();
    let found = |stale: bool| {
        let mut state = State::default();
        for observation in observations {
            let mut observation = observation.clone();
            // Docker's rule for a container leads to an address that nobody has.
            match &mut observation.fact {
                Fact::Containers(list) => list.retain(|one| one.name != "web"),
                Fact::Container(one) if one.name == "web" => continue,
                Fact::Networks(list) => {
                    for network in list {
                        std::sync::Arc::make_mut(network).endpoints.retain(|end| end.name != "web");
                    }
                }
                Fact::Addresses(section) => {
                    section.is.retain(|address| address.address.to_string() != "172.17.0.2");
                }
                _ => {}
            }
            state.apply(&observation);
        }
        if stale {
            let reason = LimitReason::Stale { path: "/run/docker/netns/old".to_owned() };
            let limit = Limit { source: SourceKind::Namespaces, namespace: None, reason, remedy: Remedy::None };
            let fact = Fact::Limits { of: vec![SourceKind::Namespaces], limits: vec![limit] };
            state.apply(&Observation { at_ms: u64::MAX, fact });
        }
        let snapshot = assemble(&[&state]);
        assert!(Answer::Findings.is_whole(&snapshot));
        findings(&snapshot).iter().filter(|finding| finding.kind.key() == "rule-for-nobody").count()
    };
    assert!(found(false) > 0);
    assert_eq!(found(true), found(false));
}
