//! The helper container is known by its token, not by its label, and is gone whatever kills the program.

use std::{thread::sleep, time::Duration};

use anyhow::{Context, Result, ensure};
use bridgewalk_tests::{
    host::{DockerHost, User},
    image,
    process::{self, Running, SOON},
    rootfs::one_engine,
};

const LABEL: &str = "org.bridgewalk.agent";
/// An engine on a busy machine may take its time to end an import.
const GONE: Duration = Duration::from_secs(40);

/// What of ours is there: containers, images, processes, files.
fn ours(host: &DockerHost) -> Result<String> {
    host.shell(
        "set +e; docker ps --all --format 'container {{.Names}}' | grep bridgewalk-agent; \
         docker images --all --filter label=org.bridgewalk.agent --format 'image {{.Repository}}:{{.Tag}} {{.ID}}' | grep -v stranger; \
         ps -e -o args= | grep -e bridgewalk | grep -v -e grep -e 'sh -euc'; \
         find /root/.local/state /home/*/.local/state -type f 2>/dev/null; true",
    )
}

fn gone(host: &DockerHost, when: &str) -> Result<()> {
    process::until(&format!("nothing of ours is left {when}"), GONE, || {
        let left = ours(host)?;
        ensure!(left.trim().is_empty(), "left: {left}");
        Ok(Some(()))
    })
}

#[test]
fn a_label_hides_nothing_and_nothing_is_left_whatever_kills_the_program() -> Result<()> {
    for engine in one_engine() {
        let host = DockerHost::start(engine, "earth")?;
        a_label_hides_nothing(&host)?;
        nothing_is_left_after_kill(&host)?;
    }
    Ok(())
}

fn a_label_hides_nothing(host: &DockerHost) -> Result<()> {
    // As one who wants to hide, and as the version before this one marked its own.
    for (name, value, port) in [("hidden", "x", "9999"), ("old", "4194304.1.0123456789ab.0", "9998")] {
        let label = format!("{LABEL}={value}");
        host.docker(&[
            "run",
            "-d",
            "--stop-timeout",
            "1",
            "--name",
            name,
            "--label",
            &label,
            "-p",
            &format!("{port}:80"),
            image::NAME,
            "sleep",
            "600",
        ])?;
    }
    host.shell(&format!(
        "mkdir /tmp/empty && tar -C /tmp/empty -c . | docker import --change 'LABEL {LABEL}=4194304.1.0123456789ab.0' - stranger:1"
    ))?;

    let mut watch = Running::start(host.bridgewalk_command(Some(User::MEMBER), &["watch", "--agent", "container"]))?;
    process::until("the helper container runs", SOON, || {
        Ok(host.docker(&["ps", "--format", "{{.Names}}"])?.contains("bridgewalk-agent-").then_some(()))
    })?;
    for agent in ["in-process", "container"] {
        let ports = host.bridgewalk_list(None, &["ports", "--agent", agent], "ports")?;
        for port in [9999, 9998] {
            let is_it = |row: &serde_json::Value| {
                row["published"].as_array().is_some_and(|list| list.iter().any(|it| it["host_port"] == port))
            };
            ensure!(ports.iter().any(is_it), "{agent}: {port} is hidden: {ports:#?}");
        }
        let networks = host.bridgewalk_list(None, &["networks", "--agent", agent], "networks")?;
        ensure!(serde_json::to_string(&networks)?.contains("hidden"), "{agent}: {networks:#?}");
    }
    // In the program's own picture its own helper is not, but another's is.
    let snapshot = process::run(
        host.bridgewalk_command(Some(User::MEMBER), &["snapshot", "--json", "--agent", "container"]),
        &[],
        SOON,
    )?
    .ok("snapshot")?;
    let snapshot: serde_json::Value = serde_json::from_str(&snapshot)?;
    let containers = snapshot["hosts"][0]["containers"].as_array().context("no containers")?;
    let helpers =
        containers.iter().filter(|it| it["name"].as_str().is_some_and(|it| it.starts_with("bridgewalk-agent-")));
    ensure!(helpers.count() == 1, "{containers:#?}");

    let pid = i32::try_from(watch.child.id())?;
    process::ok(process_kill("INT", pid), SOON)?;
    ensure!(watch.wait(SOON).is_some(), "it goes on after SIGINT");
    let containers = host.docker(&["ps", "--format", "{{.Names}}"])?;
    ensure!(
        containers.contains("hidden") && containers.contains("old"),
        "a stranger's container is gone: {containers}"
    );
    host.docker(&["image", "inspect", "stranger:1"])?;
    gone(host, "after it ended")
}

fn process_kill(signal: &str, pid: i32) -> std::process::Command {
    let mut command = std::process::Command::new("kill");
    command.args(["-s", signal, &pid.to_string()]);
    command
}

/// At moments all over the start of the helper container.
fn nothing_is_left_after_kill(host: &DockerHost) -> Result<()> {
    let times = if std::env::var_os("BRIDGEWALK_FULL").is_some() { 50 } else { 10 };
    for n in 0..times {
        let mut watch =
            Running::start(host.bridgewalk_command(Some(User::MEMBER), &["watch", "--agent", "container"]))?;
        let pid = process::until("it runs", SOON, || {
            let pid = host.shell("pgrep -o -x bridgewalk || true")?;
            Ok(Some(pid.trim().to_owned()).filter(|pid| !pid.is_empty()))
        })?;
        sleep(Duration::from_millis(1000 * n / times));
        host.ok(&["/bin/kill", "-s", "KILL", &pid])?;
        ensure!(watch.wait(SOON).is_some(), "it outlived SIGKILL");
        gone(host, &format!("after kill -9, number {n}"))?;
    }
    Ok(())
}
