//! The evaluator of a hook's rules, on rules made by hand and by chance.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends so")]

use bridgewalk_analysis::walk::{
    Connection, Layer4, Packet,
    rules::{Branch, Mutant, NamespaceRules, Passage, Truth, Verdict as Ending},
};
use bridgewalk_model::{
    EntityId, NamespaceInode,
    firewall::{
        Backend, BaseChain, Chain, Comparison, Expression, Family, Hook, Policy, Register, Rule, Ruleset, Set,
        SetElement, Syntax, Table, Verdict, XtMatch, XtTarget,
    },
    snapshot::{Namespace, NamespaceKind},
};
use proptest::prelude::*;

fn namespace(tables: Vec<Table>) -> Namespace {
    let ruleset = Ruleset { backend: Backend::NfTables, generation: None, tables };
    Namespace {
        id: EntityId::host("earth").namespace("host"),
        inode: NamespaceInode(1),
        kind: NamespaceKind::Host,
        name: "earth".into(),
        is_host: true,
        containers: Vec::new(),
        network: None,
        names: Vec::new(),
        pid: None,
        nsid: None,
        interfaces: Vec::new(),
        routes: [].into(),
        routing_rules: [].into(),
        neighbours: [].into(),
        sysctls: [].into(),
        firewall: [ruleset].into(),
        sockets: Vec::new(),
        resolvers: Vec::new(),
        ipvs: None,
        limits: Vec::new(),
    }
}

fn table(name: &str, chains: Vec<Chain>) -> Table {
    Table {
        family: Family::Inet,
        name: name.to_owned(),
        handle: None,
        is_dormant: false,
        syntax: Syntax::Nft,
        chains,
        sets: Vec::new(),
        objects: Vec::new(),
    }
}

fn chain(name: &str, base: Option<(&str, Hook, i32, Policy)>, rules: Vec<Vec<Expression>>) -> Chain {
    let rules = (1..).zip(rules).map(|(position, expressions)| Rule {
        handle: None,
        position,
        text: String::new(),
        comment: None,
        counter: None,
        expressions,
    });
    Chain {
        name: name.to_owned(),
        handle: None,
        base: base.map(|(kind, hook, priority, policy)| BaseChain {
            kind: kind.to_owned(),
            hook,
            priority,
            policy,
            devices: Vec::new(),
            counter: None,
        }),
        rules: rules.collect(),
    }
}

fn forward(priority: i32, rules: Vec<Vec<Expression>>) -> Chain {
    chain(&format!("forward{priority}"), Some(("filter", Hook::Forward, priority, Policy::Accept)), rules)
}

fn limit() -> Expression {
    Expression::Unknown { name: "limit".to_owned(), revision: 0, bytes: Vec::new(), is_match: true }
}

fn verdict(verdict: Verdict) -> Expression {
    Expression::Verdict { verdict }
}

fn destination_port(op: Comparison, port: u16) -> [Expression; 2] {
    let register = Register(16);
    [
        Expression::Payload { base: "transport".to_owned(), offset: 2, len: 2, to: register },
        Expression::Compare { from: register, op, value: port.to_be_bytes().to_vec() },
    ]
}

fn syn() -> Packet {
    Packet {
        source: [192, 0, 2, 9].into(),
        destination: [198, 51, 100, 7].into(),
        layer4: Layer4::Tcp { source_port: 40_000, destination_port: 80, flags: 2 },
        ttl: 64,
        mark: 0,
        source_mac: None,
        destination_mac: None,
    }
}

fn passage(hook: Hook) -> Passage<'static> {
    Passage {
        hook,
        packet: syn(),
        connection: None,
        is_reply: false,
        in_interface: None,
        out_interface: None,
        in_port: None,
        out_port: None,
        is_bridged: false,
        next_hop: None,
    }
}

fn pass(tables: Vec<Table>, hook: Hook) -> Vec<Branch> {
    NamespaceRules::new(&namespace(tables)).pass(passage(hook))
}

