//! A walk on a recorded host beside observations made of it: what agrees, and that each change is noticed.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends so")]

use bridgewalk_analysis::walk::{
    Evidence, Protocol, Question, Walk, Walker,
    proof::{Comparison, Difference, Note, compare, order},
};
use bridgewalk_model::{
    AddressPort, Snapshot,
    firewall::{Hook, RuleRef},
    proof::{
        Answer, Mark, NamespaceTrace, Passage, ProbeProtocol, Proof, Step, StepKind, StepVerdict, TracedFlow, Tuple,
    },
    recording::Recording,
};

fn bed() -> Snapshot {
    let recorded = include_bytes!("../../../app/tests/recordings/bed.bwrec");
    Recording::read(recorded.as_slice()).unwrap().last_snapshot()
}

fn walk(snapshot: &Snapshot, from: &str, to: &str) -> Walk {
    let walker = Walker::new(snapshot);
    let (to, port) = walker.receiver(to).unwrap();
    let from = walker.sender(from).unwrap();
    walker.walk(&Question { from, to, port, protocol: Protocol::Tcp, source_port: None })
}

/// What the kernel would say if it did exactly so: a passage for each rule.
fn proof(snapshot: &Snapshot, walk: &Walk, answer: Answer) -> Proof {
    let order = order(snapshot, walk).unwrap();
    let end = AddressPort { address: order.destination, port: order.port };
    let packet = Tuple { protocol: 6, source: end, destination: end };
    let host = &snapshot.hosts[0];
    let ways = [(Some(&walk.way), false), (walk.reply.as_ref(), true)];
    let namespaces = order.namespaces.iter().map(|inode| {
        let namespace = host.namespaces.iter().find(|it| it.inode == *inode).unwrap();
        let mut trace = NamespaceTrace { namespace: *inode, ..NamespaceTrace::default() };
        for (way, is_reply) in ways {
            let hops = way.into_iter().flat_map(|way| &way.hops).filter(|hop| hop.namespace == namespace.id);
            for hop in hops {
                let mark = Mark {
                    hook: Hook::Prerouting,
                    after_passages: 0,
                    flow: TracedFlow::Probe,
                    is_reply,
                    packet,
                    in_if_index: None,
                    out_if_index: None,
                };
                trace.marks.push(mark);
                for evidence in &hop.evidence {
                    let Evidence::Rule { rule, hook } = evidence else { continue };
                    trace.passages.push(passage(snapshot, rule, *hook, is_reply, packet));
                }
            }
        }
        trace
    });
    let namespaces = namespaces.collect();
    Proof { sent: packet, answer, answer_us: None, namespaces, order }
}

fn passage(snapshot: &Snapshot, rule: &RuleRef, hook: Hook, is_reply: bool, packet: Tuple) -> Passage {
    let (_, namespace) = snapshot.namespace(&rule.namespace).unwrap();
    let tables = namespace.firewall.iter().flat_map(|rules| &rules.tables);
    let table = tables.into_iter().find(|it| (it.family, &it.name) == (rule.family, &rule.table)).unwrap();
    let base = table.chains.iter().find(|chain| chain.base.as_ref().is_some_and(|base| base.hook == hook)).unwrap();
    let chain = table.chain(&rule.chain).unwrap();
    let handle = chain.rules.iter().find(|it| it.position == rule.position).unwrap().handle.unwrap();
    Passage {
        family: rule.family,
        table: rule.table.clone(),
        chain: base.name.clone(),
        flow: TracedFlow::Probe,
        is_reply,
        packet,
        ttl: 64,
        mark: 0,
        in_if_index: None,
        out_if_index: None,
        connection: None,
        steps: vec![Step { chain: rule.chain.clone(), by: StepKind::Rule { handle }, verdict: StepVerdict::Continue }],
    }
}

fn compared(answer: Answer, change: impl FnOnce(&mut Proof)) -> Comparison {
    let snapshot = bed();
    let walk = walk(&snapshot, "web", "vault:80");
    let mut proof = proof(&snapshot, &walk, answer);
    change(&mut proof);
    compare(&snapshot, &walk, &proof)
}

/// The namespace where rules are.
fn filtered(proof: &mut Proof) -> &mut NamespaceTrace {
    proof.namespaces.iter_mut().find(|trace| !trace.passages.is_empty()).unwrap()
}

#[test]
fn what_is_so_agrees() {
    let same = compared(Answer::Silence, |_| {});
    assert_eq!((same.agrees, &same.differs), (Some(true), &None));
    assert!(same.places.iter().any(|place| place.observed.len() > 2), "{:?}", same.places);
}

#[test]
fn each_change_is_noticed() {
    let rules = |comparison: &Comparison| matches!(comparison.differs, Some(Difference::Rules { .. }));
    assert!(rules(&compared(Answer::Silence, |proof| drop(filtered(proof).passages.pop()))));
    assert!(rules(&compared(Answer::Silence, |proof| drop(filtered(proof).passages.remove(0)))));
    let twice = compared(Answer::Silence, |proof| {
        let trace = filtered(proof);
        let again = trace.passages.last().unwrap().clone();
        trace.passages.push(again);
    });
    assert!(rules(&twice));
    let unknown = compared(Answer::Silence, |proof| {
        filtered(proof).passages.last_mut().unwrap().steps[0].by = StepKind::Rule { handle: u64::MAX };
    });
    assert!(rules(&unknown) && unknown.agrees == Some(false));
    let nowhere = compared(Answer::Silence, |proof| filtered(proof).marks.clear());
    assert!(matches!(nowhere.differs, Some(Difference::NotSeen { .. })));
    let answered = compared(Answer::Answered, |_| {});
    assert!(matches!(answered.differs, Some(Difference::Answer { .. })));
}

#[test]
fn what_cannot_be_judged_is_not() {
    let changed = compared(Answer::Silence, |proof| filtered(proof).rules_changed = true);
    assert_eq!(changed.agrees, None);
    assert!(matches!(changed.notes[..], [Note::RulesChanged { .. }]));
}

#[test]
fn a_proxy_s_own_connection_is_watched_too() {
    let snapshot = bed();
    let order = order(&snapshot, &walk(&snapshot, "host", "127.0.0.1:8080")).unwrap();
    assert_eq!((order.protocol, order.port), (ProbeProtocol::Tcp, 8080));
    assert_eq!(order.second_flows.iter().map(|flow| flow.port).collect::<Vec<_>>(), [80]);
    assert!(order.namespaces.len() > 1);
}
