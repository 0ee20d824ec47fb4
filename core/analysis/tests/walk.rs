//! Packets on a real host: Docker 26.1 with one of every wiring, recorded from engine and kernel.

use bridgewalk_analysis::walk::{Protocol, Question, Walk, Walker};
use bridgewalk_model::{Snapshot, assembly::assemble, recording::Recording};

fn bed() -> Snapshot {
    let recorded = include_bytes!("../../../app/tests/recordings/bed.bwrec");
    assemble(&[&Recording::read(recorded.as_slice()).unwrap().last_state()])
}

fn walk(walker: &Walker<'_>, from: &str, to: &str, protocol: Protocol) -> Walk {
    let (to, port) = walker.receiver(to).unwrap();
    walker.walk(&Question { from: walker.sender(from).unwrap(), to, port, protocol, source_port: None })
}

fn told(walk: &Walk) -> String {
    let mut line = format!("{}", walk.way.verdict.as_str());
    if let Some(reply) = &walk.reply {
        line += &format!(", reply {}", reply.verdict.as_str());
    }
    for hop in walk.all_hops() {
        let last = |id: &Option<bridgewalk_model::EntityId>| {
            id.as_ref().map_or("-".to_owned(), |id| id.as_str().rsplit(':').next().unwrap_or_default().to_owned())
        };
        let namespace = hop.namespace.as_str().rsplit(':').next().unwrap_or_default().chars().take(18).collect::<String>();
        line += &format!(
            "\n    {namespace:18} {:?} {}>{} {}>{} {:?}",
            hop.action,
            last(&hop.in_interface),
            last(&hop.out_interface),
            hop.after.source,
            hop.after.destination,
            hop.after.layer4.ports().unwrap_or_default()
        );
        for evidence in &hop.evidence {
            if let bridgewalk_analysis::walk::Evidence::Rule { rule, .. } = evidence {
                line += &format!("\n        {} {}", rule.table, rule.text);
            }
        }
    }
    line += &format!("\n    by {:?}\n    openings {:?}\n    unknown {:?}", walk.way.decided_by.as_ref().map(|it| format!("{it:?}").chars().take(150).collect::<String>()), walk.way.openings, walk.unknowns);
    line
}

#[test]
#[ignore]
fn look() {
    let snapshot = bed();
    let walker = Walker::new(&snapshot);
    let ask = std::env::var("ASK").unwrap_or_default();
    for pair in ask.split(',') {
        let mut words = pair.split_whitespace();
        let (from, to) = (words.next().unwrap(), words.next().unwrap());
        let protocol = match words.next() { Some("udp") => Protocol::Udp, Some("icmp") => Protocol::Icmp, _ => Protocol::Tcp };
        println!("{pair}: {}", told(&walk(&walker, from, to, protocol)));
    }
}