#[test]
fn accept_ends_its_base_chain_alone_and_drop_ends_all() {
    let first = forward(-5, vec![vec![verdict(Verdict::Accept)], vec![verdict(Verdict::Drop)]]);
    let second = forward(5, vec![vec![verdict(Verdict::Drop)]]);
    let branches = pass(vec![table("t", vec![second, first])], Hook::Forward);
    assert_eq!(branches.len(), 1);
    assert!(matches!(branches[0].verdict, Ending::Drop { .. }));
    let ran: Vec<u32> = branches[0].visits.iter().map(|visit| visit.rule.rule).collect();
    assert_eq!(ran, [0, 0], "the rule after the first accept is not run");
}

#[test]
fn nat_is_asked_only_where_a_rule_brings_conntrack() {
    let nat = chain("nat", Some(("nat", Hook::Prerouting, -100, Policy::Accept)), vec![vec![verdict(Verdict::Drop)]]);
    let branches = pass(vec![table("t", vec![nat.clone()])], Hook::Prerouting);
    assert_eq!((&branches[0].verdict, branches[0].visits.len()), (&Ending::Accept, 0));
    let state = Expression::Ct { key: "state".to_owned(), direction: None, to: Register(16) };
    let unused = table("other", vec![chain("unused", None, vec![vec![state]])]);
    let branches = pass(vec![table("t", vec![nat]), unused], Hook::Prerouting);
    assert!(matches!(branches[0].verdict, Ending::Drop { .. }));
}

#[test]
fn what_goes_on_before_its_syn_was_answered_is_invalid() {
    let state = Expression::Ct { key: "state".to_owned(), direction: None, to: Register(16) };
    let invalid =
        Expression::Compare { from: Register(16), op: Comparison::Equal, value: 1_u32.to_ne_bytes().to_vec() };
    let rules = vec![vec![state, invalid, verdict(Verdict::Drop)]];
    let base = chain("in", Some(("filter", Hook::Prerouting, 0, Policy::Accept)), rules);
    let namespace = namespace(vec![table("t", vec![base])]);
    let ack = Layer4::Tcp { source_port: 40_000, destination_port: 80, flags: 16 };
    for (is_established, layer4, is_dropped) in [(false, ack, true), (true, ack, false), (false, syn().layer4, false)] {
        let connection = Some(Connection { is_established, ..Connection::new(&syn()) });
        let packet = Packet { layer4, ..syn() };
        let branches =
            NamespaceRules::new(&namespace).pass(Passage { packet, connection, ..passage(Hook::Prerouting) });
        assert_eq!(matches!(branches[0].verdict, Ending::Drop { .. }), is_dropped, "{layer4:?} {is_established}");
    }
}

#[test]
fn the_answer_to_icmps_questions_is_what_conntrack_awaits() {
    let answers = [8, 13, 15, 17, 128, 139].map(|kind| match (Layer4::Icmp { kind, code: 0, identifier: 7 }).reply() {
        Layer4::Icmp { kind, .. } => kind,
        _ => 0,
    });
    assert_eq!(answers, [0, 14, 16, 18, 129, 140]);
}

#[test]
fn what_makes_no_difference_is_decided_regardless() {
    let rules = vec![vec![limit(), verdict(Verdict::Accept)], vec![verdict(Verdict::Accept)]];
    let branches = pass(vec![table("t", vec![forward(0, rules)])], Hook::Forward);
    assert_eq!(branches.len(), 1);
    assert!(branches[0].undecided.is_empty());
    assert_eq!(branches[0].regardless[0].asks, "limit");
    assert_eq!(branches[0].visits[0].matched, Truth::Unknown);
}

