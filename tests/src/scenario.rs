//! What stands on a host while it is looked at.
//!
//! [`everything`] is one of each kind of wiring that Docker makes, with names that say what they are, so that a
//! test reads like the thing it is about. It is the same on every engine.

use std::{fmt::Write, time::Duration};

use anyhow::{Context, Result};

use crate::{
    host::DockerHost,
    image::NAME,
    link::LAN_GATEWAY,
    process::{self, SOON},
};

/// The networks that [`everything`] adds to Docker's own three (`bridge`, `host`, `none`).
///
/// The swarm adds `ingress` and `docker_gwbridge` to these.
pub const NETWORKS: [&str; 6] = ["front", "back", "sealed", "lan", "six", "mesh"];

/// The containers of [`everything`] that run.
pub const RUNNING: [&str; 16] = [
    "web", "local", "many", "exposed", "echo", "linked", "proxy", "shop", "store", "vault", "camera", "sixer",
    "hostly", "hermit", "sidecar", "mesher",
];

/// The container of [`everything`] that is paused.
pub const PAUSED: &str = "dozer";

/// The container of [`everything`] that has run and ended.
pub const STOPPED: &str = "gone";

/// The container of [`everything`] that was never started.
pub const CREATED: &str = "unborn";

/// Everything at once.
///
/// - default bridge: `web` (published on every address, 8080 to 80), `local` (8081 to 80, on 127.0.0.1 only),
///   `many` (a port the engine chooses, and two by range), `exposed` (9000, exposed and not published), `echo`
///   (UDP 5353 to 53), `linked` (`--link web:upstream`)
/// - user networks: `front` with `proxy`, `back` with `store`, and `shop` on both (aliases `shop-front` and
///   `shop-back`); these three are one Compose project, `shop`
/// - `sealed` (internal) with `vault`; `lan` (macvlan on the host's uplink) with `camera`; `six` (IPv4 and
///   IPv6) with `sixer`, which publishes 8086 to 80
/// - modes: `hostly` (host, listens on 9090), `hermit` (none), `sidecar` (in `web`'s namespace)
/// - states: `dozer` paused, `gone` exited, `unborn` created
/// - `mesh`: an attachable overlay of a swarm of one, with `mesher`
pub fn everything(host: &DockerHost) -> Result<()> {
    without_swarm(host)?;
    swarm(host)?;
    settled(host)
}

/// All of [`everything`] but the swarm.
pub fn without_swarm(host: &DockerHost) -> Result<()> {
    let network = |args: &[&str]| -> Result<()> {
        let argv: Vec<&str> = ["network", "create"].iter().chain(args).copied().collect();
        host.docker(&argv).map(drop)
    };
    network(&["front"])?;
    network(&["back"])?;
    network(&["--internal", "sealed"])?;
    network(&[
        "--driver",
        "macvlan",
        "--subnet",
        "198.51.100.0/24",
        "--gateway",
        &LAN_GATEWAY.to_string(),
        "--opt",
        "parent=eth0",
        "lan",
    ])?;
    network(&["--ipv6", "--subnet", "2001:db8:6::/64", "--gateway", "2001:db8:6::1", "six"])?;

    run(host, "web", &["--publish", "8080:80"], &HTTP)?;
    run(host, "local", &["--publish", "127.0.0.1:8081:80"], &HTTP)?;
    run(host, "many", &["--publish", "80", "--publish", "8090-8091:90-91"], &HTTP)?;
    run(host, "exposed", &["--expose", "9000"], &SLEEP)?;
    run(host, "echo", &["--publish", "5353:53/udp", "--entrypoint", "/bin/udp-echo"], &["53"])?;
    run(host, "linked", &["--link", "web:upstream"], &SLEEP)?;

    let compose = |service: &str| {
        [
            "com.docker.compose.project=shop".to_owned(),
            format!("com.docker.compose.service={service}"),
            "com.docker.compose.container-number=1".to_owned(),
        ]
    };
    for (name, network, alias) in
        [("proxy", "front", "entrance"), ("shop", "front", "shop-front"), ("store", "back", "database")]
    {
        let labels = compose(name);
        let mut options = vec!["--network", network, "--network-alias", alias];
        for label in &labels {
            options.extend(["--label", label]);
        }
        run(host, name, &options, &HTTP)?;
    }
    host.docker(&["network", "connect", "--alias", "shop-back", "back", "shop"])?;

    run(host, "vault", &["--network", "sealed"], &HTTP)?;
    run(host, "camera", &["--network", "lan"], &HTTP)?;
    run(host, "sixer", &["--network", "six", "--publish", "8086:80"], &HTTP)?;

    run(host, "hostly", &["--network", "host"], &["httpd", "-f", "-p", "9090", "-h", "/www"])?;
    run(host, "hermit", &["--network", "none"], &SLEEP)?;
    run(host, "sidecar", &["--network", "container:web"], &SLEEP)?;

    run(host, PAUSED, &[], &SLEEP)?;
    host.docker(&["pause", PAUSED])?;
    run(host, STOPPED, &["--publish", "8099:80"], &["true"])?;
    host.docker(&["wait", STOPPED])?;
    host.docker(&["create", "--name", CREATED, "--network", "front", NAME, "sleep", "1"])?;
    Ok(())
}

