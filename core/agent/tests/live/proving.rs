//! Packets that are really sent, with the kernel's trace of them: through a router with rules of its own.

use std::{
    io::Write as _,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use bridgewalk_agent::{
    frame::encode,
    protocol::{BUILD, Hints, Message, PROTOCOL_VERSION, Request},
};
use bridgewalk_model::{
    NamespaceInode,
    firewall::Hook,
    proof::{
        Answer, NamespaceTrace, Passage, ProbeProtocol, Proof, ProofFailure, ProofOrder, SecondFlow, Step, StepKind,
        StepVerdict,
    },
};

use crate::bench::{Named, Talk};

/// A client, a router that publishes 8080 for the server's 80, and the server.
struct Line {
    client: Named,
    router: Named,
    server: Named,
    _http: Process,
}

struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

const RULES: &str = "\
table ip nat {
  chain pre { type nat hook prerouting priority dstnat; iif cl tcp dport 8080 dnat to 10.0.2.2:80; }
  chain post { type nat hook postrouting priority srcnat; oif sv masquerade; }
}
table inet filter {
  chain ours { tcp dport 81 drop; udp dport 82 reject; return; }
  chain through { type filter hook forward priority 0; ct state established accept; jump ours; tcp dport 80 accept; }
}
";

impl Line {
    fn new() -> Self {
        let (client, router, server) = (Named::new(), Named::new(), Named::new());
        router.run(&format!("ip link add cl type veth peer name eth0 netns {}", client.0));
        router.run(&format!("ip link add sv type veth peer name eth0 netns {}", server.0));
        for command in ["ip link set lo up", "ip link set cl up", "ip link set sv up", "ip addr add 10.0.1.1/24 dev cl"]
        {
            router.run(command);
        }
        router.run("ip addr add 10.0.2.1/24 dev sv");
        router.run("ip addr add 2001:db8:1::1/64 dev cl nodad");
        router.run("ip addr add 2001:db8:2::1/64 dev sv nodad");
        router.run("sysctl -q -w net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 net.ipv4.conf.all.rp_filter=1");
        for (end, net) in [(&client, 1), (&server, 2)] {
            end.run("ip link set lo up");
            end.run("ip link set eth0 up");
            end.run(&format!("ip addr add 10.0.{net}.2/24 dev eth0"));
            end.run(&format!("ip addr add 2001:db8:{net}::2/64 dev eth0 nodad"));
            end.run(&format!("ip route add default via 10.0.{net}.1"));
            end.run(&format!("ip -6 route add default via 2001:db8:{net}::1"));
        }
        router.run(&format!("sh -c \"nft -f - <<'X'\n{RULES}\nX\""));
        let http = Command::new("ip")
            .args(["netns", "exec", &server.0, "busybox", "httpd", "-f", "-p", "80", "-h", "/"])
            .spawn()
            .expect("busybox");
        let until = Instant::now() + Duration::from_secs(5);
        while !server.run("ss -Hltn").contains(":80") {
            assert!(Instant::now() < until, "no server");
            std::thread::sleep(Duration::from_millis(20));
        }
        Self { client, router, server, _http: Process(http) }
    }

    fn order(&self, protocol: ProbeProtocol, destination: &str, port: u16) -> ProofOrder {
        ProofOrder {
            from: self.client.inode(),
            protocol,
            destination: destination.parse().expect("address"),
            port,
            source_port: None,
            wait_ms: 400,
            namespaces: [&self.client, &self.router, &self.server].map(Named::inode).to_vec(),
            second_flows: Vec::new(),
        }
    }

    fn rulesets(&self) -> String {
        [&self.client, &self.router, &self.server].map(|named| named.run("nft -a list ruleset")).concat()
    }
}

fn ask(talk: &mut Talk, number: u32, order: ProofOrder) {
    talk.ask(Request::Prove { number, order });
}

fn answer(talk: &mut Talk) -> (u32, Result<Proof, ProofFailure>) {
    loop {
        if let Message::Proof { number, proof, failure } = talk.next() {
            return (number, proof.map(|proof| *proof).ok_or_else(|| failure.expect("a failure")));
        }
    }
}

fn prove(talk: &mut Talk, order: ProofOrder) -> Proof {
    ask(talk, 1, order);
    answer(talk).1.expect("a proof")
}