#[test]
fn what_makes_a_difference_is_said() {
    let rules = vec![vec![limit(), verdict(Verdict::Accept)], vec![verdict(Verdict::Drop)]];
    let branches = pass(vec![table("t", vec![forward(0, rules)])], Hook::Forward);
    let accepts: Vec<bool> = branches.iter().map(|branch| branch.verdict == Ending::Accept).collect();
    assert_eq!(accepts.iter().filter(|accepts| **accepts).count(), 1);
    assert_eq!(branches.len(), 2);
    for branch in &branches {
        assert_eq!(branch.undecided.len(), 1);
        assert_eq!(branch.undecided[0].taken_as, branch.verdict == Ending::Accept);
    }
}

#[test]
fn goto_does_not_come_back() {
    let base = forward(0, vec![vec![verdict(Verdict::Goto("user".to_owned()))], vec![verdict(Verdict::Drop)]]);
    let user = chain("user", None, vec![vec![verdict(Verdict::Return)]]);
    let branches = pass(vec![table("t", vec![base, user])], Hook::Forward);
    assert_eq!(branches[0].verdict, Ending::Accept);
}

#[test]
fn a_dormant_table_is_not_run() {
    let mut sleeping = table("t", vec![forward(0, vec![vec![verdict(Verdict::Drop)]])]);
    sleeping.is_dormant = true;
    assert_eq!(pass(vec![sleeping], Hook::Forward)[0].verdict, Ending::Accept);
}

fn translating(rules: Vec<Vec<Expression>>) -> Vec<Table> {
    vec![table("t", vec![chain("dnat", Some(("nat", Hook::Prerouting, -100, Policy::Accept)), rules)])]
}

fn dnat(to: [u8; 4]) -> Vec<Expression> {
    vec![
        Expression::Immediate { to: Register(16), value: to.to_vec() },
        Expression::Nat {
            is_destination: true,
            family: "ip".to_owned(),
            address_from: Some(Register(16)),
            address_to: None,
            port_from: None,
            port_to: None,
            flags: 1,
        },
    ]
}

#[test]
fn a_flow_is_translated_once_and_its_replies_back() {
    let namespace = namespace(translating(vec![dnat([172, 17, 0, 2]), dnat([172, 17, 0, 3])]));
    let rules = NamespaceRules::new(&namespace);
    let first = rules.pass(passage(Hook::Prerouting)).remove(0);
    assert_eq!(first.packet.destination, std::net::IpAddr::from([172, 17, 0, 2]));
    let connection = first.connection.expect("tracked");
    assert!(connection.is_destination_translated && !connection.is_source_translated);
    // The reply goes back as if the first receiver had answered.
    let reply = Passage {
        packet: connection.reply.clone(),
        connection: Some(connection.clone()),
        is_reply: true,
        ..passage(Hook::Postrouting)
    };
    let back = rules.pass(reply).remove(0);
    assert_eq!(back.packet.source, syn().destination);
    // The next packet of the flow asks no chain.
    let again = rules.pass(Passage { connection: Some(connection), ..passage(Hook::Prerouting) }).remove(0);
    assert_eq!(again.packet.destination, std::net::IpAddr::from([172, 17, 0, 2]));
    assert!(again.visits.is_empty());
}

#[test]
fn conntrack_is_not_seen_before_its_priority() {
    let asks = |priority| {
        let rule = vec![
            Expression::Ct { key: "state".to_owned(), direction: None, to: Register(16) },
            Expression::Compare { from: Register(16), op: Comparison::Equal, value: 8_u32.to_ne_bytes().to_vec() },
            verdict(Verdict::Drop),
        ];
        let base = Some(("filter", Hook::Prerouting, priority, Policy::Accept));
        pass(vec![table("t", vec![chain("c", base, vec![rule])])], Hook::Prerouting).remove(0).verdict
    };
    assert_eq!(asks(-300), Ending::Accept);
    assert!(matches!(asks(-150), Ending::Drop { .. }));
}

