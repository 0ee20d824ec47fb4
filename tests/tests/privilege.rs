//! What each kind of user sees, and what is left behind: acceptance by the people who are not root.

use std::{collections::BTreeSet, time::Duration};

use anyhow::{Context, Result, ensure};
use bridgewalk_tests::{
    compare::{at_rest, first_difference},
    host::{DockerHost, User},
    process::{self, Running, SOON},
    rootfs::{Engine, engines, one_engine},
    scenario,
};
use serde_json::Value;

fn snapshot(host: &DockerHost, user: Option<User>, agent: &str) -> Result<Value> {
    let args = ["snapshot", "--json", "--agent", agent];
    let ran = process::run(host.bridgewalk_command(user, &args), &[], SOON)?;
    let mut value: Value = serde_json::from_str(&ran.ok("bridgewalk snapshot")?)?;
    at_rest(&mut value);
    Ok(value)
}

/// Everything of ours that could be left on a host: containers, images, processes.
fn traces(host: &DockerHost) -> Result<BTreeSet<String>> {
    let text = host.shell(
        "docker ps --all --format 'container {{.ID}} {{.Image}}'; docker images --all --format 'image {{.ID}} {{.Repository}}'; \
         ps -e -o args= | grep -e bridgewalk | grep -v -e grep -e 'sh -euc' | sed 's/^/process /' || true",
    )?;
    Ok(text.lines().map(str::to_owned).collect())
}

fn gone(host: &DockerHost, before: &BTreeSet<String>) -> Result<()> {
    process::until("nothing of ours is left", Duration::from_secs(20), || Ok((traces(host)? == *before).then_some(())))
        .with_context(|| format!("left: {:?}", traces(host)))
}

#[test]
fn the_helper_container_sees_what_root_sees_and_leaves_nothing() -> Result<()> {
    for engine in engines() {
        let host = DockerHost::start(engine, "earth")?;
        scenario::everything(&host)?;
        let before = traces(&host)?;
        let root = snapshot(&host, None, "in-process")?;
        let member = snapshot(&host, Some(User::MEMBER), "container")?;
        if let Some(difference) = first_difference(&root, &member) {
            anyhow::bail!("{engine}: root's and the member's snapshots differ at {difference}");
        }
        // Not as the admin, who is in no docker group: it is the agent that is compared.
        let admin = snapshot(&host, None, "sudo")?;
        if let Some(difference) = first_difference(&root, &admin) {
            anyhow::bail!("{engine}: root's and sudo's snapshots differ at {difference}");
        }
        gone(&host, &before)?;

        // Killed in its midst.
        let mut watch =
            Running::start(host.bridgewalk_command(Some(User::MEMBER), &["watch", "--agent", "container"]))?;
        process::until("the helper container runs", SOON, || {
            let text = host.docker(&["ps", "--format", "{{.Image}}"])?;
            Ok(text.contains("bridgewalk").then_some(()))
        })?;
        let pid = host.shell("pgrep -o -x bridgewalk")?;
        host.ok(&["/bin/kill", "-s", "KILL", pid.trim()])?;
        ensure!(watch.wait(SOON).is_some(), "it outlived SIGKILL");
        gone(&host, &before).with_context(|| format!("{engine}, after kill -9"))?;
    }
    Ok(())
}