fn trace(proof: &Proof, inode: NamespaceInode) -> &NamespaceTrace {
    let trace = proof.namespace(inode).expect("a trace");
    assert_eq!((&trace.failure, trace.rules_changed, trace.is_truncated), (&None, false, false));
    trace
}

/// Each chain that decided something there and back: `nat/pre: rule accept`.
fn told(trace: &NamespaceTrace, is_reply: bool) -> Vec<String> {
    let decides = |passage: &&Passage| passage.steps.iter().any(|step| matches!(step.by, StepKind::Rule { .. }));
    let passages = trace.passages.iter().filter(|passage| passage.is_reply == is_reply).filter(decides);
    passages
        .map(|passage| {
            let said = |step: &&Step| step.verdict != StepVerdict::Continue;
            let steps = passage.steps.iter().filter(said).map(|step| match (&step.by, &step.verdict) {
                (StepKind::Policy, verdict) => format!("policy {verdict:?}"),
                (_, StepVerdict::Jump { chain }) => format!("jump {chain}"),
                (_, verdict) => format!("{verdict:?}"),
            });
            format!("{}/{}: {}", passage.table, passage.chain, steps.collect::<Vec<_>>().join(", "))
        })
        .collect()
}

fn hooks(trace: &NamespaceTrace, is_reply: bool) -> Vec<Hook> {
    trace.marks.iter().filter(|mark| mark.is_reply == is_reply).map(|mark| mark.hook).collect()
}

#[test]
fn a_published_port_is_followed_there_and_back_and_nothing_is_left() {
    let line = Line::new();
    let mut talk = Talk::watch();
    let before = line.rulesets();
    let proof = prove(&mut talk, line.order(ProbeProtocol::Tcp, "10.0.1.1", 8080));
    assert_eq!(line.rulesets(), before);

    assert_eq!(proof.answer, Answer::Answered);
    assert_eq!(proof.sent.destination.to_string_for_test(), "10.0.1.1:8080");
    let router = trace(&proof, line.router.inode());
    assert_eq!(
        told(router, false),
        ["nat/pre: Accept", "filter/through: jump ours, Return, Accept", "nat/post: Accept"]
    );
    assert_eq!(told(router, true), ["filter/through: Accept"]);
    assert_eq!(hooks(router, false), [Hook::Prerouting, Hook::Postrouting]);
    assert_eq!(hooks(router, true), [Hook::Prerouting, Hook::Postrouting]);
    let connection = router.connections[0];
    assert_eq!(connection.original, proof.sent);
    assert_eq!(connection.reply.source.to_string_for_test(), "10.0.2.2:80");
    assert_eq!(connection.reply.destination.address.to_string(), "10.0.2.1");
    let of_trace = router.passages.iter().find_map(|passage| passage.connection);
    if let Some(of_trace) = of_trace {
        assert_eq!(Some(of_trace.id), connection.id);
    }
    let server = trace(&proof, line.server.inode());
    assert_eq!(hooks(server, false), [Hook::Prerouting, Hook::Input]);
    assert_eq!(server.marks[0].packet.source.address.to_string(), "10.0.2.1");
    assert_eq!(server.marks[0].packet.source.port, proof.sent.source.port);
    let client = trace(&proof, line.client.inode());
    assert_eq!(hooks(client, false), [Hook::Output, Hook::Postrouting]);
    assert_eq!(hooks(client, true), [Hook::Prerouting, Hook::Input]);
    // Nobody waits for anything: no TIME_WAIT stays.
    assert!(!line.client.run("ss -Htan").contains("TIME-WAIT"));
}

trait ForTest {
    fn to_string_for_test(&self) -> String;
}

impl ForTest for bridgewalk_model::AddressPort {
    fn to_string_for_test(&self) -> String {
        std::net::SocketAddr::new(self.address, self.port).to_string()
    }
}