#[test]
fn an_interval_holds_both_its_ends() {
    let set = Set {
        name: "ports".to_owned(),
        flags: 4,
        key_type: 13,
        key_len: 2,
        data_type: None,
        field_lens: Vec::new(),
        elements: vec![SetElement { key: vec![0, 80], key_end: Some(vec![0, 90]), data: None, is_catch_all: false }],
    };
    for (port, holds) in [(79, false), (80, true), (90, true), (91, false)] {
        let rule = vec![
            Expression::Payload { base: "transport".to_owned(), offset: 2, len: 2, to: Register(16) },
            Expression::Lookup {
                from: Register(16),
                set: "ports".to_owned(),
                to: None,
                is_verdict_map: false,
                is_inverted: false,
            },
            verdict(Verdict::Drop),
        ];
        let mut table = table("t", vec![forward(0, vec![rule])]);
        table.sets.push(set.clone());
        let namespace = namespace(vec![table]);
        let mut passage = passage(Hook::Forward);
        passage.packet.layer4 = Layer4::Tcp { source_port: 1, destination_port: port, flags: 2 };
        let branch = NamespaceRules::new(&namespace).pass(passage).remove(0);
        assert_eq!(matches!(branch.verdict, Ending::Drop { .. }), holds, "{port}");
    }
}

#[test]
fn an_acknowledgement_out_of_nowhere_may_begin_a_flow_and_a_reset_may_not() {
    for (flags, is_tracked) in [(2, true), (16, true), (18, false), (4, false), (17, false)] {
        let mut passage = passage(Hook::Prerouting);
        passage.packet.layer4 = Layer4::Tcp { source_port: 1, destination_port: 2, flags };
        let branch = NamespaceRules::new(&namespace(Vec::new())).pass(passage).remove(0);
        assert_eq!(branch.connection.is_some(), is_tracked, "flags {flags}");
    }
}

/// Rules, and a packet's passage through them, of which this mutant is wrong.
fn trap(mutant: Mutant) -> (Vec<Table>, Passage<'static>) {
    let drop = || vec![verdict(Verdict::Drop)];
    let one = |chains| (vec![table("t", chains)], passage(Hook::Forward));
    let returning = || chain("user", None, vec![vec![verdict(Verdict::Return)]]);
    match mutant {
        Mutant::IgnoresNot => {
            let not = [&destination_port(Comparison::NotEqual, 80)[..], &drop()].concat();
            one(vec![forward(0, vec![not])])
        }
        Mutant::ReversesPriorities => {
            let value = 7_u32.to_ne_bytes().to_vec();
            let mark = vec![
                Expression::Immediate { to: Register(16), value: value.clone() },
                Expression::MetaSet { key: "mark".to_owned(), from: Register(16) },
            ];
            let marked = vec![
                Expression::Meta { key: "mark".to_owned(), to: Register(16) },
                Expression::Compare { from: Register(16), op: Comparison::Equal, value },
                verdict(Verdict::Drop),
            ];
            one(vec![forward(-5, vec![mark]), forward(5, vec![marked])])
        }
        Mutant::TranslatesTwice => {
            let known = Connection { is_established: true, ..Connection::new(&syn()) };
            let passage = Passage { connection: Some(known), ..passage(Hook::Prerouting) };
            (translating(vec![dnat([172, 17, 0, 2]), drop()]), passage)
        }
        Mutant::AcceptEndsAll => one(vec![forward(-5, vec![vec![verdict(Verdict::Accept)]]), forward(5, vec![drop()])]),
        Mutant::ReturnEndsBase => {
            one(vec![forward(0, vec![vec![verdict(Verdict::Jump("user".to_owned()))], drop()]), returning()])
        }
        Mutant::CutsRanges => {
            let port = &destination_port(Comparison::Equal, 80)[..1];
            let (first, last) = (70_u16.to_be_bytes().to_vec(), 80_u16.to_be_bytes().to_vec());
            let range = Expression::Range { from: Register(16), is_inverted: false, first, last };
            one(vec![forward(0, vec![[port, &[range], &drop()].concat()])])
        }
        Mutant::ForgetsPolicies => {
            one(vec![chain("forward", Some(("filter", Hook::Forward, 0, Policy::Drop)), Vec::new())])
        }
        Mutant::GotoComesBack => {
            one(vec![forward(0, vec![vec![verdict(Verdict::Goto("user".to_owned()))], drop()]), returning()])
        }
    }
}

