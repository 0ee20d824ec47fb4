//! Walks against the kernel: the flows that are easily got wrong, each with the counter of its rule, and every pair of
//! containers and published port with a real connection attempt.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    io::BufReader,
    net::{IpAddr, Ipv4Addr, SocketAddrV4},
};

use anyhow::{Context, Result, ensure};
use bridgewalk_analysis::walk::{Action, End, Evidence, Protocol, Question, Verdict, Walk, Walker};
use bridgewalk_model::{Snapshot, firewall::Hook, recording::Recording};
use bridgewalk_tests::{
    host::DockerHost,
    probe::{self, Outcome},
    rootfs::{Engine, engines},
    scenario,
};

/// What is seen of the host now.
fn look(host: &DockerHost) -> Result<Snapshot> {
    let path = "/tmp/walk.bwrec";
    host.shell(&format!("rm -f {path}"))?;
    host.bridgewalk(&["record", "--seconds", "1", "-o", path])?.ok("bridgewalk record")?;
    let recording = Recording::read(BufReader::new(File::open(host.path_in_host(path))?))?;
    Ok(recording.last_snapshot())
}

fn walk(snapshot: &Snapshot, from: &str, to: &str, protocol: Protocol) -> Result<Walk> {
    let walker = Walker::new(snapshot);
    let (to, port) = walker.receiver(to)?;
    Ok(walker.walk(&Question { from: walker.sender(from)?, to, port, protocol, source_port: None }))
}

/// The rules that a walk's first packet matched, with the hook.
fn rules(walk: &Walk) -> Vec<(Hook, String)> {
    let evidence = walk.way.hops.iter().flat_map(|hop| &hop.evidence);
    evidence
        .filter_map(|evidence| match evidence {
            Evidence::Rule { rule, hook } => Some((*hook, rule.text.clone())),
            _ => None,
        })
        .collect()
}

fn has(walk: &Walk, action: Action) -> bool {
    walk.way.hops.iter().any(|hop| hop.action == action)
}

/// How many packets each rule of a namespace has counted, by its text.
fn counters(saved: &str) -> BTreeMap<String, u64> {
    let line = |line: &str| {
        let (counts, text) = line.strip_prefix('[')?.split_once("] ")?;
        Some((text.to_owned(), counts.split(':').next()?.parse().ok()?))
    };
    saved.lines().filter_map(line).collect()
}

/// Connects for real, and sees that the very rules that the walk names have counted it.
fn check(host: &DockerHost, from_pid: u32, to: SocketAddrV4, walk: &Walk, outcome: Outcome) -> Result<()> {
    let before = counters(&host.oracle().iptables()?);
    let real = probe::connect_from(from_pid, &[to])?;
    let after = counters(&host.oracle().iptables()?);
    ensure!(real.get(&to) == Some(&outcome), "{to}: {real:?}, and the walk says {:?}", walk.way);
    let own = rules(walk).into_iter().filter(|(_, text)| before.contains_key(text));
    for (hook, text) in own {
        ensure!(after.get(&text) > before.get(&text), "{hook:?} {text} has not counted a packet to {to}");
    }
    Ok(())
}

#[test]
fn walks_go_as_the_kernel_sends_them() -> Result<()> {
    for engine in engines() {
        let host = DockerHost::start(engine, "walker")?;
        scenario::everything(&host)?;
        scenario::run(&host, "second", &["--network", "mesh"], &scenario::HTTP)?;
        host.docker(&["network", "create", "--opt", "com.docker.network.bridge.enable_icc=false", "quiet"])?;
        for name in ["hush", "mute"] {
            scenario::run(&host, name, &["--network", "quiet"], &scenario::HTTP)?;
        }
        scenario::settled(&host)?;
        flows(&host).with_context(|| format!("the flows on {engine}"))?;
        pairs(&host).with_context(|| format!("the pairs on {engine}"))?;
        bridge_filter_off(&host).with_context(|| format!("without bridge netfilter on {engine}"))?;
    }
    Ok(())
}

fn pid_of(host: &DockerHost, container: &str) -> Result<u32> {
    host.outer_pid(host.container_pid(container)?)
}

fn address_of(snapshot: &Snapshot, container: &str, network: &str) -> Result<Ipv4Addr> {
    let container =
        snapshot.hosts[0].containers.iter().find(|one| one.name.as_str() == container).context("container")?;
    let end = container.attachments.iter().find(|end| end.network_name.as_str() == network).context("network")?;
    match end.ipv4.context("address")?.addr() {
        IpAddr::V4(address) => Ok(address),
        IpAddr::V6(_) => anyhow::bail!("an IPv6 address"),
    }
}