#[test]
fn what_does_not_arrive_ends_where_the_kernel_ends_it() {
    let line = Line::new();
    let mut talk = Talk::watch();

    let dropped = prove(&mut talk, line.order(ProbeProtocol::Tcp, "10.0.2.2", 81));
    assert_eq!(dropped.answer, Answer::Silence);
    let router = trace(&dropped, line.router.inode());
    assert_eq!(told(router, false), ["filter/through: jump ours, Drop"]);
    assert_eq!(hooks(router, false), [Hook::Prerouting]);
    assert!(trace(&dropped, line.server.inode()).marks.is_empty());

    let rejected = prove(&mut talk, line.order(ProbeProtocol::Udp, "10.0.2.2", 82));
    assert_eq!(rejected.answer, Answer::Refused);
    assert_eq!(told(trace(&rejected, line.router.inode()), false), ["filter/through: jump ours, Drop"]);

    let refused = prove(&mut talk, line.order(ProbeProtocol::Tcp, "10.0.2.2", 83));
    assert_eq!(refused.answer, Answer::Refused);
    assert_eq!(hooks(trace(&refused, line.server.inode()), false), [Hook::Prerouting, Hook::Input]);

    let nobody = prove(&mut talk, line.order(ProbeProtocol::Udp, "10.0.2.2", 84));
    assert_eq!(nobody.answer, Answer::Refused);

    let no_route = prove(&mut talk, line.order(ProbeProtocol::Udp, "10.0.9.9", 84));
    assert!(matches!(no_route.answer, Answer::Unreachable { .. }), "{:?}", no_route.answer);
    assert_eq!(hooks(trace(&no_route, line.router.inode()), false), [Hook::Prerouting]);

    // A sender that the router expects elsewhere: rp_filter drops it, and no rule says so.
    line.client.run("ip addr add 10.0.2.77/32 dev lo");
    line.client.run("ip route add 10.0.2.2/32 via 10.0.1.1 src 10.0.2.77");
    let martian = prove(&mut talk, line.order(ProbeProtocol::Udp, "10.0.2.2", 84));
    assert_eq!(martian.sent.source.address.to_string(), "10.0.2.77");
    assert_eq!(martian.answer, Answer::Silence);
    let router = trace(&martian, line.router.inode());
    assert_eq!(hooks(router, false), [Hook::Prerouting]);
    assert!(told(router, false).iter().all(|passage| !passage.contains("Drop")));
}

#[test]
fn echoes_and_ipv6_are_followed_alike() {
    let line = Line::new();
    let mut talk = Talk::watch();
    for (protocol, destination) in [
        (ProbeProtocol::Icmp, "10.0.2.2"),
        (ProbeProtocol::Icmp, "2001:db8:2::2"),
        (ProbeProtocol::Tcp, "2001:db8:2::2"),
    ] {
        let port = if protocol == ProbeProtocol::Icmp { 0 } else { 80 };
        // Neighbours are not known at first, and are not asked for while link-local addresses are on trial (RFC 4862).
        let until = Instant::now() + Duration::from_secs(10);
        let proof = loop {
            let proof = prove(&mut talk, line.order(protocol, destination, port));
            if proof.answer != Answer::Silence || Instant::now() > until {
                break proof;
            }
        };
        assert_eq!(proof.answer, Answer::Answered, "{protocol:?} {destination}");
        for named in [&line.client, &line.router, &line.server] {
            let trace = trace(&proof, named.inode());
            assert_eq!(hooks(trace, false).len(), 2, "{protocol:?} {destination} {trace:?}");
            assert_eq!(hooks(trace, true).len(), 2, "{protocol:?} {destination} {trace:?}");
        }
    }
}

#[test]
fn a_second_flow_is_known_by_its_receiver() {
    let line = Line::new();
    let proxy = Command::new("ip")
        .args(["netns", "exec", &line.router.0, "busybox", "nc", "-ll", "-p", "99", "-e", "busybox", "nc", "10.0.2.2"])
        .arg("80")
        .spawn()
        .map(Process)
        .expect("proxy");
    let until = Instant::now() + Duration::from_secs(5);
    while !line.router.run("ss -Hltn").contains(":99") {
        assert!(Instant::now() < until, "no proxy");
        std::thread::sleep(Duration::from_millis(20));
    }
    let mut talk = Talk::watch();
    let destination = "10.0.2.2".parse().expect("address");
    let second = SecondFlow { protocol: ProbeProtocol::Tcp, destination, port: 80 };
    let order =
        ProofOrder { second_flows: vec![second], wait_ms: 900, ..line.order(ProbeProtocol::Tcp, "10.0.1.1", 99) };
    let proof = prove(&mut talk, order);
    drop(proxy);
    let server = trace(&proof, line.server.inode());
    assert!(server.marks.iter().all(|mark| mark.flow == bridgewalk_model::proof::TracedFlow::Second));
    assert_eq!(hooks(server, false), [Hook::Prerouting, Hook::Input], "{server:?}");
}