#[test]
fn each_mutant_is_wrong_somewhere() {
    for mutant in Mutant::ALL {
        let (tables, passage) = trap(mutant);
        let namespace = namespace(tables);
        let right = NamespaceRules::new(&namespace).pass(passage.clone());
        let wrong = NamespaceRules::with_mutant(&namespace, mutant).pass(passage);
        let seen = |branches: &[Branch]| branches.iter().map(|it| (ending(it), it.packet.clone())).collect::<Vec<_>>();
        assert_ne!(seen(&right), seen(&wrong), "{mutant:?} was not noticed");
    }
}

#[test]
fn a_target_that_asks_conntrack_brings_it_whatever_its_options_are() {
    let nat =
        || chain("nat", Some(("nat", Hook::Prerouting, -100, Policy::Accept)), vec![vec![verdict(Verdict::Drop)]]);
    let with = |step: Expression| {
        let unused = table("raw", vec![chain("unused", None, vec![vec![step]])]);
        pass(vec![table("t", vec![nat()]), unused], Hook::Prerouting).remove(0).verdict
    };
    let target = |target| Expression::XtTarget(Box::new(target));
    for (step, brings_it) in [
        (target(XtTarget::Ct { helper: None, zone: 0 }), true),
        (target(XtTarget::Ct { helper: None, zone: 7 }), true),
        (target(XtTarget::Ct { helper: Some("ftp".to_owned()), zone: 0 }), true),
        (target(XtTarget::Checksum), false),
        (target(XtTarget::Trace), false),
        (Expression::NoTrack, false),
        // Words are no rule.
        (Expression::Xt(Box::new(XtMatch::Comment { text: "-j CT".to_owned() })), false),
        (Expression::Log { text: "LOG --log-prefix \"-j CT\"".to_owned() }, false),
    ] {
        let is_asked = matches!(with(step.clone()), Ending::Drop { .. });
        assert_eq!(is_asked, brings_it, "{step:?}");
    }
}

/// What stands in the unknown match's place once one knows.
fn known(holds: bool) -> Option<Expression> {
    (!holds).then(|| Expression::Compare { from: Register(16), op: Comparison::Less, value: Vec::new() })
}

fn any_rule() -> impl Strategy<Value = Vec<Expression>> {
    let ask = prop_oneof![
        2 => Just(Vec::new()),
        1 => Just(vec![limit()]),
        1 => any::<bool>().prop_map(|equal| {
            let op = if equal { Comparison::Equal } else { Comparison::NotEqual };
            destination_port(op, 80).to_vec()
        }),
    ];
    let deed = prop_oneof![
        Just(vec![verdict(Verdict::Accept)]),
        Just(vec![verdict(Verdict::Drop)]),
        Just(vec![verdict(Verdict::Return)]),
        Just(vec![verdict(Verdict::Jump("a".to_owned()))]),
        Just(vec![verdict(Verdict::Goto("b".to_owned()))]),
        Just(vec![Expression::Counter]),
        (1_u32..3).prop_map(|mark| vec![
            Expression::Immediate { to: Register(32), value: mark.to_ne_bytes().to_vec() },
            Expression::MetaSet { key: "mark".to_owned(), from: Register(32) },
        ]),
    ];
    (ask, deed).prop_map(|(ask, deed)| [ask, deed].concat())
}

