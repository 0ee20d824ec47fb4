//! On a real engine: names that are shown alike are two things, and a recording of an engine that stops is not lost.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use bridgewalk_tests::{
    host::DockerHost,
    process::{self, Running, SOON},
    rootfs::Engine,
    scenario,
};
use serde_json::Value;

fn json(host: &DockerHost, args: &[&str]) -> Result<Value> {
    let args: Vec<&str> = args.iter().copied().chain(["--json"]).collect();
    let text = process::run(host.bridgewalk_command(None, &args), &[], SOON)?.ok(&args.join(" "))?;
    serde_json::from_str(&text).with_context(|| format!("no JSON: {text}"))
}

#[test]
fn names_shown_alike_are_two_and_a_stopped_engine_loses_no_recording() -> Result<()> {
    let host = DockerHost::start(Engine::Docker26_1, "alike")?;
    let names = ["one", "two"].map(|end| format!("{}{end}", "n".repeat(150)));
    host.docker(&["network", "create", "alike"])?;
    for (name, port) in names.iter().zip(["8101:80", "8102:80"]) {
        let options = ["--network", "alike", "--publish", port];
        scenario::run(&host, name, &options, &["httpd", "-f", "-p", "80"])?;
    }
    scenario::settled(&host)?;

    let ports = json(&host, &["ports"])?;
    let veths = json(&host, &["veths"])?;
    let mut ends = Vec::new();
    for name in &names {
        let inspected = host.inspect("container", name)?;
        let address = inspected["NetworkSettings"]["Networks"]["alike"]["IPAddress"].as_str().unwrap_or_default();
        let rows = ports["ports"].as_array().context("no ports")?;
        let of_name = rows.iter().filter(|row| row["container_raw"] == **name).count();
        ensure!(of_name == 1, "{name}: {ports}");
        let rows = veths["veths"].as_array().context("no veths")?;
        let row = rows.iter().find(|row| row["containers_raw"][0] == **name).with_context(|| format!("{veths}"))?;
        ensure!(row["addresses"][0].as_str().is_some_and(|it| it.starts_with(address)), "{address}: {row}");
        let walk = json(&host, &["walk", "host", &format!("{name}:80")])?;
        ensure!(walk["verdict"] == "delivered", "{walk}");
        let last = walk["hops"].as_array().and_then(|hops| hops.last()).context("no hop")?;
        ensure!(last["after"]["destination"] == address, "{address}: {last}");
        ends.push(last["namespace"].clone());
    }
    ensure!(ends[0] != ends[1], "{ends:?}");

    a_published_port_says_all_that_does_it(&host)?;
    a_gateway_is_used_whether_docker_says_it_or_not(&host)?;
    a_link_is_read_with_what_docker_did_for_it(&host)?;

    // The engine was named, stops, and comes back: the recording is there, whatever became of the recorder.
    let args = ["record", "--host", "unix:///var/run/docker.sock", "-o", "/tmp/alike.bwrec", "--seconds", "15"];
    let mut recorder = Running::start(host.bridgewalk_command(None, &args))?;
    process::until("something is recorded", SOON, || {
        Ok((!host.shell("find /tmp -name 'alike.bwrec.*.part' -size +0")?.trim().is_empty()).then_some(()))
    })?;
    host.stop_daemon(true)?;
    std::thread::sleep(Duration::from_secs(2));
    host.start_daemon()?;
    ensure!(recorder.wait(Duration::from_secs(60)).is_some(), "it goes on and on");
    let left = host.shell("ls -l /tmp")?;
    ensure!(left.contains("-rw------- ") && left.contains("alike.bwrec") && !left.contains(".part"), "{left}");
    let recorded = json(&host, &["ports", "--from", "/tmp/alike.bwrec"])?;
    ensure!(recorded["ports"].as_array().is_some_and(|rows| rows.len() >= 2), "{recorded}");
    Ok(())
}

/// `docker network create --subnet` alone: before 28 the engine does not say which gateway it took.
fn a_gateway_is_used_whether_docker_says_it_or_not(host: &DockerHost) -> Result<()> {
    host.docker(&["network", "create", "--subnet", "10.77.0.0/24", "bare"])?;
    scenario::run(host, "bare-one", &["--network", "bare"], &["sleep", "600"])?;
    let networks = json(host, &["networks"])?;
    let rows = networks["networks"].as_array().context("no networks")?;
    let bare = rows.iter().find(|row| row["name"] == "bare").context("no bare")?;
    let bridge = bare["bridge"].as_str().context("no bridge")?;
    let shown = host.shell(&format!("ip -o -4 address show dev {bridge}"))?;
    let gateway = bare["gateways"][0].as_str().context("no gateway")?;
    ensure!(shown.contains(&format!("{gateway}/24")), "{gateway}: {shown}");
    let args = ["export", "--view", "dns", "--select", "bare", "--format", "mermaid", "-o", "-"];
    let picture = process::run(host.bridgewalk_command(None, &args), &[], SOON)?.ok("export")?;
    ensure!(picture.contains("2 used") && picture.contains("252"), "{picture}");
    // The oracle: what Docker hands out next is the third address.
    scenario::run(host, "bare-two", &["--network", "bare"], &["sleep", "600"])?;
    let next = host.inspect("container", "bare-two")?;
    ensure!(next["NetworkSettings"]["Networks"]["bare"]["IPAddress"] == "10.77.0.3", "{next}");
    Ok(())
}