#[test]
fn two_at_once_do_not_disturb_each_other() {
    let line = Line::new();
    let mut talk = Talk::watch();
    let before = line.rulesets();
    ask(&mut talk, 1, line.order(ProbeProtocol::Tcp, "10.0.1.1", 8080));
    ask(&mut talk, 2, line.order(ProbeProtocol::Tcp, "10.0.2.2", 81));
    ask(&mut talk, 3, line.order(ProbeProtocol::Udp, "10.0.2.2", 82));
    for _ in 0..3 {
        let (number, proof) = answer(&mut talk);
        let proof = proof.expect("a proof");
        let router = trace(&proof, line.router.inode());
        let told = told(router, false);
        match number {
            1 => assert_eq!(told.len(), 3, "{told:?}"),
            _ => assert_eq!(told, ["filter/through: jump ours, Drop"]),
        }
        assert!(router.marks.iter().all(|mark| mark.packet.source.port == proof.sent.source.port || mark.is_reply));
    }
    assert_eq!(line.rulesets(), before);
}

#[test]
fn rules_that_change_in_the_midst_are_said() {
    let line = Line::new();
    let mut talk = Talk::watch();
    ask(&mut talk, 1, line.order(ProbeProtocol::Tcp, "10.0.2.2", 81));
    std::thread::sleep(Duration::from_millis(150));
    line.router.run("nft add table inet other");
    let proof = answer(&mut talk).1.expect("a proof");
    assert!(proof.namespace(line.router.inode()).expect("router").rules_changed);
    assert!(!proof.namespace(line.server.inode()).expect("server").rules_changed);
}

#[test]
fn an_agent_without_leave_refuses_and_nonsense_is_refused() {
    let line = Line::new();
    let mut talk = Talk::start_with(bridgewalk_agent::Leave::ReadOnly);
    talk.ask(Request::Watch { hints: Hints::default() });
    talk.until_done();
    ask(&mut talk, 7, line.order(ProbeProtocol::Tcp, "10.0.1.1", 8080));
    assert_eq!(answer(&mut talk), (7, Err(ProofFailure::NotAllowed)));

    let mut talk = Talk::watch();
    for order in [
        line.order(ProbeProtocol::Udp, "255.255.255.255", 1),
        line.order(ProbeProtocol::Udp, "224.0.0.1", 1),
        line.order(ProbeProtocol::Tcp, "10.0.1.1", 0),
        ProofOrder { wait_ms: 5_000, ..line.order(ProbeProtocol::Tcp, "10.0.1.1", 1) },
    ] {
        ask(&mut talk, 1, order);
        assert!(matches!(answer(&mut talk).1, Err(ProofFailure::Order { .. })));
    }
    let gone = NamespaceInode(1);
    ask(&mut talk, 1, ProofOrder { from: gone, ..line.order(ProbeProtocol::Tcp, "10.0.1.1", 1) });
    assert_eq!(answer(&mut talk).1, Err(ProofFailure::Vanished { namespace: gone }));
}

#[test]
fn a_killed_agent_leaves_no_table() {
    let line = Line::new();
    let before = line.rulesets();
    let program = env!("CARGO_BIN_EXE_bridgewalk-agent");
    let mut agent = Command::new(program)
        .arg("--may-prove")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .map(Process)
        .expect("the agent");
    let mut say = |request: &Request| {
        let input = agent.0.stdin.as_mut().expect("stdin");
        input.write_all(&encode(request).expect("frame")).expect("said");
        input.flush().expect("said");
    };
    say(&Request::Hello { protocol_version: PROTOCOL_VERSION, program_version: BUILD.to_owned() });
    say(&Request::Watch { hints: Hints::default() });
    let order = ProofOrder { wait_ms: 900, ..line.order(ProbeProtocol::Tcp, "10.0.2.2", 81) };
    // It may not have looked yet: ask until a table is there.
    let until = Instant::now() + Duration::from_secs(10);
    while !line.router.run("nft list tables").contains("bridgewalk-proof") {
        assert!(Instant::now() < until, "no proof began");
        say(&Request::Prove { number: 1, order: order.clone() });
        std::thread::sleep(Duration::from_millis(30));
    }
    agent.0.kill().expect("killed");
    agent.0.wait().expect("ended");
    let until = Instant::now() + Duration::from_secs(2);
    while line.rulesets() != before {
        assert!(Instant::now() < until, "left behind: {}", line.rulesets());
        std::thread::sleep(Duration::from_millis(5));
    }
}
