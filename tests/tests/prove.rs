//! `walk --prove` on real hosts: the kernel does as predicted, and nothing is left behind.

use std::{
    process::Stdio,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use bridgewalk_tests::{host::DockerHost, process, rootfs::Engine, scenario};
use serde_json::Value;

/// Long enough for a busy machine.
const LIMIT: Duration = Duration::from_secs(60);

/// A packet, and what becomes of it.
struct Flow {
    from: &'static str,
    to: String,
    protocol: &'static str,
    verdict: &'static str,
}

fn prove(host: &DockerHost, flow: &Flow) -> Result<Value> {
    let args = ["walk", flow.from, &flow.to, "--protocol", flow.protocol, "--prove", "--json"];
    let ran = process::run(host.bridgewalk_command(None, &args), &[], LIMIT)?;
    let stderr = ran.stderr.clone();
    let text = ran.ok(&args.join(" "))?;
    ensure!(stderr.contains("Sending one"), "{stderr}");
    serde_json::from_str(&text).with_context(|| format!("no JSON: {text}"))
}

/// All rules of the host and of each running container.
fn rules(host: &DockerHost) -> Result<String> {
    let mut rules = host.oracle().tool(&["nft", "-a", "list", "ruleset"])?;
    for container in host.docker(&["ps", "--quiet"])?.lines() {
        rules += &host.oracle_in(container)?.tool(&["nft", "-a", "list", "ruleset"])?;
    }
    // Counters count on.
    let is_number = |word: &str| word.chars().all(|character| character.is_ascii_digit());
    Ok(rules.split_whitespace().filter(|word| !is_number(word)).collect::<Vec<_>>().join(" "))
}

/// An address of a container on a network.
fn address(host: &DockerHost, container: &str, network: &str) -> Result<String> {
    let format = format!("{{{{(index .NetworkSettings.Networks \"{network}\").IPAddress}}}}");
    Ok(host.docker(&["inspect", "--format", &format, container])?.trim().to_owned())
}

/// A container's address on `docker_gwbridge`, of which no inspection tells: the one that is not the overlay's.
fn gateway_address(host: &DockerHost, container: &str) -> Result<String> {
    let listed = host.docker(&["exec", container, "ip", "-4", "-o", "addr"])?;
    let mut addresses = listed.split_whitespace().filter_map(|word| word.split_once('/')).map(|(address, _)| address);
    let found = addresses.rfind(|address| !address.starts_with("127.") && !address.starts_with("10."));
    found.map(str::to_owned).with_context(|| format!("{container} is not on docker_gwbridge: {listed}"))
}

/// The seven flows whose ways are known, and some more.
fn flows(host: &DockerHost) -> Result<Vec<Flow>> {
    let flow = |from, to: &str, protocol, verdict| Flow { from, to: to.to_owned(), protocol, verdict };
    let own = host.address();
    Ok(vec![
        flow("host", "127.0.0.1:8080", "tcp", "delivered"),
        flow("host", &format!("{own}:8080"), "tcp", "delivered"),
        flow("web", "local:80", "tcp", "delivered"),
        flow("host", &format!("[::ffff:{}]:80", address(host, "web", "bridge")?), "tcp", "delivered"),
        flow("web", "172.17.0.1:8080", "tcp", "delivered"),
        flow("web", &format!("{}:80", address(host, "proxy", "front")?), "tcp", "dropped"),
        flow("mesher", &format!("{}:80", gateway_address(host, "mesher2")?), "tcp", "dropped"),
        flow("proxy", "127.0.0.11:53", "udp", "delivered"),
        flow("web", "local", "icmp", "delivered"),
        flow("web", "exposed:9000", "tcp", "no_listener"),
        flow("proxy", "shop-front:80", "tcp", "delivered"),
    ])
}

fn agrees_on(engine: Engine) -> Result<()> {
    let host = DockerHost::start(engine, "earth")?;
    scenario::without_swarm(&host)?;
    scenario::swarm(&host)?;
    scenario::run(&host, "mesher2", &["--network", "mesh"], &scenario::HTTP)?;
    scenario::settled(&host)?;
    let before = rules(&host)?;
    let mut wrong = Vec::new();
    for flow in flows(&host)? {
        let told = prove(&host, &flow)?;
        let comparison = &told["observed"]["comparison"];
        println!(
            "{engine}: {} to {} {}: {}, answer {}, agrees {}",
            flow.from, flow.to, flow.protocol, told["verdict"], told["observed"]["answer"]["kind"], told["agrees"]
        );
        if told["agrees"] != true || told["verdict"] != flow.verdict {
            wrong.push(format!(
                "{} to {} {}: {} ({}), agrees {}: {}\nnotes {}\nproof {}",
                flow.from,
                flow.to,
                flow.protocol,
                told["verdict"],
                flow.verdict,
                told["agrees"],
                comparison["differs"],
                comparison["notes"],
                told["observed"]["namespaces"],
            ));
        }
    }
    assert_eq!(rules(&host)?, before, "{engine}: something was left behind");
    ensure!(wrong.is_empty(), "{engine}:\n{}", wrong.join("\n\n"));
    Ok(())
}

#[test]
fn the_kernel_of_docker_26_does_as_predicted() -> Result<()> {
    agrees_on(Engine::Docker26_1)
}

#[test]
fn the_kernel_of_docker_20_does_as_predicted() -> Result<()> {
    agrees_on(Engine::Docker20_10)
}

#[test]
fn a_killed_proof_leaves_nothing() -> Result<()> {
    let host = DockerHost::start(Engine::Docker26_1, "earth")?;
    scenario::run(&host, "web", &["-p", "8080:80"], &scenario::HTTP)?;
    host.docker(&["network", "create", "front"])?;
    scenario::run(&host, "proxy", &["--network", "front"], &scenario::HTTP)?;
    let before = rules(&host)?;
    // It is dropped, so that the proof waits.
    let to = format!("{}:80", address(&host, "proxy", "front")?);
    let mut command = host.bridgewalk_command(None, &["walk", "web", &to, "--prove"]);
    let mut program = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
    let until = Instant::now() + LIMIT;
    while !host.oracle().tool(&["nft", "list", "tables"])?.contains("bridgewalk-proof") {
        ensure!(Instant::now() < until, "no proof began");
        ensure!(program.try_wait()?.is_none(), "it ended before it was killed");
    }
    // What runs on the host is killed there: the outer process is but the way in.
    host.shell("kill -9 $(pidof bridgewalk)")?;
    program.wait()?;
    process::until("nothing is left", Duration::from_secs(5), || {
        let is_gone =
            rules(&host)? == before && host.shell("pidof bridgewalk bridgewalk-agent || true")?.trim().is_empty();
        Ok(is_gone.then_some(()))
    })
}
