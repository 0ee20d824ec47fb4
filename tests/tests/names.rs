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