/// A swarm of one, with an attachable overlay and a container on it.
pub fn swarm(host: &DockerHost) -> Result<()> {
    swarm_init(host)?;
    host.docker(&["network", "create", "-d", "overlay", "--attachable", "mesh"])?;
    run(host, "mesher", &["--network", "mesh"], &HTTP)
}

/// Makes the host the manager of a new swarm.
pub fn swarm_init(host: &DockerHost) -> Result<()> {
    let address = host.address().to_string();
    host.docker(&["swarm", "init", "--advertise-addr", &address, "--data-path-addr", &address])?;
    // The ingress network and docker_gwbridge are made a moment later.
    process::until("the swarm's networks are there", SOON, || {
        let names = host.docker(&["network", "ls", "--format", "{{.Name}}"])?;
        let there = ["ingress", "docker_gwbridge"].iter().all(|name| names.lines().any(|line| line == *name));
        Ok(there.then_some(()))
    })
}

/// Takes a second host into the first one's swarm, as a worker.
pub fn swarm_join(manager: &DockerHost, worker: &DockerHost) -> Result<()> {
    let token = manager.docker(&["swarm", "join-token", "--quiet", "worker"])?;
    let address = worker.address().to_string();
    worker.docker(&[
        "swarm",
        "join",
        "--token",
        &token,
        "--advertise-addr",
        &address,
        "--data-path-addr",
        &address,
        &format!("{}:2377", manager.address()),
    ])?;
    Ok(())
}

/// As many sleeping containers as asked for, on the default bridge or another network, named `PREFIX-1`, ….
///
/// They are started two at a time; a hundred take the better part of a minute.
pub fn crowd(host: &DockerHost, count: usize, prefix: &str, network: &str) -> Result<()> {
    let mut names = String::new();
    for number in 1..=count {
        writeln!(names, "{prefix}-{number}")?;
    }
    let mut command = host.command(&["xargs", "-P", "2", "-I", "NAME"]);
    command.args(["docker", "run", "--detach", "--name", "NAME", "--network"]);
    command.args([network]).args(STOP).args([NAME]).args(SLEEP);
    let limit = SOON + Duration::from_secs(3) * u32::try_from(count)?;
    process::run(command, names.as_bytes(), limit)?.ok("starting a crowd of containers").map(drop)
}

/// A web server on port 80.
pub const HTTP: [&str; 6] = ["httpd", "-f", "-p", "80", "-h", "/www"];

/// Nothing, for longer than any test.
pub const SLEEP: [&str; 2] = ["sleep", "100000"];

/// A PID 1 that handles no signals ignores SIGTERM, and stopping it would take ten seconds.
const STOP: [&str; 2] = ["--stop-signal", "KILL"];

/// `docker run --detach --name NAME OPTIONS… bb:1 COMMAND…`
pub fn run(host: &DockerHost, name: &str, options: &[&str], command: &[&str]) -> Result<()> {
    let argv: Vec<&str> = ["run", "--detach", "--name", name]
        .iter()
        .chain(&STOP)
        .chain(options)
        .chain(&[NAME])
        .chain(command)
        .copied()
        .collect();
    host.docker(&argv).with_context(|| format!("container {name}")).map(drop)
}

/// Waits until addresses have passed duplicate detection, so that two looks at the host see the same.
pub fn settled(host: &DockerHost) -> Result<()> {
    process::until("no address is tentative", SOON, || {
        let mut tentative = host.oracle().tool(&["ip", "-6", "addr", "show", "tentative"])?;
        for container in host.docker(&["ps", "--quiet"])?.lines() {
            tentative += &host.oracle_in(container)?.tool(&["ip", "-6", "addr", "show", "tentative"])?;
        }
        Ok(tentative.trim().is_empty().then_some(()))
    })
}