/// On the default bridge a link is a line in the hosts file; on a network of one's own, a name for one container.
fn a_link_is_read_with_what_docker_did_for_it(host: &DockerHost) -> Result<()> {
    scenario::run(host, "target", &[], &["httpd", "-f", "-p", "80"])?;
    scenario::run(host, "linking", &["--link", "target:redis"], &["sleep", "600"])?;
    scenario::run(host, "own-linking", &["--network", "bare", "--link", "bare-one:cache"], &["sleep", "600"])?;
    let args = ["export", "--format", "dot", "-o", "-"];
    let dot = process::run(host.bridgewalk_command(None, &args), &[], SOON)?.ok("export")?;
    ensure!(dot.matches("class=\"link\"").count() == 2, "{dot}");
    ensure!(dot.contains("link: redis → target") && dot.contains("link: cache → bare-one"), "{dot}");
    let snapshot: bridgewalk_model::Snapshot = serde_json::from_value(json(host, &["snapshot"])?)?;
    let seen = &snapshot.hosts[0];
    let link = |from: &str| seen.all_links().find(|link| link.from.name.as_str() == from).context("no link");
    // The oracles: the file itself, and what the container's resolver answers.
    let file = host.docker(&["exec", "linking", "cat", "/etc/hosts"])?;
    let line = file.lines().find(|line| line.contains("redis")).context("no line")?;
    let words: Vec<&str> = line.split_whitespace().collect();
    let lines = seen.hosts_lines(&link("linking")?);
    ensure!(lines.iter().any(|(_, seen)| *seen == words.join(" ")), "{lines:?}: {line}");
    ensure!(seen.hosts_lines(&link("own-linking")?).is_empty());
    let address = host.inspect("container", "bare-one")?["NetworkSettings"]["Networks"]["bare"]["IPAddress"].clone();
    let answered = host.docker(&["exec", "own-linking", "nslookup", "cache"])?;
    ensure!(answered.contains(address.as_str().unwrap_or("?")), "{address}: {answered}");
    Ok(())
}

/// Every rule and every docker-proxy of a published port, who listens behind it, and who reaches it.
fn a_published_port_says_all_that_does_it(host: &DockerHost) -> Result<()> {
    let snapshot: bridgewalk_model::Snapshot = serde_json::from_value(json(host, &["snapshot"])?)?;
    let mut ways_in = snapshot.hosts[0].nat.iter().filter(|one| one.is_way_in());
    let mapping = ways_in.find(|one| one.host_port == Some(8101)).context("no way in")?;
    let facts = bridgewalk_model::facts::facts(&snapshot, &mapping.id);
    let said = |key: &str| -> Vec<&str> {
        facts.iter().filter(|fact| fact.key == key).map(|fact| fact.value.as_str()).collect()
    };
    // The oracles: iptables-save, the processes, a real connection.
    let saved = host.shell("iptables-save -t nat; ip6tables-save -t nat")?;
    let rules: Vec<&str> = saved.lines().filter(|line| line.contains("--dport 8101")).collect();
    ensure!(!rules.is_empty() && said("rule") == rules, "{rules:?}: {facts:#?}");
    let proxies = host.shell("pgrep -f 'docker-proxy .*-host-port 8101'")?;
    let mut pids: Vec<&str> = proxies.lines().collect();
    let mut seen: Vec<&str> = said("proxy-pid").into_iter().filter_map(|value| value.split(' ').next()).collect();
    pids.retain(|pid| host.shell(&format!("cat /proc/{pid}/comm")).is_ok_and(|name| name.trim() == "docker-proxy"));
    pids.sort_unstable();
    seen.sort_unstable();
    ensure!(pids.len() == 2 && seen == pids, "{pids:?}: {facts:#?}");
    ensure!(
        said("listener").iter().any(|value| value.contains(":80 (httpd)") || value.contains(":80 (busybox)")),
        "{facts:#?}"
    );
    let ways = bridgewalk_analysis::walk::access(&snapshot, &mapping.id);
    let own = ways.iter().find(|way| way.from.id == snapshot.hosts[0].id).context("the host is not asked for")?;
    ensure!(own.verdict == bridgewalk_analysis::walk::Verdict::Delivered, "{own:?}");
    ensure!(ways.iter().any(|way| way.from.name.as_str().is_empty()), "the outside is not asked for");
    Ok(())
}
