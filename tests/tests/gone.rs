//! What is gone is not "not seen", and what is there is there once: containers come and go, several people look.

use std::{collections::BTreeSet, fs, time::Duration};

use anyhow::{Context, Result, ensure};
use bridgewalk_app::words::Words;
use bridgewalk_model::{assembly::assemble, recording::Recording};
use bridgewalk_tests::{
    host::{DockerHost, User},
    process::{self, Running, SOON},
    rootfs::one_engine,
    scenario,
};
use serde_json::Value;

/// What a snapshot's limits say, each as text.
fn limits(snapshot: &Value) -> BTreeSet<String> {
    snapshot["hosts"][0]["limits"].as_array().into_iter().flatten().map(ToString::to_string).collect()
}

#[test]
fn containers_that_went_are_not_said_to_be_unseen() -> Result<()> {
    for engine in one_engine() {
        let host = DockerHost::start(engine, "earth")?;
        scenario::run(&host, "stays", &[], &scenario::SLEEP)?;
        scenario::settled(&host)?;
        let snapshot = |args: &[&str]| -> Result<Value> {
            Ok(serde_json::from_str(&host.bridgewalk(&[&["snapshot", "--json"], args].concat())?.ok("snapshot")?)?)
        };
        let before = limits(&snapshot(&[])?);

        let path = "/tmp/gone.bwrec";
        let mut record = Running::start(host.bridgewalk_command(None, &["record", "-o", path]))?;
        let pid = process::until("it records", SOON, || {
            let ran = host.run(&["pgrep", "-o", "-x", "bridgewalk"])?;
            Ok(ran.stdout.trim().parse::<u32>().ok())
        })?;
        std::thread::sleep(Duration::from_secs(2));
        // Docker sweeps up what it leaves once a minute: this stays, whenever that is.
        host.shell("touch /run/docker/netns/0123456789ab")?;
        for number in 0..4 {
            scenario::run(&host, &format!("goes-{number}"), &["-p", "80"], &scenario::SLEEP)?;
        }
        host.docker(&["stop", "-t", "0", "goes-0"])?;
        host.docker(&["kill", "goes-1"])?;
        host.docker(&["rm", "-f", "goes-0", "goes-1", "goes-2", "goes-3"])?;
        std::thread::sleep(Duration::from_secs(3));
        let after = limits(&snapshot(&[])?);
        ensure!(after == before, "{engine}: {:?}", after.difference(&before));
        host.ok(&["/bin/kill", "-s", "INT", &pid.to_string()])?;
        let status = record.wait(SOON).context("record did not end")?;
        ensure!(status.success(), "record ended with {status}");
        let watched = limits(&snapshot(&["--from", path])?);
        ensure!(watched == before, "{engine}: who watched: {:?}", watched.difference(&before));

        // What the window counts of the same, whenever in its course it was looked at.
        let recording = Recording::read(fs::File::open(host.path_in_host(path))?)?;
        let words = Words::default();
        for at_ms in recording.times() {
            let states = recording.states_at(at_ms);
            let snapshot = assemble(&states.iter().collect::<Vec<_>>());
            let lines = words.not_seen(&snapshot);
            let is_begun = recording.times().first().is_some_and(|first| at_ms > first + 2_000);
            ensure!(lines.is_empty() || !is_begun, "{engine}: at {at_ms} the window counts {lines:?}");
        }
        a_member_sees_each_container_once(&host).with_context(|| engine.to_string())?;
    }
    Ok(())
}

/// In the docker group and without a helper: each container once, under its name, and the host with the interfaces that
/// everybody may list.
fn a_member_sees_each_container_once(host: &DockerHost) -> Result<()> {
    scenario::run(host, "comes", &["-p", "8080:80"], &scenario::HTTP)?;
    scenario::settled(host)?;
    let rows = |user: Option<User>| host.bridgewalk_list(user, &["namespaces"], "namespaces");
    let (member, root) = (rows(Some(User::MEMBER))?, rows(None)?);
    let told = |rows: &[Value]| -> Vec<String> {
        let mut told: Vec<_> = rows
            .iter()
            .map(|row| {
                // Not each one's MTU, which `/proc` does not tell.
                let interfaces = row["interfaces"].as_array().into_iter().flatten();
                let names: Vec<_> = interfaces.map(|interface| interface["name"].to_string()).collect();
                format!("{} {} {} {names:?}", row["kind"], row["name"], row["containers"])
            })
            .collect();
        told.sort();
        told
    };
    ensure!(told(&member) == told(&root), "{:#?} but {:#?}", told(&member), told(&root));
    ensure!(member.iter().any(|row| row["kind"] == "host"), "{member:?}");
    Ok(())
}