fn any_tables() -> impl Strategy<Value = Vec<Table>> {
    let rules = || proptest::collection::vec(any_rule(), 0..4);
    // `a` may lead to `b`, and `b` nowhere, so that nothing goes in circles.
    let ends = |rules: Vec<Vec<Expression>>, allowed: &'static str| -> Vec<Vec<Expression>> {
        rules
            .into_iter()
            .map(|rule| {
                rule.into_iter()
                    .map(|step| match step {
                        Expression::Verdict { verdict: Verdict::Jump(to) | Verdict::Goto(to) }
                            if to.as_str() <= allowed =>
                        {
                            verdict(Verdict::Return)
                        }
                        step => step,
                    })
                    .collect()
            })
            .collect()
    };
    (rules(), rules(), rules(), rules(), any::<bool>()).prop_map(move |(one, two, a, b, drops)| {
        let mut last = forward(5, two);
        if let Some(base) = last.base.as_mut().filter(|_| drops) {
            base.policy = Policy::Drop;
        }
        vec![table("t", vec![forward(-5, one), last, chain("a", None, ends(a, "a")), chain("b", None, ends(b, "b"))])]
    })
}

/// The tables with every unknown match answered, by the bits of `answers` in order.
fn answered(tables: &[Table], answers: u64) -> Vec<Table> {
    let mut at = 0;
    let mut tables = tables.to_vec();
    for rule in tables.iter_mut().flat_map(|table| &mut table.chains).flat_map(|chain| &mut chain.rules) {
        let steps = std::mem::take(&mut rule.expressions);
        rule.expressions = steps
            .into_iter()
            .filter_map(|step| match step {
                Expression::Unknown { .. } => {
                    at += 1;
                    known(answers >> (at % 64) & 1 == 1)
                }
                step => Some(step),
            })
            .collect();
    }
    tables
}

fn ending(branch: &Branch) -> (u8, u32) {
    match branch.verdict {
        Ending::Accept => (0, branch.packet.mark),
        Ending::Drop { .. } => (1, 0),
        Ending::Reject { .. } => (2, 0),
        Ending::Queue { .. } => (3, 0),
    }
}

proptest! {
    /// Whatever the unknown matches say, what comes of it is among the ways that were followed; and where there is but
    /// one way, it is that one.
    #[test]
    fn the_ways_hold_every_answer(tables in any_tables(), answers in any::<u64>()) {
        let branches = pass(tables.clone(), Hook::Forward);
        let told: Vec<_> = branches.iter().map(ending).collect();
        prop_assert!(!told.is_empty());
        prop_assert_eq!(branches.len() > 1, branches.iter().all(|branch| !branch.undecided.is_empty()));
        let sure = pass(answered(&tables, answers), Hook::Forward);
        prop_assert_eq!(sure.len(), 1);
        prop_assert!(told.contains(&ending(&sure[0])), "{:?} is not among {:?}", sure[0].verdict, told);
    }

    /// Rules from a recording may be anything.
    #[test]
    fn any_rules_end(tables in any_tables(), names in proptest::collection::vec("[ab]|forward-5", 1..6), hook in prop_oneof![Just(Hook::Prerouting), Just(Hook::Forward), Just(Hook::Output), Just(Hook::Postrouting)]) {
        let mut tables = tables;
        // Chains that go in circles.
        for (name, chain) in names.into_iter().zip(tables[0].chains.iter_mut()) {
            chain.rules.extend(self::chain("x", None, vec![vec![verdict(Verdict::Jump(name))]]).rules);
        }
        prop_assert!(!pass(tables, hook).is_empty());
    }
}

#[test]
fn a_known_flow_is_found_again() {
    let namespace = namespace(Vec::new());
    let connection = Connection { mark: 7, ..Connection::new(&syn()) };
    let passage = Passage { connection: Some(connection.clone()), ..passage(Hook::Prerouting) };
    assert_eq!(NamespaceRules::new(&namespace).pass(passage)[0].connection, Some(connection));
}
