//! Packets on a real host: Docker 26.1 with one of every wiring, recorded from engine and kernel.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends so")]

use bridgewalk_analysis::walk::{
    Action, EndError, Evidence, Opening, Protocol, Question, Unknown, Verdict, Walk, Walker, reach,
};
use bridgewalk_model::{
    EntityId, Fact, Snapshot,
    firewall::{BaseChain, Chain, Expression, Family, Hook, Policy, Rule, Syntax, Table},
    recording::Recording,
};

fn bed() -> Snapshot {
    let recorded = include_bytes!("../../../app/tests/recordings/bed.bwrec");
    Recording::read(recorded.as_slice()).unwrap().last_snapshot()
}

fn ask(walker: &Walker<'_>, from: &str, to: &str, protocol: Protocol) -> Walk {
    let (to, port) = walker.receiver(to).unwrap();
    walker.walk(&Question { from: walker.sender(from).unwrap(), to, port, protocol, source_port: None })
}

fn tcp(from: &str, to: &str) -> Walk {
    let snapshot = bed();
    ask(&Walker::new(&snapshot), from, to, Protocol::Tcp)
}

/// The last part of an id: an interface's name, a namespace's key.
fn last(id: Option<&EntityId>) -> &str {
    id.and_then(|id| id.as_str().rsplit(':').next()).unwrap_or("-")
}

fn told(walk: &Walk) -> String {
    let mut line = walk.way.verdict.as_str().to_owned();
    if let Some(reply) = &walk.reply {
        line += &format!(", reply {}", reply.verdict.as_str());
    }
    for hop in walk.all_hops() {
        let place: String = last(Some(&hop.namespace)).chars().take(18).collect();
        let (input, output) = (last(hop.in_interface.as_ref()), last(hop.out_interface.as_ref()));
        let (from, to) = hop.after.layer4.ports().unwrap_or_default();
        line += &format!(
            "\n    {place:18} {:?} {input} > {output}: {} {from} > {} {to}, ttl {}",
            hop.action, hop.after.source, hop.after.destination, hop.after.ttl
        );
        let rules = hop.evidence.iter().filter_map(|evidence| match evidence {
            Evidence::Rule { rule, .. } => Some(format!("\n        {} {}", rule.table, rule.text)),
            _ => None,
        });
        line.extend(rules);
    }
    line
}

#[test]
fn the_flows_of_a_real_host_go_as_its_kernel_sends_them() {
    let snapshot = bed();
    let walker = Walker::new(&snapshot);
    let flows = [
        ("host", "127.0.0.1:8080"),
        ("host", "192.0.2.10:8080"),
        ("web", "local:80"),
        ("web", "172.17.0.1:8080"),
        ("web", "vault:80"),
        ("proxy", "shop-front:80"),
        ("shop", "outside:443"),
        ("outside", "host:8080"),
        ("camera", "outside:443"),
    ];
    let lines: Vec<String> = flows
        .iter()
        .map(|(from, to)| format!("{from} to {to}: {}", told(&ask(&walker, from, to, Protocol::Tcp))))
        .collect();
    insta::assert_snapshot!(lines.join("\n"));
}

/// The bed, with one more rule in every namespace: it counts what leaves, after it was translated, and says so.
fn bed_with_a_comment() -> Snapshot {
    let recorded = include_bytes!("../../../app/tests/recordings/bed.bwrec");
    let mut recording = Recording::read(recorded.as_slice()).unwrap();
    let rule = Rule {
        handle: None,
        position: 1,
        text: "counter comment \"after SNAT and masquerade\"".to_owned(),
        comment: Some("after SNAT and masquerade".to_owned()),
        counter: None,
        expressions: vec![Expression::Counter],
    };
    let base = BaseChain {
        kind: "filter".to_owned(),
        hook: Hook::Postrouting,
        priority: 200,
        policy: Policy::Accept,
        devices: Vec::new(),
        counter: None,
    };
    let table = Table {
        family: Family::Inet,
        name: "counted".to_owned(),
        handle: None,
        is_dormant: false,
        syntax: Syntax::Nft,
        chains: vec![Chain { name: "out".to_owned(), handle: None, base: Some(base), rules: vec![rule] }],
        sets: Vec::new(),
        objects: Vec::new(),
    };
    for observation in recording.hosts.iter_mut().flatten() {
        if let Fact::Firewall(section) = &mut observation.fact {
            section.is.iter_mut().take(1).for_each(|ruleset| ruleset.tables.push(table.clone()));
        }
    }
    recording.last_snapshot()
}

