//! Who looks at a host is not led out of a container by what lies in it, is not kept by it, and could do little if it were.

use std::{
    collections::BTreeSet,
    fs::File,
    io::Read,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use bridgewalk_tests::{
    host::{DockerHost, User},
    process::{self, Running, SOON},
    rootfs::Engine,
    scenario,
};
use flate2::read::MultiGzDecoder;
use serde_json::Value;

/// Reading a host takes a moment; the old program took a minute where a container kept it.
const QUICKLY: Duration = Duration::from_secs(25);

/// Whoever is read by us: root itself, root by sudo, the helper container of a member of the docker group.
const READERS: [(Option<User>, &str); 3] =
    [(None, "in-process"), (Some(User::ADMIN), "sudo"), (Some(User::MEMBER), "container")];

/// A container whose first process has made a folder its root, after `prepare` made it.
fn jailed(host: &DockerHost, name: &str, options: &[&str], prepare: &str) -> Result<()> {
    let script = format!(
        "mkdir -p /jail/etc /jail/bin /jail/proc && cp /bin/busybox /jail/bin/ && {prepare} && \
         exec chroot /jail /bin/busybox sleep 100000"
    );
    scenario::run(host, name, options, &["sh", "-euc", &script])?;
    process::until("it is in its jail", SOON, || {
        let pid = host.container_pid(name)?;
        let is_there = host.run(&["readlink", &format!("/proc/{pid}/root")])?.stdout.contains("/jail");
        let sleeps = host.run(&["cat", &format!("/proc/{pid}/comm")])?.stdout.starts_with("busybox");
        Ok((is_there || sleeps).then_some(()))
    })
}

/// What `snapshot --json` prints, and how long it took.
fn snapshot(host: &DockerHost, user: Option<User>, agent: &str) -> Result<(String, Duration)> {
    let begun = Instant::now();
    let mut command = host.bridgewalk_command(user, &["snapshot", "--json", "--agent", agent]);
    command.env("A_SECRET", "SECRET-OF-ENVIRON");
    let text = process::run(command, &[], Duration::from_secs(120))?.ok(&format!("snapshot of {agent}"))?;
    Ok((text, begun.elapsed()))
}

/// What a recording holds.
fn recording(host: &DockerHost) -> Result<String> {
    let args = ["record", "--seconds", "1", "-o", "/tmp/hostile.bwrec"];
    let mut command = host.bridgewalk_command(None, &args);
    command.env("A_SECRET", "SECRET-OF-ENVIRON");
    process::run(command, &[], Duration::from_secs(120))?.ok("bridgewalk record")?;
    let mut text = String::new();
    MultiGzDecoder::new(File::open(host.path_in_host("/tmp/hostile.bwrec"))?).read_to_string(&mut text)?;
    Ok(text)
}

fn veths(host: &DockerHost) -> Result<BTreeSet<String>> {
    let rows = host.bridgewalk_list(None, &["veths"], "veths")?;
    Ok(rows.iter().map(|row| format!("{} {}", row["containers"], row["host_interface"])).collect())
}

fn agent_statuses(host: &DockerHost) -> Result<Vec<String>> {
    // Names are cut to fifteen characters; its threads have names of their own.
    let text = host.shell(
        "for status in /proc/[0-9]*/status; do grep -q '^Name:.bridgewalk-agen$' $status 2>/dev/null || continue; \
         for thread in ${status%status}task/*/status; do cat $thread; echo ----; done; done",
    )?;
    Ok(text.split("----\n").filter(|status| !status.trim().is_empty()).map(str::to_owned).collect())
}

fn is_confined(host: &DockerHost, user: User, agent: &str, expected: &[&str]) -> Result<()> {
    let mut watch = Running::start(host.bridgewalk_command(Some(user), &["watch", "--json", "--agent", agent]))?;
    let statuses = process::until("the agent runs, with its threads", SOON, || {
        let statuses = agent_statuses(host)?;
        Ok((statuses.len() >= 4 && statuses.iter().any(|it| it.contains("agent-reader"))).then_some(statuses))
    })?;
    for status in &statuses {
        for line in expected {
            ensure!(status.lines().any(|it| it == *line), "{agent}, {line}: {status}");
        }
    }
    let pid = statuses[0].lines().find_map(|line| line.strip_prefix("Pid:\t")).context("no pid")?.to_owned();
    drop(watch.child.stdin.take());
    let program = host.shell(&format!("pgrep -o -x -u {} bridgewalk", user.uid))?;
    host.ok(&["/bin/kill", program.trim()])?;
    ensure!(watch.wait(SOON).is_some(), "watch goes on");
    process::until("the agent has ended", SOON, || {
        Ok((!host.path_in_host(format!("/proc/{pid}")).exists()).then_some(()))
    })
}

#[test]
fn a_container_shows_its_own_files_and_keeps_nobody_waiting() -> Result<()> {
    let host = DockerHost::start(Engine::Docker26_1, "earth")?;
    scenario::run(&host, "web", &["-p", "8080:80"], &scenario::HTTP)?;
    host.shell(
        "echo SECRET-OF-ROOT >/root/secret; chmod 644 /root/secret; echo 'x:SECRET-OF-SHADOW:::::::' >>/etc/shadow",
    )?;
    let dockerd = host.shell("cat /run/docker.pid")?;
    let dockerd = dockerd.trim();

    // Links that lead out.
    jailed(
        &host,
        "links",
        &[],
        "ln -s /root/secret /jail/etc/hosts && ln -s /etc/shadow /jail/etc/resolv.conf && \
         ln -s /proc/self/environ /jail/etc/hostname",
    )?;
    let through = |path: &str| format!("/proc/{dockerd}/root{path}");
    jailed(
        &host,
        "through",
        &["--pid", "host", "-v", "/proc:/jail/proc"],
        &format!(
            "ln -s {} /jail/etc/hosts && ln -s {} /jail/etc/resolv.conf && ln -s /proc/self/environ /jail/etc/hostname",
            through("/root/secret"),
            through("/etc/shadow")
        ),
    )?;
    scenario::settled(&host)?;
    // Before anything keeps a reader: one that gives up early has not been led out either.
    for (user, agent) in READERS {
        let (text, _) = snapshot(&host, user, agent)?;
        ensure!(!text.contains("SECRET-OF"), "{agent} was led out: {text}");
    }
    ensure!(!recording(&host)?.contains("SECRET-OF"), "a recording holds what is outside");

    // Something to wait for, and something that acts.
    jailed(
        &host,
        "fifo",
        &[],
        "mkfifo /jail/etc/hosts && mknod /jail/etc/resolv.conf c 1 5 && mkdir /jail/etc/hostname",
    )?;
    scenario::settled(&host)?;

    for (user, agent) in READERS {
        let (text, took) = snapshot(&host, user, agent)?;
        ensure!(!text.contains("SECRET-OF"), "{agent} was led out: {text}");
        ensure!(took < QUICKLY, "{agent} was kept for {took:?}");
        let value: Value = serde_json::from_str(&text)?;
        let limits = value.to_string();
        ensure!(limits.contains("no_regular_file") || limits.contains("not a regular file"), "{agent}: {limits}");
        ensure!(limits.contains("/root/etc/hosts"), "{agent} does not name the file: {limits}");
    }
    let text = recording(&host)?;
    ensure!(!text.contains("SECRET-OF"), "a recording holds what is outside");
    ensure!(text.contains("/root/etc/hosts"), "a recording does not say what was not read");

    // A file system that never answers: nobody serves it. Whoever asks it is kept by the kernel.
    let before = veths(&host)?;
    ensure!(before.len() >= 2, "{before:?}");
    jailed(
        &host,
        "stuck",
        &["--privileged", "--network", "none"],
        "exec 3<>/dev/fuse && mount -i -t fuse -o fd=3,rootmode=40000,user_id=0,group_id=0,allow_other stuck /jail/etc",
    )?;
    for (user, agent) in READERS {
        let (text, took) = snapshot(&host, user, agent)?;
        ensure!(took < QUICKLY, "{agent} was kept for {took:?}");
        ensure!(text.contains("in time") || text.contains("timed_out"), "{agent} does not say so: {text}");
    }
    assert_eq!(veths(&host)?, before, "the rest is read as before");
    let watching = host.spawn(&["sh", "-c", "exec /opt/bridgewalk/bridgewalk watch --json >/tmp/watch"])?;
    process::until("watching has begun", SOON, || {
        host.shell("ip link add heard type bridge 2>/dev/null || ip link del heard")?;
        Ok(host.shell("cat /tmp/watch 2>/dev/null || true")?.contains("heard").then_some(()))
    })?;
    drop(watching);
    host.docker(&["rm", "-f", "stuck"])?;

    // What an agent could do at all.
    let nobody = ["Uid:\t65534\t65534\t65534\t65534", "NoNewPrivs:\t1", "Seccomp:\t2", "CapBnd:\t0000000000000000"];
    let reading = [&nobody[..], &["CapPrm:\t0000000000281004", "CapEff:\t0000000000281004"]].concat();
    is_confined(&host, User::ADMIN, "sudo", &reading).context("sudo")?;
    is_confined(&host, User::MEMBER, "container", &reading).context("container")?;
    let rules = ["Uid:\t0\t0\t0\t0", "NoNewPrivs:\t1", "Seccomp:\t2", "CapEff:\t0000000000001000"];
    is_confined(&host, User::MEMBER, "container-base", &rules).context("container-base")
}
