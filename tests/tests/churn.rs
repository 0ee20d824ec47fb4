//! Containers that come and go while the program watches.

use std::{fs, time::Duration};

use anyhow::{Context, Result, ensure};
use bridgewalk_tests::{
    compare::{at_rest, first_difference},
    host::DockerHost,
    process::{self, Running, SOON},
    rootfs::Engine,
    scenario,
};
use serde_json::Value;

const CONTAINERS: usize = 200;

#[test]
fn two_hundred_containers_come_and_go() -> Result<()> {
    let host = DockerHost::start(Engine::Docker26_1, "earth")?;
    host.docker(&["network", "create", "front"])?;
    scenario::run(&host, "web", &["-p", "8080:80"], &scenario::HTTP)?;
    let mut record = Running::start(host.bridgewalk_command(None, &["record", "-o", "/tmp/churn.bwrec"]))?;
    let pid = process::until("it records", SOON, || {
        let ran = host.run(&["pgrep", "-o", "-x", "bridgewalk"])?;
        Ok(ran.stdout.trim().parse::<u32>().ok())
    })?;
    let process_folder = host.path_in_host(format!("/proc/{pid}"));
    let count = |what: &str| -> Result<usize> { Ok(fs::read_dir(process_folder.join(what))?.count()) };
    // It has opened what it opens for one container.
    std::thread::sleep(Duration::from_secs(3));
    let (descriptors, threads) = (count("fd")?, count("task")?);

    let script = format!(
        "seq {CONTAINERS} | xargs -P 2 -I N sh -c 'docker run -d --name churn-N --network front bb:1 sleep 1000 >/dev/null && docker rm -f churn-N >/dev/null'"
    );
    let limit = Duration::from_secs(480);
    process::ok(host.command(&["/bin/sh", "-euc", &script]), limit)?;

    let settled = process::until("descriptors and threads are as before", SOON, || {
        let now = (count("fd")?, count("task")?);
        Ok((now.0 <= descriptors + 2 && now.1 <= threads).then_some(now))
    });
    settled.with_context(|| {
        format!("before {descriptors} descriptors, {threads} threads; now {:?}, {:?}", count("fd"), count("task"))
    })?;
    // The kernel tells that a bridge without ports went down up to a second later (linkwatch), to everyone alike.
    std::thread::sleep(Duration::from_secs(4));
    host.ok(&["/bin/kill", "-s", "INT", &pid.to_string()])?;
    let status = record.wait(SOON).context("record did not end")?;
    ensure!(status.success(), "record ended with {status}");

    let read = |args: &[&str]| -> Result<Value> {
        let mut value: Value = serde_json::from_str(&host.bridgewalk(args)?.ok("bridgewalk snapshot")?)?;
        at_rest(&mut value);
        Ok(value)
    };
    let watched = read(&["snapshot", "--json", "--from", "/tmp/churn.bwrec"])?;
    let fresh = read(&["snapshot", "--json"])?;
    if let Some(difference) = first_difference(&watched, &fresh) {
        anyhow::bail!("the watched and a fresh snapshot differ at {difference}");
    }
    Ok(())
}