#[test]
fn the_rule_that_translates_is_known_by_what_it_does_and_not_by_its_words() {
    let snapshot = bed_with_a_comment();
    let walk = ask(&Walker::new(&snapshot), "shop", "outside:443", Protocol::Tcp);
    let hop = walk.way.hops.iter().find(|hop| hop.action == Action::Translated).unwrap();
    let rules: Vec<&str> = hop
        .evidence
        .iter()
        .filter_map(|evidence| match evidence {
            Evidence::Rule { rule, .. } => Some(rule.text.as_str()),
            _ => None,
        })
        .collect();
    assert!(rules[0].contains("-j MASQUERADE"), "{rules:?}");
    assert!(rules.iter().any(|text| text.contains("after SNAT")), "it was matched as well: {rules:?}");
}

#[test]
fn what_is_blocked_says_what_would_let_it_through() {
    let walk = tcp("web", "vault:80");
    assert_eq!(walk.way.verdict, Verdict::Dropped);
    assert!(
        matches!(&walk.way.decided_by, Some(Evidence::Rule { rule, .. }) if rule.chain == "DOCKER-ISOLATION-STAGE-1")
    );
    assert!(walk.way.openings.iter().any(|one| matches!(one, Opening::ShareNetwork { .. })));
    assert!(walk.way.openings.iter().any(|one| matches!(one, Opening::RemoveRule { .. })));

    let walk = tcp("vault", "outside:80");
    assert_eq!(walk.way.verdict, Verdict::NoRoute);
    assert!(walk.way.openings.iter().any(|one| matches!(one, Opening::NotInternal { .. })));

    let walk = tcp("web", "gone:80");
    assert!(matches!(walk.way.openings.as_slice(), [Opening::StartContainer { .. }]));

    let walk = tcp("outside", "local:80");
    assert_eq!(walk.way.verdict, Verdict::NoRoute);
    assert!(walk.way.openings.iter().any(|one| matches!(one, Opening::PublishOnAddress { .. })));

    let walk = tcp("web", "exposed:9000");
    assert_eq!(walk.way.verdict, Verdict::NoListener);
    assert_eq!(walk.reply.as_ref().map(|reply| reply.verdict), Some(Verdict::Delivered));
    assert!(matches!(walk.way.openings.as_slice(), [Opening::Listen { port: 9000, .. }]));
}

#[test]
fn docker_proxy_opens_a_connection_of_its_own() {
    let walk = tcp("host", "127.0.0.1:8080");
    let actions: Vec<Action> = walk.way.hops.iter().map(|hop| hop.action).collect();
    assert_eq!(
        actions,
        [Action::Sent, Action::Proxied, Action::Sent, Action::Bridged, Action::Carried, Action::Delivered]
    );
    assert_eq!(walk.connects(), Some(true));
}

#[test]
fn what_a_router_elsewhere_would_do_is_not_guessed() {
    let walk = tcp("camera", "host:80");
    assert_eq!(walk.way.verdict, Verdict::Undecided);
    assert!(matches!(walk.unknowns.as_slice(), [Unknown::Beyond { .. }]));
}

#[test]
fn ends_are_read_as_people_write_them() {
    let snapshot = bed();
    let walker = Walker::new(&snapshot);
    for (text, port) in [("web:80", Some(80)), ("web", None), ("[2001:db8:6::2]:80", Some(80)), ("::1", None)] {
        assert_eq!(walker.receiver(text).unwrap().1, port, "{text}");
    }
    for (text, wrong) in [("web:0", "0"), ("web:http", "http"), ("web:70000", "70000")] {
        assert_eq!(walker.receiver(text), Err(EndError::Port(wrong.into())), "{text}");
    }
    assert_eq!(walker.sender("nobody"), Err(EndError::Unknown("nobody".into())));
    assert_eq!(walker.sender("shop-front"), Err(EndError::CannotSend("shop-front".into())));
}

#[test]
fn the_matrix_agrees_with_the_walks() {
    let snapshot = bed();
    let walker = Walker::new(&snapshot);
    let matrix = reach(&snapshot);
    assert_eq!(matrix.cells.len(), matrix.senders.len() * matrix.receivers.len());
    for cell in matrix.cells.iter().step_by(7) {
        let walk = walker.walk(&matrix.question(cell).unwrap());
        let verdict = match &walk.reply {
            Some(reply) if cell.is_reply_lost => reply.verdict,
            _ => walk.way.verdict,
        };
        assert_eq!(verdict, cell.verdict, "{:?}", walk.question);
    }
    let doors: Vec<String> =
        matrix.open.iter().map(|door| format!("{} {} {:?}", door.address, door.port, door.verdict)).collect();
    insta::assert_snapshot!(doors.join("\n"));
}