fn flows(host: &DockerHost) -> Result<()> {
    let snapshot = look(host)?;
    let own = SocketAddrV4::new(host.address(), 8080);
    let loopback = SocketAddrV4::new(Ipv4Addr::LOCALHOST, 8080);
    let tcp = |from: &str, to: &str| walk(&snapshot, from, to, Protocol::Tcp);

    let there = tcp("host", "127.0.0.1:8080")?;
    ensure!(has(&there, Action::Proxied) && !has(&there, Action::Translated), "{there:?}");
    ensure!(there.connects() == Some(true), "{there:?}");
    check(host, host.pid(), loopback, &there, Outcome::Answered)?;

    let there = tcp("host", &own.to_string())?;
    ensure!(has(&there, Action::Translated) && !has(&there, Action::Proxied), "{there:?}");
    ensure!(rules(&there).iter().any(|(hook, text)| *hook == Hook::Output && text.contains("DNAT")), "{there:?}");
    check(host, host.pid(), own, &there, Outcome::Answered)?;

    let local = SocketAddrV4::new(address_of(&snapshot, "local", "bridge")?, 80);
    let there = tcp("web", &local.to_string())?;
    let is_filtered = host.oracle().sysctl("net/bridge/bridge-nf-call-iptables")? == "1";
    ensure!(has(&there, Action::Bridged) && !has(&there, Action::Routed), "{there:?}");
    ensure!(rules(&there).iter().any(|(hook, _)| *hook == Hook::Forward) == is_filtered, "{there:?}");
    check(host, pid_of(host, "web")?, local, &there, Outcome::Answered)?;

    let gateway = SocketAddrV4::new("172.17.0.1".parse()?, 8080);
    let there = tcp("linked", &gateway.to_string())?;
    ensure!(has(&there, Action::Proxied) && !has(&there, Action::Translated), "{there:?}");
    check(host, pid_of(host, "linked")?, gateway, &there, Outcome::Answered)?;

    let shop = SocketAddrV4::new(address_of(&snapshot, "shop", "front")?, 80);
    let there = tcp("web", &shop.to_string())?;
    ensure!(there.way.verdict == Verdict::Dropped, "{there:?}");
    // Since Docker 28 a container's address is closed to other networks before anything is routed.
    let chain = if host.engine() == Engine::Docker28_5 { "PREROUTING" } else { "DOCKER-ISOLATION-STAGE-2" };
    ensure!(
        matches!(&there.way.decided_by, Some(Evidence::Rule { rule, .. }) if rule.chain == chain),
        "{:?}",
        there.way.decided_by
    );
    check(host, pid_of(host, "web")?, shop, &there, Outcome::Silent)?;

    // Not Docker's to tell: the address of the gateway bridge is in the namespace alone.
    let second = host.oracle_in("second")?.tool(&["ip", "-4", "-o", "addr", "show", "eth1"])?;
    let second = second.split_whitespace().nth(3).and_then(|net| net.split('/').next()).context("no address")?;
    let second = SocketAddrV4::new(second.parse()?, 80);
    let there = tcp("mesher", &second.to_string())?;
    ensure!(there.way.verdict == if is_filtered { Verdict::Dropped } else { Verdict::Delivered }, "{there:?}");
    let outcome = if is_filtered { Outcome::Silent } else { Outcome::Answered };
    check(host, pid_of(host, "mesher")?, second, &there, outcome)?;

    let there = walk(&snapshot, "shop", "127.0.0.11:53", Protocol::Udp)?;
    ensure!(there.way.verdict == Verdict::Delivered && has(&there, Action::Translated), "{there:?}");
    let before = counters(&host.oracle_in("shop")?.iptables()?);
    // What it answers is another matter: a name without an IPv6 address makes a failure of it.
    host.run(&["docker", "exec", "shop", "/bin/nslookup", "proxy", "127.0.0.11"])?;
    let after = counters(&host.oracle_in("shop")?.iptables()?);
    for (_, text) in rules(&there) {
        ensure!(after.get(&text) > before.get(&text), "{text} has not counted a question");
    }
    Ok(())
}