#[test]
fn without_privilege_the_veth_table_is_right_and_doctor_tells_the_rest() -> Result<()> {
    for engine in engines() {
        let host = DockerHost::start(engine, "earth")?;
        scenario::without_swarm(&host)?;
        scenario::settled(&host)?;
        let key = |row: &Value| -> String {
            let mut ipv4: Vec<&str> = row["addresses"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .filter(|address| address.contains('.'))
                .collect();
            ipv4.sort_unstable();
            format!(
                "{} {} {} {} {} {ipv4:?}",
                row["host_interface"],
                row["host_if_index"],
                row["bridge"],
                row["container_interface"],
                row["container_if_index"]
            )
        };
        let rows = |user: Option<User>| -> Result<BTreeSet<String>> {
            Ok(host.bridgewalk_list(user, &["veths"], "veths")?.iter().map(key).collect())
        };
        let root = rows(None)?;
        assert_eq!(rows(Some(User::PLAIN))?, root, "{engine}");
        ensure!(root.len() >= 12, "{root:?}");

        let checks = host.bridgewalk_list(Some(User::PLAIN), &["doctor"], "sources")?;
        let can = |source: &str| -> Option<bool> {
            checks.iter().find(|check| check["source"] == source)?["can_run"].as_bool()
        };
        assert_eq!(can("engine"), Some(false), "{checks:#?}");
        assert_eq!(can("nf_tables"), Some(false), "{checks:#?}");
        for check in checks.iter().filter(|check| check["can_run"] == false) {
            ensure!(check["reasons"].as_array().is_some_and(|reasons| !reasons.is_empty()), "no reason: {check}");
        }
        let root_checks = host.bridgewalk_list(None, &["doctor"], "sources")?;
        let missing: Vec<&Value> =
            root_checks.iter().filter(|check| check["can_run"] == false && check["source"] != "ipvs").collect();
        ensure!(missing.is_empty(), "root: {missing:#?}");
    }
    Ok(())
}

/// A row of `veths`, with IPv4 addresses alone: the kernel's other ways write IPv6 ones in another order.
fn veth(row: &Value) -> String {
    let mut row = row.clone();
    if let Some(addresses) = row["addresses"].as_array_mut() {
        addresses.retain(|address| address.as_str().is_some_and(|address| address.contains('.')));
        addresses.sort_by_key(Value::to_string);
    }
    row.to_string()
}

/// What a namespace is, and who lives in it.
fn resident(row: &Value) -> String {
    format!("{} {} {}", row["kind"], row["name"], row["containers"])
}

#[test]
fn a_member_of_the_docker_group_loses_neither_the_host_nor_its_containers() -> Result<()> {
    for engine in one_engine() {
        let host = DockerHost::start(engine, "earth")?;
        scenario::without_swarm(&host)?;
        scenario::settled(&host)?;
        host.ok(&["ip", "netns", "add", "blue"])?;
        let list = |user: Option<User>, agent: &str, name: &str, key: fn(&Value) -> String| -> Result<Vec<String>> {
            let rows = host.bridgewalk_list(user, &[name, "--agent", agent], name)?;
            let mut keys: Vec<String> = rows.iter().map(key).collect();
            keys.sort();
            Ok(keys)
        };
        let veths = list(None, "in-process", "veths", veth)?;
        let residents = list(None, "in-process", "namespaces", resident)?;
        ensure!(veths.len() >= 12 && residents.len() >= 14, "{veths:#?} {residents:#?}");
        for (user, agent) in [
            (User::MEMBER, "in-process"),
            (User::MEMBER, "container-base"),
            (User::MEMBER, "container"),
            (User::ADMIN, "sudo"),
        ] {
            let context = || format!("{engine}, {} with {agent}", user.name);
            let seen = list(Some(user), agent, "veths", veth)?;
            // Sudo's agent reads the kernel; the engine is not this user's to ask.
            if user != User::ADMIN {
                assert_eq!(seen, veths, "{}", context());
            }
            let seen = list(Some(user), agent, "namespaces", resident)?;
            ensure!(seen.iter().any(|row| row.starts_with("\"host\" \"earth\"")), "{}: {seen:#?}", context());
            if user != User::ADMIN {
                let expected: Vec<&String> = residents
                    .iter()
                    // What no process is in and this container does not see is said below.
                    .filter(|row| agent != "container-base" || !row.contains("\"blue\""))
                    .collect();
                let seen: Vec<&String> =
                    seen.iter().filter(|row| agent != "container-base" || !row.contains("\"blue\"")).collect();
                assert_eq!(seen, expected, "{}", context());
            }
            let ran = process::run(
                host.bridgewalk_command(Some(user), &["walk", "host", "web:80", "--agent", agent]),
                &[],
                SOON,
            )?;
            ensure!(
                !ran.stdout.contains("IPv4 address") && !ran.stderr.contains("IPv4 address"),
                "{}: {ran:?}",
                context()
            );
        }
        quiet(&host).with_context(|| format!("{engine}: a quiet recording"))?;
    }
    Ok(())
}

/// Nothing happens on a quiet host, whoever looks at it.
fn quiet(host: &DockerHost) -> Result<()> {
    for (user, agent) in
        [(None, "in-process"), (Some(User::MEMBER), "container"), (Some(User::MEMBER), "container-base")]
    {
        let file = format!("/tmp/quiet-{agent}.bwrec");
        let record = ["record", "--agent", agent, "--seconds", "3", "--output", &file];
        process::run(host.bridgewalk_command(user, &record), &[], SOON)?.ok("bridgewalk record")?;
        let told = process::run(host.bridgewalk_command(user, &["watch", "--from", &file]), &[], SOON)?;
        let told = told.ok("bridgewalk watch")?;
        // It begins with what was not seen, which is no change.
        let changes: Vec<&str> = told.lines().filter(|line| !line.contains(" not seen: ")).collect();
        assert_eq!(changes, Vec::<&str>::new(), "{agent}");
    }
    Ok(())
}

#[test]
fn a_host_without_docker_is_shown_as_it_is() -> Result<()> {
    let host = DockerHost::builder(Engine::Docker26_1, "earth").without_docker().start()?;
    host.shell(
        "ip netns add red && ip netns add blue && ip link add br0 type bridge && ip link set br0 up && \
         ip link add v-red type veth peer name eth0 netns red && ip link set v-red master br0 up && \
         ip link add v-blue type veth peer name eth0 netns blue && ip link set v-blue master br0 up && \
         ip -n red addr add 198.51.100.2/24 dev eth0 && ip -n red link set eth0 up",
    )?;
    let veths = host.bridgewalk_list(None, &["veths"], "veths")?;
    let red = veths.iter().find(|row| row["host_interface"] == "v-red").context("v-red")?;
    assert_eq!(red["bridge"], "br0");
    assert_eq!(red["container_interface"], "eth0");
    ensure!(red["addresses"].to_string().contains("198.51.100.2/24"), "{red}");
    let namespaces = host.bridgewalk_list(None, &["namespaces"], "namespaces")?;
    for name in ["red", "blue"] {
        ensure!(namespaces.iter().any(|row| row["name"] == name && row["kind"] == "named"), "{namespaces:#?}");
    }
    Ok(())
}