/// As conntrack on that very host (a virtual machine whose kernel has IPVS) had written down a connection from outside
/// that was answered: `src=203.0.113.77 dst=192.0.2.10 dport=8888 src=172.18.0.2 sport=8888` on the host, and in
/// `ingress_sbox` `src=203.0.113.77 dst=172.18.0.2 dport=8888 src=10.0.0.5 dst=10.0.0.2 sport=8888`.
#[test]
fn an_ingress_is_walked_as_its_kernel_had_it() {
    let recorded = include_bytes!("../../../assets/recordings/demo-ingress.bwrec");
    let snapshot = Recording::read(recorded.as_slice()).unwrap().last_snapshot();
    let walk = ask(&Walker::new(&snapshot), "outside", "host:8888", Protocol::Tcp);
    assert_eq!(walk.way.verdict, Verdict::Delivered, "{}", told(&walk));
    assert_eq!(walk.reply.as_ref().map(|reply| reply.verdict), Some(Verdict::Delivered), "{}", told(&walk));
    let headers: Vec<String> = (walk.all_hops())
        .filter(|hop| matches!(hop.action, Action::Translated | Action::Balanced))
        .map(|hop| {
            let (from, to) = hop.after.layer4.ports().unwrap();
            // Which of the two tasks it is, nobody knows before.
            format!("{}:{from} > {}:{to}", hop.after.source, hop.after.destination).replace("10.0.0.4", "10.0.0.5")
        })
        .collect();
    assert_eq!(
        headers,
        [
            "203.0.113.77:40000 > 172.18.0.2:8888",
            "203.0.113.77:40000 > 10.0.0.5:8888",
            "10.0.0.2:40000 > 10.0.0.5:8888",
            "10.0.0.2:40000 > 10.0.0.5:80",
            "10.0.0.5:8888 > 10.0.0.2:40000",
            "10.0.0.5:8888 > 203.0.113.77:40000",
            "172.18.0.2:8888 > 203.0.113.77:40000",
            "192.0.2.10:8888 > 203.0.113.77:40000",
        ]
    );
    // Answered too, from within: there INPUT's own rule gives the mark, and the sender becomes the balancer's address.
    let within = ask(&Walker::new(&snapshot), "client", "web:80", Protocol::Tcp);
    assert_eq!(within.connects(), Some(true), "{}", told(&within));
    assert!(within.way.hops.iter().any(|hop| hop.after.source.to_string() == "10.0.1.5"), "{}", told(&within));
}

#[test]
fn an_ipv4_mapped_address_is_the_ipv4_one() {
    let mut snapshot = bed();
    {
        let walker = Walker::new(&snapshot);
        let way = |from: &str, to: &str| told(&ask(&walker, from, to, Protocol::Tcp));
        let plain = way("host", "172.17.0.2:80");
        assert!(plain.starts_with("delivered"), "{plain}");
        for mapped in ["[::ffff:172.17.0.2]:80", "[::ffff:ac11:2]:80", "[::FFFF:172.17.0.2]:80"] {
            assert_eq!(way("host", mapped), plain, "{mapped}");
        }
        assert_eq!(way("::ffff:172.17.0.2", "local:80"), way("172.17.0.2", "local:80"));
        // As an end that nobody wrote, too.
        let to = bridgewalk_analysis::walk::End::Address { address: "::ffff:172.17.0.2".parse().unwrap(), host: None };
        let from = walker.sender("host").unwrap();
        let question = Question { from, to, port: Some(80), protocol: Protocol::Tcp, source_port: None };
        assert_eq!(told(&walker.walk(&question)), plain);
    }
    // In the hosts file of the sender.
    let home =
        snapshot.hosts[0].containers.iter().find(|one| one.name.as_str() == "web").unwrap().namespace.clone().unwrap();
    let home = snapshot.hosts[0].namespaces.iter_mut().find(|one| one.id == home).unwrap();
    for resolver in &mut home.resolvers {
        resolver.hosts.push(("::ffff:172.17.0.3".into(), vec!["mapped".into()]));
    }
    let walker = Walker::new(&snapshot);
    let way = |to: &str| told(&ask(&walker, "web", to, Protocol::Tcp));
    // A name is looked up first.
    let looked_up = way("mapped:80");
    let (looks, goes): (Vec<&str>, Vec<&str>) = looked_up.lines().partition(|line| line.contains(" Resolved "));
    assert_eq!(looks.len(), 1, "{looked_up}");
    assert_eq!(goes.join("\n"), way("172.17.0.3:80").trim_end());
}