/// Every container, the host and outside, to every address of every container and every published port.
fn pairs(host: &DockerHost) -> Result<()> {
    let snapshot = look(host)?;
    let walker = Walker::new(&snapshot);
    let observed = &snapshot.hosts[0];
    let mut targets: BTreeSet<SocketAddrV4> = BTreeSet::new();
    for container in observed.containers.iter().filter(|one| one.state.is_alive()) {
        for end in &container.attachments {
            if let Some(IpAddr::V4(address)) = end.ipv4.map(|net| net.addr()) {
                targets.extend([80, 81].map(|port| SocketAddrV4::new(address, port)));
            }
        }
        for binding in container.published.iter().filter(|one| one.container_port.transport.as_str() == "tcp") {
            if let Some(port) = binding.host_port {
                let addresses = [host.address(), Ipv4Addr::LOCALHOST, "172.17.0.1".parse()?];
                targets.extend(addresses.map(|address| SocketAddrV4::new(address, port)));
            }
        }
    }
    targets.insert(SocketAddrV4::new(host.address(), 9090));
    let targets: Vec<SocketAddrV4> = targets.into_iter().collect();

    let mut sources: Vec<(String, u32, End)> = vec![
        ("host".to_owned(), host.pid(), walker.sender("host")?),
        ("outside".to_owned(), host.link().pid(), End::Outside),
    ];
    // A macvlan container comes to all others by a router that nobody observes.
    let running = observed.containers.iter().filter(|one| one.state.as_str() == "running");
    for container in running.filter(|one| one.attachments.iter().all(|end| end.network_name.as_str() != "lan")) {
        let name = container.name.as_str();
        sources.push((name.to_owned(), pid_of(host, name)?, walker.sender(name)?));
    }
    let mut real = Vec::new();
    for (name, pid, end) in sources {
        // Somebody outside has a loopback address of its own.
        let is_far = end == End::Outside;
        let targets: Vec<_> = targets.iter().copied().filter(|to| !is_far || !to.ip().is_loopback()).collect();
        real.push((name, end, probe::connect_from(pid, &targets)?));
    }

    // Who answers on a link is known once somebody has asked.
    let snapshot = look(host)?;
    let walker = Walker::new(&snapshot);
    let (mut checked, mut undecided, mut wrong) = (0, 0, Vec::new());
    for (name, end, outcomes) in &real {
        for (to, outcome) in outcomes {
            let address = IpAddr::V4(*to.ip());
            let walk = walker.walk(&Question {
                from: end.clone(),
                to: End::Address { address, host: None },
                port: Some(to.port()),
                protocol: Protocol::Tcp,
                source_port: None,
            });
            checked += 1;
            match agrees(&walk, *outcome) {
                Some(true) => {}
                None => undecided += 1,
                Some(false) => {
                    let path: Vec<_> = walk.way.hops.iter().map(|hop| hop.action).collect();
                    let reply = walk.reply.as_ref().map(|reply| reply.verdict);
                    let verdict = walk.way.verdict;
                    wrong.push(format!(
                        "{name} to {to}: {outcome:?}, and the walk says {verdict:?} ({reply:?}) {path:?}"
                    ));
                }
            }
        }
    }
    println!("{}: {checked} pairs, {undecided} undecided, {} wrong", host.engine(), wrong.len());
    ensure!(wrong.is_empty(), "{} of {checked} are wrong:\n{}", wrong.len(), wrong.join("\n"));
    ensure!(undecided * 10 <= checked, "{undecided} of {checked} are undecided");
    Ok(())
}

/// Whether what happened is what the walk says; none: it does not say.
fn agrees(walk: &Walk, outcome: Outcome) -> Option<bool> {
    let reply = walk.reply.as_ref().map(|reply| reply.verdict);
    Some(match (walk.way.verdict, reply) {
        (Verdict::Undecided, _) | (Verdict::Delivered, Some(Verdict::Undecided)) => return None,
        (Verdict::Delivered, Some(Verdict::Delivered)) => matches!(outcome, Outcome::Answered | Outcome::Open),
        (Verdict::Delivered, _) => matches!(outcome, Outcome::Silent | Outcome::Unreachable),
        // A reset that is lost on its way leaves silence, or never could be awaited.
        (Verdict::NoListener, Some(Verdict::Delivered)) => matches!(outcome, Outcome::Refused | Outcome::Closed),
        (Verdict::NoListener, _) => matches!(outcome, Outcome::Silent | Outcome::Unreachable),
        (Verdict::Dropped, _) => outcome == Outcome::Silent,
        (Verdict::Rejected, _) => matches!(outcome, Outcome::Refused | Outcome::Unreachable),
        (Verdict::NoRoute, _) => matches!(outcome, Outcome::Unreachable | Outcome::Silent),
    })
}

/// Without bridge netfilter nobody keeps the containers of a network apart, whatever Docker was told.
fn bridge_filter_off(host: &DockerHost) -> Result<()> {
    let set = |value: &str| host.shell(&format!("echo {value} >/proc/sys/net/bridge/bridge-nf-call-iptables"));
    let snapshot = look(host)?;
    let mute = SocketAddrV4::new(address_of(&snapshot, "mute", "quiet")?, 80);
    let hush = pid_of(host, "hush")?;
    set("1")?;
    let there = walk(&look(host)?, "hush", "mute:80", Protocol::Tcp)?;
    ensure!(there.way.verdict == Verdict::Dropped, "{there:?}");
    check(host, hush, mute, &there, Outcome::Silent)?;
    set("0")?;
    let there = walk(&look(host)?, "hush", "mute:80", Protocol::Tcp)?;
    ensure!(there.connects() == Some(true) && rules(&there).is_empty(), "{there:?}");
    check(host, hush, mute, &there, Outcome::Answered)?;
    set("1").map(drop)
}
